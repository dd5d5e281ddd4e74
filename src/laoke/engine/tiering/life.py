"""A member's whole way on the ladder, replayed from facts and the clock.

Live judging sees one step at a time; this sees them all, and must come to the same standing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from laoke.engine.tiering import standing as rules
from laoke.engine.tiering.history import Deed, History
from laoke.engine.tiering.judging import Move
from laoke.engine.tiering.ladder import Ladder
from laoke.engine.tiering.metrics import Activity, Facts
from laoke.engine.tiering.standing import Clock, Due, How, Standing, Verdict
from laoke.engine.tiering.windows import Window
from laoke.kernel.calendar import start_of_day


class Step(NamedTuple):
    """One change or confirmation: the standing after it, and the move if the tier changed."""

    day: date
    standing: Standing
    move: Move | None


def bring(
    ladder: Ladder,
    standing: Standing,
    today: date,
    zone: tzinfo,
    facts: Callable[[Standing, datetime], Facts],
    last_purchase: date | None,
    after: date,
) -> Iterator[Step]:
    """Everything the clock brings by `today`, the earliest first.

    Args:
        facts: what was done in each window of the ladder that ends with an instant, for a standing.
        last_purchase: the day of the last purchase that counts.
        after: the day of the change before.
    """
    looked: set[Due] = set()
    while due := next(
        (
            due
            for due in rules.dues(ladder, standing, last_purchase)
            if due.day <= today and due not in looked
        ),
        None,
    ):
        # What is found late, because something else covered it, changes nothing before the change that uncovered it.
        after = max(due.day, after)
        verdict = _brought(ladder, standing, due, zone, facts, after)
        if verdict.standing == standing:
            # What changed nothing is not looked at again before something else changed.
            looked.add(due)
            continue
        looked, standing = set(), verdict.standing
        yield Step(after, standing, verdict.move)


def _brought(
    ladder: Ladder,
    standing: Standing,
    due: Due,
    zone: tzinfo,
    facts: Callable[[Standing, datetime], Facts],
    day: date,
) -> Verdict:
    at = start_of_day(due.day, zone)
    match due.what:
        case Clock.ASSIGNED_ENDS:
            return rules.unassign(ladder, standing, facts(standing, at), day, ended=True)
        case Clock.PERIOD_ENDS:
            found = facts(standing, at - timedelta(microseconds=1))
            return rules.end_period(ladder, standing, found, day)
    return rules.lapse(ladder, standing, facts(standing, at), day)


class Life:
    """One member under one ladder. What is told comes in order of time; of one day, in the order it happened.

    Before anything is told, the clock brings what fell due meanwhile.
    """

    def __init__(self, ladder: Ladder, zone: tzinfo, joined: datetime) -> None:
        self.ladder = ladder
        self._zone = zone
        self._history = History()
        self._last_purchase: date | None = None
        self.standing = rules.enrolled(ladder, self._day(joined))
        self.steps = [Step(self.standing.joined, self.standing, None)]

    def did(self, deed: Deed, *, returned: bool = False, judged: bool = True) -> None:
        """Something was done. What moves nothing that the ladder looks at need not be `judged`."""
        self.come_to(deed.at)
        self._history.add(deed)
        day = self._day(deed.at)
        if deed.purchases > 0:
            self._last_purchase = day
        if judged:
            facts = self.facts(deed.at)
            self._take(rules.after_deed(self.ladder, self.standing, facts, day, returned=returned), day)

    def reviewed(self, at: datetime) -> None:
        """A review was held."""
        self.come_to(at)
        day = self._day(at)
        self._take(rules.at_review(self.ladder, self.standing, self.facts(at), day), day)

    def assigned(self, tier: str, at: datetime, *, how: How = How.MANUAL, until: date | None = None) -> None:
        """A tier was given that was not earned.

        Raises:
            BadPolicy: the ladder has no such tier, or the last day has passed.
        """
        self.come_to(at)
        day = self._day(at)
        self._take(rules.assign(self.ladder, self.standing, tier, day, how=how, until=until), day)

    def unassigned(self, at: datetime) -> None:
        """A tier assigned was taken back."""
        self.come_to(at)
        day = self._day(at)
        self._take(rules.unassign(self.ladder, self.standing, self.facts(at), day), day)

    def come_to(self, at: datetime) -> None:
        """Let the clock bring everything due by the day of `at`."""
        brought = bring(
            self.ladder,
            self.standing,
            self._day(at),
            self._zone,
            self._facts,
            self._last_purchase,
            self.steps[-1].day,
        )
        for step in brought:
            self.standing = step.standing
            self.steps.append(step)

    def facts(self, at: datetime) -> Facts:
        """What was done in each window of the ladder that ends with `at`."""
        return self._facts(self.standing, at)

    def _facts(self, standing: Standing, at: datetime) -> Facts:
        starts = (
            (window, window.start(at, self._zone, standing.anchors)) for window in self.ladder.all_windows
        )
        return self._history.facts(starts, at)

    def activity(self, window: Window, at: datetime) -> Activity:
        """What was done in one window that ends with `at`, whether the ladder looks at it or not."""
        return self._history.facts([(window, self._start(window, at))], at)[window]

    def _start(self, window: Window, at: datetime) -> datetime:
        return window.start(at, self._zone, self.standing.anchors)

    def _take(self, verdict: Verdict, day: date) -> None:
        if verdict.standing != self.standing:
            self.standing = verdict.standing
            self.steps.append(Step(day, verdict.standing, verdict.move))

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

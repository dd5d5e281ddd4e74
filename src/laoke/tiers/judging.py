"""Judging many members at once: what they did is read with one statement, and the engine judges each.

A ladder compares numbers with thresholds and nothing else, so members between the same thresholds come to the same
tier: the engine is asked once for each such case, and again with a member's own numbers where the tier changes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Activity, Anchors, Criterion, Facts, Ladder, Metric, Move, Span, Window
from laoke.foundation import sql
from laoke.points.activities import selectors as activities

ACTIVITY = sql.load("laoke.tiers", "activity_of_many")
IN_YEARS = sql.load("laoke.tiers", "activity_in_years")
POINTS = sql.load("laoke.tiers", "points_in_windows")

JOINED = "select id, registered_date from members_member where id = any(%s)"
YEAR = Window(span=Span.MEMBERSHIP_YEAR)

# Spend in minor units and purchases, in turn, for each window of the ladder: the year of the membership last. Then what
# else criteria look at, each once: points earned in a window, interactions of a kind in a window.
Numbers = Sequence[int]
Year = Callable[[date], datetime]


class Bench:
    """Judges members by a ladder, as of an instant."""

    def __init__(
        self, ladder: Ladder, starts: Sequence[datetime], until: datetime, year: Year, *also: datetime
    ) -> None:
        """Prepare to judge.

        Args:
            starts: the first instant of each window of the ladder that begins on one day for everybody.
            until: what was bought then or later does not count.
            year: the first instant of a year of the membership, by the day a member joined.
            also: instants from which the numbers tell what was spent and bought too, behind all others.
        """
        self.ladder = ladder
        self._until = until
        self._year = year
        self._windows = (*ladder.windows, *ladder.years)
        self._starts = starts
        self._before_years = 2 * len(ladder.windows)
        self._more = _more(ladder)
        self._before_more = 2 * len(self._windows)
        self._ascending = sorted([*starts, *also])
        stretches = [self._ascending.index(start) for start in (*starts, *also)]
        self._in_order = [2 * stretch + part for stretch in stretches for part in (0, 1)]
        self._nothing = (0,) * (2 * (len(stretches) + len(ladder.years)) + len(self._more))
        self._codes = frozenset(tier.code for tier in ladder.tiers)
        self._bands = _bands(ladder)
        self._stays: dict[tuple[Any, ...], bool] = {}

    @classmethod
    def at(cls, ladder: Ladder, at: datetime, *also: datetime) -> Bench:
        """As of an instant: what was bought at that instant counts."""
        zone = settings.LAOKE.zone
        starts = [window.start(at, zone) for window in ladder.windows]

        def year(joined: date) -> datetime:
            return YEAR.start(at, zone, Anchors(joined, joined, None))

        return cls(ladder, starts, at + timedelta(microseconds=1), cache(year), *also)

    @classmethod
    def before(cls, ladder: Ladder, at: datetime, *also: datetime) -> Bench:
        """By the time before the first instant of a day, as reviews judge."""
        zone = settings.LAOKE.zone

        def year(joined: date) -> datetime:
            return YEAR.start_before(at, zone, Anchors(joined, joined, None))

        starts = [window.start_before(at, zone) for window in ladder.windows]
        return cls(ladder, starts, at, cache(year), *also)

    def numbers(self, cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> dict[int, Numbers]:
        """What members did in each window; nothing for one who is not in the answer."""
        numbers = self._bought(cursor, member_ids)
        if not self._more:
            return numbers
        more, nothing = self._done(cursor, member_ids), (0,) * len(self._more)
        here = self._before_more
        without = (0,) * (len(self._nothing) - len(nothing))
        for member_id in numbers.keys() | more.keys():
            mine = numbers.get(member_id, without)
            numbers[member_id] = (*mine[:here], *more.get(member_id, nothing), *mine[here:])
        return numbers

    def _bought(self, cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> dict[int, Numbers]:
        """Spend and purchases."""
        if not self._ascending:
            return self._in_years(cursor, member_ids)
        parameters = {
            "member_ids": list(member_ids),
            "starts": self._ascending,
            "first": self._ascending[0],
            "until": self._until,
        }
        found: dict[int, list[int]] = {}
        nothing = [0] * (2 * len(self._ascending))
        for member_id, stretch, spend, purchases in cursor.execute(ACTIVITY, parameters).fetchall():
            sums = found.get(member_id)
            if sums is None:
                sums = found[member_id] = nothing.copy()
            # A purchase counts in every window that began before it.
            for place in range(0, 2 * stretch, 2):
                sums[place] += spend
                sums[place + 1] += purchases
        pick = itemgetter(*self._in_order)
        numbers: dict[int, Numbers] = {member_id: pick(sums) for member_id, sums in found.items()}
        if not self.ladder.years:
            return numbers
        years, here = self._in_years(cursor, member_ids), self._before_years
        without = (0, 0) * (len(self._in_order) // 2)
        for member_id in numbers.keys() | years.keys():
            mine = numbers.get(member_id, without)
            numbers[member_id] = (*mine[:here], *years.get(member_id, (0, 0)), *mine[here:])
        return numbers

    def _in_years(self, cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> dict[int, Numbers]:
        """What members did in the year of their membership."""
        if not self.ladder.years:
            return {}
        years = self._began(cursor, member_ids)
        parameters = {"member_ids": [*years], "starts": [*years.values()], "until": self._until}
        return {row[0]: row[1:] for row in cursor.execute(IN_YEARS, parameters)}

    def _began(self, cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> dict[int, datetime]:
        """The first instant of the year of each membership."""
        joined = cursor.execute(JOINED, (list(member_ids),)).fetchall()
        return {member_id: self._year(day) for member_id, day in joined}

    def _done(self, cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> dict[int, list[int]]:
        """What else criteria look at."""
        windows = sorted({each.window for each in self._more})
        years = self._began(cursor, member_ids) if any(window.of_member for window in windows) else {}
        starts = dict(zip(self.ladder.windows, self._starts, strict=True))
        wanted = [
            (member_id, place, years[member_id] if window.of_member else starts[window])
            for member_id in member_ids
            for place, window in enumerate(windows)
        ]
        found: dict[int, list[int]] = {}

        def add(member_id: int, window: Window, kind: str, times: int, points: int) -> None:
            mine = found.setdefault(member_id, [0] * len(self._more))
            for column, each in enumerate(self._more):
                if each.window != window:
                    continue
                if each.metric is Metric.POINTS_EARNED:
                    mine[column] += points
                elif each.kind in ("", kind):
                    mine[column] += times

        for did in activities.done(cursor, wanted, self._until):
            add(did.member_id, windows[did.place], did.kind, did.times, did.points)
        if self.ladder.counts_points:
            parameters = {
                "member_ids": [each[0] for each in wanted],
                "places": [each[1] for each in wanted],
                "starts": [each[2] for each in wanted],
                "until": self._until,
            }
            for member_id, place, points in cursor.execute(POINTS, parameters):
                add(member_id, windows[place], "", 0, points)
        return found

    def judge(self, tier: str, floor: str, numbers: Numbers | None, *, settled: bool = True) -> Move | None:
        """Where a member moves, as at a review: up to what it qualifies for, or down where the ladder takes tiers.

        Args:
            floor: a tier assigned; empty for none.
            settled: False for one who came to its tier on the day of judging, and is not lowered on it.
        """
        mine = numbers or self._nothing
        between = [bisect_right(thresholds, mine[place]) for place, thresholds in self._bands]
        case = (tier, floor, settled, *between)
        stays = self._stays.get(case)
        if stays:
            return None
        move = self._move(tier, floor, mine, settled)
        if stays is None:
            self._stays[case] = move is None
        return move

    def facts(self, numbers: Numbers | None) -> Facts:
        """The same numbers as the engine takes them."""
        mine = numbers or self._nothing
        points: dict[Window, int] = {}
        times: dict[Window, dict[str, int]] = {}
        for each, value in zip(self._more, mine[self._before_more :], strict=False):
            if each.metric is Metric.POINTS_EARNED:
                points[each.window] = value
            else:
                times.setdefault(each.window, {})[each.kind] = value
        for kinds in times.values():
            if "" in kinds:  # those of all kinds: what is left of them is of none that is named
                kinds[""] -= sum(value for kind, value in kinds.items() if kind)
        return {
            window: Activity(
                mine[2 * place],
                mine[2 * place + 1],
                points.get(window, 0),
                interactions=times.get(window, {}),
            )
            for place, window in enumerate(self._windows)
        }

    def _move(self, tier: str, floor: str, numbers: Numbers, settled: bool) -> Move | None:
        move = tiering.review(self.ladder, tier, self.facts(numbers), floor or None)
        if tier not in self._codes:
            # A rung that the ladder no longer has: whoever stands on it comes to the tier it has earned.
            return move or Move(tier, self.ladder.lowest.code, "review_downgraded", ())
        if move and not settled and self.ladder.rank(move.to_tier) < self.ladder.rank(tier):
            return None
        return move


def _bands(ladder: Ladder) -> list[tuple[int, list[int]]]:
    """The thresholds that each number is compared with, by its place among the numbers."""
    found: dict[int, set[int]] = {}
    for need in _needs(ladder):
        found.setdefault(_place(ladder, need), set()).add(need.at_least + need.beyond)
    return [(place, sorted(thresholds)) for place, thresholds in sorted(found.items())]


def _needs(ladder: Ladder) -> list[Criterion]:
    return [need for tier in ladder.tiers for need in tier.criteria]


class _More(NamedTuple):
    """What a criterion looks at beside spend and purchases."""

    window: Window
    metric: Metric
    kind: str


def _more(ladder: Ladder) -> list[_More]:
    return sorted(
        {_More(need.window, need.metric, need.kind) for need in _needs(ladder) if need.metric not in _PLACES}
    )


_PLACES: Mapping[Metric, int] = {Metric.SPEND: 0, Metric.PURCHASES: 1}


def _place(ladder: Ladder, need: Criterion) -> int:
    windows = (*ladder.windows, *ladder.years)
    if need.metric not in _PLACES:
        return 2 * len(windows) + _more(ladder).index(_More(need.window, need.metric, need.kind))
    return 2 * windows.index(need.window) + _PLACES[need.metric]

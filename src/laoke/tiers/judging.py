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
from typing import Any

import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Activity, Anchors, Criterion, Facts, Ladder, Metric, Move, Span, Window
from laoke.foundation import sql

ACTIVITY = sql.load("laoke.tiers", "activity_of_many")
IN_YEARS = sql.load("laoke.tiers", "activity_in_years")

JOINED = "select id, registered_date from members_member where id = any(%s)"
YEAR = Window(span=Span.MEMBERSHIP_YEAR)

# Spend in minor units and purchases, in turn, for each window of the ladder: the year of the membership last.
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
            also: instants from which the numbers tell what was done too, behind those of the windows.
        """
        self.ladder = ladder
        self._until = until
        self._year = year
        self._windows = (*ladder.windows, *ladder.years)
        self._before_years = 2 * len(ladder.windows)
        self._ascending = sorted([*starts, *also])
        stretches = [self._ascending.index(start) for start in (*starts, *also)]
        self._in_order = [2 * stretch + part for stretch in stretches for part in (0, 1)]
        self._nothing = (0, 0) * (len(stretches) + len(ladder.years))
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
        """What members did in each window; `nothing` for one who is not in the answer."""
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
        joined = cursor.execute(JOINED, (list(member_ids),)).fetchall()
        parameters = {
            "member_ids": [member_id for member_id, _ in joined],
            "starts": [self._year(day) for _, day in joined],
            "until": self._until,
        }
        return {row[0]: row[1:] for row in cursor.execute(IN_YEARS, parameters)}

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
        return {
            window: Activity(mine[2 * place], mine[2 * place + 1])
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
    places: Mapping[Metric, int] = {Metric.SPEND: 0, Metric.PURCHASES: 1}
    for need in (need for tier in ladder.tiers for need in tier.criteria):
        found.setdefault(_place(ladder, need, places), set()).add(need.at_least + need.beyond)
    return [(place, sorted(thresholds)) for place, thresholds in sorted(found.items())]


def _place(ladder: Ladder, need: Criterion, places: Mapping[Metric, int]) -> int:
    return 2 * (*ladder.windows, *ladder.years).index(need.window) + places[need.metric]

"""Where members went on the ladder between two days, and who would fall soon."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Finding, Ladder
from laoke.foundation import generations, sql
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.tiers import ladder as ladders
from laoke.tiers.ending import Ending, due_by, ending
from laoke.tiers.judging import Bench

FLOWS = sql.load("laoke.tiers", "tiers_at_two_instants")
ABOVE = sql.load("laoke.tiers", "members_above")
BATCH = 20_000


class Flow(NamedTuple):
    """Members who were on one tier and then on another, or the same. `from_tier` is empty: they joined since; `to_tier`
    is empty: they were erased since.
    """

    from_tier: str
    to_tier: str
    members: int


class TierFlow(NamedTuple):
    """What became of a tier: members at the end of either day, of those at the end how they came there, and how many
    of those before left.
    """

    code: str
    before: int
    after: int
    up: int
    kept: int
    down: int
    new: int
    left: int


@dataclass(frozen=True, slots=True)
class Flows:
    """Moves between the ends of two days, by the rungs of the ladder in force."""

    first: date
    second: date
    flows: tuple[Flow, ...]
    tiers: tuple[TierFlow, ...]


class Endangered(NamedTuple):
    """A member who would fall if nothing more was bought: on which day, why, and what is missing to keep the tier."""

    member_id: int
    from_tier: str
    to_tier: str
    missing: tuple[Finding, ...]
    day: date
    cause: str


@dataclass(frozen=True, slots=True)
class Danger:
    """Who would fall at the next review, which is on `day`, None when none comes by `until`; and by then by the clock:
    periods that end, tiers assigned, tiers nobody buys for. `members` are some of them, those with the lowest numbers.
    """

    day: date | None
    until: date
    judged: int
    flows: tuple[Flow, ...]
    members: tuple[Endangered, ...]


def between(first: date, second: date, *, reviewed: bool = False) -> Flows:
    """Where the members of the end of `first` were at the end of `second`.

    Whoever was merged into another is counted as that one.

    Args:
        reviewed: as they stood when what the first instant after a day brings had come: the review, ends of periods.
    """
    ends = [end_of(day, reviewed=reviewed) for day in (first, second)]
    with hot_cursor() as cursor:
        rows = cursor.execute(FLOWS, {"first": ends[0], "second": ends[1]}).fetchall()
    ladder = _in_force()
    codes = [tier.code for tier in ladder.tiers]
    # A tier that the ladder no longer has stands behind the others.
    codes += sorted({code for row in rows for code in row[:2] if code} - set(codes))
    order = {code: place for place, code in enumerate(["", *codes])}
    flows = tuple(sorted((Flow(*row) for row in rows), key=lambda flow: (order[flow[0]], order[flow[1]])))
    return Flows(first, second, flows, tuple(_of(code, flows, ladder) for code in codes))


def end_of(day: date, *, reviewed: bool) -> datetime:
    """The instant before which a change of tier counts as one by the end of a day; `reviewed` as for `between`."""
    end = start_of_day(day + timedelta(days=1), settings.LAOKE.zone)
    return end + timedelta(microseconds=1) if reviewed else end


def endangered(at: datetime, *, days: int, most: int = 100) -> Danger:
    """Who would fall within so many days if nobody bought any more: at the next review, or by the clock."""
    ladder, zone = _in_force(), settings.LAOKE.zone
    today = at.astimezone(zone).date()
    last = today + timedelta(days=days)
    review = tiering.next_review(ladder, today)
    if review is not None and review > last:
        review = None
    begins = start_of_day(review or last, zone)
    bench = Bench.before(ladder, begins)
    falls: Counter[tuple[str, str]] = Counter()
    found: list[Endangered] = []
    judged = after = 0
    parameters = {"lowest": ladder.lowest.code, "day": begins, "batch": BATCH}
    until = start_of_day(last + timedelta(days=1), zone)
    while True:
        with hot_cursor() as cursor:
            rows = cursor.execute(ABOVE, parameters | {"after": after}).fetchall()
            if not rows:
                break
            due = due_by(((row[0], row[1], row[4]) for row in rows), last)
            ends = ending(cursor, ladder, due, last, until) if due else {}
            numbers = bench.numbers(cursor, [row[0] for row in rows]) if review else {}
        for member_id, tier, floor, in_review, _ in rows:
            falling = _falling(ladder, tier, ends.get(member_id))
            if falling is None and review and in_review:
                move = bench.judge(tier, floor, numbers.get(member_id))
                if move:
                    judged_so = Ending(move.to_tier, review, move.cause, move.findings)
                    falling = _falling(ladder, tier, judged_so)
            if falling is not None:
                falls[tier, falling.to_tier] += 1
                if len(found) < most:
                    missing = tuple(each for each in falling.findings if not each.met)
                    found.append(
                        Endangered(member_id, tier, falling.to_tier, missing, falling.day, falling.cause)
                    )
        judged, after = judged + len(rows), rows[-1][0]
    by_rank = sorted(falls, key=lambda cell: (ladder.rank(cell[0]), ladder.rank(cell[1])))
    return Danger(review, last, judged, tuple(Flow(*cell, falls[cell]) for cell in by_rank), tuple(found))


def _falling(ladder: Ladder, tier: str, end: Ending | None) -> Ending | None:
    return end if end and ladder.rank(end.to_tier) < ladder.rank(tier) else None


def _in_force() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))


def _of(code: str, flows: tuple[Flow, ...], ladder: Ladder) -> TierFlow:
    here, came = ladder.rank(code), Counter[str]()
    left = 0
    for source, target, members in flows:
        if source == code and not target:
            left += members
        if target == code:
            way = (
                "new"
                if not source
                else "kept"
                if source == code
                else "up"
                if ladder.rank(source) < here
                else "down"
            )
            came[way] += members
    before = sum(flow.members for flow in flows if flow.from_tier == code)
    return TierFlow(code, before, came.total(), came["up"], came["kept"], came["down"], came["new"], left)

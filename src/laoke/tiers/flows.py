"""Where members went on the ladder between two days, and who would fall at the next review."""

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
from laoke.tiers.judging import Bench

FLOWS = sql.load("laoke.tiers", "tiers_at_two_instants")
ABOVE = sql.load("laoke.tiers", "members_above")
BATCH = 20_000


class Flow(NamedTuple):
    """Members who were on one tier and then on another, or the same. `from_tier` is empty: they joined since."""

    from_tier: str
    to_tier: str
    members: int


class TierFlow(NamedTuple):
    """What became of a tier: members at the end of either day, and of those at the end how they came there."""

    code: str
    before: int
    after: int
    up: int
    kept: int
    down: int
    new: int


@dataclass(frozen=True, slots=True)
class Flows:
    """Moves between the ends of two days, by the rungs of the ladder in force."""

    first: date
    second: date
    flows: tuple[Flow, ...]
    tiers: tuple[TierFlow, ...]


class Endangered(NamedTuple):
    """A member who would fall at a review if nothing more was bought, with what is missing to keep the tier."""

    member_id: int
    from_tier: str
    to_tier: str
    missing: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Danger:
    """Who would fall on the next review day. `members` are some of them, those with the lowest numbers."""

    day: date
    judged: int
    flows: tuple[Flow, ...]
    members: tuple[Endangered, ...]


def between(first: date, second: date) -> Flows:
    """Where the members of the end of `first` were at the end of `second`."""
    zone = settings.LAOKE.zone
    ends = [start_of_day(day + timedelta(days=1), zone) for day in (first, second)]
    with hot_cursor() as cursor:
        rows = cursor.execute(FLOWS, {"first": ends[0], "second": ends[1]}).fetchall()
    ladder = _in_force()
    codes = [tier.code for tier in ladder.tiers]
    # A tier that the ladder no longer has stands behind the others.
    codes += sorted({code for row in rows for code in row[:2] if code} - set(codes))
    order = {code: place for place, code in enumerate(["", *codes])}
    flows = tuple(sorted((Flow(*row) for row in rows), key=lambda flow: (order[flow[0]], order[flow[1]])))
    return Flows(first, second, flows, tuple(_of(code, flows, ladder) for code in codes))


def endangered(at: datetime, *, days: int, most: int = 100) -> Danger | None:
    """Who would fall at the next review if nobody bought any more; None when none comes within so many days."""
    ladder, zone = _in_force(), settings.LAOKE.zone
    today = at.astimezone(zone).date()
    day = tiering.next_review(ladder, today)
    if day is None or day > today + timedelta(days=days):
        return None
    begins = start_of_day(day, zone)
    bench = Bench.before(ladder, begins)
    falls: Counter[tuple[str, str]] = Counter()
    found: list[Endangered] = []
    judged = after = 0
    parameters = {"lowest": ladder.lowest.code, "day": begins, "batch": BATCH}
    while True:
        with hot_cursor() as cursor:
            rows = cursor.execute(ABOVE, parameters | {"after": after}).fetchall()
            if not rows:
                break
            numbers = bench.numbers(cursor, [row[0] for row in rows])
        for member_id, tier, floor in rows:
            move = bench.judge(tier, floor, numbers.get(member_id))
            if move and ladder.rank(move.to_tier) < ladder.rank(tier):
                falls[tier, move.to_tier] += 1
                if len(found) < most:
                    missing = tuple(each for each in move.findings if not each.met)
                    found.append(Endangered(member_id, tier, move.to_tier, missing))
        judged, after = judged + len(rows), rows[-1][0]
    by_rank = sorted(falls, key=lambda cell: (ladder.rank(cell[0]), ladder.rank(cell[1])))
    return Danger(day, judged, tuple(Flow(*cell, falls[cell]) for cell in by_rank), tuple(found))


def _in_force() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))


def _of(code: str, flows: tuple[Flow, ...], ladder: Ladder) -> TierFlow:
    here, came = ladder.rank(code), Counter[str]()
    for source, target, members in flows:
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
    return TierFlow(code, before, came.total(), came["up"], came["kept"], came["down"], came["new"])

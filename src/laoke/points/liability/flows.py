"""The ledger by months: read in one snapshot, reconciled, and turned into what the engine takes.

Months are numbered year * 12 + month - 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

import psycopg

from laoke.engine.liability.curves import Cohort, Flow, Held
from laoke.foundation import sql
from laoke.kernel.calendar import start_of_day
from laoke.points.liability.errors import NotReconciled

FLOWS = sql.load("laoke.points.liability", "flows")
LOTS = sql.load("laoke.points.liability", "lots")
SALES = sql.load("laoke.points.liability", "sales")
# Points that end in more than so many months are taken as without an end: no curve reaches that far.
LONGEST = 600
# What moves points, as a movement names it.
MOVES = ("purchased", "redeemed", "restored", "expired", "taken_back", "given", "taken", "moved")


def number(day: date) -> int:
    """The number of a day's month."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The first day of a numbered month."""
    return date(month // 12, month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Moved:
    """Points of one month of issue and of expiry that moved in one month."""

    issued: int
    expires: int | None
    posted: int
    what: str
    points: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Points of one month of issue, summed since issue."""

    purchased: int
    granted: int
    withdrawn: int
    redeemed: int
    expired: int

    @property
    def open(self) -> int:
        return self.purchased + self.granted - self.withdrawn - self.redeemed - self.expired


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger up to the end of month `closing`, debts of members by month, and how many postings were read."""

    closing: int
    moved: tuple[Moved, ...]
    debts: dict[int, int]
    postings: int = 0

    def movement(self, until: int) -> dict[str, int]:
        """Points by what moved them, from the beginning to the end of month `until`; their sum is what is open."""
        sums = dict.fromkeys(MOVES, 0)
        for each in self.moved:
            if each.posted <= until:
                sums[each.what] += each.points
        return sums

    def debt(self, until: int) -> int:
        """What members owe at the end of month `until`."""
        return sum(points for month, points in self.debts.items() if month <= until)

    def totals(self, until: int) -> dict[int, Totals]:
        """By month of issue, at the end of month `until`."""
        sums: dict[int, Counter[str]] = {}
        for each in self.moved:
            if each.posted <= until:
                sums.setdefault(each.issued, Counter())[each.what] += each.points
        return {month: _totals(of) for month, of in sorted(sums.items())}

    def held(self, until: int) -> list[Held]:
        """What is open at the end of month `until`, by month of issue and of expiry."""
        sums: Counter[tuple[int, int | None]] = Counter()
        for each in self.moved:
            if each.posted <= until:
                sums[each.issued, each.expires] += each.points
        return [Held(issued, expires, points) for (issued, expires), points in sums.items() if points]

    def cohorts(self, until: int) -> list[Cohort]:
        """For the curve: by month of issue, what had happened at each age by the end of month `until`."""
        sums: dict[int, dict[int, Counter[str]]] = {}
        for each in self.moved:
            if each.posted <= until:
                age = max(0, each.posted - each.issued)
                sums.setdefault(each.issued, {}).setdefault(age, Counter())[each.what] += each.points
        found = []
        for month, ages in sorted(sums.items()):
            last = max(*ages, until - month, 0)
            flows = []
            for age in range(last + 1):
                of = _totals(ages.get(age, Counter()))
                flows.append(Flow(of.purchased + of.granted, of.redeemed, of.expired, of.withdrawn))
            found.append(Cohort(month, tuple(flows)))
        return found


def read(cursor: psycopg.Cursor[Any], closing: int, zone: tzinfo) -> Books:
    """Read the ledger up to month `closing`. Everything in one snapshot: the caller's transaction sees to that.

    Raises:
        NotReconciled: postings, lots and accounts differ, by a single point.
    """
    row = cursor.execute(
        "select min(accrued_at), max(expires_at) filter (where expires_at < %s) from points_lot",
        (start_of_day(first_day(closing + LONGEST), zone),),
    ).fetchone()
    assert row is not None
    first = min(closing, number(row[0].astimezone(zone).date()) if row[0] else closing)
    last = max(closing, number(row[1].astimezone(zone).date()) if row[1] else closing) + 1
    bounds = bounds_of(first, last, zone)
    values = {"bounds": bounds, "closing": closing - first + 1}
    before = first - 1
    rows = cursor.execute(FLOWS, values).fetchall()
    postings = sum(row[5] for row in rows)
    moved = tuple(
        Moved(
            before + issued,
            before + expires if before + expires < last else None,
            before + posted,
            what,
            points,
        )
        for issued, expires, posted, what, points, _ in rows
    )
    debts = {}
    for posted, points, count in cursor.execute(
        "select width_bucket(at, %(bounds)s::timestamptz[]), sum(points)::bigint, count(*)::bigint "
        "from points_posting where lot_id is null group by 1",
        {"bounds": bounds},
    ).fetchall():
        debts[before + posted] = -points
        postings += count
    remaining = {
        before + issued: points
        for issued, points in cursor.execute(LOTS, {"bounds": bounds}).fetchall()
        if points
    }
    accounts = cursor.execute(
        "select coalesce(sum(balance), 0)::bigint, coalesce(sum(debt), 0)::bigint from points_account"
    ).fetchone()
    assert accounts is not None
    _reconcile(moved, debts, remaining, accounts[0], accounts[1])
    return Books(closing, moved, debts, postings)


def sales(cursor: psycopg.Cursor[Any], months: list[int], zone: tzinfo) -> dict[int, int]:
    """Minor units paid for the purchases that earned points, by month."""
    if not months:
        return {}
    first, last = min(months), max(months)
    bounds = bounds_of(first, last + 1, zone)
    values = {"bounds": bounds, "since": bounds[0], "until": bounds[-1]}
    rows = cursor.execute(SALES, values).fetchall()
    return {first - 1 + month: minor for month, minor in rows}


def bounds_of(first: int, last: int, zone: tzinfo) -> list[datetime]:
    """First instants of the months from `first` to `last`."""
    return [start_of_day(first_day(month), zone) for month in range(first, last + 1)]


def _totals(of: Counter[str]) -> Totals:
    moved = of["moved"]
    return Totals(
        purchased=of["purchased"],
        granted=of["given"] + of["restored"] + max(0, moved),
        withdrawn=-of["taken_back"] - of["taken"] - min(0, moved),
        redeemed=-of["redeemed"],
        expired=-of["expired"],
    )


def _reconcile(
    moved: tuple[Moved, ...], debts: dict[int, int], remaining: dict[int, int], balance: int, debt: int
) -> None:
    posted: Counter[int] = Counter()
    for each in moved:
        posted[each.issued] += each.points
    lots = sum(abs(posted[month] - remaining.get(month, 0)) for month in {*posted, *remaining})
    owed = sum(debts.values())
    accounts = abs(sum(posted.values()) - owed - balance)
    if lots or accounts or owed != debt:
        raise NotReconciled(lots, accounts, abs(owed - debt))

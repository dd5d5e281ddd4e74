"""Reading figures and targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.insight.metrics.catalogue import TIER_SALES_90, Metric, Unit
from laoke.review.plans import BASIS, Plan

_PACKAGE = "laoke.review"
WHOLE_SHOP = 0


@dataclass(frozen=True, slots=True)
class Run:
    """The newest computation: up to which day, when it was done, and when the shop's history begins."""

    as_of: date
    finished_at: datetime
    first_order: date | None


@dataclass(frozen=True, slots=True)
class Value:
    """A metric's value as it was counted."""

    numerator: int
    denominator: int | None = None

    def amount(self, metric: Metric) -> Fraction | None:
        """In whole units of the metric's plans: hundredths of a percent for shares; None for nothing of nothing."""
        if metric.unit is not Unit.SHARE:
            return Fraction(self.numerator)
        return Fraction(self.numerator * BASIS, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True)
class Point:
    """One day of a series."""

    day: date
    value: Value


@dataclass(frozen=True, slots=True)
class Target:
    """A plan in force, with the version it is and who set it when."""

    version: int
    plan: Plan
    set_at: datetime
    set_by: str


# (metric, part, day)
Values = dict[tuple[str, str, date], Value]


def stores_of(caller: Caller) -> list[int]:
    """What to ask for on behalf of a caller: the whole shop, or the stores it is limited to."""
    return [WHOLE_SHOP] if caller.stores is None else sorted(caller.stores)


def last_run() -> Run | None:
    """The newest finished computation; None before the first."""
    with hot_cursor() as cursor:
        row = cursor.execute(load(_PACKAGE, "last_run")).fetchone()
    return None if row is None else Run(*row)


def values(stores: Sequence[int], days: Sequence[date]) -> Values:
    """All metrics on the given days, for the stores together. Absent: nothing of nothing, or zero."""
    with hot_cursor() as cursor:
        rows = cursor.execute(
            load(_PACKAGE, "values"), {"stores": list(stores), "days": list(days)}
        ).fetchall()
    return {(metric, part, day): Value(above, below) for metric, part, day, above, below in rows}


def members_sales(stores: Sequence[int]) -> tuple[int, date] | None:
    """Net sales to members in the 90 days up to the last day counted, minor units, and that day; None before the first
    night."""
    run = last_run()
    if run is None:
        return None
    kept = values(stores, [run.as_of])
    total = sum(value.numerator for (metric, _, _), value in kept.items() if metric == TIER_SALES_90.code)
    return total, run.as_of


def series(metric: Metric, stores: Sequence[int], first: date, last: date) -> list[Point]:
    """One metric on the days that are kept: each of the last 60 days, the Sundays of two years before them."""
    asked = {"stores": list(stores), "metric": metric.code, "first": first, "last": last}
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "series"), asked).fetchall()
    return [Point(day, Value(above, below)) for day, above, below in rows]


def targets() -> dict[str, Target]:
    """The plans in force, by metric."""
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "targets")).fetchall()
    return {
        row[1]: Target(row[0], Plan(row[1], row[2], row[3], row[4], row[5], row[6]), row[7], row[8])
        for row in rows
    }

"""Stretches of days that a page looks at, as chosen in its address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from laoke.review.plans import Plan

WEEKS_4, YEAR, PLAN, CUSTOM = "4w", "year", "plan", "custom"
LONGEST = timedelta(days=366 * 5)


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` to `last`, both counted. `mistaken` says that the days asked for made no stretch."""

    kind: str
    first: date
    last: date
    has_plan: bool
    mistaken: bool = False

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def chosen(asked: Mapping[str, str], last: date, plan: Plan | None) -> Span:
    """The stretch an address asks for; without one the plan's period, and without a plan the last 52 weeks.

    Args:
        asked: the parameters `range`, `from`, `to`.
        last: the last day there are figures for.
    """
    kind = asked.get("range", "")
    year = Span(YEAR, last - timedelta(weeks=52), last, plan is not None)
    if kind == WEEKS_4:
        return Span(WEEKS_4, last - timedelta(weeks=4), last, plan is not None)
    if kind == CUSTOM:
        first, until = _day(asked.get("from", "")), _day(asked.get("to", ""))
        if first is None or until is None or first > until or until - first > LONGEST:
            return Span(CUSTOM, year.first, year.last, plan is not None, mistaken=True)
        return Span(CUSTOM, first, until, plan is not None)
    if plan is not None and kind in ("", PLAN):
        return Span(PLAN, plan.start, plan.end, True)
    return year


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None

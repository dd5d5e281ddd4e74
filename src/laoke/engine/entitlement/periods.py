"""Periods through which a quota lasts: whole ones of the calendar, in the programme's time zone."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

from laoke.kernel.calendar import add_months, quarter_start, start_of_day


class Period(StrEnum):
    """How long until a quota is full again."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    EVER = "ever"


class Span(NamedTuple):
    """From this instant until before that one; None: without end."""

    since: datetime | None
    until: datetime | None


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


def span(period: Period, at: datetime, zone: tzinfo) -> Span:
    """The period that holds `at`."""
    today = at.astimezone(zone).date()
    match period:
        case Period.MONTH:
            first = today.replace(day=1)
        case Period.QUARTER:
            first = quarter_start(today)
        case Period.YEAR:
            first = date(today.year, 1, 1)
        case Period.EVER:
            return Span(None, None)
    return Span(start_of_day(first, zone), start_of_day(add_months(first, _MONTHS[period]), zone))

"""Calendar arithmetic on days and instants, in the programme's time zone."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta, tzinfo


def add_months(day: date, months: int) -> date:
    """The same day of another month; a day that month lacks becomes its last (31 Jan + 1 month = 28 Feb)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The first instant of a calendar day in `zone` (00:00, or later where clocks skip it)."""
    return datetime.combine(day, time(), tzinfo=zone)


def months_before(at: datetime, months: int, zone: tzinfo) -> datetime:
    """Start of a rolling window of whole months: the first instant of the day `months` before `at`'s day."""
    return start_of_day(add_months(at.astimezone(zone).date(), -months), zone)


def days_before(at: datetime, days: int, zone: tzinfo) -> datetime:
    """Start of a rolling window of days: the first instant of the day `days` before `at`'s day."""
    return start_of_day(at.astimezone(zone).date() - timedelta(days=days), zone)


def quarter_start(day: date) -> date:
    """The first day of the calendar quarter that holds `day`."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)

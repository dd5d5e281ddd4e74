"""Birthdays and the weeks they fall in."""

from __future__ import annotations

from datetime import date, timedelta


def of_week(today: date) -> list[int]:
    """The birthdays (month * 100 + day) that fall into the week of `today`, Monday to Sunday.

    Who was born on 29 February has it on the 28th in common years.
    """
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=day) for day in range(7)]
    found = [day.month * 100 + day.day for day in days]
    if 228 in found and not _is_leap(days[found.index(228)].year):
        found.append(229)
    return found


def in_week(mmdd: int, today: date) -> bool:
    """Whether a birthday falls into the week of `today`."""
    return mmdd in of_week(today)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

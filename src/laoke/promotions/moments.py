"""What the calendar says of a member on a day."""

from __future__ import annotations

from datetime import date, timedelta


def in_birthday_week(mmdd: int, today: date) -> bool:
    """Whether the birthday (month * 100 + day) falls into the week of `today`, Monday to Sunday.

    Who was born on 29 February has it on the 28th in common years.
    """
    monday = today - timedelta(days=today.weekday())
    return any(_is_birthday(mmdd, monday + timedelta(days=day)) for day in range(7))


def _is_birthday(mmdd: int, day: date) -> bool:
    if day.month * 100 + day.day == mmdd:
        return True
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return mmdd == 229 and not leap and (day.month, day.day) == (2, 28)

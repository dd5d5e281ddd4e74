"""What members earn beside buying: how often an event pays, and days in a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Times:
    """How often a kind of event pays one member: on a day, in a week from Monday on, in all; None: any number."""

    day: int | None = None
    week: int | None = None
    total: int | None = None

    def reached(self, paid: Iterable[date], day: date) -> str | None:
        """The limit that keeps an event of this day from paying, narrowest first; None: it pays.

        Args:
            paid: the day of every event that paid, in any order.
        """
        days = list(paid)
        week = monday(day)
        counted = (
            ("day", self.day, sum(each == day for each in days)),
            ("week", self.week, sum(monday(each) == week for each in days)),
            ("total", self.total, len(days)),
        )
        return next((name for name, most, number in counted if most is not None and number >= most), None)


@dataclass(frozen=True, slots=True)
class Streak:
    """`bonus` points more each time so many `days` in a row are full."""

    days: int
    bonus: int


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def run_through(days: Collection[date], day: date) -> tuple[int, int]:
    """How many of these days in a row lie right before a day, and right after it."""
    return _run(days, day, -1), _run(days, day, 1)


def filled(days: Collection[date], day: date, length: int) -> int:
    """How many times more `length` days in a row are full, were this day one of them.

    It only depends on which days there are: in whatever order they are told, they come to as many.
    """
    if day in days:
        return 0
    before, after = run_through(days, day)
    return (before + 1 + after) // length - before // length - after // length


def _run(days: Collection[date], day: date, step: int) -> int:
    count = 0
    while day + timedelta(days=step * (count + 1)) in days:
        count += 1
    return count

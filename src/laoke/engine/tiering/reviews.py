"""The days on which members are reviewed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from laoke.engine.tiering.ladder import Ladder, Review
from laoke.kernel.calendar import add_months, quarter_start


def reviews_between(ladder: Ladder, after: date, until: date) -> Sequence[date]:
    """Review days `d` with after < d <= until. A review judges the time before its day."""
    if ladder.review is Review.NEVER:
        return []
    step = 3 if ladder.review is Review.QUARTERLY else 1
    day = quarter_start(after) if step == 3 else after.replace(day=1)
    days = []
    while day <= until:
        if day > after:
            days.append(day)
        day = add_months(day, step)
    return days


def next_review(ladder: Ladder, after: date) -> date | None:
    """The first review day later than `after`; None when the ladder never reviews."""
    days = reviews_between(ladder, after, add_months(after, 4))
    return days[0] if days else None

"""A budget that goes out evenly: what of it may be out by the end of a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple


class Pace(NamedTuple):
    """A budget over a window of whole days."""

    budget_minor: int
    first_day: date
    days: int

    def out_by(self, day: date) -> int:
        """What may be out by the end of `day`: an equal share for each day that has begun, rounded down.

        The last day has the whole budget, so nothing is lost to rounding.
        """
        begun = min(max((day - self.first_day) // timedelta(days=1) + 1, 0), self.days)
        return self.budget_minor * begun // self.days

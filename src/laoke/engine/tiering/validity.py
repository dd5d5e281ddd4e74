"""How long a tier lasts, what keeps it, and what makes it last longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from laoke.engine.tiering.metrics import Need
from laoke.kernel.calendar import add_months


class Term(StrEnum):
    """When a period of validity ends."""

    FIXED = "fixed"  # so many days or months after it began
    YEAR_END = "year_end"  # 31 December of the year it began in
    NEXT_YEAR_END = "next_year_end"  # 31 December of the year after


class Basis(StrEnum):
    """What the end of a period is judged by."""

    WINDOW = "window"  # the criteria as they are
    PERIOD = "period"  # what was done after the period began, whatever the windows of the criteria


@dataclass(frozen=True, slots=True)
class Extension:
    """Who does so much keeps the tier longer: gold with six purchases since it began, three months more.

    Given once in each period, on the day its needs hold.
    """

    needs: tuple[Need, ...]
    months: int


@dataclass(frozen=True, slots=True)
class Price:
    """What a tier costs in points, and how long it then lasts: months or days, the day it is bought the first."""

    points: int
    months: int = 0
    days: int = 0

    @property
    def sound(self) -> bool:
        """Whether it costs something, and lasts for months or for days."""
        return (
            self.points > 0 and self.months >= 0 and self.days >= 0 and (self.months > 0) != (self.days > 0)
        )

    def until(self, start: date) -> date:
        """The last day of a tier that is bought on `start`."""
        if self.months:
            return add_months(start, self.months) - timedelta(days=1)
        return start + timedelta(days=self.days - 1)


@dataclass(frozen=True, slots=True)
class Validity:
    """A tier lasts for a period, and is judged when that and the days of grace are over.

    `keep` says what keeps the tier; None: what reaches it.
    """

    term: Term
    months: int = 0
    days: int = 0
    grace_days: int = 0
    basis: Basis = Basis.WINDOW
    keep: tuple[Need, ...] | None = None
    extension: Extension | None = None

    @property
    def sound(self) -> bool:
        """Whether the term has the length it needs and no other."""
        if self.months < 0 or self.days < 0 or self.grace_days < 0:
            return False
        if self.extension and (self.extension.months <= 0 or not self.extension.needs):
            return False
        if self.term is Term.FIXED:
            return (self.months > 0) != (self.days > 0)
        return not self.months and not self.days

    def until(self, start: date) -> date:
        """The last day of a period that begins on `start`."""
        if self.term is Term.FIXED:
            return self._later(start)
        return date(start.year + (self.term is Term.NEXT_YEAR_END), 12, 31)

    def next_until(self, last: date) -> date:
        """The last day of the period that follows one ending on `last`."""
        return self._later(last) if self.term is Term.FIXED else date(last.year + 1, 12, 31)

    def judged_on(self, until: date) -> date:
        """The day on which the end of a period is judged: the first one after it and its grace."""
        return until + timedelta(days=self.grace_days + 1)

    def _later(self, day: date) -> date:
        return add_months(day, self.months) if self.months else day + timedelta(days=self.days)

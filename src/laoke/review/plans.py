"""A plan and the way along it: from a baseline to a target in a straight line. Pure, exact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

BASIS = 10_000
DEFAULT_TOLERANCE_BP = 500


@dataclass(frozen=True, slots=True)
class Plan:
    """From `baseline` at the beginning of `start` to `target` at the end of `end`, in whole units of the metric.

    `tolerance_bp` is how far from the path still counts as on it, in hundredths of a percent of the planned value.
    """

    metric: str
    baseline: int
    target: int
    start: date
    end: date
    tolerance_bp: int = DEFAULT_TOLERANCE_BP

    @property
    def days(self) -> int:
        """Days from the first to the last, both counted."""
        return (self.end - self.start).days + 1

    def day_of(self, day: date) -> int:
        """The how manieth day of the plan `day` is; 0 before it, `days` after it."""
        return min(max((day - self.start).days + 1, 0), self.days)

    def elapsed(self, day: date) -> Fraction:
        """The part of the period that is over at the end of `day`, 0 to 1."""
        return Fraction(self.day_of(day), self.days)

    def planned(self, day: date) -> Fraction:
        """The value the plan has for the end of `day`."""
        return self.baseline + (self.target - self.baseline) * self.elapsed(day)


@dataclass(frozen=True, slots=True)
class Standing:
    """A value held against its plan.

    Attributes:
        way: the part of the way from baseline to target that is done; below 0 and above 1 are possible.
        notch: the part that the plan has for today.
        planned: the value the plan has for today.
        ahead: how far in front of the plan the value is, in units of the metric; negative: behind.
        off: behind by more than the tolerance.
    """

    way: Fraction
    notch: Fraction
    planned: Fraction
    ahead: Fraction
    off: bool

    @property
    def deviation(self) -> Fraction:
        """How far behind the planned value, as a part of it; 0 when not behind, or when nothing was planned."""
        return max(-self.ahead, Fraction(0)) / abs(self.planned) if self.planned else Fraction(0)


def standing(plan: Plan, value: Fraction, day: date) -> Standing:
    """Where `value` at the end of `day` stands. Whether less is better follows from the plan's direction."""
    planned = plan.planned(day)
    direction = 1 if plan.target >= plan.baseline else -1
    ahead = direction * (value - planned)
    tolerated = abs(planned) * Fraction(plan.tolerance_bp, BASIS)
    return Standing(
        way=(value - plan.baseline) / Fraction(plan.target - plan.baseline),
        notch=plan.elapsed(day),
        planned=planned,
        ahead=ahead,
        off=-ahead > tolerated,
    )

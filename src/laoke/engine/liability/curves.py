"""Redemption by age, pooled over the months of issue.

The life table of Kaplan and Meier (1958, "Nonparametric estimation from incomplete observations") with a point as the
unit: at each age in months, the share redeemed of the points that were open. Points taken back or moved away leave the
table (they are censored); when a point lapses is known, so expiry is not estimated but read off the lot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from laoke.kernel.rounding import Rounding, round_ratio

PARTS = 1_000_000_000
ENOUGH_COHORTS = 3


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened to the points of one month of issue in one month of their life.

    `redeemed` is less what was given back, `withdrawn` what left without being used: taken back, adjusted away.
    """

    entered: int = 0
    redeemed: int = 0
    expired: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class Cohort:
    """The points issued in one month, numbered; `flows[age]` from the month of issue (age 0) to the closing."""

    month: int
    flows: tuple[Flow, ...]

    @property
    def open(self) -> int:
        """Points left after the last flow."""
        return sum(f.entered - f.redeemed - f.expired - f.withdrawn for f in self.flows)


@dataclass(frozen=True, slots=True)
class Curve:
    """Share of the open points redeemed at each age, in parts; None where too few months of issue tell."""

    hazards: tuple[int | None, ...]

    def known(self, age: int, until: int) -> bool:
        """Whether every age after `age` up to `until` has been seen."""
        return all(k < len(self.hazards) and self.hazards[k] is not None for k in range(age + 1, until + 1))

    def lapsing(self, age: int, until: int | None) -> int:
        """Share of the points open at the end of `age` that lapse in the month of age `until`, in parts.

        Points that never lapse have no breakage. Where an age has not been seen nothing is counted on either: income
        from points that lapse is recognised only as far as experience carries it.
        """
        if until is None:
            return 0
        if until <= age:
            return PARTS
        share = PARTS
        for k in range(age + 1, until + 1):
            hazard = self.hazards[k] if k < len(self.hazards) else None
            if hazard is None:
                return 0
            share = round_ratio(share * (PARTS - hazard), PARTS, Rounding.HALF_UP)
        return share


@dataclass(frozen=True, slots=True)
class Held:
    """Points of one month of issue open at the closing that expire in one month (None: never)."""

    month: int
    expires: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of 95 %, in points."""

    low: int
    high: int


def fit(cohorts: Iterable[Cohort], enough: int = ENOUGH_COHORTS) -> Curve:
    """Pool the cohorts into one curve; an age counts as seen when `enough` months of issue had points there."""
    redeemed: list[int] = []
    at_risk: list[int] = []
    telling: list[int] = []
    for cohort in cohorts:
        left = 0
        for age, flow in enumerate(cohort.flows):
            if age == len(redeemed):
                redeemed.append(0)
                at_risk.append(0)
                telling.append(0)
            redeemed[age] += flow.redeemed
            # What is taken back was nobody's to spend; leaving it in would make redemption look lower.
            exposed = left + flow.entered - flow.withdrawn
            at_risk[age] += exposed
            telling[age] += exposed > 0
            left += flow.entered - flow.redeemed - flow.expired - flow.withdrawn
    return Curve(
        tuple(
            _share(r, n) if k >= enough else None for r, n, k in zip(redeemed, at_risk, telling, strict=True)
        )
    )


def lapsing(curve: Curve, held: Iterable[Held], closing: int) -> int:
    """Points of `held` that will lapse, as seen at the end of month `closing`; rounded per group."""
    return sum(lapse_of(curve, each, closing) for each in held)


def lapse_of(curve: Curve, held: Held, closing: int) -> int:
    """Points of one group that will lapse."""
    until = None if held.expires is None else held.expires - held.month
    return round_ratio(held.points * curve.lapsing(closing - held.month, until), PARTS, Rounding.HALF_UP)


def interval(cohorts: Sequence[Cohort], figure: Callable[[Curve], int], most: int) -> Range | None:
    """How far `figure` is uncertain: each cohort is left out in turn (the jackknife of Quenouille and Tukey).

    Points of one member are redeemed together, so the binomial formulas, which take points for independent, would
    give an interval far too narrow; months of issue are nearly independent.

    Args:
        most: the figure lies between 0 and this.
    Returns:
        None with fewer than three months of issue: no interval can be had then.
    """
    told = [cohort for cohort in cohorts if any(flow.entered for flow in cohort.flows)]
    if len(told) < ENOUGH_COHORTS:
        return None
    value = figure(fit(told))
    without = [figure(fit([*told[:i], *told[i + 1 :]], ENOUGH_COHORTS - 1)) for i in range(len(told))]
    mean = sum(without) / len(without)
    error = sqrt((len(told) - 1) / len(told) * sum((each - mean) ** 2 for each in without))
    return Range(max(0, round(value - 1.96 * error)), min(most, round(value + 1.96 * error)))


def _share(part: int, whole: int) -> int | None:
    if whole <= 0:
        return None
    return min(PARTS, max(0, round_ratio(part * PARTS, whole, Rounding.HALF_UP)))

"""Points as tender: how many settle how much of a basket."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class OverCap(StrEnum):
    """What happens to a request for more points than the basket takes."""

    CLAMP = "clamp"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class TenderTerms:
    """`points` are worth `minor`, in multiples of `step` points.

    Args:
        min_points: fewer are not taken.
        max_share: of the total that points may settle, rounded down.
        max_minor: the most that points may settle.
    """

    points: int = 100
    minor: int = 100
    step: int = 100
    min_points: int = 0
    max_share: Fraction = Fraction(1)
    max_minor: int | None = None
    over_cap: OverCap = OverCap.REJECT

    def worth(self, points: int) -> int:
        """Minor units that points settle, rounded down."""
        return points * self.minor // self.points

    def cap(self, total_minor: int) -> int:
        """The most points that a basket of this total takes: a multiple of the step."""
        most = min(total_minor, total_minor * self.max_share.numerator // self.max_share.denominator)
        if self.max_minor is not None:
            most = min(most, self.max_minor)
        return most * self.points // self.minor // self.step * self.step


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points taken as tender, or why none were. `rejected`: "insufficient_points", "below_minimum",
    "not_a_multiple" or "over_cap"."""

    points: int = 0
    minor: int = 0
    rejected: str | None = None


def redeem(wanted: int, balance: int, total_minor: int, terms: TenderTerms) -> Redemption:
    """Settle a part of `total_minor` with points.

    Args:
        wanted: points the shopper asks to use, above zero.
        balance: points the member could spend.
    """
    if wanted > balance:
        return Redemption(rejected="insufficient_points")
    if wanted < terms.min_points:
        return Redemption(rejected="below_minimum")
    points = wanted // terms.step * terms.step
    if points != wanted and terms.over_cap is OverCap.REJECT:
        return Redemption(rejected="not_a_multiple")
    cap = terms.cap(total_minor)
    if points > cap:
        if terms.over_cap is OverCap.REJECT:
            return Redemption(rejected="over_cap")
        points = cap
    return Redemption(points, terms.worth(points))

"""The rules of points as a retailer declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from laoke.engine.ledger.terms import (
    Inactivity,
    OrderOfUse,
    Received,
    RollingMonths,
    Shortage,
    Terms,
    Validity,
    YearEnd,
)
from laoke.kernel.errors import LaokeError
from laoke.kernel.rounding import Rounding


class BadPolicy(LaokeError):
    """A rule that cannot be used; says which field and what it takes."""

    code, status, title = "bad-policy", 422, "The rule cannot be used"

    def __init__(self, field: str, mend: str) -> None:
        super().__init__(f"{field}: {mend}", field=field)


class Shortfall(StrEnum):
    """What happens when points to be taken back have already been spent."""

    DEBT = "debt"  # the rest becomes a debt that the next earnings repay
    FLOOR = "floor"  # the same up to a limit; what lies above it is given up
    WAIVE = "waive"  # the rest is given up
    FORBID = "forbid"  # the return is refused


class Expires(StrEnum):
    """When points end."""

    ROLLING = "rolling"  # each so many months after it was earned
    YEAR_END = "year_end"  # all with the year they were earned in
    NEXT_YEAR_END = "next_year_end"  # all with the year after
    INACTIVITY = "inactivity"  # all so many months after the last purchase that earned or spent points


class Transfers(StrEnum):
    """Whether members give points to each other."""

    OFF = "off"
    KEEP = "keep"  # points end when they would have ended with the giver
    RESTART = "restart"  # points are as good as new


class Household(StrEnum):
    """Whose points a member can spend."""

    OFF = "off"  # their own
    POOL = "pool"  # their own first, then those of people they live with who share theirs


class EarnBasis(StrEnum):
    """What of a purchase earns."""

    PAID = "paid"  # what is paid with money
    NET = "net"  # what points pay too


@dataclass(frozen=True, slots=True)
class EarnRule:
    """`points` for every `per_minor` of the earning base, rounded once per order.

    `more` is what else is declared of earning, as JSON: it asks for what this module does not know. Empty: nothing.
    """

    points: int = 1
    per_minor: int = 100
    rounding: Rounding = Rounding.DOWN
    basis: EarnBasis = EarnBasis.PAID
    more: str = ""


@dataclass(frozen=True, slots=True)
class SpendRule:
    """`points` are worth `worth_minor` at the till, in multiples of `step` points.

    `max_percent` caps the part of the amount due that points may settle.
    """

    points: int = 100
    worth_minor: int = 100
    step: int = 100
    max_percent: int = 100


@dataclass(frozen=True, slots=True)
class PointsPolicy:
    """Earning, spending, validity and give-back of points.

    A rolling lot is usable through the day `valid_months` after the day it was earned, in the programme's time zone,
    one that ends by inactivity through that day after the last use; the others through 31 December.
    Points restored to a lot that has expired meanwhile come as a new lot of `grace_days`.
    Points of purchases can be used `pending_days` later, from the start of the day.
    `debt_limit` is the most a member can owe where the shortfall has a floor; `transfers_per_day` the most points a
    member can give away on a day, 0 for as many as there are.
    """

    earn: EarnRule = EarnRule()
    spend: SpendRule = SpendRule()
    valid_months: int = 12
    shortfall: Shortfall = Shortfall.DEBT
    grace_days: int = 30
    expires: Expires = Expires.ROLLING
    order_of_use: OrderOfUse = OrderOfUse.EXPIRY
    pending_days: int = 0
    debt_limit: int = 0
    transfers: Transfers = Transfers.OFF
    transfers_per_day: int = 0
    household: Household = Household.OFF

    def __post_init__(self) -> None:
        for field, value, low, high in (
            ("earn.points", self.earn.points, 0, 1_000_000),
            ("earn.per_minor", self.earn.per_minor, 1, 10**9),
            ("spend.points", self.spend.points, 1, 1_000_000),
            ("spend.worth_minor", self.spend.worth_minor, 1, 10**9),
            ("spend.step", self.spend.step, 1, 1_000_000),
            ("spend.max_percent", self.spend.max_percent, 0, 100),
            ("valid_months", self.valid_months, 1, 240),
            ("grace_days", self.grace_days, 1, 3650),
            ("pending_days", self.pending_days, 0, 365),
            ("debt_limit", self.debt_limit, 0, 10**9),
            ("transfers_per_day", self.transfers_per_day, 0, 10**9),
        ):
            if type(value) is not int or not low <= value <= high:
                raise BadPolicy(
                    f"points.{field}", f"takes a whole number from {low} to {high}, got {value!r}"
                )
        if self.spend.step * self.spend.worth_minor % self.spend.points:
            raise BadPolicy(
                "points.spend.step",
                f"{self.spend.step} points would be worth a fraction of a minor unit; "
                "choose a step whose worth is a whole number",
            )

    @property
    def terms(self) -> Terms:
        """What the ledger goes by."""
        return _terms(self)

    @property
    def give_back(self) -> Fraction:
        """Share of spend given back when every point is redeemed: 1/100 for 1 point per yuan at 100 = 1 yuan."""
        return Fraction(self.earn.points * self.spend.worth_minor, self.earn.per_minor * self.spend.points)

    def worth(self, points: int) -> int:
        """Minor units that `points` settle; exact for multiples of the step, rounded down otherwise."""
        return points * self.spend.worth_minor // self.spend.points


_VALIDITY: Mapping[Expires, Callable[[PointsPolicy], Validity]] = {
    Expires.ROLLING: lambda policy: RollingMonths(policy.valid_months),
    Expires.YEAR_END: lambda policy: YearEnd(),
    Expires.NEXT_YEAR_END: lambda policy: YearEnd(1),
    Expires.INACTIVITY: lambda policy: Inactivity(policy.valid_months),
}
_SHORTAGE = {
    Shortfall.DEBT: Shortage.RECOVER,
    Shortfall.FLOOR: Shortage.FLOOR,
    Shortfall.WAIVE: Shortage.WAIVE,
    Shortfall.FORBID: Shortage.FORBID,
}


@lru_cache(maxsize=64)
def _terms(policy: PointsPolicy) -> Terms:
    return Terms(
        validity=_VALIDITY[policy.expires](policy),
        order_of_use=policy.order_of_use,
        pending_days=policy.pending_days,
        shortage=_SHORTAGE[policy.shortfall],
        floor=policy.debt_limit,
        grace_days=policy.grace_days,
        received=Received.RESTART if policy.transfers is Transfers.RESTART else Received.KEEP,
    )

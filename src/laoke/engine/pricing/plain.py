"""The price of a basket: lines, points as tender, points earned.

Promotions and coupons join as stages of their own; the order of the stages is the order of this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from laoke.engine import accrual
from laoke.engine.policy import EarnBasis, PointsPolicy
from laoke.engine.reasons import Reason
from laoke.kernel.errors import LaokeError
from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.kernel.sharing import share_out

# Ten thousand million yuan: a keying error, not a purchase.
LARGEST_MINOR = 10**12


class BadBasket(LaokeError):
    """A basket that no till can mean; says which line and why."""

    code, status, title = "bad-basket", 422, "The basket cannot be priced"

    def __init__(self, detail: str, line_no: int | None = None) -> None:
        super().__init__(detail, **({} if line_no is None else {"line_no": line_no}))


class PointsRefused(LaokeError):
    """Points were offered as tender in a way the programme does not take."""

    code, status, title = "points-refused", 409, "The points cannot be used like this"

    def __init__(self, detail: str, *, reason: str, usable: int) -> None:
        super().__init__(detail, reason=reason, usable=usable)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One article in the basket. `discount_minor` is what the shop itself already took off the line."""

    line_no: int
    product_id: int
    quantity_milli: int
    unit_price_minor: int
    discount_minor: int = 0
    earns_points: bool = True


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line of the answer, all amounts in minor units. net = gross - discount."""

    line_no: int
    product_id: int
    quantity_milli: int
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    net_minor: int
    points_minor: int
    earn_base_minor: int


@dataclass(frozen=True, slots=True)
class Price:
    """A priced basket. total = items - discount = points_minor + paid."""

    lines: tuple[PricedLine, ...]
    items_minor: int
    discount_minor: int
    total_minor: int
    points_redeemed: int
    points_minor: int
    paid_minor: int
    points_earned: int
    earn_base_minor: int
    points_usable: int
    reasons: tuple[Reason, ...] = field(default=())


class Settlement(NamedTuple):
    """What points settle of a basket and what the money part earns; shares and bases are one a line."""

    points_minor: int
    shares: list[int]
    bases: list[int]
    base_minor: int
    points_earned: int


def price(
    lines: Sequence[BasketLine],
    policy: PointsPolicy,
    *,
    available_points: int | None,
    wanted_points: int = 0,
    unearning_minor: int = 0,
) -> Price:
    """Price a basket.

    Args:
        lines: at least one.
        available_points: what the member could spend now; None for an anonymous shopper, who neither earns
            nor spends.
        wanted_points: points the member wants to settle with.
        unearning_minor: what is paid with means of payment that earn nothing.
    Raises:
        BadBasket: no line, a quantity that is not positive, a negative price, a discount above the line, an
            amount above LARGEST_MINOR.
        PointsRefused: more points than usable, or not a multiple of the step.
    """
    if not lines:
        raise BadBasket("A basket needs at least one line")
    gross = [_gross(line) for line in lines]
    net = [amount - line.discount_minor for amount, line in zip(gross, lines, strict=True)]
    total = sum(net)
    if total > LARGEST_MINOR:
        raise BadBasket(f"An amount of {total} is no purchase")

    usable, reasons = usable_points(total, policy, available_points)
    _check_wanted(wanted_points, usable, policy, available_points)
    member = available_points is not None
    earns = [member and line.earns_points for line in lines]
    settled = settle(net, earns, policy, wanted_points, unearning_minor)
    return Price(
        lines=tuple(
            PricedLine(
                line.line_no,
                line.product_id,
                line.quantity_milli,
                line.unit_price_minor,
                gross[i],
                line.discount_minor,
                net[i],
                settled.shares[i],
                settled.bases[i],
            )
            for i, line in enumerate(lines)
        ),
        items_minor=sum(gross),
        discount_minor=sum(line.discount_minor for line in lines),
        total_minor=total,
        points_redeemed=wanted_points,
        points_minor=settled.points_minor,
        paid_minor=total - settled.points_minor,
        points_earned=settled.points_earned,
        earn_base_minor=settled.base_minor,
        points_usable=usable,
        reasons=reasons,
    )


def _gross(line: BasketLine) -> int:
    if line.quantity_milli <= 0:
        raise BadBasket(f"Line {line.line_no}: the quantity must be above zero", line.line_no)
    if line.unit_price_minor < 0:
        raise BadBasket(f"Line {line.line_no}: the price cannot be negative", line.line_no)
    gross = round_ratio(line.quantity_milli * line.unit_price_minor, MILLI, Rounding.HALF_UP)
    if gross > LARGEST_MINOR:
        raise BadBasket(f"Line {line.line_no}: an amount of {gross} is no purchase", line.line_no)
    if not 0 <= line.discount_minor <= gross:
        raise BadBasket(
            f"Line {line.line_no}: the discount must lie between zero and the line's {gross}", line.line_no
        )
    return gross


def settle(
    net: Sequence[int], earns: Sequence[bool], policy: PointsPolicy, points: int, unearning_minor: int = 0
) -> Settlement:
    """Settle a part of a basket with points, and work out what the rest earns.

    Args:
        net: amount due per line; `earns`: whether the line earns points.
        points: what is redeemed, already checked.
        unearning_minor: what is paid with means of payment that earn nothing; the lines bear it as they bear points.
    """
    points_minor = policy.worth(points)
    shares = share_out(points_minor, net) if points_minor else [0] * len(net)
    off = shares if policy.earn.basis is EarnBasis.PAID else [0] * len(net)
    if unearning_minor:
        left = [part - share for part, share in zip(net, shares, strict=True)]
        off = [
            part + more
            for part, more in zip(off, share_out(min(unearning_minor, sum(left)), left), strict=True)
        ]
    bases = [part - share if earning else 0 for part, share, earning in zip(net, off, earns, strict=True)]
    base = sum(bases)
    return Settlement(points_minor, shares, bases, base, accrual.earned(base, policy.earn))


def usable_points(
    total_minor: int, policy: PointsPolicy, available_points: int | None
) -> tuple[int, tuple[Reason, ...]]:
    """Points that may settle this amount, a multiple of the step, and what limits them."""
    if available_points is None:
        return 0, (Reason("points_need_a_member"),)
    spend = policy.spend
    cap_minor = total_minor * spend.max_percent // 100
    by_amount = cap_minor * spend.points // spend.worth_minor // spend.step * spend.step
    by_balance = max(0, available_points) // spend.step * spend.step
    if by_balance < spend.step:
        missing = spend.step - max(0, available_points)
        return 0, (Reason("points_below_step", {"step": spend.step, "missing": missing}),)
    if by_amount < by_balance:
        code = "points_capped_by_percent" if spend.max_percent < 100 else "points_capped_by_total"
        return by_amount, (Reason(code, {"usable": by_amount, "max_percent": spend.max_percent}),)
    return by_balance, ()


def _check_wanted(wanted: int, usable: int, policy: PointsPolicy, available_points: int | None) -> None:
    if not wanted:
        return
    if wanted < 0:
        raise PointsRefused("Points to redeem cannot be negative", reason="negative", usable=usable)
    if available_points is None:
        raise PointsRefused("Points can only be used by a member", reason="no_member", usable=0)
    if wanted % policy.spend.step:
        raise PointsRefused(
            f"Points are used in steps of {policy.spend.step}", reason="not_a_multiple", usable=usable
        )
    if wanted > available_points:
        raise PointsRefused(
            f"{wanted} points wanted, {available_points} available",
            reason="insufficient_points",
            usable=usable,
        )
    if wanted > usable:
        raise PointsRefused(
            f"At most {usable} points can be used for this basket", reason="over_cap", usable=usable
        )

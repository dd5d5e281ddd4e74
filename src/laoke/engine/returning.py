"""Goods brought back: what they are worth in money and points, exact to the last return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from laoke.engine import refunds
from laoke.engine.accrual import clawback_due
from laoke.engine.refunds import Bought, PriceOfKept, RefundPolicy
from laoke.kernel.errors import LaokeError
from laoke.kernel.quantity import format_milli
from laoke.kernel.sharing import share_so_far


class ReturnRefused(LaokeError):
    """More would come back than was bought, or from a line the order does not have."""

    code, status, title = "return-refused", 422, "The goods cannot be returned like this"

    def __init__(self, detail: str, *, reason: str, line_no: int | None = None) -> None:
        super().__init__(detail, reason=reason, **({} if line_no is None else {"line_no": line_no}))


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as sold and what of it has come back so far.

    `amount_minor` is what it was before offers: what pro rata shares go by. Keeping the deal does not ask for it.
    `extra_points` are those of the order's points that offers gave for this line.
    """

    line_no: int
    quantity_milli: int
    net_minor: int
    earn_base_minor: int
    returned_milli: int = 0
    returned_minor: int = 0
    amount_minor: int = 0
    extra_points: int = 0


@dataclass(frozen=True, slots=True)
class SoldOrder:
    """An order as sold and what of it has come back so far."""

    total_minor: int
    points_minor: int
    points_redeemed: int
    points_earned: int
    earn_base_minor: int
    returned_minor: int = 0
    refunded_minor: int = 0
    points_restored: int = 0
    points_clawed_back: int = 0


@dataclass(frozen=True, slots=True)
class BackLine:
    """What comes back of one line now, and its value."""

    line_no: int
    quantity_milli: int
    returned_minor: int


@dataclass(frozen=True, slots=True)
class GiveBack:
    """One return: value of the goods = money refunded + value of the points restored."""

    lines: tuple[BackLine, ...]
    returned_minor: int
    refunded_minor: int
    points_restored: int
    clawback: int
    earn_base_minor: int


def give_back(
    order: SoldOrder,
    lines: Sequence[SoldLine],
    wanted: Mapping[int, int] | None,
    policy: RefundPolicy = RefundPolicy.KEEP_THE_DEAL,
    price_of_kept: PriceOfKept | None = None,
) -> GiveBack:
    """Work out a return.

    Every amount is the share that belongs to all that has come back so far, less what was given back before.
    So partial returns in any order sum to the whole exactly once the last piece is back.

    Args:
        wanted: thousandths to take back by line number; None for everything that is left.
        policy: what happens to the discounts of the order.
        price_of_kept: see `refunds.worth_so_far`.
    Raises:
        ReturnRefused: an unknown line, a quantity that is not positive or more than is left, nothing left.
    """
    by_number = {line.line_no: line for line in lines}
    if wanted is None:
        wanted = {
            line.line_no: line.quantity_milli - line.returned_milli
            for line in lines
            if line.quantity_milli > line.returned_milli
        }
    if not wanted:
        raise ReturnRefused("Nothing is left to return", reason="nothing_left")
    for number, quantity in wanted.items():
        _check(by_number.get(number), number, quantity)
    values = _values(order, lines, wanted, policy, price_of_kept)
    value = sum(values.values())
    after = order.returned_minor + value
    base_before, base_after = _bases(order, lines, wanted, after, policy)
    settled_by_points = share_so_far(order.points_minor, after, order.total_minor)
    return GiveBack(
        lines=tuple(BackLine(number, quantity, values[number]) for number, quantity in wanted.items()),
        returned_minor=value,
        refunded_minor=after - settled_by_points - order.refunded_minor,
        points_restored=share_so_far(order.points_redeemed, after, order.total_minor) - order.points_restored,
        clawback=_points_back(order, lines, wanted, after, base_after, policy) - order.points_clawed_back,
        earn_base_minor=base_after - base_before,
    )


def _points_back(
    order: SoldOrder,
    lines: Sequence[SoldLine],
    wanted: Mapping[int, int],
    after: int,
    base_after: int,
    policy: RefundPolicy,
) -> int:
    """Points to be taken back in all, this return included: of the base's share, and what offers gave on top.

    Where the deal is kept every line takes its own extra points along; else they go as the value does.
    """
    extra = sum(line.extra_points for line in lines)
    base_points = clawback_due(order.points_earned - extra, order.earn_base_minor, base_after, 0)
    if policy is not RefundPolicy.KEEP_THE_DEAL:
        return base_points + share_so_far(extra, after, order.total_minor)
    return base_points + sum(
        share_so_far(
            line.extra_points, line.returned_milli + wanted.get(line.line_no, 0), line.quantity_milli
        )
        for line in lines
    )


def _values(
    order: SoldOrder,
    lines: Sequence[SoldLine],
    wanted: Mapping[int, int],
    policy: RefundPolicy,
    price_of_kept: PriceOfKept | None,
) -> dict[int, int]:
    """What comes back now is worth, by line number."""
    if policy is RefundPolicy.KEEP_THE_DEAL:
        by_number = {line.line_no: line for line in lines}
        return {
            number: share_so_far(
                by_number[number].net_minor,
                by_number[number].returned_milli + quantity,
                by_number[number].quantity_milli,
            )
            - by_number[number].returned_minor
            for number, quantity in wanted.items()
        }
    bought = [Bought(line.line_no, line.quantity_milli, line.amount_minor, line.net_minor) for line in lines]
    before = {line.line_no: line.returned_milli for line in lines}
    value = refunds.refund(bought, before, wanted, order.returned_minor, policy, price_of_kept)
    return refunds.by_line(bought, wanted, value)


def _bases(
    order: SoldOrder, lines: Sequence[SoldLine], wanted: Mapping[int, int], after: int, policy: RefundPolicy
) -> tuple[int, int]:
    """What of the base that earned points has come back, before this return and with it.

    Where the deal is kept every line takes its own base along; else the base goes as the value does.
    """
    if policy is RefundPolicy.KEEP_THE_DEAL:
        return (
            sum(
                share_so_far(line.earn_base_minor, line.returned_milli, line.quantity_milli) for line in lines
            ),
            sum(
                share_so_far(
                    line.earn_base_minor,
                    line.returned_milli + wanted.get(line.line_no, 0),
                    line.quantity_milli,
                )
                for line in lines
            ),
        )
    return (
        share_so_far(order.earn_base_minor, order.returned_minor, order.total_minor),
        share_so_far(order.earn_base_minor, after, order.total_minor),
    )


def _check(line: SoldLine | None, number: int, quantity: int) -> None:
    if line is None:
        raise ReturnRefused(f"The order has no line {number}", reason="unknown_line", line_no=number)
    if quantity <= 0:
        raise ReturnRefused(
            f"Line {number}: the quantity must be above zero", reason="not_positive", line_no=number
        )
    left = line.quantity_milli - line.returned_milli
    if quantity > left:
        raise ReturnRefused(
            f"Line {number}: {format_milli(quantity)} would come back, {format_milli(left)} is left",
            reason="more_than_bought",
            line_no=number,
        )

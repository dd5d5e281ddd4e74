"""What goods that come back are worth in money, under the policy the programme declares.

Every policy answers one question: what are all goods worth that have come back so far? A return is paid the difference
to what was paid before, so any sequence of returns that ends with the last piece has paid back the whole, to the minor
unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from laoke.kernel.sharing import share_out, share_so_far

# Price of what would be kept, in minor units, by thousandths left of each line.
PriceOfKept = Callable[[Mapping[int, int]], int]


class RefundPolicy(StrEnum):
    """What happens to the discounts of an order when a part of it comes back."""

    KEEP_THE_DEAL = "keep_the_deal"  # each piece is worth what was paid for it; what is kept keeps its price
    REPRICE_KEPT = "reprice_kept"  # what is kept is priced anew; the rest of what was paid goes back
    PRO_RATA = "pro_rata"  # the order's discount belongs to all pieces alike, by their list price


@dataclass(frozen=True, slots=True)
class Bought:
    """A line as sold. amount is the list price of all of it, net what was paid."""

    line_no: int
    quantity_milli: int
    amount_minor: int
    net_minor: int


def worth_so_far(
    lines: Sequence[Bought],
    back: Mapping[int, int],
    policy: RefundPolicy,
    price_of_kept: PriceOfKept | None = None,
) -> int:
    """What everything that has come back is worth.

    Args:
        back: thousandths back so far, by line number.
        price_of_kept: prices what is left under the programme the order was priced with; needed to re-price.
    Returns:
        Minor units, between nothing and what was paid. With re-pricing it need not grow with what is back: keeping less
        may cost more than keeping a little more. Pay at least nothing, and count on.
    """
    paid = sum(line.net_minor for line in lines)
    if all(back.get(line.line_no, 0) >= line.quantity_milli for line in lines):
        return paid
    if policy is RefundPolicy.KEEP_THE_DEAL:
        return sum(
            share_so_far(line.net_minor, back.get(line.line_no, 0), line.quantity_milli) for line in lines
        )
    if policy is RefundPolicy.PRO_RATA:
        items = sum(line.amount_minor for line in lines)
        returned = sum(
            share_so_far(line.amount_minor, back.get(line.line_no, 0), line.quantity_milli) for line in lines
        )
        return share_so_far(paid, returned, items) if items else 0
    if price_of_kept is None:
        raise ValueError("Re-pricing needs the price of what is kept")
    kept = {line.line_no: line.quantity_milli - back.get(line.line_no, 0) for line in lines}
    return min(max(paid - price_of_kept(kept), 0), paid)


def refund(
    lines: Sequence[Bought],
    back_before: Mapping[int, int],
    back_now: Mapping[int, int],
    refunded_before: int,
    policy: RefundPolicy,
    price_of_kept: PriceOfKept | None = None,
) -> int:
    """What this return is worth: never less than nothing, and with the last piece whatever is left."""
    back = {line.line_no: back_before.get(line.line_no, 0) + back_now.get(line.line_no, 0) for line in lines}
    return max(0, worth_so_far(lines, back, policy, price_of_kept) - refunded_before)


def by_line(lines: Sequence[Bought], back_now: Mapping[int, int], value: int) -> dict[int, int]:
    """A return's value shared by its lines, by what was paid for the pieces; they sum to it."""
    weights = {
        line.line_no: line.net_minor * back_now[line.line_no] // line.quantity_milli
        for line in lines
        if line.line_no in back_now
    }
    if not any(weights.values()):
        weights = dict.fromkeys(weights, 1)
    return dict(zip(weights, share_out(value, list(weights.values())), strict=True))


def due_back(given: Mapping[str, int], still_given: Mapping[str, int]) -> dict[str, int]:
    """Gifts, or coupons granted, that the goods kept no longer earn: pieces by SKU or template."""
    return {
        name: pieces - still_given.get(name, 0)
        for name, pieces in given.items()
        if pieces > still_given.get(name, 0)
    }

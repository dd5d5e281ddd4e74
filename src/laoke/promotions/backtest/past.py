"""A past order as the engine can price it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from laoke.engine.pricing.basket import Basket, Line
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.priced import Priced
from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding, round_ratio


class Past(NamedTuple):
    """One order. The lines of the basket hold what the shop itself took off, not what offers took.

    Args:
        day: its day in the programme's time zone.
        basket: with the unit prices of then and the costs of now.
        facts: what was known of member, store and moment.
        cost_minor: what its goods cost, as far as known; `unknown` are the places of lines whose cost is not.
        items_minor: list value of its goods; `own_minor` what the shop itself took off.
        booked_minor: what was due, after everything, with the delivery.
    """

    order_id: int
    member_id: int | None
    placed_at: datetime
    day: date
    basket: Basket
    facts: Facts
    cost_minor: int
    unknown: tuple[int, ...]
    items_minor: int
    own_minor: int
    booked_minor: int


class Money(NamedTuple):
    """What a basket brings in. `net` is for everything, `known_net` for what has a known cost, `cost` that cost. A
    delivery is taken to cost what is asked for it.

    `gift_cost` is what gifts cost, `gifts_unknown` how many pieces of gifts have no known cost.
    """

    net: int = 0
    known_net: int = 0
    cost: int = 0
    gift_cost: int = 0
    gifts_unknown: int = 0

    @property
    def margin(self) -> int:
        """What is left of goods with known cost, gifts paid."""
        return self.known_net - self.cost - self.gift_cost

    def plus(self, other: Money, times: int = 1) -> Money:
        """The sum of both."""
        return Money(*[mine + times * its for mine, its in zip(self, other, strict=True)])


NO_MONEY = Money()


def of(
    order_id: int,
    member_id: int | None,
    placed_at: datetime,
    day: date,
    basket: Basket,
    facts: Facts,
    booked_minor: int,
) -> Past:
    """An order with its sums."""
    cost, unknown = costs(basket.lines)
    items = sum([line.amount_minor for line in basket.lines])
    own = sum([line.discount_minor for line in basket.lines])
    return Past(order_id, member_id, placed_at, day, basket, facts, cost, unknown, items, own, booked_minor)


def costs(lines: Sequence[Line]) -> tuple[int, tuple[int, ...]]:
    """What goods cost together, and the places of those whose cost nobody knows."""
    total, unknown = 0, []
    for place, line in enumerate(lines):
        if line.cost_minor is None:
            unknown.append(place)
        else:
            total += cost_of(line.cost_minor, line.quantity_milli)
    return total, tuple(unknown)


def cost_of(cost_minor: int, quantity_milli: int) -> int:
    """What a quantity cost."""
    units, rest = divmod(quantity_milli, MILLI)
    if not rest:
        return cost_minor * units
    return round_ratio(cost_minor * quantity_milli, MILLI, Rounding.HALF_UP)


def money(
    priced: Priced, cost_minor: int, unknown: tuple[int, ...], gift_costs: GiftCosts | None = None
) -> Money:
    """What a priced basket brings in."""
    net = priced.total_minor
    known = net - sum([priced.lines[place].net_minor for place in unknown]) if unknown else net
    gift_cost = gifts_unknown = 0
    for deal in priced.given:
        for gift in deal.gifts:
            cost = None if gift_costs is None else gift_costs.of(gift.sku, gift.choices)
            if cost is None:
                gifts_unknown += gift.quantity
            else:
                gift_cost += cost * gift.quantity
    return Money(net, known, cost_minor + priced.shipping_minor, gift_cost, gifts_unknown)


class GiftCosts:
    """What articles cost that are given away, minor units by SKU."""

    def __init__(self, by_sku: dict[str, int]) -> None:
        self._by_sku = by_sku

    def of(self, sku: str, choices: Sequence[str] = ()) -> int | None:
        """The cost of a piece; of a gift that is still to be chosen that of the dearest."""
        if sku:
            return self._by_sku.get(sku)
        known = [self._by_sku[each] for each in choices if each in self._by_sku]
        return max(known, default=None)

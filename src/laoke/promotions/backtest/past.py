"""A past order as the engine can price it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from laoke.engine.extra_points import at_rate, extra_points
from laoke.engine.policy import PointsPolicy
from laoke.engine.pricing.basket import Basket, Line
from laoke.engine.pricing.board import ANONYMOUS, Facts
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.purchase import PurchaseRules
from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding, round_ratio

NO_COSTS: Mapping[str, int] = MappingProxyType({})


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

    `gift_cost` is what gifts cost, `gifts_unknown` how many pieces of gifts have no known cost; `points` are those that
    offers add to what is earned, and `points_cost` what they are worth.
    """

    net: int = 0
    known_net: int = 0
    cost: int = 0
    gift_cost: int = 0
    gifts_unknown: int = 0
    points: int = 0
    points_cost: int = 0

    @property
    def margin(self) -> int:
        """What is left of goods with known cost, gifts and further points paid."""
        return self.known_net - self.cost - self.gift_cost - self.points_cost

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


class Given:
    """What is given beside money, and what it costs.

    Args:
        by_sku: cost of articles that are given away, minor units.
        points: the rules by which offers add points; None: they cost nothing.
        earning: what is declared of earning beside the rate.
    """

    def __init__(
        self,
        by_sku: Mapping[str, int] = NO_COSTS,
        points: PointsPolicy | None = None,
        earning: PurchaseRules | None = None,
    ) -> None:
        self._by_sku = by_sku
        self._points = points
        self._earning = earning

    def cost_of_gift(self, sku: str, choices: Sequence[str] = ()) -> int | None:
        """The cost of a piece; of a gift that is still to be chosen that of the dearest."""
        if sku:
            return self._by_sku.get(sku)
        known = [self._by_sku[each] for each in choices if each in self._by_sku]
        return max(known, default=None)

    def extra_points(self, priced: Priced, basket: Basket, facts: Facts) -> tuple[int, int]:
        """Points that offers add, and what they are worth. Caps of days and months are left aside."""
        giving = [deal.earns for deal in priced.given if deal.earns]
        if self._points is None or not giving:
            return 0, 0
        if self._earning is None:
            bases = [
                each.net_minor if line.earns_points else 0
                for each, line in zip(priced.lines, basket.lines, strict=True)
            ]
            rate = self._points.earn
            added: Sequence[Mapping[int, int]] = extra_points(
                at_rate(bases, rate), giving, bases, rate.rounding
            )
        else:
            bases = [
                each.net_minor if line.earns_points and self._earning.earns(line.article) else 0
                for each, line in zip(priced.lines, basket.lines, strict=True)
            ]
            taken = [line.discount_minor for line in priced.lines]
            added = self._earning.earned(basket, facts, taken, bases, giving).extra
        points = sum(sum(by_line.values()) for by_line in added)
        return points, self._points.worth(points)


NOTHING_GIVEN = Given()


def money(
    priced: Priced,
    lines: Sequence[Line],
    cost_minor: int,
    unknown: tuple[int, ...],
    beside: Given = NOTHING_GIVEN,
    asked: tuple[Basket, Facts] | None = None,
) -> Money:
    """What a priced basket of these lines brings in.

    Args:
        asked: what rules of earning may ask; None: the lines alone.
    """
    net = priced.total_minor
    known = net - sum([priced.lines[place].net_minor for place in unknown]) if unknown else net
    gift_cost = gifts_unknown = points = points_cost = 0
    for deal in priced.given:
        for gift in deal.gifts:
            piece = beside.cost_of_gift(gift.sku, gift.choices)
            if piece is None:
                gifts_unknown += gift.quantity
            else:
                gift_cost += piece * gift.quantity
        if deal.earns:
            points, points_cost = beside.extra_points(priced, *(asked or (Basket(tuple(lines)), ANONYMOUS)))
    cost = cost_minor + priced.shipping_minor
    return Money(net, known, cost, gift_cost, gifts_unknown, points, points_cost)

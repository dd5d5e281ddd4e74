"""The basket in columns, and what offers have taken of it so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.guards import Guards, floors
from laoke.engine.pricing.policies import LimitedBase, PercentBase, Policies, SpreadOrder
from laoke.engine.pricing.selectors import Lists, Seen, Selector
from laoke.engine.pricing.spreading import in_spread_order, spread
from laoke.kernel.rounding import rounder


@dataclass(frozen=True, slots=True)
class Uses:
    """How often an offer was used before: by this member, by everybody, and the money it has given."""

    by_member: int = 0
    by_member_today: int = 0
    total: int = 0
    spent_minor: int = 0


NEVER_USED = Uses()


@dataclass(frozen=True, slots=True)
class CouponFact:
    """What is known of a coupon whose code was entered.

    Args:
        number: names the coupon: two spellings of one code are one coupon.
        template: what it was issued from; offers name the templates they are for.
        refused: why it cannot be used here and now, None when it can.
    """

    number: int
    template: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known beside the basket.

    Args:
        known: attributes of member, store and moment by name; what is not in it is not known.
        is_member: whether the shopper is one.
        lists: the member's personal lists of SKUs, by name.
        uses: earlier uses, by offer.
        points_balance: points the member could spend.
        coupons: coupons of the entered codes, by the code as it was entered.
    """

    known: Mapping[str, Any] = field(default_factory=dict)
    is_member: bool = False
    lists: Lists = field(default_factory=dict)
    uses: Mapping[str, Uses] = field(default_factory=dict)
    points_balance: int = 0
    coupons: Mapping[str, CouponFact] = field(default_factory=dict)


ANONYMOUS = Facts()


class State:
    """What has been taken so far: off each line, off each delivery; units used up; lines closed to offers that take
    once per line; sets that have their one offer.

    Only `taken` is changed in place; whoever changes another part puts a new one there, so copies share the rest.
    """

    __slots__ = ("closed", "sets", "shipped", "taken", "used")

    def __init__(
        self,
        taken: list[int],
        shipped: Sequence[int],
        used: Sequence[int],
        closed: frozenset[int] = frozenset(),
        sets: frozenset[tuple[object, str]] = frozenset(),
    ) -> None:
        self.taken = taken
        self.shipped = shipped
        self.used = used
        self.closed = closed
        self.sets = sets

    def copy(self) -> State:
        """A state of its own with the same content."""
        return State(self.taken.copy(), self.shipped, self.used, self.closed, self.sets)

    def total(self) -> int:
        """All that was taken."""
        return sum(self.taken) + sum(self.shipped)


class Board:
    """One basket prepared for pricing. Lines go by their place, deliveries too.

    `most` is what offers may take together, None without such a limit; every amount is in minor units.
    """

    __slots__ = (
        "_counted",
        "_discountable",
        "_spread_order",
        "_targets",
        "all_lines",
        "amounts",
        "basket",
        "delivery_prices",
        "facts",
        "floors",
        "limited",
        "matched",
        "most",
        "policies",
        "prices",
        "rounded",
        "units",
    )

    def __init__(
        self,
        basket: Basket,
        facts: Facts,
        policies: Policies,
        guards: Guards,
        matched: dict[Selector, list[int]],
    ) -> None:
        lines = basket.lines
        self.basket = basket
        self.facts = facts
        self.policies = policies
        self.amounts = [line.amount_minor for line in lines]
        pieces = [line.pieces for line in lines]
        self.units = [units for units, _ in pieces]
        self.prices = [price for _, price in pieces]
        self.floors = floors(lines, guards)
        self.most = guards.most(sum(self.amounts))
        self.delivery_prices = [delivery.price_minor for delivery in basket.deliveries]
        self.all_lines = list(range(len(lines)))
        self.matched = matched
        self.rounded = rounder(policies.rounding)
        self.limited: Limited = LIMITED[policies.percent_base, policies.limited_base]
        closed = [i for i in self.all_lines if not lines[i].article.discountable]
        self._discountable = [i for i in self.all_lines if i not in closed] if closed else self.all_lines
        self._targets: dict[Selector | None, list[int]] = {None: self._discountable}
        self._counted: dict[Selector, list[int]] = {}
        self._spread_order: list[int] | None = None

    def start(self) -> State:
        """Nothing given yet but what the shop itself took off."""
        return State(
            [line.discount_minor for line in self.basket.lines],
            [0] * len(self.delivery_prices),
            [0] * len(self.amounts),
        )

    def counted(self, selector: Selector | None) -> list[int]:
        """The lines a selector matches, discountable or not."""
        if selector is None:
            return self.all_lines
        if selector.static:
            return self.matched.get(selector, [])
        found = self._counted.get(selector)
        if found is None:
            lines, lists = self.basket.lines, self.facts.lists
            found = [i for i in self.all_lines if selector.matches(Seen(lines[i].article, lines[i], lists))]
            self._counted[selector] = found
        return found

    def targets(self, selector: Selector | None) -> list[int]:
        """The discountable lines a selector matches; without one, all of them."""
        found = self._targets.get(selector)
        if found is None:
            found = self.counted(selector)
            if self._discountable is not self.all_lines:
                found = [i for i in found if i in self._discountable]
            self._targets[selector] = found
        return found

    def base(self, state: State, i: int) -> int:
        """What a percentage of the line is taken of."""
        if self.policies.percent_base is PercentBase.ORIGINAL:
            return self.amounts[i]
        return self.amounts[i] - state.taken[i]

    def base_of_units(self, state: State, i: int, units: int) -> int:
        """The same when only so many units of the line count."""
        return self.base(state, i) if units >= self.units[i] else self.limited(self, state, i, units)

    def bases(self, state: State, lines: Sequence[int]) -> list[int]:
        """The bases of several lines."""
        amounts = self.amounts
        if self.policies.percent_base is PercentBase.ORIGINAL:
            return [amounts[i] for i in lines]
        taken = state.taken
        return [amounts[i] - taken[i] for i in lines]

    def spread(self, state: State, amount: int, lines: Sequence[int], bases: Sequence[int]) -> None:
        """Spread an amount over lines, by their bases in the declared way, and take it off them."""
        if self.policies.spread_order is not SpreadOrder.BASKET:
            order = in_spread_order(
                range(len(lines)), [self.prices[i] for i in lines], self.policies.spread_order
            )
            lines, bases = [lines[k] for k in order], [bases[k] for k in order]
        amounts, taken, floors = self.amounts, state.taken, self.floors
        rooms = [amounts[i] - taken[i] - floors[i] for i in lines]
        for i, part in zip(lines, spread(amount, bases, rooms, self.policies), strict=True):
            taken[i] += part

    def give(self, state: State, i: int, amount: int) -> None:
        """Take an amount off a line, at most its room."""
        room = self.amounts[i] - state.taken[i] - self.floors[i]
        if amount > room:
            amount = room
        if amount > 0:
            state.taken[i] += amount


Limited = Callable[[Board, State, int, int], int]


def _units_of_amount(board: Board, state: State, i: int, units: int) -> int:
    return board.prices[i] * units


def _smaller_of_remaining_and_units(board: Board, state: State, i: int, units: int) -> int:
    return min(board.amounts[i] - state.taken[i], board.prices[i] * units)


def _units_less_applied(board: Board, state: State, i: int, units: int) -> int:
    return max(0, board.prices[i] * units - state.taken[i])


LIMITED: dict[tuple[PercentBase, LimitedBase], Limited] = {
    (PercentBase.ORIGINAL, LimitedBase.MIN_OF_REMAINING_AND_UNITS): _units_of_amount,
    (PercentBase.ORIGINAL, LimitedBase.UNITS_MINUS_APPLIED): _units_of_amount,
    (PercentBase.REMAINING, LimitedBase.MIN_OF_REMAINING_AND_UNITS): _smaller_of_remaining_and_units,
    (PercentBase.REMAINING, LimitedBase.UNITS_MINUS_APPLIED): _units_less_applied,
}

"""What an offer gives beside money off the lines: gifts, coupons, points, cheaper deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from laoke.engine.pricing.effects.percent import Allocation
from laoke.engine.pricing.effects.turn import Earns, Gift, Grant, Turn
from laoke.engine.pricing.policies import PercentBase
from laoke.engine.pricing.selectors import Selector
from laoke.engine.pricing.spreading import spread


@dataclass(frozen=True, slots=True)
class Every:
    """Once for every so many units of these lines, or for every so much money."""

    quantity: int | None = None
    minor: int | None = None
    target: Selector | None = None

    def times(self, turn: Turn) -> int:
        """How often it is reached."""
        lines = turn.targets(self.target)
        if self.quantity is not None:
            return sum(turn.board.units[i] for i in lines) // self.quantity
        return turn.remaining(lines, discounted=True) // (self.minor or 1)


def _times(turn: Turn, per: Every | None, most: int | None) -> int:
    times = 1 if per is None else per.times(turn)
    return times if most is None else min(times, most)


@dataclass(frozen=True, slots=True)
class GiveGift:
    """`quantity` units of an article, free and beside the basket; of several SKUs the shopper chooses one.

    `choice_key` names the choice in the basket's `gift_choices`.
    """

    skus: tuple[str, ...]
    quantity: int = 1
    per: Every | None = None
    max_times: int | None = None
    choice_key: str = ""
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """What it is counted by."""
        return () if self.per is None else (self.per.target,)

    def give(self, turn: Turn) -> None:
        """Add the gift."""
        quantity = self.quantity * _times(turn, self.per, self.max_times)
        if not quantity:
            return
        chosen = turn.board.basket.gift_choices.get(self.choice_key)
        if len(self.skus) == 1:
            turn.gifts.append(Gift(self.skus[0], quantity))
        elif chosen in self.skus:
            turn.gifts.append(Gift(chosen, quantity))
        else:
            turn.gifts.append(Gift("", quantity, self.skus))


@dataclass(frozen=True, slots=True)
class GrantCoupon:
    """Coupons for the member's wallet (满额赠券)."""

    template: str
    quantity: int = 1
    per: Every | None = None
    max_times: int | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """What it is counted by."""
        return () if self.per is None else (self.per.target,)

    def give(self, turn: Turn) -> None:
        """Add the grant; an anonymous shopper has no wallet."""
        quantity = self.quantity * _times(turn, self.per, self.max_times)
        if quantity and turn.board.facts.is_member:
            turn.grants.append(Grant(self.template, quantity))


@dataclass(frozen=True, slots=True)
class EarnMore:
    """More points for a member: what the targets earn counts `factor` times, or `bonus` points come on top.

    How many that are is known when the basket is settled (`engine.extra_points`). Articles that take no discount earn
    all the same.
    """

    factor: Fraction = Fraction(1)
    bonus: int = 0
    target: Selector | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Note it; an anonymous shopper earns nothing."""
        board = turn.board
        lines = tuple(i for i in board.counted(self.target) if board.basket.lines[i].earns_points)
        if lines and board.facts.is_member:
            turn.earns.append(Earns(self.factor, self.bonus, lines))


class ShippingMode(StrEnum):
    """What happens to the price of a delivery."""

    FREE = "free"
    PERCENT = "percent"
    FIXED_PRICE = "fixed_price"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Shipping:
    """Cheaper deliveries, of these methods or all."""

    mode: ShippingMode
    share: Fraction | None = None
    minor: int = 0
    allocation: Allocation = Allocation.EACH
    methods: frozenset[str] | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """No lines."""
        return ()

    def give(self, turn: Turn) -> None:
        """Take it off the deliveries."""
        board, shipped = turn.board, list(turn.state.shipped)
        turn.state.shipped = shipped
        deliveries = [
            j
            for j, delivery in enumerate(board.basket.deliveries)
            if self.methods is None or delivery.method in self.methods
        ]
        left = {j: board.delivery_prices[j] - shipped[j] for j in deliveries}
        if self.mode is ShippingMode.AMOUNT and self.allocation is Allocation.ACROSS:
            rooms = list(left.values())
            for j, part in zip(left, spread(self.minor, rooms, rooms, board.policies), strict=True):
                shipped[j] += part
            return
        for j, rest in left.items():
            shipped[j] += min(rest, self._off(turn, j, rest))

    def _off(self, turn: Turn, j: int, rest: int) -> int:
        board = turn.board
        if self.mode is ShippingMode.FREE:
            return rest
        if self.mode is ShippingMode.AMOUNT:
            return self.minor
        if self.mode is ShippingMode.FIXED_PRICE:
            return max(0, rest - self.minor)
        original = board.policies.percent_base is PercentBase.ORIGINAL
        base = board.delivery_prices[j] if original else rest
        share = self.share or Fraction(0)
        return board.rounded(base * share.numerator, share.denominator)

"""An amount off, and fixed prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from laoke.engine.pricing.effects.percent import Allocation
from laoke.engine.pricing.effects.picking import Pick, up_to
from laoke.engine.pricing.effects.turn import Turn
from laoke.engine.pricing.selectors import Selector


class AmountPer(StrEnum):
    """What an amount is given for with `each`."""

    UNIT = "unit"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Amount:
    """`minor` off: spread across the targets, on each of them, or on the cheapest units."""

    minor: int
    allocation: Allocation = Allocation.ACROSS
    per: AmountPer = AmountPer.UNIT
    target: Selector | None = None
    max_quantity: int | None = None
    shrinks = True

    @property
    def shrinks_closed(self) -> bool:
        """Not when it picks units."""
        return self.allocation is not Allocation.ONCE

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take the amount off."""
        lines = turn.targets(self.target)
        board, state = turn.board, turn.state
        if self.allocation is Allocation.ACROSS:
            board.spread(state, self.minor, lines, board.bases(state, lines))
        elif self.allocation is Allocation.ONCE:
            most = sum(board.units) if self.max_quantity is None else self.max_quantity
            for i, units in up_to(board, lines, most, Pick.CHEAPEST_FIRST):
                board.give(state, i, min(self.minor, board.prices[i]) * units)
        elif self.per is AmountPer.LINE:
            for i in lines:
                board.give(state, i, min(self.minor, board.base(state, i)))
        else:
            for i in lines:
                units = board.units[i]
                if self.max_quantity is not None:
                    units = min(units, self.max_quantity)
                off = min(self.minor, board.prices[i]) * units
                board.give(state, i, min(off, board.base_of_units(state, i, units)))


@dataclass(frozen=True, slots=True)
class FixedPrice:
    """The current price per unit is brought down to `minor`, for all units or `max_quantity` of each line."""

    minor: int
    target: Selector | None = None
    max_quantity: int | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take off what the units cost above the price."""
        for i in turn.targets(self.target):
            _bring_down(turn, i, self.minor, self.max_quantity)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices of their own for some articles (会员价): minor units by SKU, brought down to like a fixed price."""

    prices: Mapping[str, int]
    target: Selector | None = None
    max_quantity: int | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take off what the units cost above their price."""
        lines = turn.board.basket.lines
        for i in turn.targets(self.target):
            price = self.prices.get(lines[i].article.sku)
            if price is not None:
                _bring_down(turn, i, price, self.max_quantity)


def _bring_down(turn: Turn, i: int, price: int, most: int | None) -> None:
    board, state = turn.board, turn.state
    units = board.units[i]
    if not units:
        return
    above = board.base(state, i) - price * units
    if above > 0:
        counted = units if most is None else min(most, units)
        board.give(state, i, board.rounded(above * counted, units))

"""Effects that pick units: bundles, buy X get Y, every n-th unit.

With lines closed to it, or units used up by others, such an effect may pick dearer units and give more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from laoke.engine.pricing.board import Board
from laoke.engine.pricing.effects.picking import Pick, in_pick_order, take
from laoke.engine.pricing.effects.turn import Turn
from laoke.engine.pricing.policies import Consumption
from laoke.engine.pricing.selectors import Selector


@dataclass(frozen=True, slots=True)
class Part:
    """So many units of these lines."""

    quantity: int
    target: Selector | None = None


@dataclass(frozen=True, slots=True)
class BundlePrice:
    """Groups of units cost `minor` together: one part for any `quantity` of the targets, several for a set.

    What a group costs more is spread over its lines by the list prices inside the group; a group that costs less is
    left alone but uses its units up.
    """

    minor: int
    parts: tuple[Part, ...]
    repeat: bool = True
    pick: Pick = Pick.DEAREST_FIRST
    shrinks = True
    shrinks_closed = False

    def looks_at(self) -> tuple[Selector | None, ...]:
        """The lines of its parts."""
        return tuple(part.target for part in self.parts)

    def give(self, turn: Turn) -> None:
        """Bring complete groups down to their price."""
        for lines, weights in _groups(turn, self.parts, self.pick, repeat=self.repeat):
            turn.board.spread(turn.state, sum(weights) - self.minor, lines, weights)


@dataclass(frozen=True, slots=True)
class BundleReduction:
    """A complete set of parts is `minor` cheaper (咖啡+蛋糕立减5元), spread over the set by list prices."""

    minor: int
    parts: tuple[Part, ...]
    repeat: bool = True
    pick: Pick = Pick.DEAREST_FIRST
    shrinks = True
    shrinks_closed = False

    def looks_at(self) -> tuple[Selector | None, ...]:
        """The lines of its parts."""
        return tuple(part.target for part in self.parts)

    def give(self, turn: Turn) -> None:
        """Take the reduction off every complete set."""
        for lines, weights in _groups(turn, self.parts, self.pick, repeat=self.repeat):
            turn.board.spread(turn.state, min(self.minor, sum(weights)), lines, weights)


def _groups(
    turn: Turn, parts: tuple[Part, ...], pick: Pick, *, repeat: bool
) -> Iterator[tuple[list[int], list[int]]]:
    """Complete sets of the parts: the lines of each, and what its units on them cost by list price."""
    board = turn.board
    left = board.units.copy()
    orders = [in_pick_order(board, turn.targets(part.target), pick) for part in parts]
    while (group := _group(left, parts, orders)) is not None:
        lines = sorted(group)
        yield lines, [board.prices[i] * group[i] for i in lines]
        if not repeat:
            return


def _group(left: list[int], parts: tuple[Part, ...], orders: list[list[int]]) -> dict[int, int] | None:
    """The units of one complete set by line, taken from `left`; None when there is no other."""
    trial = left.copy()
    group: dict[int, int] = {}
    for part, order in zip(parts, orders, strict=True):
        taken = take(trial, order, part.quantity)
        if taken is None:
            return None
        for i, units in taken:
            group[i] = group.get(i, 0) + units
    left[:] = trial
    return group


@dataclass(frozen=True, slots=True)
class BuyGet:
    """A round takes the bought units and other units that are got, and takes a share or an amount off the latter.

    Bought units come first from lines that are no get targets, then by price, then in basket order.
    """

    buy: Part
    get: Part
    share: Fraction | None = None
    minor: int | None = None
    repeat: bool = True
    max_get_units: int | None = None
    buy_pick: Pick = Pick.DEAREST_FIRST
    get_pick: Pick = Pick.CHEAPEST_FIRST

    shrinks = True
    shrinks_closed = False

    def looks_at(self) -> tuple[Selector | None, ...]:
        """What is bought and what is got."""
        return (self.buy.target, self.get.target)

    def give(self, turn: Turn) -> None:
        """Take it off the units that are got."""
        board, state = turn.board, turn.state
        gets = turn.targets(self.get.target)
        if not gets:
            return
        consumes = board.policies.consumption is Consumption.BUY_GET
        left = (
            [units - used for units, used in zip(board.units, state.used, strict=True)]
            if consumes
            else board.units.copy()
        )
        get_order = in_pick_order(board, gets, self.get_pick)
        buy_order = in_pick_order(board, turn.board.targets(self.buy.target), self.buy_pick)
        buy_order.sort(key=lambda i: i in gets)
        most = sum(left) if self.max_get_units is None else self.max_get_units
        got: dict[int, int] = {}
        all_left = left
        while self.get.quantity <= most:
            trial = left.copy()
            if take(trial, buy_order, self.buy.quantity) is None:
                break
            units_got = take(trial, get_order, self.get.quantity)
            if units_got is None:
                break
            left = trial
            most -= self.get.quantity
            for i, units in units_got:
                got[i] = got.get(i, 0) + units
            if not self.repeat:
                break
        if consumes and got:
            state.used = [used + a - b for used, a, b in zip(state.used, all_left, left, strict=True)]
        for i, units in got.items():
            board.give(state, i, _off_a_unit(board, i, self.share, self.minor) * units)


@dataclass(frozen=True, slots=True)
class NthItem:
    """Every n-th unit of the targets gets `share` off its list price (第二件半价), rounded per unit."""

    n: int
    share: Fraction
    order: Pick = Pick.DEAREST_FIRST
    repeat: bool = True
    by_line: bool = False
    target: Selector | None = None
    shrinks = True
    shrinks_closed = False

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take it off every n-th unit, or the first n-th."""
        board = turn.board
        before = 0
        for i in in_pick_order(board, turn.targets(self.target), self.order):
            if self.by_line:
                before = 0
            after = before + board.units[i]
            reached = after // self.n - before // self.n
            if not self.repeat:
                reached = 1 if before < self.n <= after else 0
            if reached:
                board.give(turn.state, i, _off_a_unit(board, i, self.share, None) * reached)
            before = after


def _off_a_unit(board: Board, i: int, share: Fraction | None, minor: int | None) -> int:
    price = board.prices[i]
    if share is not None:
        return board.rounded(price * share.numerator, share.denominator)
    return min(minor or 0, price)

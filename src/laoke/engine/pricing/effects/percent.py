"""A percentage off: per line, off the sum, or off the cheapest units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from laoke.engine.pricing.effects.picking import Pick, up_to
from laoke.engine.pricing.effects.turn import Turn
from laoke.engine.pricing.policies import PercentScope
from laoke.engine.pricing.selectors import Selector


class Allocation(StrEnum):
    """What a value is taken off."""

    EACH = "each"  # every target line
    ACROSS = "across"  # all of them together, spread over them
    ONCE = "once"  # the cheapest units


class CapDistribution(StrEnum):
    """How a largest amount is shared by lines that together would get more."""

    PROPORTIONAL = "proportional"
    SEQUENTIAL = "sequential"  # used up in basket order


@dataclass(frozen=True, slots=True)
class Percent:
    """`share` (1/10 for 10 %, at most 1) off the base of the targets.

    Args:
        max_quantity: per line with EACH and ACROSS, over all lines with ONCE.
        max_minor: the effect gives no more than this.
        scope: where it is rounded; None takes the programme's policy.
    """

    share: Fraction
    allocation: Allocation = Allocation.EACH
    target: Selector | None = None
    max_quantity: int | None = None
    max_minor: int | None = None
    cap: CapDistribution = CapDistribution.PROPORTIONAL
    scope: PercentScope | None = None
    shrinks = True

    @property
    def shrinks_closed(self) -> bool:
        """Not when it picks units."""
        return self.allocation is not Allocation.ONCE

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take the percentage off."""
        lines: Sequence[int] = turn.targets(self.target)
        if not lines:
            return
        board, state = turn.board, turn.state
        scope = PercentScope.ORDER if self.allocation is Allocation.ACROSS else self.scope
        scope = scope or board.policies.percent_scope
        most = self.max_quantity
        if most is None:
            if scope is PercentScope.LINE and self.max_minor is None:
                share, rounded = self.share, board.rounded
                numerator, denominator = share.numerator, share.denominator
                for i, base in zip(lines, board.bases(state, lines), strict=True):
                    board.give(state, i, rounded(base * numerator, denominator))
                return
            units = {i: board.units[i] for i in lines}
            bases = {i: board.base(state, i) for i in lines}
        else:
            if self.allocation is Allocation.ONCE:
                units = dict(up_to(board, lines, most, Pick.CHEAPEST_FIRST))
                lines = sorted(units)
            else:
                units = {i: min(most, board.units[i]) for i in lines}
            bases = {i: board.base_of_units(state, i, units[i]) for i in lines}
        _take(self, turn, lines, units, bases, scope)


def _take(
    effect: Percent,
    turn: Turn,
    lines: Sequence[int],
    units: dict[int, int],
    bases: dict[int, int],
    scope: PercentScope,
) -> None:
    board, state = turn.board, turn.state
    numerator, denominator = effect.share.numerator, effect.share.denominator
    rounded, cap = board.rounded, effect.max_minor
    if scope is PercentScope.ORDER:
        total = rounded(sum(bases.values()) * numerator, denominator)
        board.spread(state, total if cap is None else min(total, cap), lines, [bases[i] for i in lines])
        return
    if scope is PercentScope.UNIT:
        amounts = {
            i: rounded(bases[i] * numerator, denominator * units[i]) * units[i] if units[i] else 0
            for i in lines
        }
    else:
        amounts = {i: rounded(bases[i] * numerator, denominator) for i in lines}
    if cap is not None and sum(amounts.values()) > cap:
        if effect.cap is CapDistribution.PROPORTIONAL:
            board.spread(state, cap, lines, [bases[i] for i in lines])
            return
        amounts = _in_turn(amounts, cap)
    for i, amount in amounts.items():
        board.give(state, i, amount)


def _in_turn(amounts: dict[int, int], cap: int) -> dict[int, int]:
    left, given = cap, {}
    for i, amount in amounts.items():
        given[i] = min(amount, left)
        left -= given[i]
    return given

"""Reductions that grow with the basket: tiers (阶梯满减), every so much (每满减), complete groups of units."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from laoke.engine.pricing.effects.amount import Amount, AmountPer
from laoke.engine.pricing.effects.percent import Allocation, Percent
from laoke.engine.pricing.effects.turn import Turn
from laoke.engine.pricing.policies import PercentScope
from laoke.engine.pricing.selectors import Selector


class Metric(StrEnum):
    """What is measured against the tiers."""

    SUBTOTAL = "subtotal"
    QUANTITY = "quantity"
    LINE_AMOUNT = "line_amount"  # every line finds its own tier


@dataclass(frozen=True, slots=True)
class Step:
    """From `at_least` (minor units or units) on: `minor` off, or `share` off."""

    at_least: int
    minor: int | None = None
    share: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Tiered:
    """The highest step reached holds. Steps in ascending order.

    Args:
        discounted: measure what is left after the discounts so far; otherwise list prices.
        measured: the lines that are measured; None measures the targets.
    """

    steps: tuple[Step, ...]
    metric: Metric = Metric.SUBTOTAL
    discounted: bool = True
    target: Selector | None = None
    measured: Selector | None = None
    allocation: Allocation = Allocation.EACH
    scope: PercentScope | None = None

    @property
    def shrinks(self) -> bool:
        """When no step gives less than one below it, and all of them amounts or all of them shares."""
        amounts = [step.minor for step in self.steps if step.minor is not None]
        shares = [step.share for step in self.steps if step.share is not None]
        return not (amounts and shares) and amounts == sorted(amounts) and shares == sorted(shares)

    @property
    def shrinks_closed(self) -> bool:
        """The same."""
        return self.shrinks

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets, and what is measured."""
        return (self.target, self.target if self.measured is None else self.measured)

    def give(self, turn: Turn) -> None:
        """Take off what the step says."""
        if self.metric is Metric.LINE_AMOUNT:
            for i in turn.targets(self.target):
                self._on_line(turn, i)
            return
        if (step := self.reached(self.measure(turn))) is None:
            return
        if step.minor is not None:
            Amount(step.minor, Allocation.ACROSS, target=self.target).give(turn)
        elif step.share is not None:
            Percent(step.share, self.allocation, self.target, scope=self.scope).give(turn)

    def measure(self, turn: Turn) -> int:
        """What is measured against the steps, for the whole basket."""
        lines = turn.targets(self.target if self.measured is None else self.measured)
        if self.metric is Metric.QUANTITY:
            return sum(turn.board.units[i] for i in lines)
        return turn.remaining(lines, discounted=self.discounted)

    def reached(self, value: int) -> Step | None:
        """The highest step reached."""
        return next((step for step in reversed(self.steps) if step.at_least <= value), None)

    def _on_line(self, turn: Turn, i: int) -> None:
        board, state = turn.board, turn.state
        value = board.amounts[i] - (state.taken[i] if self.discounted else 0)
        if (step := self.reached(value)) is None:
            return
        base = board.base(state, i)
        if step.minor is not None:
            board.give(state, i, min(step.minor, base))
        elif step.share is not None:
            numerator, denominator = step.share.numerator, step.share.denominator
            scope = self.scope or board.policies.percent_scope
            if scope is PercentScope.UNIT and (units := board.units[i]):
                board.give(state, i, board.rounded(base * numerator, denominator * units) * units)
            else:
                board.give(state, i, board.rounded(base * numerator, denominator))


@dataclass(frozen=True, slots=True)
class PerThreshold:
    """`minor` off for every full `every` in the targets' sum, at most `max_times`."""

    every: int
    minor: int
    discounted: bool = True
    max_times: int | None = None
    target: Selector | None = None
    shrinks = True
    shrinks_closed = True

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take the amount off as often as it is reached."""
        times = turn.remaining(turn.targets(self.target), discounted=self.discounted) // self.every
        if self.max_times is not None:
            times = min(times, self.max_times)
        if times:
            Amount(self.minor * times, Allocation.ACROSS, target=self.target).give(turn)


@dataclass(frozen=True, slots=True)
class QuantityGroup:
    """For every unit in a complete group of `size` targets: `minor` off, or `share` of its base.

    Units are taken from the largest lines first.
    """

    size: int
    minor: int | None = None
    share: Fraction | None = None
    target: Selector | None = None
    shrinks = True
    shrinks_closed = False

    def looks_at(self) -> tuple[Selector | None, ...]:
        """Its targets."""
        return (self.target,)

    def give(self, turn: Turn) -> None:
        """Take it off the units in complete groups."""
        board, state = turn.board, turn.state
        lines = turn.targets(self.target)
        left = sum(board.units[i] for i in lines) // self.size * self.size
        for i in sorted(lines, key=lambda i: -board.units[i]):
            counted = min(board.units[i], left)
            if not counted:
                continue
            left -= counted
            base = board.base(state, i)
            if self.minor is not None:
                board.give(state, i, min(min(self.minor, board.prices[i]) * counted, base))
            elif self.share is not None:
                numerator, denominator = self.share.numerator, self.share.denominator
                per_unit = board.rounded(base * numerator, denominator * board.units[i])
                board.give(state, i, per_unit * counted)


__all__ = ["AmountPer", "Metric", "PerThreshold", "QuantityGroup", "Step", "Tiered"]

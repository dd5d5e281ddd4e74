"""How little more would bring how much: "再买 18 元可减 20 元".

A hint comes from an offer that takes part but for one missing amount or number of units, or from an offer that has a
next step. Nearest first; the till shows as many as it has room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from laoke.engine.conditions import Is, Op, Tree
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.compiled import Programme, Ready
from laoke.engine.pricing.deals import Deal, Refused
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.effects.extras import EarnMore, GiveGift, GrantCoupon
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.thresholds import Metric, PerThreshold, Tiered
from laoke.engine.pricing.effects.turn import Effect, Turn
from laoke.engine.pricing.effects.units import BuyGet, NthItem
from laoke.engine.pricing.questions import Asked


@dataclass(frozen=True, slots=True)
class Gain:
    """What would be got: an amount off, a share off, a gift, coupons, so many times the points or so many on top."""

    minor: int | None = None
    share: Fraction | None = None
    skus: tuple[str, ...] = ()
    coupon: str | None = None
    times: Fraction | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Buy for `missing_minor` more, or `missing_units` more, of what `of` says (None: of anything)."""

    ready: Ready
    gain: Gain
    missing_minor: int | None = None
    missing_units: int | None = None
    of: Tree | None = None


@dataclass(frozen=True, slots=True)
class _After:
    """The basket when all offers have been given."""

    programme: Programme
    board: Board
    state: State
    given: Mapping[Ready, Deal]

    def turn(self, ready: Ready) -> Turn:
        """The state less what this offer itself took: that does not move it away from its next step."""
        deal = self.given.get(ready)
        if deal is None:
            return Turn(self.board, self.state)
        state = self.state.copy()
        state.taken = [off - part for off, part in zip(state.taken, deal.lines, strict=True)]
        return Turn(self.board, state)


def hints(
    programme: Programme,
    board: Board,
    state: State,
    given: Iterable[Deal],
    refused: Iterable[Refused],
    most: int = 3,
) -> list[Hint]:
    """The nearest hints, at most so many.

    Args:
        state: after all that was given.
    """
    after = _After(programme, board, state, {deal.ready: deal for deal in given})
    found = [hint for ready in after.given for hint in _next_steps(ready, after)]
    for each in refused:
        if each.code == "no_effect":
            found += _next_steps(each.ready, after)
        elif each.code == "conditions_not_met" and isinstance(each.failed, Is):
            found += _threshold(each.ready, each.failed, after)
    found.sort(key=lambda hint: (_effort(hint, board), hint.ready.place))
    return found[:most]


def _effort(hint: Hint, board: Board) -> int:
    """What the missing goods cost about, for the order of hints; units at the cheapest price in the basket."""
    if hint.missing_minor is not None:
        return hint.missing_minor
    return (hint.missing_units or 0) * min((price for price in board.prices if price), default=0)


def _threshold(ready: Ready, leaf: Is, after: _After) -> list[Hint]:
    """The offer waits for an amount or a number of units, and for nothing else it can know yet."""
    gain = next((gain for effect in ready.offer.effects if (gain := _gain(effect))), None)
    if gain is None or leaf.op not in (Op.GTE, Op.GT) or not isinstance(leaf.value, int):
        return []
    turn = after.turn(ready)
    if not ready.waits_only_for(leaf, Asked(after.board, after.state)):
        return []
    selector = None if leaf.of is None else after.programme.selector(leaf.of)
    lines = turn.board.targets(selector)
    wanted = leaf.value + (leaf.op is Op.GT)
    if leaf.attribute == "basket.subtotal":
        discounted = leaf.option("basis", "original") == "discounted"
        missing = wanted - turn.remaining(lines, discounted=discounted)
        return [Hint(ready, gain, missing_minor=missing, of=leaf.of)] if missing > 0 else []
    if leaf.attribute == "basket.quantity":
        missing = wanted - sum(turn.board.units[i] for i in lines)
        return [Hint(ready, gain, missing_units=missing, of=leaf.of)] if missing > 0 else []
    return []


def _gain(effect: Effect) -> Gain | None:
    make = _GAINS.get(type(effect))
    return make(effect) if make else None


_GAINS: dict[type, Callable[[Any], Gain | None]] = {
    Amount: lambda effect: Gain(minor=effect.minor),
    Percent: lambda effect: Gain(share=effect.share),
    GiveGift: lambda effect: Gain(skus=effect.skus),
    GrantCoupon: lambda effect: Gain(coupon=effect.template),
    EarnMore: lambda effect: Gain(points=effect.bonus) if effect.bonus else Gain(times=effect.factor),
    Tiered: lambda effect: Gain(minor=effect.steps[0].minor, share=effect.steps[0].share),
    PerThreshold: lambda effect: Gain(minor=effect.minor),
    NthItem: lambda effect: Gain(share=effect.share),
}


def _next_steps(ready: Ready, after: _After) -> list[Hint]:
    turn = after.turn(ready)
    steps = [(effect, _STEPS.get(type(effect))) for effect in ready.offer.effects]
    return [hint for effect, step in steps if step and (hint := step(ready, effect, turn))]


def _next_tier(ready: Ready, effect: Tiered, turn: Turn) -> Hint | None:
    if effect.metric is Metric.LINE_AMOUNT:
        return None
    measured = effect.measure(turn)
    step = next((step for step in effect.steps if step.at_least > measured), None)
    if step is None:
        return None
    gain = Gain(minor=step.minor, share=step.share)
    of = _tree(effect.target if effect.measured is None else effect.measured)
    missing = step.at_least - measured
    if effect.metric is Metric.QUANTITY:
        return Hint(ready, gain, missing_units=missing, of=of)
    return Hint(ready, gain, missing_minor=missing, of=of)


def _next_threshold(ready: Ready, effect: PerThreshold, turn: Turn) -> Hint | None:
    measured = turn.remaining(turn.targets(effect.target), discounted=effect.discounted)
    if effect.max_times is not None and measured // effect.every >= effect.max_times:
        return None
    missing = effect.every - measured % effect.every
    return Hint(ready, Gain(minor=effect.minor), missing_minor=missing, of=_tree(effect.target))


def _next_item(ready: Ready, effect: NthItem, turn: Turn) -> Hint | None:
    units = sum(turn.board.units[i] for i in turn.targets(effect.target))
    if effect.by_line or not units or (units >= effect.n and not effect.repeat) or units % effect.n == 0:
        return None
    missing = effect.n - units % effect.n
    return Hint(ready, Gain(share=effect.share), missing_units=missing, of=_tree(effect.target))


def _next_got(ready: Ready, effect: BuyGet, turn: Turn) -> Hint | None:
    """Enough is bought but what is got is not in the basket."""
    if effect.share is None:
        return None
    board = turn.board
    bought = sum(board.units[i] for i in board.targets(effect.buy.target))
    got = sum(board.units[i] for i in turn.targets(effect.get.target))
    same = _tree(effect.buy.target) == _tree(effect.get.target)
    have = max(0, bought - effect.buy.quantity) if same else got
    if bought < effect.buy.quantity or have >= effect.get.quantity:
        return None
    missing = effect.get.quantity - have
    return Hint(ready, Gain(share=effect.share), missing_units=missing, of=_tree(effect.get.target))


_STEPS: dict[type, Callable[[Ready, Any, Turn], Hint | None]] = {
    Tiered: _next_tier,
    PerThreshold: _next_threshold,
    NthItem: _next_item,
    BuyGet: _next_got,
}


def _tree(selector: Any) -> Tree | None:
    return None if selector is None else selector.tree

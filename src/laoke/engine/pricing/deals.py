"""What one offer gives on one state of the basket."""

from __future__ import annotations

from dataclasses import dataclass

from laoke.engine.conditions import Tree
from laoke.engine.pricing.board import NEVER_USED, Board, State
from laoke.engine.pricing.compiled import Ready
from laoke.engine.pricing.effects.turn import Gift, Grant, Turn
from laoke.engine.pricing.offers import OnExceed
from laoke.engine.pricing.questions import Asked
from laoke.engine.pricing.spreading import spread


@dataclass(frozen=True, slots=True)
class Deal:
    """What an offer gives. `lines` and `deliveries` hold what is taken by place, zero included; `after` is the state
    when this offer is given."""

    ready: Ready
    lines: tuple[int, ...]
    deliveries: tuple[int, ...]
    amount: int
    gifts: tuple[Gift, ...]
    grants: tuple[Grant, ...]
    after: State

    @property
    def gives(self) -> bool:
        """Whether anybody would notice."""
        return self.amount > 0 or bool(self.gifts) or bool(self.grants)

    @property
    def is_targeted(self) -> bool:
        """Whether it is for certain articles."""
        return self.ready.targeted


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an offer was not given; `failed` is the condition that did not hold, if one did not."""

    ready: Ready
    code: str
    failed: Tree | None = None


def deal(ready: Ready, board: Board, state: State) -> Deal | Refused:
    """Work out what an offer gives now; the state stays as it is."""
    offer = ready.offer
    if ready.alone_in and not ready.alone_in.isdisjoint(state.sets):
        return Refused(ready, "not_combinable")
    if ready.late is not None and (failed := ready.late(Asked(board, state))) is not None:
        return Refused(ready, "conditions_not_met", failed)
    limits, uses = offer.limits, board.facts.uses.get(offer.key, NEVER_USED)
    if limits.budget_uses is not None and uses.total >= limits.budget_uses:
        return Refused(ready, "budget_exhausted")
    after = state.copy()
    turn = Turn(board, after, offer.once_per_line)
    for effect in offer.effects:
        effect.give(turn)
    before = state.taken
    if after.taken == before:
        lines = [0] * len(before)
    else:
        lines = [now - then for now, then in zip(after.taken, before, strict=True)]
    deliveries = [now - then for now, then in zip(after.shipped, state.shipped, strict=True)]
    amount = full = sum(lines) + sum(deliveries)
    if board.most is not None and amount:
        left = max(0, board.most - state.total())
        if amount > left:
            if not left:
                return Refused(ready, "discount_limit_reached")
            lines, deliveries = _clip(board, lines, deliveries, left)
            amount = left
    if limits.budget_minor is not None and amount:
        left = max(0, limits.budget_minor - uses.spent_minor)
        if amount > left:
            if limits.on_exceed is OnExceed.REFUSE or not left:
                return Refused(ready, "budget_exhausted")
            lines, deliveries = _clip(board, lines, deliveries, left)
            amount = left
    if amount != full:
        after.taken = [then + given for then, given in zip(before, lines, strict=True)]
        after.shipped = [then + given for then, given in zip(state.shipped, deliveries, strict=True)]
    if offer.once_per_line:
        after.closed |= {i for i, given in enumerate(lines) if given}
    if ready.alone_in:
        after.sets |= ready.alone_in
    return Deal(ready, tuple(lines), tuple(deliveries), amount, tuple(turn.gifts), tuple(turn.grants), after)


def most_alone(ready: Ready, board: Board, state: State) -> int:
    """What an offer would give if nothing stood in its way: no waiting condition, no limit, no set."""
    after = state.copy()
    turn = Turn(board, after)
    for effect in ready.offer.effects:
        effect.give(turn)
    return after.total() - state.total()


def _clip(board: Board, lines: list[int], deliveries: list[int], left: int) -> tuple[list[int], list[int]]:
    """What may still be given, in proportion to the line amounts."""
    rooms = [*lines, *deliveries]
    amounts = [*board.amounts, *board.delivery_prices]
    weights = [amount if room else 0 for amount, room in zip(amounts, rooms, strict=True)]
    parts = spread(left, weights, rooms, board.policies)
    return parts[: len(lines)], parts[len(lines) :]

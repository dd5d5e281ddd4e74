"""What one offer gives on one state of the basket."""

from __future__ import annotations

from typing import NamedTuple

from laoke.engine.conditions import Tree
from laoke.engine.pricing.board import NEVER_USED, Board, State
from laoke.engine.pricing.compiled import Ready
from laoke.engine.pricing.effects.turn import Earns, Gift, Grant, Turn
from laoke.engine.pricing.offers import OnExceed
from laoke.engine.pricing.questions import Asked
from laoke.engine.pricing.spreading import spread

_NONE: list[int] = []


class Deal(NamedTuple):
    """What an offer gives. `lines` and `deliveries` hold what is taken by place, zero included; `after` is the state
    when this offer is given."""

    ready: Ready
    lines: tuple[int, ...]
    deliveries: tuple[int, ...]
    amount: int
    gifts: tuple[Gift, ...]
    grants: tuple[Grant, ...]
    after: State
    earns: tuple[Earns, ...] = ()

    @property
    def is_targeted(self) -> bool:
        """Whether it is for certain articles."""
        return self.ready.targeted

    @property
    def pieces(self) -> dict[str, int]:
        """The gifts in pieces by SKU; an empty SKU is one that was not chosen."""
        found: dict[str, int] = {}
        for gift in self.gifts:
            found[gift.sku] = found.get(gift.sku, 0) + gift.quantity
        return found

    @property
    def granted(self) -> dict[str, int]:
        """The coupons it gives, by template."""
        found: dict[str, int] = {}
        for each in self.grants:
            found[each.template] = found.get(each.template, 0) + each.quantity
        return found


class Refused(NamedTuple):
    """Why an offer was not given; `failed` is the condition that did not hold, if one did not."""

    ready: Ready
    code: str
    failed: Tree | None = None


def deal(ready: Ready, board: Board, state: State) -> Deal | Refused:
    """Work out what an offer gives now; the state stays as it is. A deal gives something that somebody would notice."""
    if ready.alone_in and not ready.alone_in.isdisjoint(state.sets):
        return Refused(ready, "not_combinable")
    if ready.late is not None and (failed := ready.late(Asked(board, state))) is not None:
        return Refused(ready, "conditions_not_met", failed)
    after = state.copy()
    turn = Turn(board, after, ready.once_per_line)
    for effect in ready.offer.effects:
        effect.give(turn)
    before, shipped = state.taken, state.shipped
    deliveries = (
        _NONE if after.shipped is shipped else [a - b for a, b in zip(after.shipped, shipped, strict=True)]
    )
    if after.taken == before and not (any(deliveries) or turn.gifts or turn.grants or turn.earns):
        return Refused(ready, "no_effect")
    lines = [now - then for now, then in zip(after.taken, before, strict=True)]
    amount = sum(lines) + sum(deliveries)
    if ready.rationed or board.most is not None:
        most = _most(ready, board, state, amount)
        if isinstance(most, Refused):
            return most
        if most < amount:
            lines, deliveries = _clip(board, lines, [*deliveries] or [0] * len(shipped), most)
            amount = most
            after.taken = [then + given for then, given in zip(before, lines, strict=True)]
            after.shipped = [then + given for then, given in zip(shipped, deliveries, strict=True)]
    if ready.once_per_line:
        after.closed |= {i for i, given in enumerate(lines) if given}
    if ready.alone_in:
        after.sets |= ready.alone_in
    return Deal(
        ready,
        tuple(lines),
        tuple(deliveries) or (0,) * len(shipped),
        amount,
        tuple(turn.gifts),
        tuple(turn.grants),
        after,
        tuple(turn.earns),
    )


def _most(ready: Ready, board: Board, state: State, amount: int) -> int | Refused:
    """What budgets and the largest discount together leave of an amount."""
    limits = ready.offer.limits
    uses = board.facts.uses.get(ready.offer.key, NEVER_USED)
    if limits.budget_uses is not None and uses.total >= limits.budget_uses:
        return Refused(ready, "budget_exhausted")
    most = amount
    if board.most is not None and amount:
        most = min(amount, max(0, board.most - state.total()))
        if not most:
            return Refused(ready, "discount_limit_reached")
    if limits.budget_minor is not None and most:
        left = max(0, limits.budget_minor - uses.spent_minor)
        if most > left:
            if limits.on_exceed is OnExceed.REFUSE or not left:
                return Refused(ready, "budget_exhausted")
            most = left
    return most


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

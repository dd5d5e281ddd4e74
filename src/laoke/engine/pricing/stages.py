"""The stages, one after the other; within a stage groups first, then the programme's way of combining."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from laoke.engine.pricing.best import best_set
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.compiled import Ready
from laoke.engine.pricing.deals import Deal, Refused, deal
from laoke.engine.pricing.policies import Combine, GroupChoice, Tie

Given = list[Deal]
Combining = Callable[[Sequence[Ready], Board, State, list[Refused]], tuple[Given, State]]


class Outcome(NamedTuple):
    """The deals in order of application, the state after them, why others were not given, and whether the search for
    the best was complete."""

    given: Given
    state: State
    refused: list[Refused]
    complete: bool = True


def run(offers: Sequence[Ready], board: Board, state: State) -> Outcome:
    """Give what the offers give, in the programme's way.

    Args:
        offers: those that take part, in order of application.
    """
    if board.policies.combine is Combine.BEST_FOR_MEMBER:
        return _best_for_member(offers, board, state)
    offers, refused = without_rivals(offers)
    given: Given = []
    combining = COMBINING[board.policies.combine]
    for _, stage in groupby(offers, key=lambda ready: ready.offer.stage):
        staying = _one_of_each_group(list(stage), board, state, refused)
        deals, state = combining(staying, board, state, refused)
        given += deals
    return Outcome(given, state, refused)


def _best_for_member(offers: Sequence[Ready], board: Board, state: State) -> Outcome:
    """The best set of offers that may stand together, or the exclusive offer that gives more alone."""
    together = [ready for ready in offers if not ready.offer.exclusive]
    chosen, complete = best_set(together, board, state)
    best = _give_only(chosen, offers, board, state, complete)
    for ready in offers:
        if ready.offer.exclusive:
            alone = _give_only(frozenset({ready}), offers, board, state, complete)
            if alone.state.total() > best.state.total():
                best = alone
    return best


def _give_only(
    chosen: frozenset[Ready], offers: Sequence[Ready], board: Board, state: State, complete: bool
) -> Outcome:
    given: Given = []
    refused: list[Refused] = []
    for ready in offers:
        found = deal(ready, board, state)
        if isinstance(found, Refused):
            refused.append(found)
        elif ready in chosen:
            given.append(found)
            state = found.after
        else:
            refused.append(Refused(ready, "not_combinable"))
    return Outcome(given, state, refused, complete)


def without_rivals(offers: Sequence[Ready]) -> tuple[list[Ready], list[Refused]]:
    """If one of the offers is exclusive, it alone stays: highest priority, then first in the programme."""
    exclusive = [ready for ready in offers if ready.offer.exclusive]
    if not exclusive:
        return list(offers), []
    winner = min(exclusive, key=lambda ready: (-ready.offer.priority, ready.rank))
    return [winner], [Refused(ready, "not_combinable") for ready in offers if ready is not winner]


def _one_of_each_group(stage: list[Ready], board: Board, state: State, refused: list[Refused]) -> list[Ready]:
    groups: dict[str, list[Ready]] = {}
    for ready in stage:
        if ready.offer.group is not None:
            groups.setdefault(ready.offer.group, []).append(ready)
    out: set[Ready] = set()
    for members in groups.values():
        if len(members) > 1:
            stays = _chosen(members, board, state)
            out.update(ready for ready in members if ready is not stays)
    refused += [Refused(ready, "not_combinable") for ready in stage if ready in out]
    return [ready for ready in stage if ready not in out]


def _chosen(members: list[Ready], board: Board, state: State) -> Ready:
    if board.policies.group_choice is GroupChoice.PRIORITY:
        return members[0]
    best, most = members[0], -1
    for ready in members:
        alone = deal(ready, board, state)
        amount = alone.amount if isinstance(alone, Deal) else -1
        if amount > most:
            best, most = ready, amount
    return best


def _all(stage: Sequence[Ready], board: Board, state: State, refused: list[Refused]) -> tuple[Given, State]:
    given = []
    for ready in stage:
        found = deal(ready, board, state)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            given.append(found)
            state = found.after
    return given, state


def _alone(stage: Sequence[Ready], board: Board, state: State, refused: list[Refused]) -> Given:
    """Every offer on the state at the start of the stage."""
    given = []
    for ready in stage:
        found = deal(ready, board, state)
        if isinstance(found, Refused):
            refused.append(found)
        else:
            given.append(found)
    return given


def _best_per_line(
    stage: Sequence[Ready], board: Board, state: State, refused: list[Refused]
) -> tuple[Given, State]:
    deals = _alone(stage, board, state, refused)
    for_tie = deals
    if board.policies.tie is Tie.LAST:
        for_tie = sorted(deals, key=lambda found: -found.ready.rank)
    lines = _winners(for_tie, [found.lines for found in for_tie])
    deliveries = _winners(for_tie, [found.deliveries for found in for_tie])
    after = state.copy()
    given: Given = []
    for found in deals:
        mine = tuple(part if lines[i] is found else 0 for i, part in enumerate(found.lines))
        ours = tuple(part if deliveries[j] is found else 0 for j, part in enumerate(found.deliveries))
        amount = sum(mine) + sum(ours)
        if not amount and not (found.gifts or found.grants or found.earns):
            refused.append(Refused(found.ready, "not_combinable"))
            continue
        for i, part in enumerate(mine):
            after.taken[i] += part
        after.shipped = [off + part for off, part in zip(after.shipped, ours, strict=True)]
        given.append(found._replace(lines=mine, deliveries=ours, amount=amount, after=after))
    return given, after


def _winners(deals: Given, parts: list[tuple[int, ...]]) -> list[Deal | None]:
    """For each place the first deal with the largest part there; None where nobody gives anything."""
    winners: list[Deal | None] = []
    for column in zip(*parts, strict=True):
        most = max(column)
        winners.append(deals[column.index(most)] if most else None)
    return winners


def _best_per_order(
    stage: Sequence[Ready], board: Board, state: State, refused: list[Refused]
) -> tuple[Given, State]:
    deals = _alone(stage, board, state, refused)
    if not deals:
        return [], state
    best = max(deals, key=lambda found: found.amount)
    refused += [Refused(found.ready, "not_combinable") for found in deals if found is not best]
    return [best], best.after


COMBINING: dict[Combine, Combining] = {
    Combine.ALL: _all,
    Combine.BEST_PER_LINE: _best_per_line,
    Combine.BEST_PER_ORDER: _best_per_order,
}

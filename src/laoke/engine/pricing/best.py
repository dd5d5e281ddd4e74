"""Best for the member: of all sets of offers that may stand together, the one that takes most off the basket.

The offers of a set are given in their declared order. What is searched is which of them to leave out: an offer that
lowers the basket below another's threshold, takes a group's only place, or closes lines may cost more than it gives.

Method: depth-first branch and bound over "give it or leave it", an offer at a time in order of application. What an
offer gives on the untouched basket bounds what it can give later (where its effects shrink; for others the room that is
left does). Offers that share no lines, groups or limits are searched apart. The answer is exact while the search stays
within `Policies.search_limit` computed deals for one cluster of conflicting offers; above it the best found so far
holds, which is at least what giving everything in order comes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from laoke.engine.conditions import leaves
from laoke.engine.pricing.board import Board, State
from laoke.engine.pricing.compiled import Ready
from laoke.engine.pricing.deals import Refused, deal, most_alone
from laoke.engine.pricing.policies import Consumption

# Money first; among equals whoever gives more beside money.
Worth = tuple[int, int]


@dataclass(slots=True)
class _Search:
    board: Board
    offers: Sequence[Ready]
    bounds: list[int]
    deals_left: int
    best: Worth = (-1, 0)
    chosen: frozenset[Ready] = frozenset()

    def visit(self, place: int, state: State, worth: Worth, chosen: frozenset[Ready]) -> None:
        if place == len(self.offers):
            if worth > self.best:
                self.best, self.chosen = worth, chosen
            return
        if worth[0] + self.bounds[place] < self.best[0] or (self.deals_left <= 0 <= self.best[0]):
            return
        ready = self.offers[place]
        self.deals_left -= 1
        found = deal(ready, self.board, state)
        if isinstance(found, Refused):
            self.visit(place + 1, state, worth, chosen)
            return
        extras = len(found.gifts) + len(found.grants) + len(found.earns)
        given = (worth[0] + found.amount, worth[1] + extras)
        self.visit(place + 1, found.after, given, chosen | {ready})
        self.visit(place + 1, state, worth, chosen)


def best_set(offers: Sequence[Ready], board: Board, state: State) -> tuple[frozenset[Ready], bool]:
    """The offers to give, and whether the search was complete.

    Args:
        offers: those that take part, in order of application; exclusive offers are not among them.
    """
    chosen: frozenset[Ready] = frozenset()
    complete = True
    for cluster in _clusters(offers, board):
        if len(cluster) == 1:
            chosen |= {cluster[0]}
            continue
        search = _Search(board, cluster, _bounds(cluster, board, state), board.policies.search_limit)
        search.visit(0, state, (0, 0), frozenset())
        chosen |= search.chosen
        complete = complete and search.deals_left > 0
    return chosen, complete


def _bounds(offers: Sequence[Ready], board: Board, state: State) -> list[int]:
    """The most that the offers from each place on can still give."""
    room = sum(board.amounts) - sum(state.taken) + sum(board.delivery_prices) - sum(state.shipped)
    bounds = [0]
    for ready in reversed(offers):
        # Under consumption other offers use units up, and a buy-and-get offer may be left with dearer ones.
        alone = ready.shrinks and board.policies.consumption is Consumption.NONE
        most = most_alone(ready, board, state) if alone else room
        bounds.append(min(bounds[-1] + most, room))
    return bounds[::-1]


def _clusters(offers: Sequence[Ready], board: Board) -> list[list[Ready]]:
    """Offers that may get in each other's way, each cluster in order of application."""
    clusters: list[tuple[set[object], list[Ready]]] = []
    for ready in offers:
        reach = _reach(ready, board)
        members = [ready]
        apart = []
        for other_reach, others in clusters:
            if reach.isdisjoint(other_reach):
                apart.append((other_reach, others))
            else:
                reach |= other_reach
                members = [*others, *members]
        clusters = [*apart, (reach, members)]
    return [sorted(members, key=lambda ready: ready.place) for _, members in clusters]


def _reach(ready: Ready, board: Board) -> set[object]:
    """Everything an offer reads or changes: lines, deliveries, its group, its set; the whole basket's limit."""
    reach: set[object] = set()
    for selector in ready.selectors:
        reach.update(board.targets(selector))
    for tree in ready.late_trees:
        for leaf in leaves(tree):
            reach.update(board.all_lines)
            if leaf.option("include_shipping", False):
                reach.add("deliveries")
    if ready.ships:
        reach.add("deliveries")
    reach |= ready.alone_in
    if board.most is not None:
        reach.add("limit")
    return reach

"""Picking units: which of the units of some lines are bought, got, grouped or counted."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from laoke.engine.pricing.board import Board


class Pick(StrEnum):
    """In which order units are taken, by list price; ties in basket order."""

    DEAREST_FIRST = "dearest_first"
    CHEAPEST_FIRST = "cheapest_first"
    BASKET = "basket"


def in_pick_order(board: Board, lines: Sequence[int], pick: Pick) -> list[int]:
    """Lines in the order in which their units are taken."""
    prices = board.prices
    if pick is Pick.CHEAPEST_FIRST:
        return sorted(lines, key=prices.__getitem__)
    if pick is Pick.DEAREST_FIRST:
        return sorted(lines, key=lambda i: -prices[i])
    return list(lines)


def take(left: list[int], order: Sequence[int], wanted: int) -> list[tuple[int, int]] | None:
    """Take `wanted` units from lines in order; None, and nothing taken, when there are not as many.

    Args:
        left: units left by line; less what was taken afterwards.
    Returns:
        (line, units) pairs.
    """
    taken = []
    for i in order:
        if not wanted:
            break
        if units := min(left[i], wanted):
            taken.append((i, units))
            wanted -= units
    if wanted:
        return None
    for i, units in taken:
        left[i] -= units
    return taken


def up_to(board: Board, lines: Sequence[int], most: int, pick: Pick) -> list[tuple[int, int]]:
    """(line, units) pairs of the first `most` units of these lines."""
    found = []
    for i in in_pick_order(board, lines, pick):
        if not most:
            break
        units = min(board.units[i], most)
        if units:
            found.append((i, units))
            most -= units
    return found

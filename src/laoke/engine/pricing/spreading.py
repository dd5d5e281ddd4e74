"""Spreading an amount over lines: proportional shares, one strategy for what they leave over.

The parts sum to what is spread, and no line gets more than its room. What a full line cannot take is spread again in
the same way over the lines that still have room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import le

from laoke.engine.pricing.policies import Policies, Remainder, SpreadOrder
from laoke.kernel.rounding import Rounding, rounder

# (amount, weights, rounding of the shares) -> one share a weight; the weights sum to more than zero.
Shares = Callable[[int, Sequence[int], Rounding], list[int]]


def largest_remainder(amount: int, weights: Sequence[int], share_rounding: Rounding) -> list[int]:
    """Shares rounded down; the rest one by one to the largest fractions, ties to the earlier line."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    missing = amount - sum(parts)
    if missing:
        by_fraction = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % whole))
        for i in by_fraction[:missing]:
            parts[i] += 1
    return parts


def first_lines(amount: int, weights: Sequence[int], share_rounding: Rounding) -> list[int]:
    """Shares rounded down; the rest one each from the first line on."""
    whole = sum(weights)
    parts = [amount * weight // whole for weight in weights]
    return _one_each(parts, amount - sum(parts), weights)


def last_line(amount: int, weights: Sequence[int], share_rounding: Rounding) -> list[int]:
    """Shares rounded by `share_rounding`; the last line takes the difference."""
    whole = sum(weights)
    rounded = rounder(share_rounding)
    left, parts = amount, []
    for weight in weights[:-1]:
        part = min(rounded(amount * weight, whole), left)
        parts.append(part)
        left -= part
    return [*parts, left]


def round_then_first_lines(amount: int, weights: Sequence[int], share_rounding: Rounding) -> list[int]:
    """Shares rounded by `share_rounding`; the difference, up or down, one each from the first line on."""
    whole = sum(weights)
    rounded = rounder(share_rounding)
    parts = [rounded(amount * weight, whole) for weight in weights]
    return _one_each(parts, amount - sum(parts), weights)


def _one_each(parts: list[int], difference: int, weights: Sequence[int]) -> list[int]:
    step = 1 if difference > 0 else -1
    while difference:
        for i, weight in enumerate(weights):
            if difference and weight and parts[i] + step >= 0:
                parts[i] += step
                difference -= step
    return parts


SHARES: dict[Remainder, Shares] = {
    Remainder.LARGEST_REMAINDER: largest_remainder,
    Remainder.FIRST_LINES: first_lines,
    Remainder.LAST_LINE: last_line,
    Remainder.ROUND_THEN_FIRST_LINES: round_then_first_lines,
}


def in_spread_order(lines: Sequence[int], prices: Sequence[int], order: SpreadOrder) -> Sequence[int]:
    """Lines (by index) in the order in which they share; `prices` of all lines of the basket."""
    if order is SpreadOrder.BASKET:
        return lines
    sign = 1 if order is SpreadOrder.UNIT_PRICE_ASC else -1
    return sorted(lines, key=lambda i: sign * prices[i])


def spread(amount: int, bases: Sequence[int], rooms: Sequence[int], policies: Policies) -> list[int]:
    """Spread `amount`, at most the sum of the rooms.

    Args:
        bases: the weight of each line, in the order of sharing.
        rooms: what each line can take at most.
    Returns:
        One part a line, none negative, none above its room.
    """
    shares = SHARES[policies.remainder]
    if amount <= 0 or not rooms:
        return [0] * len(bases)
    if min(rooms) > 0 and any(bases):
        # Mostly nobody lacks room, and one round is all.
        parts = shares(amount, bases, policies.share_rounding)
        if all(map(le, parts, rooms)):
            return parts
    whole = left = min(amount, sum([room for room in rooms if room > 0]))
    parts = [0] * len(bases)
    if left <= 0:
        return parts
    open_lines = [i for i, room in enumerate(rooms) if room > 0]
    while left and open_lines:
        weights = [bases[i] for i in open_lines]
        if not any(weights):
            # Lines with room whose base is used up: the room is all there is to measure them by.
            weights = [rooms[i] - parts[i] for i in open_lines]
        for i, share in zip(open_lines, shares(left, weights, policies.share_rounding), strict=True):
            parts[i] = min(parts[i] + share, rooms[i])
        # Every round fills a line or spreads all that was left, so the rounds end.
        open_lines = [i for i in open_lines if parts[i] < rooms[i]]
        left = whole - sum(parts)
    return parts

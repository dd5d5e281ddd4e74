"""What comes back: which orders, which of their lines, how much, when and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .catalogue import Goods
from .draws import Ints, cumulated, pick

# Share of orders that see a return, before those are dropped that would lie in the future.
RETURN_SHARE = 0.026
# A whole order comes back, else mostly one line of it.
_WHOLE = 0.2
_DAY = 86_400
# In the order of world.REASONS.
_REASON_SHARES = cumulated([[0.34, 0.16, 0.2, 0.22, 0.08]])


@dataclass(frozen=True, slots=True)
class Returns:
    """Returned lines; `order` and `line` are rows of the history, lines of one return stand together."""

    order: Ints
    line: Ints
    quantity_milli: Ints
    returned_at: Ints  # seconds since 1970, the same for all lines of a return
    reason: Ints


def draw(
    midnight: Ints,
    first_line: Ints,
    product: Ints,
    quantity_milli: Ints,
    goods: Goods,
    now: int,
    rng: np.random.Generator,
) -> Returns:
    """Returns up to `now` (excluded) of orders in time order.

    Args:
        midnight: start of the day of each order, seconds since 1970, shape (orders,).
        first_line: row of each order's first line and the number of lines at the end, shape (orders + 1,).
        product, quantity_milli: of the lines, shape (lines,).
    """
    orders = len(midnight)
    regret = goods.regret[product]
    worst = np.maximum.reduceat(regret, first_line[:-1])
    chance = RETURN_SHARE * worst / worst.mean()
    # Most within the week, the rest within twenty days; the counter takes goods back from nine to nine.
    lag_days = np.minimum(1 + rng.exponential(5.0, orders).astype(np.int64), 20)
    at = midnight + lag_days * _DAY + rng.integers(9 * 3_600, 21 * 3_600, orders)
    chosen = np.flatnonzero((rng.random(orders) < chance) & (at < now))

    counts = np.diff(first_line)[chosen]
    order = np.repeat(chosen, counts)
    line = np.repeat(first_line[chosen], counts) + _within(counts)
    whole = np.repeat(rng.random(len(chosen)) < _WHOLE, counts)
    weight = regret[line] * rng.random(len(line))
    best = np.maximum.reduceat(weight, np.cumsum(counts) - counts) if len(chosen) else weight
    taken = whole | (weight == np.repeat(best, counts)) | (rng.random(len(line)) < 0.08)
    order, line, whole = order[taken], line[taken], whole[taken]

    quantity = quantity_milli[line]
    pieces = np.where(goods.typical_milli[product[line]] > 0, 1, quantity // 1_000)
    some = (rng.random(len(line)) * pieces).astype(np.int64) + 1
    quantity = np.where(whole | (pieces == 1), quantity, some * 1_000)
    reason = pick(_REASON_SHARES, np.zeros(orders, dtype=np.int64), rng.random(orders))
    return Returns(order, line, quantity, at[order], reason[order])


def _within(counts: Ints) -> Ints:
    """0, 1, .. within each run of the given lengths."""
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)

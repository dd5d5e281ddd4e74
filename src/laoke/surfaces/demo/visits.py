"""Who comes on which day, and which needs are covered then.

A buyer's visits follow a Poisson process whose clock runs with the traffic of the shop, from joining to leaving.
A need runs beside it: when what was bought is nearly used up, the next visit covers it; an urgent one causes a
visit of its own when none is near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .catalogue import RUNG_APPEAL, Goods
from .crowd import Crowd, belongs
from .draws import Floats, Ints, cumulated, pick, stable_uniform
from .households import NEEDS, Need

# A visit is (row of the crowd) * STRIDE + day: sorting keys sorts by buyer, then by day.
STRIDE = 1_024
# A due need that nobody covers here was bought elsewhere this time.
_LOYAL, _LOYAL_WEAK = 0.62, 0.36


@dataclass(frozen=True, slots=True)
class Visits:
    """`keys` are sorted and unique; a need line is bought on visit `need_visit` (a row of `keys`)."""

    keys: Ints
    own: Ints  # 1 where only a need caused the visit
    need_visit: Ints
    need_product: Ints
    need_units: Ints


def plan(crowd: Crowd, who: Ints, clock: Floats, goods: Goods, rng: np.random.Generator, seed: int) -> Visits:
    """The visits of the buyers `who` (rows of the crowd, rising).

    Args:
        clock: operational time at the start of each day and at the end of the last, shape (days + 1,).
    """
    days = len(clock) - 1
    base = _ordinary_visits(crowd, who, clock, rng)
    keys, products, units, urgent = _needs(crowd, who, base, days, goods, rng, seed)
    everything = np.unique(np.concatenate([base, keys[urgent]]))
    at = np.searchsorted(everything, keys)
    return Visits(
        everything, (~np.isin(everything, base, assume_unique=True)).astype(np.int64), at, products, units
    )


def _ordinary_visits(crowd: Crowd, who: Ints, clock: Floats, rng: np.random.Generator) -> Ints:
    days = len(clock) - 1
    start = np.clip(crowd.joined[who], 0, days).astype(np.float64)
    end = np.clip(crowd.leaves[who], start, days)
    whole_days = np.arange(days + 1, dtype=np.float64)
    first, last = np.interp(start, whole_days, clock), np.interp(end, whole_days, clock)
    counts = rng.poisson(crowd.rate[who] * (last - first))
    times = np.repeat(first, counts) + rng.random(int(counts.sum())) * np.repeat(last - first, counts)
    day = np.interp(times, clock, whole_days).astype(np.int64)
    keys = np.repeat(who, counts) * STRIDE + np.minimum(day, days - 1)
    # Most people register because they are about to pay.
    joins = (crowd.joined[who] >= 0) & (crowd.rate[who] > 0) & (rng.random(len(who)) < 0.88)
    joining = who[joins] * STRIDE + crowd.joined[who[joins]]
    return np.unique(np.concatenate([keys, joining]))


def _needs(
    crowd: Crowd, who: Ints, base: Ints, days: int, goods: Goods, rng: np.random.Generator, seed: int
) -> tuple[Ints, Ints, Ints, np.ndarray]:
    """Keys, products and units of what needs buy, and which of them are visits of their own."""
    parts: list[tuple[Ints, Ints, Ints, np.ndarray]] = []
    for need in NEEDS:
        # Twins and the like never shop themselves.
        share = np.array(need.share)[crowd.household[who]] * (crowd.rate[who] > 0)
        needy = who[belongs(seed, who, trait_number(need.trait)) < share]
        for key, from_day, to_day in need.families:
            parts.append(_renewals(crowd, needy, base, days, goods, need, key, (from_day, to_day), rng, seed))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
        np.concatenate([part[3] for part in parts]),
    )


def trait_number(trait: str) -> int:
    """A number for the word, to draw from `belongs`."""
    return sum(ord(letter) * int(31**i) for i, letter in enumerate(trait)) % 1_000_003


def _renewals(
    crowd: Crowd,
    needy: Ints,
    base: Ints,
    days: int,
    goods: Goods,
    need: Need,
    key: str,
    stage: tuple[int, int],
    rng: np.random.Generator,
    seed: int,
) -> tuple[Ints, Ints, Ints, np.ndarray]:
    """Buy one family again and again, each time when the last purchase is nearly used up."""
    start = np.maximum(crowd.joined[needy], 0).astype(np.float64)
    end = np.minimum(crowd.leaves[needy], days).astype(np.float64)
    if stage[1]:
        born = days - crowd.child_days[needy]
        start, end = np.maximum(start, born + stage[0]), np.minimum(end, born + stage[1])
    keep = end - start > 1
    needy, start, end = needy[keep], start[keep], end[keep]

    product = goods.families[key][_brand_choice(crowd, needy, goods, need, key, seed)]
    pace = np.exp(rng.normal(0, 0.18, len(needy)))
    cycle = goods.cycle_days[key] * pace
    due = start + rng.random(len(needy)) * np.minimum(cycle, 12)

    bought: list[tuple[Ints, Ints, Ints, np.ndarray]] = []
    while len(needy):
        units = (
            pick(cumulated([need.units]), np.zeros(len(needy), dtype=np.int64), rng.random(len(needy))) + 1
        )
        next_visit = np.searchsorted(
            base, (needy * STRIDE + np.maximum(due - 0.2 * cycle, start)).astype(np.int64)
        )
        visit = (
            base[np.minimum(next_visit, len(base) - 1)] if len(base) else np.zeros(len(needy), dtype=np.int64)
        )
        comes = (visit // STRIDE == needy) & (next_visit < len(base))
        day = np.where(comes, visit % STRIDE, days + STRIDE)
        late = day > due + 0.25 * cycle
        own = late & need.urgent
        day = np.where(own, due.astype(np.int64), day)
        here = (day < end) & (rng.random(len(needy)) < np.where(need.urgent, _LOYAL, _LOYAL_WEAK))
        bought.append(
            (needy[here] * STRIDE + day[here], product[here], units[here], own[here]),
        )
        # What was not bought here was bought elsewhere on the same day: the need goes on from there.
        due = np.maximum(day, due) + np.maximum(units * cycle * np.exp(rng.normal(0, 0.12, len(needy))), 1.0)
        go_on = due < end
        needy, start, end, due = needy[go_on], start[go_on], end[go_on], due[go_on]
        product, cycle = product[go_on], cycle[go_on]
    if not bought:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty, np.zeros(0, dtype=bool)
    return (
        np.concatenate([part[0] for part in bought]),
        np.concatenate([part[1] for part in bought]),
        np.concatenate([part[2] for part in bought]),
        np.concatenate([part[3] for part in bought]),
    )


def _brand_choice(crowd: Crowd, needy: Ints, goods: Goods, need: Need, key: str, seed: int) -> Ints:
    """Which product of the family: a matter of taste and purse, kept for years and through a child's stages."""
    rows = goods.families[key]
    shares = goods.liked[rows] * np.array(RUNG_APPEAL)[:, goods.rung[rows]]
    taste = stable_uniform(seed, needy, 5_000 + trait_number(need.trait))
    return pick(cumulated(shares), crowd.affluence[needy], taste)

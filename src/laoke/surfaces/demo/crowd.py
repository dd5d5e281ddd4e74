"""Everyone who shops, as columns: members first, in order of registration, then buyers who show no card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .draws import Floats, Ints, cumulated, pick, stable_uniform, stream
from .households import AGES, HOUSEHOLDS, ONLINE, SELF_CHECKOUT, SHARE, VISITS
from .types import Household

# Orders per day of an average member while active, before needs add visits of their own.
BASE_RATE = 0.0130
# Shape of the gamma law of rates; needs, which bring visits of their own, widen it.
RATE_SHAPE = 2.5
# Some come for nearly everything they eat: how many, and how much more often. The ladder's gold is made of them.
REGULARS, REGULARS_RATE = 0.05, 14.0
# Rates of leaving follow a gamma law too (Schmittlein, Morrison and Colombo, "Counting your customers",
# Management Science 33, 1987: the Pareto/NBD model); mean life of the average member in days.
LIFE_DAYS, LIFE_SHAPE = 1_900.0, 1.2
# Members who had registered before the history begins, and those of them who had already left.
VETERANS, LOST_VETERANS = 0.68, 0.045
# Registrations that are a second card of somebody who has one.
TWINS = 0.01
# Buyers without a card for each member, and their own rate: they make 15 to 20 % of the orders.
STRANGERS, STRANGER_RATE = 0.15, 0.018

_JOIN_DAYS = 545


@dataclass(frozen=True, slots=True)
class Crowd:
    """One row a buyer, shape (members + strangers,).

    `joined` and `leaves` count days from the first of the history and may lie outside it; `twin_of` is the row of
    the first registration or -1; `child_days` is the age of the youngest child on the last day, -1 without one.
    """

    members: int
    household: Ints
    age: Ints
    female: Ints
    affluence: Ints  # 0 thrifty, 1 ordinary, 2 affluent
    home: Ints  # number of a neighbourhood store
    joined: Ints
    joined_second: Ints
    joined_channel: Ints
    leaves: Floats
    rate: Floats
    child_days: Ints
    online: Floats  # chance that an order is placed online
    self_checkout: Floats
    twin_of: Ints

    def __len__(self) -> int:
        return len(self.household)


def gather(members: int, neighbourhood_stores: int, days: int, seed: int) -> Crowd:
    """Draw the crowd of a shop with so many members and stores, for a history of so many days."""
    rng = stream(seed, "crowd")
    size = members + round(members * STRANGERS)
    household = pick(cumulated([SHARE]), np.zeros(size, dtype=np.int64), rng.random(size))
    mean, spread, youngest, oldest = (np.array(column)[household] for column in zip(*AGES, strict=True))
    age = np.clip(rng.normal(mean, spread).round(), youngest, oldest).astype(np.int64)
    store_pull = cumulated([1 / np.arange(1, neighbourhood_stores + 1) ** 0.35])
    shuffled = rng.permutation(neighbourhood_stores)
    home = shuffled[pick(store_pull, np.zeros(size, dtype=np.int64), rng.random(size))]

    veteran = rng.random(size) < VETERANS
    ago = np.where(
        veteran,
        _JOIN_DAYS + (rng.random(size) ** 1.3 * 1_100),
        1 + rng.random(size) ** 0.92 * (_JOIN_DAYS - 1),
    ).astype(np.int64)
    ago[members:] = _JOIN_DAYS * 3
    ago[:members] = -np.sort(-ago[:members])  # card numbers follow registration

    leaving = rng.gamma(LIFE_SHAPE, 1 / (LIFE_DAYS * LIFE_SHAPE), size)
    life = rng.exponential(1.0, size) / leaving
    lost = (ago > _JOIN_DAYS) & (rng.random(size) < LOST_VETERANS)
    joined = days - ago
    leaves = np.where(lost, 0.0, np.maximum(joined, 0) + life)
    leaves[members:] = days

    rate = rng.gamma(RATE_SHAPE, 1 / RATE_SHAPE, size) * np.array(VISITS)[household]
    rate *= np.where(np.arange(size) < members, BASE_RATE, STRANGER_RATE)
    rate *= np.where((np.arange(size) < members) & (rng.random(size) < REGULARS), REGULARS_RATE, 1.0)

    twin_of = _twins(rng, members, size, ago)
    rate[twin_of >= 0] = 0.0  # the first registration buys for both; some of its orders go to the second card

    baby = household == HOUSEHOLDS.index(Household.BABY)
    school = household == HOUSEHOLDS.index(Household.SCHOOL)
    child = np.where(
        baby, rng.integers(30, 1_500, size), np.where(school, rng.integers(2_300, 5_400, size), -1)
    )
    tilt = rng.beta(1.4, 1.4, size) * 2
    joined_channel = pick(
        cumulated([[0.62, 0.06, 0.22, 0.10], [0.9, 0.02, 0.07, 0.01]]),
        (household == HOUSEHOLDS.index(Household.ELDERLY)).astype(np.int64),
        rng.random(size),
    )
    return Crowd(
        members,
        household,
        age,
        (rng.random(size) < 0.64).astype(np.int64),
        pick(cumulated([[0.3, 0.5, 0.2]]), np.zeros(size, dtype=np.int64), rng.random(size)),
        home,
        joined,
        (8 * 3600 + rng.beta(2, 1.7, size) * 13 * 3600).astype(np.int64),
        joined_channel,
        leaves,
        rate,
        child,
        np.clip(np.array(ONLINE)[household] * tilt, 0, 0.95),
        np.array(SELF_CHECKOUT)[household],
        twin_of,
    )


def _twins(rng: np.random.Generator, members: int, size: int, ago: Ints) -> Ints:
    """For some late registrations the row of an earlier one of the same person, else -1."""
    twin_of = np.full(size, -1)
    late = np.flatnonzero(ago[:members] < _JOIN_DAYS)
    early = members - len(late)
    count = min(round(members * TWINS), len(late), early)
    seconds = rng.choice(late, count, replace=False)
    # Firsts are veterans, hence earlier than every second and never a second themselves.
    twin_of[np.sort(seconds)] = rng.choice(early, count, replace=False)
    return twin_of


def belongs(seed: int, who: Ints, trait: int) -> Floats:
    """A uniform number per buyer and trait, the same on every call."""
    return stable_uniform(seed, who, 1_000 + trait)

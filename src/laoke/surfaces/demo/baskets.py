"""What lies in each basket: needs first, then what the season, the household and habit suggest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from .catalogue import Goods
from .crowd import Crowd
from .draws import Floats, Ints, cumulated, pick, stable_uniform
from .households import COMPANIONS, HOUSEHOLDS, LINES
from .prices import PERIOD_DAYS, Prices, gross_minor
from .season import shelf_season
from .visits import STRIDE, Visits

LARGEST_BASKET = 15
# Lines besides needs on an ordinary visit, and on one that only a need caused.
_MEAN_LINES, _MEAN_LINES_OWN = 5.4, 1.9
# A line is the buyer's usual product of the shelf, or comes from one of the buyer's usual shelves.
_USUAL_PRODUCT, _USUAL_SHELF, _USUAL_SHELVES = 0.5, 0.3, 5
# A line follows the leaflet: it is one of the products reduced in these two weeks.
_FOLLOWS_LEAFLET = 0.07


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines in the order of their visits, at least one a visit, no product twice in a basket; shape (n,)."""

    visit: Ints
    product: Ints
    quantity_milli: Ints
    unit_minor: Ints
    discount_minor: Ints


@dataclass(frozen=True, slots=True)
class Taste:
    """Shares of shelves by household and week, and of reduced products by period."""

    by_week: Floats  # row household * weeks + week
    always: Floats  # row household
    leaflet: Floats  # row period
    weeks: int
    follow: dict[int, list[tuple[int, float]]]  # product: (shelf, chance)


def learn(goods: Goods, days: list[date], prices: Prices) -> Taste:
    """Precompute the tables from which lines are drawn."""
    appeal = np.array([shelf.appeal for shelf in goods.shelves]).T
    weeks = (len(days) - 1) // 7 + 1
    season = np.array(
        [[shelf_season(days[week * 7], shelf) for shelf in goods.shelves] for week in range(weeks)]
    )
    by_week = (appeal[:, None, :] * season[None, :, :]).reshape(len(HOUSEHOLDS) * weeks, len(goods.shelves))
    wanted = appeal.mean(axis=0)[goods.shelf] * goods.liked
    # The leaflet offers what is in season; somebody must be on it even in a tiny range.
    first_week = np.arange(len(prices.reduction_bp)) * PERIOD_DAYS // 7
    wanted_now = wanted * (season[first_week][:, goods.shelf] + 1e-12)
    leaflet = np.where(prices.reduction_bp > 0, wanted_now, wanted_now * 1e-9)
    shelf_number = {shelf.code: i for i, shelf in enumerate(goods.shelves)}
    follow: dict[int, list[tuple[int, float]]] = {}
    for family, shelf, chance in COMPANIONS:
        for product in goods.families[family]:
            follow.setdefault(int(product), []).append((shelf_number[shelf], chance))
    return Taste(cumulated(by_week), cumulated(appeal), cumulated(leaflet), weeks, follow)


def fill(
    crowd: Crowd,
    visits: Visits,
    goods: Goods,
    prices: Prices,
    taste: Taste,
    rng: np.random.Generator,
    seed: int,
) -> Lines:
    """The lines of every visit."""
    who, day = visits.keys // STRIDE, visits.keys % STRIDE
    visit = np.repeat(np.arange(len(who)), _line_counts(crowd, visits, who, rng))
    product = _choose(crowd, goods, taste, who[visit], day[visit], rng, seed)
    more_visit, more_product = _companions(crowd, goods, taste, who, visit, product, rng)

    visit = np.concatenate([visits.need_visit, visit, more_visit])
    product = np.concatenate([visits.need_product, product, more_product])
    quantity = _quantities(goods, product, rng)
    quantity[: len(visits.need_units)] = visits.need_units * 1_000
    visit, product, quantity = _tidy(visit, product, quantity, goods)

    unit = prices.unit_minor[day[visit], product].astype(np.int64)
    rate = prices.reduction_bp[day[visit] // PERIOD_DAYS, product].astype(np.int64)
    discount = (gross_minor(quantity, unit) * rate + 5_000) // 10_000
    return Lines(visit, product, quantity, unit, discount)


def _line_counts(crowd: Crowd, visits: Visits, who: Ints, rng: np.random.Generator) -> Ints:
    """How many lines besides needs; a visit without a need has at least one."""
    mean = np.where(visits.own == 1, _MEAN_LINES_OWN, _MEAN_LINES * np.array(LINES)[crowd.household[who]])
    counts = rng.negative_binomial(1.6, 1.6 / (1.6 + mean))
    has_need = np.zeros(len(who), dtype=np.int64)
    has_need[visits.need_visit] = 1
    return np.minimum(np.maximum(counts, 1 - has_need), LARGEST_BASKET)


def _choose(
    crowd: Crowd, goods: Goods, taste: Taste, who: Ints, day: Ints, rng: np.random.Generator, seed: int
) -> Ints:
    household = crowd.household[who]
    shelf = pick(taste.by_week, household * taste.weeks + day // 7, rng.random(len(who)))
    usual = rng.random(len(who)) < _USUAL_SHELF
    slot = rng.integers(0, _USUAL_SHELVES, len(who))
    mine = pick(taste.always, household, stable_uniform(seed, who, 100 + slot))
    # A usual shelf out of season is left alone: nobody longs for ice cream in January.
    in_season = rng.random(len(who)) < _nearness(taste, household, day, mine)
    shelf = np.where(usual & in_season, mine, shelf)

    row = crowd.affluence[who] * len(goods.shelves) + shelf
    habit = rng.random(len(who)) < _USUAL_PRODUCT
    chance = np.where(habit, stable_uniform(seed, who, 10_000 + shelf), rng.random(len(who)))
    product = pick(goods.by_shelf, row, chance)
    leaflet = rng.random(len(who)) < _FOLLOWS_LEAFLET
    return np.where(leaflet, pick(taste.leaflet, day // PERIOD_DAYS, rng.random(len(who))), product)


def _nearness(taste: Taste, household: Ints, day: Ints, shelf: Ints) -> Floats:
    """How much of its usual share a shelf has this week, at most 1."""
    now = np.diff(taste.by_week, axis=1, prepend=0.0)[household * taste.weeks + day // 7, shelf]
    usual = np.diff(taste.always, axis=1, prepend=0.0)[household, shelf]
    near: Floats = np.minimum(now / usual, 1.0)
    return near


def _companions(
    crowd: Crowd, goods: Goods, taste: Taste, who: Ints, visit: Ints, product: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Lines that come along with others: vegetables with the hot pot, cake with the coffee."""
    found_visit, found_product = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    leads = np.zeros(len(goods.price_minor), dtype=bool)
    leads[list(taste.follow)] = True
    leading = np.flatnonzero(leads[product])
    for lead, followers in taste.follow.items():
        rows = leading[product[leading] == lead]
        for shelf, chance in followers:
            hit = visit[rows[rng.random(len(rows)) < chance]]
            row = crowd.affluence[who[hit]] * len(goods.shelves) + shelf
            found_visit.append(hit)
            found_product.append(pick(goods.by_shelf, row, rng.random(len(hit))))
    return np.concatenate(found_visit), np.concatenate(found_product)


def _quantities(goods: Goods, product: Ints, rng: np.random.Generator) -> Ints:
    """Mostly one piece; cheap things by twos and threes; weighed goods by the gram."""
    typical = goods.typical_milli[product]
    cheap = goods.price_minor[product] < 1_600
    chance = rng.random(len(product))
    pieces = 1 + (chance < np.where(cheap, 0.26, 0.05)) + (chance < np.where(cheap, 0.07, 0.01))
    grams = (typical * np.exp(rng.normal(0, 0.35, len(product)))).astype(np.int64)
    grams = np.maximum(grams, 60)
    grams += grams % 1_000 == 0  # scales hardly ever show a round kilogram
    return np.where(typical > 0, grams, pieces * 1_000)


def _tidy(visit: Ints, product: Ints, quantity: Ints, goods: Goods) -> tuple[Ints, Ints, Ints]:
    """Sort by visit, keep the first line of a product in a basket, cut baskets at LARGEST_BASKET lines."""
    _, first = np.unique(visit * len(goods.price_minor) + product, return_index=True)
    first.sort()  # needs stand before whims again, so that the cut hits the whims
    first = first[np.argsort(visit[first], kind="stable")]
    visit, product, quantity = visit[first], product[first], quantity[first]
    starts = np.searchsorted(visit, visit)
    keep = np.arange(len(visit)) - starts < LARGEST_BASKET
    return visit[keep], product[keep], quantity[keep]

"""List prices day by day and the price reductions of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from .catalogue import Goods, printed
from .draws import Ints, stream
from .season import SPRING_FESTIVAL, before_feast, online_feast

# A reduction runs for two weeks.
PERIOD_DAYS = 14
_STEP_CHANCE = 1 / 260  # a list price changes every nine months or so, mostly upwards


@dataclass(frozen=True, slots=True)
class Prices:
    """`unit_minor` has shape (days, products); `reduction_bp` (periods, products), 0 where nothing is reduced."""

    unit_minor: npt.NDArray[np.int32]
    reduction_bp: npt.NDArray[np.int32]


def build(goods: Goods, days: list[date], seed: int) -> Prices:
    """Prices that end at the list price of the catalogue on the last day.

    Packed goods climb about 2 % a year in single steps; produce follows the market week by week.
    """
    rng = stream(seed, "prices")
    count, products = len(days), len(goods.price_minor)
    steps = np.where(
        rng.random((count, products)) < _STEP_CHANCE,
        rng.choice([0.97, 1.02, 1.03, 1.05], (count, products)),
        1.0,
    )
    # The factor of a day is what later steps still have to add, so the last day stands at the list price.
    later = np.cumprod(steps[::-1], axis=0)[::-1]
    packed = 1 / np.vstack([later[1:], np.ones((1, products))])

    weeks = count // 7 + 1
    market = np.zeros((weeks, products))
    shocks = rng.normal(0, 0.06, (weeks, products))
    for week in range(1, weeks):
        market[week] = 0.75 * market[week - 1] + shocks[week]
    week_of = (count - 1 - np.arange(count)) // 7  # week 0, without a shock, is the last one
    winter = np.array([0.08 * before_feast(day, SPRING_FESTIVAL, 30) for day in days])
    winter -= winter[-1]
    produce = np.exp(market[week_of] + winter[:, None])
    factor = np.where(goods.produce > 0, produce, packed)
    return Prices(printed(goods.price_minor.astype(np.float64) * factor), _reductions(goods, days, rng))


def _reductions(goods: Goods, days: list[date], rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Every two weeks another eighth of the range is cheaper, a quarter around the great shopping days."""
    periods = (len(days) - 1) // PERIOD_DAYS + 1
    shape = (periods, len(goods.price_minor))
    great = np.array(
        [
            any(
                online_feast(day) or before_feast(day, SPRING_FESTIVAL, 14) > 0
                for day in days[period * PERIOD_DAYS : (period + 1) * PERIOD_DAYS]
            )
            for period in range(periods)
        ]
    )
    chosen = rng.random(shape) < np.where(great, 0.24, 0.12)[:, None]
    rates = rng.choice([1_000, 1_500, 2_000, 3_000], shape, p=[0.4, 0.25, 0.25, 0.1])
    # Formula for the first half year may not be promoted in mainland China.
    chosen[:, goods.families["formula1"]] = False
    return np.where(chosen, rates, 0).astype(np.int32)


def gross_minor(quantity_milli: Ints, unit_minor: Ints) -> Ints:
    """Quantity times price, rounded half up to minor units."""
    return (quantity_milli * unit_minor + 500) // 1_000

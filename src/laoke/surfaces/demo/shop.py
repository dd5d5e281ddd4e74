"""The door: one call makes the whole shop."""

from __future__ import annotations

from datetime import date, timedelta, tzinfo

from laoke.kernel.calendar import add_months

from . import catalogue, history, people, prices, world
from .crowd import gather
from .season import days_of
from .types import Shop

MONTHS = 18
FEWEST_MEMBERS, MOST_MEMBERS = 100, 1_000_000


def generate(members: int, today: date, seed: int, zone: tzinfo) -> Shop:
    """The demo shop 禾邻生活 with so many members and eighteen months of history up to yesterday.

    The same arguments give the same shop. Another `today` gives the same stores, products and people with dates
    moved along; the orders follow the calendar, because feasts and weekends fall on other days.

    Args:
        members: cards given out, second cards of the same person included.
        today: the day after the last day of the history, in `zone`.
        zone: the shop's time zone; opening hours and days are local, instants in the result are UTC.
    Raises:
        ValueError: fewer than 100 or more than a million members.
    """
    if not FEWEST_MEMBERS <= members <= MOST_MEMBERS:
        raise ValueError(f"The demo shop takes {FEWEST_MEMBERS} to {MOST_MEMBERS} members, got {members}")
    first, last = add_months(today, -MONTHS), today - timedelta(days=1)
    days = days_of(first, last)
    regions, stores = world.build(members, today)
    categories, products, goods = catalogue.build(seed)
    crowd = gather(members, sum(not store.online for store in stores), len(days), seed)
    card_nos = people.card_numbers(members)
    return Shop(
        world.NAME,
        world.NAME_EN,
        world.CURRENCY,
        regions,
        stores,
        world.CHANNELS,
        categories,
        products,
        world.TENDERS,
        world.REASONS,
        people.introduce(crowd, stores, days, zone, seed, card_nos),
        (first, last),
        history.play(
            crowd, goods, prices.build(goods, days, seed), days, zone, seed, stores, products, card_nos
        ),
    )

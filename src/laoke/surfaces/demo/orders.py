"""How each visit becomes an order: channel, store, time of day, tender, points the member would spend, delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

import numpy as np

from laoke.kernel.calendar import start_of_day

from .crowd import Crowd, belongs
from .draws import Ints, cumulated, pick
from .households import HOUSEHOLDS, TENDERS
from .season import HOURS, hour_row, online_feast
from .types import Delivery, Household, Store
from .visits import STRIDE

POS, SELF, MINI, APP = range(4)
DELIVERIES = tuple(Delivery)
_ELDERLY = HOUSEHOLDS.index(Household.ELDERLY)
# How loyal a buyer is to the home store; the rest goes to another store of the city, a few orders to any store.
_AT_HOME, _IN_CITY = 0.86, 0.97
# Members who think of spending points at all, and how often they do.
_SPENDERS, _SPENDS = 0.45, 0.2
# Orders of the first registration that go to the second card once it exists.
_SECOND_CARD = 0.45
_HOURS_TO_SHIP = {MINI: 0.4, APP: 20.0}
_HOURS_TO_ARRIVE = {MINI: 1.5, APP: 56.0}


@dataclass(frozen=True, slots=True)
class Orders:
    """One row an order, in the order of their visits; shape (n,). `buyer` is a row of the crowd, -1 without a card."""

    placed_at: Ints  # seconds since 1970, UTC
    store: Ints
    channel: Ints
    buyer: Ints
    tender: Ints
    wish_points: Ints
    delivery: Ints


@dataclass(frozen=True, slots=True)
class Places:
    """Stores as columns: the first `neighbourhood` are for walking in, the others ship."""

    neighbourhood: int
    by_city: np.ndarray  # shares of stores by home store, shape (neighbourhood, neighbourhood)
    ships_for: Ints  # online store by home store


def places(stores: tuple[Store, ...]) -> Places:
    """Columns of the stores, neighbourhood stores first as `world.build` gives them."""
    walk_in = [store for store in stores if not store.online]
    ships = {store.region_code: i for i, store in enumerate(stores) if store.online}
    # A store without another one in its city lends its wanderers to the region.
    shares = np.zeros((len(walk_in), len(walk_in)))
    for i, home in enumerate(walk_in):
        same = [j for j, other in enumerate(walk_in) if j != i and other.city == home.city]
        near = [j for j, other in enumerate(walk_in) if j != i and other.region_code == home.region_code]
        shares[i, same or near or [i]] = 1.0
    return Places(len(walk_in), cumulated(shares), np.array([ships[store.region_code] for store in walk_in]))


def complete(
    crowd: Crowd,
    keys: Ints,
    due_minor: Ints,
    days: list[date],
    where: Places,
    zone: tzinfo,
    rng: np.random.Generator,
    seed: int,
) -> Orders:
    """Give every visit (a key, see visits) the rest of an order.

    Args:
        due_minor: value of the basket after reductions, shape (n,).
    """
    who, day = keys // STRIDE, keys % STRIDE
    count = len(who)
    first_day = day == crowd.joined[who]
    # The first order goes the way of the registration.
    channel = np.where(first_day, crowd.joined_channel[who], _channels(crowd, who, day, days, rng))
    online = channel >= MINI
    store = _stores(crowd, who, channel, where, rng)
    store = np.where(first_day & ~online, crowd.home[who], store)

    weekend = np.array([d.weekday() >= 5 for d in days]).astype(np.int64)[day]
    elderly = (crowd.household[who] == _ELDERLY).astype(np.int64)
    hour = pick(cumulated(HOURS), hour_row(online.astype(np.int64), weekend, elderly), rng.random(count))
    second = hour * 3_600 + rng.integers(0, 3_600, count)
    # Nobody buys as a member before having become one.
    second = np.where(first_day, crowd.joined_second[who] + 120 + rng.integers(0, 1_500, count), second)
    midnight = np.array([int(start_of_day(d, zone).timestamp()) for d in days])
    placed_at = midnight[day] + second

    tender = pick(cumulated(TENDERS), crowd.household[who], rng.random(count))
    tender = np.where(online & (tender >= 2), rng.integers(0, 2, count), tender)

    buyer = _cards(crowd, who, day, rng)
    wish = _wishes(who, buyer, due_minor, rng, seed)
    now = int(start_of_day(days[-1] + timedelta(days=1), zone).timestamp())
    return Orders(placed_at, store, channel, buyer, tender, wish, _delivery(channel, placed_at, now, rng))


def _channels(crowd: Crowd, who: Ints, day: Ints, days: list[date], rng: np.random.Generator) -> Ints:
    feast = np.array([1.6 if online_feast(d) else 1.0 for d in days])[day]
    online = rng.random(len(who)) < np.minimum(crowd.online[who] * feast, 0.95)
    app = rng.random(len(who)) < 0.3
    alone = rng.random(len(who)) < crowd.self_checkout[who]
    return np.where(online, np.where(app, APP, MINI), np.where(alone, SELF, POS))


def _stores(crowd: Crowd, who: Ints, channel: Ints, where: Places, rng: np.random.Generator) -> Ints:
    home = crowd.home[who]
    roam = rng.random(len(who))
    near = pick(where.by_city, home, rng.random(len(who)))
    anywhere = rng.integers(0, where.neighbourhood, len(who))
    walked = np.where(roam < _AT_HOME, home, np.where(roam < _IN_CITY, near, anywhere))
    # The mini-program delivers from the home store within the hour; website and app ship from the region.
    return np.where(channel == APP, where.ships_for[home], np.where(channel == MINI, home, walked))


def _cards(crowd: Crowd, who: Ints, day: Ints, rng: np.random.Generator) -> Ints:
    """The card that is shown: none, the first one, or for some people now and then the second one."""
    second = np.full(len(crowd), -1)
    twins = np.flatnonzero(crowd.twin_of >= 0)
    second[crowd.twin_of[twins]] = twins
    other = second[who]
    swap = (other >= 0) & (crowd.joined[other] < day) & (rng.random(len(who)) < _SECOND_CARD)
    return np.where(who >= crowd.members, -1, np.where(swap, other, who))


def _wishes(who: Ints, buyer: Ints, due_minor: Ints, rng: np.random.Generator, seed: int) -> Ints:
    """Points a member would spend: about what was earned since the last time, in hundreds.

    One point a yuan is assumed for the guess; the loader knows the true balance and clips.
    """
    spends = (belongs(seed, who, 77) < _SPENDERS) & (rng.random(len(who)) < _SPENDS) & (buyer >= 0)
    earned = np.cumsum(due_minor // 100)
    before = earned - due_minor // 100
    # Visits stand buyer by buyer in time: what counts begins with the buyer or after the last wish.
    begins = np.flatnonzero(np.diff(who, prepend=-1))
    since = np.zeros(len(who), dtype=np.int64)
    since[begins] = before[begins]
    after = np.flatnonzero(spends[:-1] & (who[1:] == who[:-1])) + 1
    since[after] = earned[after - 1]
    since = np.maximum.accumulate(since)
    part = np.where(rng.random(len(who)) < 0.6, 1.0, 0.5)
    points = ((before - since) * part).astype(np.int64) // 100 * 100
    return np.where(spends & (points >= 100), points, 0)


def _delivery(channel: Ints, placed_at: Ints, now: int, rng: np.random.Generator) -> Ints:
    """Where the parcel is at `now`, the end of the history."""
    hours = (now - placed_at) / 3_600 / np.exp(rng.normal(0, 0.3, len(placed_at)))
    ship = np.where(channel == MINI, _HOURS_TO_SHIP[MINI], _HOURS_TO_SHIP[APP])
    arrive = np.where(channel == MINI, _HOURS_TO_ARRIVE[MINI], _HOURS_TO_ARRIVE[APP])
    stage = np.where(hours >= arrive, 3, np.where(hours >= ship, 2, 1))
    return np.where(channel >= MINI, stage, 0)

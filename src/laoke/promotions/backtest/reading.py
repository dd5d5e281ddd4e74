"""Past orders out of the database, a part at a time, as baskets that can be priced again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import orjson
from django.conf import settings

from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Basket, Delivery, Line
from laoke.engine.pricing.board import ANONYMOUS, Facts
from laoke.foundation.sql import raw_cursor, statement
from laoke.promotions.backtest import past
from laoke.promotions.backtest.history import Known, Placed, known_then
from laoke.promotions.backtest.past import Past
from laoke.promotions.facts import Asked, from_document
from laoke.purchases import selectors as purchases
from laoke.purchases.types import ProductFacts

_PACKAGE = "laoke.promotions.backtest"


NOTHING_ASKED = Asked((), {}, (), ANONYMOUS)


class Period(NamedTuple):
    """Which orders: those of these days, both included, in these stores (ids; None: all)."""

    first_day: date
    last_day: date
    stores: tuple[int, ...] | None = None

    @property
    def first(self) -> datetime:
        """Its first instant."""
        return datetime.combine(self.first_day, time(), tzinfo=settings.LAOKE.zone)

    @property
    def last(self) -> datetime:
        """The first instant after it."""
        return datetime.combine(self.last_day + timedelta(days=1), time(), tzinfo=settings.LAOKE.zone)


class Slice(NamedTuple):
    """A part of a period: about `orders` orders from `first` on, before `last`."""

    first: datetime
    last: datetime
    stores: tuple[int, ...] | None
    orders: int


def slices(period: Period, size: int) -> list[Slice]:
    """A period in parts of about so many orders, in order. Orders of one instant stay together."""
    rows = selected("slices", first=period.first, last=period.last, stores=_ids(period.stores), size=size)
    if not rows:
        return []
    starts: dict[datetime, int] = {}
    for placed_at, number, _ in rows:
        starts.setdefault(placed_at, number)
    whole = rows[0][2]
    ends = [*list(starts.items())[1:], (period.last, whole + 1)]
    return [
        Slice(first, last, period.stores, next_number - number)
        for (first, number), (last, next_number) in zip(starts.items(), ends, strict=True)
    ]


class Reader:
    """Reads orders; keeps what it has learnt of articles, stores and channels.

    Args:
        asks: attributes that conditions ask for; of the member, the moment and the store only these are found out.
        now: what is not kept with its dates is taken as of then.
    """

    def __init__(self, asks: frozenset[str], now: datetime) -> None:
        self._asks = asks
        self._now = now
        self._moments = any(name.startswith("moment.") for name in asks)
        self._products: dict[int, ProductFacts] = {}
        self._channels = {number: code for code, number in purchases.channels_by_code().items()}
        self._stores: dict[int, dict[str, Any]] = {}
        self._zone = settings.LAOKE.zone

    def read(self, part: Slice) -> Iterator[Past]:
        """The orders of a part, in the order in which they were placed."""
        rows = selected("orders", first=part.first, last=part.last, stores=_ids(part.stores))
        if not rows:
            return
        ids = [row[0] for row in rows]
        lines = self._lines(ids)
        kept = {row[0]: orjson.loads(row[3]) for row in selected("asked", orders=ids)}
        brought = {row[0]: row[1:] for row in selected("deliveries", orders=ids)}
        members = [Placed(row[0], row[1], row[4], row[5]) for row in rows if row[1] is not None]
        known = known_then(members, self._asks, self._now)
        for order_id, member_id, store_id, channel_id, placed_at, day, currency, total in rows:
            told = self._told(store_id, placed_at)
            asked = NOTHING_ASKED
            if order_id in kept:
                asked = from_document(kept[order_id], placed_at, told["store.code"], self._zone)
            facts = self._facts(told, known.get(order_id), asked.facts, is_member=member_id is not None)
            deliveries: tuple[Delivery, ...] = ()
            if order_id in brought:
                method, fee, off = brought[order_id]
                deliveries = (Delivery("shipping", fee, method),)
                total += fee - off
            basket = Basket(
                tuple(lines.get(order_id, ())),
                deliveries,
                asked.codes,
                self._channels.get(channel_id),
                currency,
                asked.gift_choices,
            )
            yield past.of(order_id, member_id, placed_at, day, basket, facts, total)

    def costs_of(self, skus: Iterable[str]) -> dict[str, int]:
        """What articles cost, where that is known."""
        found = purchases.products_by_sku(skus)
        return {sku: each.cost_minor for sku, each in found.items() if each.cost_minor is not None}

    def _lines(self, ids: list[int]) -> dict[int, list[Line]]:
        rows = selected("lines", orders=ids)
        if missing := {row[2] for row in rows} - self._products.keys():
            self._products.update(purchases.products_by_id(missing))
        offers = _given(ids)
        found: dict[int, list[Line]] = {}
        for order_id, line_no, product_id, quantity_milli, unit_price, discount in rows:
            product = self._products[product_id]
            if order_id in offers:
                discount -= offers[order_id].get(line_no, 0)
            line = Line(
                line_no,
                product.article,
                quantity_milli,
                unit_price,
                discount,
                cost_minor=product.cost_minor,
                earns_points=product.earns_points,
            )
            found.setdefault(order_id, []).append(line)
        return found

    def _told(self, store_id: int, placed_at: datetime) -> dict[str, Any]:
        told = dict(self._store(store_id))
        return told | moment_facts(placed_at, self._zone) if self._moments else told

    def _facts(self, told: dict[str, Any], known: Known | None, asked: Facts, *, is_member: bool) -> Facts:
        lists: Mapping[str, frozenset[str]] = {}
        if known is not None:
            told |= known.attributes
            lists = known.lists
        # What the till was told then goes before what can be found out now.
        if asked is not ANONYMOUS:
            told |= {
                name: value
                for name, value in asked.known.items()
                if name in self._asks and name.startswith("member.")
            }
            lists = {**lists, **asked.lists}
        return Facts(told, is_member, lists, coupons=asked.coupons)

    def _store(self, store_id: int) -> dict[str, Any]:
        if store_id not in self._stores:
            for number, *values in selected("stores"):
                named = zip(("store.code", "store.region", "store.city"), values, strict=True)
                self._stores[number] = {name: value for name, value in named if value}
        return self._stores[store_id]


def _given(ids: list[int]) -> dict[int, dict[int, int]]:
    """What offers took off the lines of orders."""
    found: dict[int, dict[int, int]] = {}
    for order_id, _, _, text, _ in selected("uses", orders=ids):
        taken = found.setdefault(order_id, {})
        for line_no, minor in orjson.loads(text).items():
            taken[int(line_no)] = taken.get(int(line_no), 0) + minor
    return found


def selected(name: str, **values: object) -> list[tuple[Any, ...]]:
    with raw_cursor() as cursor:
        statement(_PACKAGE, name).run(cursor, values)
        return cursor.fetchall()


def _ids(stores: tuple[int, ...] | None) -> list[int] | None:
    return None if stores is None else list(stores)

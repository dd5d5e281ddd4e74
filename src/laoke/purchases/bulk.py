"""What an import asks of many stores, products and orders at once. What is closed or delisted is history too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from laoke.foundation.sql import hot_cursor
from laoke.purchases.models import Category, Region, Store
from laoke.purchases.services import ProductInput, StoreInput

_MANY = 10_000
OrderKey = tuple[int, str]  # store id, order number


class ProductKey(NamedTuple):
    """A product as a line of a past order needs it."""

    id: int
    earns_points: bool


class LeftLine(NamedTuple):
    """A line of an order and how much of it has not come back."""

    line_no: int
    product_id: int
    left_milli: int


def store_ids() -> dict[str, int]:
    """Every store's id by its code, closed ones included."""
    return dict(Store.objects.values_list("code", "id"))


def product_keys(skus: Sequence[str]) -> dict[str, ProductKey]:
    """Those of the SKUs that are in the catalogue, delisted ones included."""
    found: dict[str, ProductKey] = {}
    for start in range(0, len(skus), _MANY):
        with hot_cursor() as cursor:
            cursor.execute(
                "select sku, id, earns_points from purchases_product where sku = any(%s)",
                [list(skus[start : start + _MANY])],
            )
            found.update((sku, ProductKey(product_id, earns)) for sku, product_id, earns in cursor)
    return found


def product_entries(skus: Sequence[str]) -> dict[str, ProductInput]:
    """Those of the SKUs that are in the catalogue, as `save_products` takes them."""
    codes: dict[int | None, str | None] = dict(Category.objects.values_list("id", "code"))
    found = {}
    for start in range(0, len(skus), _MANY):
        with hot_cursor() as cursor:
            cursor.execute(
                "select sku, name, price_minor, name_en, category_id, brand, barcode, cost_minor, unit, pack_size, "
                "earns_points, active, tags from purchases_product where sku = any(%s)",
                [list(skus[start : start + _MANY])],
            )
            for row in cursor:
                found[row[0]] = ProductInput(
                    sku=row[0],
                    name=row[1],
                    price_minor=row[2],
                    name_en=row[3],
                    category=codes.get(row[4]),
                    brand=row[5],
                    barcode=row[6],
                    cost_minor=row[7],
                    unit=row[8],
                    pack_size=row[9],
                    earns_points=row[10],
                    active=row[11],
                    tags=tuple(row[12]),
                )
    return found


def store_entries() -> dict[str, StoreInput]:
    """Every store, as `save_stores` takes it."""
    regions = dict(Region.objects.values_list("id", "code"))
    return {
        store.code: StoreInput(
            code=store.code,
            name=store.name,
            region=regions[store.region_id] if store.region_id else None,
            city=store.city,
            name_en=store.name_en,
            active=store.active,
            opened_date=store.opened_date,
        )
        for store in Store.objects.all()
    }


def category_codes() -> set[str]:
    """The code of every category."""
    return set(Category.objects.values_list("code", flat=True))


def region_codes() -> set[str]:
    """The code of every region."""
    return set(Region.objects.values_list("code", flat=True))


def order_keys(first: datetime, last: datetime) -> Iterator[list[tuple[int, str, int, datetime]]]:
    """(store id, order number, total, placed at) of the orders placed between two instants, some thousand at a time."""
    after = (first, 0)
    while True:
        with hot_cursor() as cursor:
            rows = cursor.execute(
                "select store_id, order_no, total_minor, placed_at, id from purchases_order "
                "where (placed_at, id) > (%s, %s) and placed_at <= %s order by placed_at, id limit %s",
                (*after, last, _MANY),
            ).fetchall()
        if not rows:
            return
        yield [row[:4] for row in rows]
        after = (rows[-1][3], rows[-1][4])


def left_lines(keys: Iterable[OrderKey]) -> dict[OrderKey, list[LeftLine]]:
    """The lines of these orders in their order; orders that do not exist are missing from the answer."""
    found: dict[OrderKey, list[LeftLine]] = {}
    every = sorted(keys)
    for start in range(0, len(every), _MANY):
        part = every[start : start + _MANY]
        with hot_cursor() as cursor:
            cursor.execute(
                "select o.store_id, o.order_no, l.line_no, l.product_id, l.quantity_milli - l.returned_milli "
                "from unnest(%s::bigint[], %s::text[]) as k (store_id, order_no) "
                "join purchases_order o on o.store_id = k.store_id and o.order_no = k.order_no "
                "join purchases_orderline l on l.order_id = o.id order by o.id, l.line_no",
                [[store for store, _ in part], [order_no for _, order_no in part]],
            )
            for store_id, order_no, *line in cursor:
                found.setdefault((store_id, order_no), []).append(LeftLine(*line))
    return found


def known_returns(keys: Iterable[OrderKey]) -> set[tuple[OrderKey, str]]:
    """(key of the order, number of the return) of every return of goods of these orders."""
    found: set[tuple[OrderKey, str]] = set()
    every = sorted(keys)
    for start in range(0, len(every), _MANY):
        part = every[start : start + _MANY]
        with hot_cursor() as cursor:
            cursor.execute(
                "select o.store_id, o.order_no, r.return_no "
                "from unnest(%s::bigint[], %s::text[]) as k (store_id, order_no) "
                "join purchases_order o on o.store_id = k.store_id and o.order_no = k.order_no "
                "join purchases_orderreturn r on r.order_id = o.id",
                [[store for store, _ in part], [order_no for _, order_no in part]],
            )
            found.update(((store_id, order_no), return_no) for store_id, order_no, return_no in cursor)
    return found

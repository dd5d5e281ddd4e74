"""Reading stores, products and orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from laoke.engine.pricing.basket import Article
from laoke.foundation import sql
from laoke.foundation.sql import raw_cursor
from laoke.purchases.models import Channel, Store
from laoke.purchases.types import ProductFacts, StoreFacts


def stores_by_code() -> dict[str, StoreFacts]:
    """Every active store."""
    rows = Store.objects.filter(active=True).values_list(
        "id", "code", "name", "region_id", "region__code", "city"
    )
    return {row[1]: StoreFacts(*row[:5], row[5] or None) for row in rows}


def channels_by_code() -> dict[str, int]:
    """Every channel's id."""
    return dict(Channel.objects.values_list("code", "id"))


PRODUCTS = sql.statement("laoke.purchases", "products_by_sku")


# A tag of this form says in which margin class an article is.
MARGIN = "margin:"


_PRODUCT = (
    "select id, sku, name, price_minor, earns_points, category_id, brand, tags, cost_minor "
    "from purchases_product "
)


def active_products(most: int) -> dict[str, ProductFacts]:
    """Active products by SKU, as the till prices them; any `most` of them when there are more."""
    with raw_cursor() as cursor:
        above = _categories_above(cursor)
        cursor.execute(_PRODUCT + "where active limit $1", (most,))
        return {row[1]: _facts(row, above) for row in cursor}


def products_by_sku(skus: Iterable[str]) -> dict[str, ProductFacts]:
    """Those of the SKUs that are in the catalogue and active."""
    with raw_cursor() as cursor:
        above = _categories_above(cursor)
        PRODUCTS.run(cursor, {"skus": list(skus)})
        return {row[1]: _facts(row, above) for row in cursor}


def products_by_id(ids: Iterable[int]) -> dict[int, ProductFacts]:
    """Products by id, sold any more or not."""
    with raw_cursor() as cursor:
        above = _categories_above(cursor)
        cursor.execute(_PRODUCT + "where id = any($1)", (list(ids),), prepare=True)
        return {row[0]: _facts(row, above) for row in cursor}


def _facts(row: tuple[Any, ...], above: Mapping[int, frozenset[str]]) -> ProductFacts:
    number, sku, name, price_minor, earns_points, category_id, brand, tags, cost_minor = row
    margin = next((tag.removeprefix(MARGIN) for tag in tags if tag.startswith(MARGIN)), None)
    article = Article(sku, above.get(category_id, frozenset()), brand or None, frozenset(tags), margin)
    return ProductFacts(number, sku, name, price_minor, earns_points, article, cost_minor)


def _categories_above(cursor: psycopg.Cursor[Any]) -> dict[int, frozenset[str]]:
    """By category, its own code and those of all categories above it."""
    cursor.execute("select id, code, parent_id from purchases_category", prepare=True)
    rows = {row[0]: (row[1], row[2]) for row in cursor}
    found: dict[int, frozenset[str]] = {}
    for number in rows:
        codes, at = set(), number
        while at is not None and rows[at][0] not in codes:
            codes.add(rows[at][0])
            at = rows[at][1]
        found[number] = frozenset(codes)
    return found


_ACTIVITY = (
    "select coalesce(sum(o.paid_minor - o.refunded_minor), 0)::bigint, "
    "(count(o.id) filter (where o.total_minor > o.returned_minor))::int "
    "from unnest(%s::timestamptz[]) with ordinality as s (start, position) "
    "left join purchases_order o on {} and o.placed_at >= s.start and o.placed_at <= %s "
    "group by s.position order by s.position"
)


def activity(
    cursor: psycopg.Cursor[Any], member_id: int, starts: Sequence[datetime], at: datetime
) -> list[tuple[int, int]]:
    """What a member did from each of `starts` until `at`: minor units spent, purchases made."""
    cursor.execute(_ACTIVITY.format("o.member_id = %s"), (list(starts), member_id, at), prepare=True)
    return [(row[0], row[1]) for row in cursor]


_POINTS = (
    "select coalesce(sum(o.points_earned - o.points_clawed_back), 0)::bigint "
    "from unnest(%s::timestamptz[]) with ordinality as s (start, position) "
    "left join purchases_order o on {} and o.placed_at >= s.start and o.placed_at <= %s "
    "group by s.position order by s.position"
)


def points(
    cursor: psycopg.Cursor[Any], member_id: int, starts: Sequence[datetime], at: datetime
) -> list[int]:
    """Points that a member's purchases from each of `starts` until `at` earned, less what returns took back."""
    cursor.execute(_POINTS.format("o.member_id = %s"), (list(starts), member_id, at))
    return [row[0] for row in cursor]


def points_of_orders(
    cursor: psycopg.Cursor[Any], order_ids: Sequence[int], starts: Sequence[datetime], at: datetime
) -> list[int]:
    """As `points`, of these orders, whosever they are."""
    cursor.execute(_POINTS.format("o.id = any(%s)"), (list(starts), list(order_ids), at))
    return [row[0] for row in cursor]


def activity_of_orders(
    cursor: psycopg.Cursor[Any], order_ids: Sequence[int], starts: Sequence[datetime], at: datetime
) -> list[tuple[int, int]]:
    """As `activity`, of these orders, whosever they are."""
    cursor.execute(_ACTIVITY.format("o.id = any(%s)"), (list(starts), list(order_ids), at))
    return [(row[0], row[1]) for row in cursor]

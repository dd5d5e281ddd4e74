"""Reading stores, products and orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg

from laoke.foundation import sql
from laoke.foundation.sql import raw_cursor
from laoke.purchases.models import Channel, Store
from laoke.purchases.types import ProductFacts, StoreFacts


def stores_by_code() -> dict[str, StoreFacts]:
    """Every active store."""
    rows = Store.objects.filter(active=True).values_list("id", "code", "name", "region_id")
    return {row[1]: StoreFacts(*row) for row in rows}


def channels_by_code() -> dict[str, int]:
    """Every channel's id."""
    return dict(Channel.objects.values_list("code", "id"))


PRODUCTS = sql.statement("laoke.purchases", "products_by_sku")


def active_products(most: int) -> dict[str, ProductFacts]:
    """Active products by SKU, as the till prices them; any `most` of them when there are more."""
    with raw_cursor() as cursor:
        cursor.execute(
            "select id, sku, name, price_minor, earns_points from purchases_product where active limit $1",
            (most,),
        )
        return {row[1]: ProductFacts(*row) for row in cursor}


def products_by_sku(skus: Iterable[str]) -> dict[str, ProductFacts]:
    """Those of the SKUs that are in the catalogue and active."""
    with raw_cursor() as cursor:
        PRODUCTS.run(cursor, {"skus": list(skus)})
        return {row[1]: ProductFacts(*row) for row in cursor}


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


def activity_of_orders(
    cursor: psycopg.Cursor[Any], order_ids: Sequence[int], starts: Sequence[datetime], at: datetime
) -> list[tuple[int, int]]:
    """As `activity`, of these orders, whosever they are."""
    cursor.execute(_ACTIVITY.format("o.id = any(%s)"), (list(starts), list(order_ids), at))
    return [(row[0], row[1]) for row in cursor]

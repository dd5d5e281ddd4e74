"""Stores as far as a page or an account needs them."""

from __future__ import annotations

from collections.abc import Sequence

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor


def stores_of_regions(region_ids: Sequence[int]) -> frozenset[int]:
    """The ids of the stores of these regions."""
    with hot_cursor() as cursor:
        cursor.execute(
            "select id from purchases_store where region_id = any(%s::bigint[])", [list(region_ids)]
        )
        return frozenset(row[0] for row in cursor)


def limit_of(caller: Caller) -> list[int] | None:
    """The stores a caller is limited to, as queries take them; None: all stores."""
    return None if caller.stores is None else sorted(caller.stores)

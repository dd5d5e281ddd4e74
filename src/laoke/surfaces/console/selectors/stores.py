"""Stores as far as a page or an account needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.naming import Named


@dataclass(frozen=True, slots=True)
class Place:
    """A store or a region that pages can be narrowed to. `stores` holds the ids; `city` is empty for regions."""

    key: str  # "store:5", "region:2"
    name: Named
    code: str
    city: str
    stores: frozenset[int]


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


def homes_query(caller: Caller, most: int) -> str | None:
    """What narrows the member list to those at home in the caller's stores, as the end of an address's query: the list
    of a caller with limits holds those who bought there as well.

    Returns:
        "&store=S1&store=S2"; "" for all stores; None for more than `most`, which the list does not take.
    """
    if caller.stores is None:
        return ""
    if len(caller.stores) > most:
        return None
    with hot_cursor() as cursor:
        cursor.execute(
            "select code from purchases_store where id = any(%s::bigint[]) order by code",
            [sorted(caller.stores)],
        )
        return "".join(f"&{urlencode({'store': row[0]})}" for row in cursor)


def places(caller: Caller) -> tuple[Place, ...]:
    """The regions, then the stores, that the caller may narrow pages to."""
    with hot_cursor() as cursor:
        rows = cursor.execute(
            load("laoke.surfaces.console", "places"), {"stores": limit_of(caller)}
        ).fetchall()
    return tuple(
        Place(key, Named(name, name_en or name), code, city, frozenset(stores))
        for key, code, name, name_en, city, stores in rows
    )

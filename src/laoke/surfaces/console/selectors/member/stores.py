"""The stores an account may make a member's home."""

from __future__ import annotations

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.stores import limit_of

_STORES = """
select id, code, name, name_en
from purchases_store
where active and (%(stores)s::bigint[] is null or id = any(%(stores)s::bigint[])) or id = %(keep)s::bigint
order by code
"""


def home_stores(caller: Caller, keep: int | None = None) -> list[tuple[str, str, Named]]:
    """(id as text, code, name) of active stores the account may choose, and of `keep`, where the member is at home."""
    with hot_cursor() as cursor:
        rows = cursor.execute(_STORES, {"stores": limit_of(caller), "keep": keep}).fetchall()
    return [(str(row[0]), row[1], Named(row[2], row[3] or row[2])) for row in rows]

"""What stands around every page: how fresh the data is, what waits under the bell, which store is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.scoping import Chosen

# Orders come in all day; after a day without any, somebody should look.
STALE_AFTER = timedelta(hours=24)
_WORKER_AWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`stores` counts the active stores the account may see; `last_order_at` is of the whole shop."""

    unread: int
    last_order_at: datetime | None
    computed_at: datetime | None
    stale: bool
    worker_away: bool
    stores: int
    place: Named | None


def surroundings(caller: Caller, place: Chosen | None, at: datetime) -> Surroundings:
    """One statement for every page."""
    values = {
        "staff": caller.id,
        "stores": None if caller.stores is None else sorted(caller.stores),
    }
    with hot_cursor() as cursor:
        row = cursor.execute(load("laoke.surfaces.console", "surroundings"), values).fetchone()
    assert row is not None
    unread, last_order_at, computed_at, worker_seen_at, stores = row
    return Surroundings(
        unread=unread,
        last_order_at=last_order_at,
        computed_at=computed_at,
        stale=last_order_at is not None and at - last_order_at > STALE_AFTER,
        worker_away=worker_seen_at is None or at - worker_seen_at > _WORKER_AWAY,
        stores=stores,
        place=None if place is None else place.name,
    )

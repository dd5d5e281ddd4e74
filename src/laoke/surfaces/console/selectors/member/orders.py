"""A member's orders, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.labels import DELIVERIES
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of

PAGE = 25


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order. Points are those that stayed after returns."""

    id: int
    order_no: str
    placed_at: datetime
    store: Named
    channel: Named
    total_minor: int
    returned_minor: int
    points_earned: int
    points_redeemed: int
    delivery: Any


@dataclass(frozen=True, slots=True)
class OrderList:
    """A page of orders, newest first. `after` opens the next, "" when this is the last; `later`: not the first."""

    head: Head
    rows: tuple[OrderRow, ...]
    after: str
    later: bool
    limited: bool


def order_list(caller: Caller, member_id: int, mark: str | None, at: datetime) -> OrderList:
    """The orders below a mark.

    Raises:
        MissingScope, BadCursor, and as `state_of`.
    """
    caller.require(Scope.ORDERS_READ)
    below = paging.read(mark, paging.instant, paging.number)
    state = state_of(caller, member_id, at)
    values = {
        "member_id": member_id,
        "stores": None if state.stores is None else list(state.stores),
        "mark_at": below[0] if below else None,
        "mark_id": below[1] if below else None,
        "limit": PAGE + 1,
    }
    with hot_cursor() as cursor:
        found = cursor.execute(load("laoke.surfaces.console", "member_orders"), values).fetchall()
    page, more = paging.cut(
        [_row(*row) for row in found], PAGE, lambda row: paging.write(row.placed_at, row.id)
    )
    return OrderList(
        head_of(caller, state), tuple(page), more or "", below is not None, state.stores is not None
    )


def _row(
    order_id: int,
    order_no: str,
    placed_at: datetime,
    store: str,
    store_en: str,
    channel: str,
    channel_en: str,
    total_minor: int,
    returned_minor: int,
    earned: int,
    redeemed: int,
    delivery: str,
) -> OrderRow:
    return OrderRow(
        order_id,
        order_no,
        placed_at,
        Named(store, store_en or store),
        Named(channel, channel_en or channel),
        total_minor,
        returned_minor,
        earned,
        redeemed,
        DELIVERIES.get(delivery, delivery),
    )

"""Reading orders: one with everything about it, and pages of them. A caller limited to stores sees those only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.purchases.errors import UnknownOrder
from laoke.purchases.models import DeliveryEvent, Order, OrderLine, OrderReturn, OrderTender, ReturnLine


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with its lines, payments, returns (each with its lines) and steps of delivery."""

    order: Order
    lines: list[OrderLine]
    tenders: list[OrderTender]
    returns: list[tuple[OrderReturn, list[ReturnLine]]]
    steps: list[DeliveryEvent]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders. `since` belongs to the time asked for, `until` no longer does."""

    member_id: int | None = None
    store: str | None = None
    order_no: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def order(caller: Caller, order_id: int) -> OrderRecord:
    """One order.

    Raises:
        UnknownOrder, OutsideStores
    """
    row = Order.objects.select_related("store", "channel").filter(pk=order_id).first()
    if row is None:
        raise UnknownOrder(f"There is no order {order_id}", order_id=order_id)
    caller.require_store(row.store_id, row.store.code)
    returned: dict[int, list[ReturnLine]] = {}
    for line in ReturnLine.objects.filter(order_return__order=row).order_by("order_return_id", "line_no"):
        returned.setdefault(line.order_return_id, []).append(line)
    return OrderRecord(
        row,
        list(OrderLine.objects.filter(order=row).select_related("product").order_by("line_no")),
        list(OrderTender.objects.filter(order=row).order_by("tender_no")),
        [
            (back, returned.get(back.pk, []))
            for back in OrderReturn.objects.filter(order=row).select_related("store").order_by("id")
        ],
        list(DeliveryEvent.objects.filter(order=row).order_by("id")),
    )


def orders(
    caller: Caller, wanted: Wanted, *, after: str | None, limit: int
) -> tuple[list[Order], str | None]:
    """A page of orders, the newest purchase first, and the mark of the next page.

    Raises:
        BadCursor
    """
    conditions: dict[str, Any] = {
        "member_id": wanted.member_id,
        "store__code": wanted.store,
        "order_no": wanted.order_no,
        "placed_at__gte": wanted.since,
        "placed_at__lt": wanted.until,
    }
    rows = Order.objects.select_related("store", "channel").filter(
        **{name: value for name, value in conditions.items() if value is not None}
    )
    if caller.stores is not None:
        rows = rows.filter(store_id__in=caller.stores)
    if mark := paging.read(after, paging.instant, paging.number):
        at, order_id = mark
        # The first condition is one that the index by time can begin at.
        rows = rows.filter(placed_at__lte=at).filter(Q(placed_at__lt=at) | Q(pk__lt=order_id))
    page, more = paging.cut(
        list(rows.order_by("-placed_at", "-id")[: limit + 1]),
        limit,
        lambda row: paging.write(row.placed_at, row.pk),
    )
    return list(page), more

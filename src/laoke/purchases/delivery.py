"""The steps of an order on its way to the member."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from laoke.foundation import clock
from laoke.foundation.access import Caller, Scope
from laoke.foundation.outbox import services as outbox
from laoke.purchases import events
from laoke.purchases.errors import DeliveryRefused, UnknownOrder
from laoke.purchases.models import DeliveryEvent, Order

# In this order; steps may be left out. An order taken along at the till is done from the start.
STEPS = ("placed", "packed", "shipped", "delivered", "done")
CANCELLED = "cancelled"
# What has arrived is no longer cancelled: it comes back as a return.
_CANCELLABLE = frozenset({"placed", "packed", "shipped"})


@dataclass(frozen=True, slots=True)
class Step:
    """Where an order stands; `changed` is false when it stood there already."""

    order_id: int
    status: str
    at: datetime
    changed: bool


@transaction.atomic
def advance(caller: Caller, order_id: int, status: str, *, at: datetime, now: datetime) -> Step:
    """Record that an order took a step. A repeat of the step it stands at changes nothing.

    Money and points do not move: goods of a cancelled order are taken back as a return.

    Args:
        status: one of STEPS, or CANCELLED.
        at: when it took the step.
    Raises:
        UnknownOrder, OutsideStores, MissingScope, ClockInFuture, ClockInPast.
        DeliveryRefused: backwards, after the end, or before the step it follows.
    """
    caller.require(Scope.ORDERS_WRITE)
    clock.check(at, now)
    order = Order.objects.select_for_update(of=("self",)).select_related("store").filter(pk=order_id).first()
    if order is None:
        raise UnknownOrder(f"There is no order {order_id}", order_id=order_id)
    caller.require_store(order.store_id, order.store.code)
    last = DeliveryEvent.objects.filter(order=order).order_by("-id").first()
    current = order.delivery_status
    if status == current:
        return Step(order_id, current, last.at if last else order.placed_at, changed=False)
    _check_step(current, status)
    previous = last.at if last else order.placed_at
    if at < previous:
        raise DeliveryRefused.too_early(at, previous, current)
    DeliveryEvent.objects.create(order=order, status=status, at=at)
    order.delivery_status = status
    order.save(update_fields=["delivery_status"])
    payload = {
        "order_id": order_id,
        "order_no": order.order_no,
        "member_id": order.member_id,
        "store": order.store.code,
        "status": status,
        "previous_status": current,
        "at": at.isoformat(),
    }
    outbox.add(events.DELIVERY, payload, at=now, member_id=order.member_id)
    return Step(order_id, status, at, changed=True)


def _check_step(current: str, status: str) -> None:
    if current == CANCELLED:
        raise DeliveryRefused("The order was cancelled", reason="cancelled", current=current)
    if status == CANCELLED:
        if current not in _CANCELLABLE:
            raise DeliveryRefused(
                f"The order is {current}: take its goods back as a return", reason="done", current=current
            )
    elif STEPS.index(status) < STEPS.index(current):
        raise DeliveryRefused(
            f"The order is {current} already; {status} lies before that", reason="backwards", current=current
        )

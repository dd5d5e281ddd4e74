"""Endpoints and the visible log of what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from laoke.foundation.access import Caller, Scope
from laoke.foundation.webhooks.errors import NoSuchWebhookEndpoint
from laoke.foundation.webhooks.models import WebhookDelivery, WebhookEndpoint


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


_BY_STATUS = {
    DeliveryStatus.WAITING: Q(next_at__isnull=False),
    DeliveryStatus.DELIVERED: Q(next_at=None, delivered_at__isnull=False),
    DeliveryStatus.GIVEN_UP: Q(next_at=None, delivered_at=None),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint without its secret. `topics` empty: all."""

    id: int
    name: str
    url: str
    topics: tuple[str, ...]
    active: bool
    disabled_reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the log. `next_at` is the next attempt, None when there is none to come."""

    id: int
    message_id: str
    topic: str
    body: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    last_error: str


def endpoints(caller: Caller) -> list[Endpoint]:
    """All endpoints, oldest first.

    Raises:
        MissingScope
    """
    caller.require(Scope.WEBHOOKS)
    return [described(row) for row in WebhookEndpoint.objects.order_by("id")]


def endpoint(caller: Caller, endpoint_id: int) -> Endpoint:
    """One endpoint.

    Raises:
        MissingScope, NoSuchWebhookEndpoint
    """
    caller.require(Scope.WEBHOOKS)
    row = WebhookEndpoint.objects.filter(pk=endpoint_id).first()
    if row is None:
        raise NoSuchWebhookEndpoint(endpoint_id)
    return described(row)


def deliveries(
    caller: Caller,
    endpoint_id: int,
    status: DeliveryStatus | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """The log of one endpoint, newest first, those older than the delivery `after`.

    Raises:
        MissingScope
    """
    caller.require(Scope.WEBHOOKS)
    rows = WebhookDelivery.objects.filter(endpoint_id=endpoint_id)
    if status is not None:
        rows = rows.filter(_BY_STATUS[status])
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return [_line(row) for row in rows.order_by("-id")[:limit]]


def due_count(at: datetime) -> int:
    """How many deliveries could leave now."""
    return WebhookDelivery.objects.filter(next_at__lte=at, endpoint__active=True).count()


def described(row: WebhookEndpoint) -> Endpoint:
    """The endpoint as others may see it."""
    return Endpoint(
        id=row.pk,
        name=row.name,
        url=row.url,
        topics=tuple(row.topics),
        active=row.active,
        disabled_reason=row.disabled_reason,
        created_at=row.created_at,
    )


def _line(row: WebhookDelivery) -> Delivery:
    if row.next_at is not None:
        status = DeliveryStatus.WAITING
    else:
        status = DeliveryStatus.DELIVERED if row.delivered_at else DeliveryStatus.GIVEN_UP
    return Delivery(
        id=row.pk,
        message_id=f"msg_{row.message_id}",
        topic=row.topic,
        body=row.body,
        status=status,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        last_status=row.last_status,
        last_error=row.last_error,
    )

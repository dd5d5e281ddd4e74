"""Endpoints and the visible log of what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q

from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.webhooks.errors import NoSuchWebhookDelivery, NoSuchWebhookEndpoint
from laoke.foundation.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


# Ten of the schedule, and those of as many redeliveries as anybody will look at.
MOST_ATTEMPTS = 50
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
class Health:
    """The deliveries of an endpoint in a stretch of time, by what became of them."""

    delivered: int = 0
    given_up: int = 0
    waiting: int = 0

    @property
    def success(self) -> float | None:
        """Share that arrived of those that were tried to an end; None when none was."""
        settled = self.delivered + self.given_up
        return self.delivered / settled if settled else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One post of a delivery. `status` None: no answer; `answer` is kept of refusals only, its beginning."""

    at: datetime
    milliseconds: int
    status: int | None
    error: str
    headers: tuple[tuple[str, str], ...]
    answer: str


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
    *,
    before: int | None = None,
) -> list[Delivery]:
    """The log of one endpoint, newest first: those older than the delivery `after`, or those next to `before` that
    are newer than it.

    Raises:
        MissingScope
    """
    caller.require(Scope.WEBHOOKS)
    rows = WebhookDelivery.objects.filter(endpoint_id=endpoint_id)
    if status is not None:
        rows = rows.filter(_BY_STATUS[status])
    if before is not None:
        newer = rows.filter(pk__gt=before).order_by("id")[:limit]
        return [_line(row) for row in reversed(newer)]
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return [_line(row) for row in rows.order_by("-id")[:limit]]


def delivery(caller: Caller, endpoint_id: int, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
    """One delivery of an endpoint with its posts, the newest first.

    Raises:
        MissingScope, NoSuchWebhookDelivery
    """
    caller.require(Scope.WEBHOOKS)
    row = WebhookDelivery.objects.filter(pk=delivery_id, endpoint_id=endpoint_id).first()
    if row is None:
        raise NoSuchWebhookDelivery(delivery_id)
    attempts = WebhookAttempt.objects.filter(delivery=row).order_by("-id")[:MOST_ATTEMPTS]
    return _line(row), [
        Attempt(
            each.at,
            each.milliseconds,
            each.status,
            each.error,
            tuple((name, value) for name, value in each.answer_headers),
            each.answer,
        )
        for each in attempts
    ]


def health(caller: Caller, since: datetime) -> dict[int, Health]:
    """What became of the deliveries made since then, by endpoint.

    Raises:
        MissingScope
    """
    caller.require(Scope.WEBHOOKS)
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.foundation.webhooks", "health"), {"since": since})
        return {row[0]: Health(*row[1:]) for row in cursor}


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

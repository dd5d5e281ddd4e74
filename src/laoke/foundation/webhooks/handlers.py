"""Events on their way out: one delivery per endpoint that wants the topic."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.outbox.registry import EVERY_TOPIC, Event, subscribe
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.webhooks.envelope import body_of
from laoke.foundation.webhooks.models import WebhookEndpoint
from laoke.foundation.webhooks.services import TEST_TOPIC


def fan_out(event: Event, at: datetime) -> None:
    """Write a delivery for each active endpoint that wants this event. A repeat adds nothing."""
    only = event.payload.get("endpoint_id") if event.topic == TEST_TOPIC else None
    with hot_cursor() as cursor:
        cursor.execute(
            load("laoke.foundation.webhooks", "fan_out"),
            {"message_id": event.id, "topic": event.topic, "body": body_of(event), "at": at, "only": only},
        )


def _has_endpoints() -> bool:
    return WebhookEndpoint.objects.filter(active=True).exists()


def register() -> None:
    """Listen to every topic."""
    subscribe(EVERY_TOPIC, "webhooks", fan_out, wants=_has_endpoints)

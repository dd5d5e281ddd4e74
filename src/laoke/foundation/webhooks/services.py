"""Endpoints of outgoing webhooks: who wants which events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from laoke.foundation import vault
from laoke.foundation.access import SYSTEM, Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.outbox.topics import declare
from laoke.foundation.webhooks import addresses, envelope
from laoke.foundation.webhooks.errors import (
    NoSuchWebhookDelivery,
    NoSuchWebhookEndpoint,
    WebhookEndpointInactive,
)
from laoke.foundation.webhooks.models import WebhookDelivery, WebhookEndpoint
from laoke.foundation.webhooks.selectors import Endpoint, described

SECRET_PURPOSE = "webhook.secret"  # noqa: S105 - the purpose it is sealed for
TEST_TOPIC = declare(
    "webhook.test", "A test asked for; it goes to one endpoint alone.", endpoint_id="the endpoint"
)
DISABLED_TOPIC = declare(
    "webhook.endpoint.disabled",
    "An endpoint was switched off, by hand or because it answered 410 Gone.",
    endpoint_id="the endpoint",
    reason="why",
)
# How long the old secret signs beside the new one after a rotation.
OVERLAP = timedelta(hours=24)


def create_endpoint(
    caller: Caller, name: str, url: str, topics: Sequence[str], *, at: datetime
) -> tuple[Endpoint, str]:
    """Add an endpoint; the second part is its signing secret, which is shown now and never again.

    Args:
        topics: the events it wants; empty: all.
    Raises:
        MissingScope, BadWebhookUrl.
    """
    caller.require(Scope.WEBHOOKS)
    addresses.check_url(url, to_private=settings.LAOKE.webhooks_to_private)
    secret = envelope.new_secret()
    with transaction.atomic():
        row = WebhookEndpoint.objects.create(
            name=name,
            url=url,
            topics=sorted(set(topics)),
            secret=vault.seal(secret, SECRET_PURPOSE),
            created_at=at,
        )
        _audit(caller, "webhook.created", row, at)
    return described(row), secret


def update_endpoint(
    caller: Caller,
    endpoint_id: int,
    *,
    name: str,
    url: str,
    topics: Sequence[str],
    active: bool,
    at: datetime,
) -> Endpoint:
    """Change an endpoint. Switching it on again sends what is still waiting for it.

    Raises:
        MissingScope, NoSuchWebhookEndpoint, BadWebhookUrl.
    """
    caller.require(Scope.WEBHOOKS)
    addresses.check_url(url, to_private=settings.LAOKE.webhooks_to_private)
    with transaction.atomic():
        row = _locked(endpoint_id)
        before = _audited(row)
        row.name, row.url, row.topics, row.active = name, url, sorted(set(topics)), active
        row.disabled_reason = (
            "" if active else (row.disabled_reason or f"switched off by {caller.label}")[:200]
        )
        row.save(update_fields=["name", "url", "topics", "active", "disabled_reason"])
        _audit(caller, "webhook.updated", row, at, before=before)
    return described(row)


def disable_endpoint(caller: Caller, endpoint_id: int, reason: str, *, at: datetime) -> Endpoint:
    """Switch an endpoint off and tell the others by an event. A repeat changes nothing.

    Raises:
        MissingScope, NoSuchWebhookEndpoint.
    """
    caller.require(Scope.WEBHOOKS)
    with transaction.atomic():
        row = _locked(endpoint_id)
        if row.active:
            row.active, row.disabled_reason = False, reason[:200]
            row.save(update_fields=["active", "disabled_reason"])
            audit.record(caller, "webhook.disabled", "webhook", row.pk, at=at, reason=reason)
            outbox.add(DISABLED_TOPIC, {"endpoint_id": row.pk, "reason": reason}, at=at)
    return described(row)


def delete_endpoint(caller: Caller, endpoint_id: int, *, at: datetime) -> bool:
    """Remove an endpoint with its log; what still waits for it is never sent.

    Returns:
        Whether it was there; a repeat answers False.
    Raises:
        MissingScope.
    """
    caller.require(Scope.WEBHOOKS)
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
        if row is None:
            return False
        audit.record(caller, "webhook.deleted", "webhook", row.pk, at=at, before=_audited(row))
        row.delete()
    return True


def rotate_secret(caller: Caller, endpoint_id: int, *, at: datetime) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret, shown once. For 24 h both sign, so the receiver can change over.

    Raises:
        MissingScope, NoSuchWebhookEndpoint.
    """
    caller.require(Scope.WEBHOOKS)
    secret = envelope.new_secret()
    with transaction.atomic():
        row = _locked(endpoint_id)
        row.previous_secret, row.previous_until = row.secret, at + OVERLAP
        row.secret = vault.seal(secret, SECRET_PURPOSE)
        row.save(update_fields=["secret", "previous_secret", "previous_until"])
        audit.record(caller, "webhook.secret-rotated", "webhook", row.pk, at=at)
    return described(row), secret


def send_test(caller: Caller, endpoint_id: int, *, at: datetime) -> None:
    """Send a `webhook.test` event to this endpoint alone, by the way all events take.

    Raises:
        MissingScope, NoSuchWebhookEndpoint, WebhookEndpointInactive.
    """
    caller.require(Scope.WEBHOOKS)
    with transaction.atomic():
        row = _locked(endpoint_id)
        if not row.active:
            raise WebhookEndpointInactive(endpoint_id)
        outbox.add(TEST_TOPIC, {"endpoint_id": row.pk}, at=at)


def redeliver(caller: Caller, endpoint_id: int, delivery_id: int, *, at: datetime) -> None:
    """Send a delivery once more, whether it had arrived or been given up, with a fresh set of attempts.

    Raises:
        MissingScope, NoSuchWebhookDelivery, WebhookEndpointInactive.
    """
    caller.require(Scope.WEBHOOKS)
    with transaction.atomic():
        row = _locked(endpoint_id)
        if not row.active:
            raise WebhookEndpointInactive(endpoint_id)
        waiting = WebhookDelivery.objects.filter(pk=delivery_id, endpoint=row)
        if not waiting.update(next_at=at, attempts=0, delivered_at=None, last_error="", last_status=None):
            raise NoSuchWebhookDelivery(delivery_id)
        audit.record(caller, "webhook.redelivered", "webhook", row.pk, at=at, after={"delivery": delivery_id})


def reseal(caller: Caller, *, at: datetime) -> int:
    """Seal every signing secret again with the current data key; returns how many endpoints there are.

    Raises:
        MissingScope.
        SealedWithOtherKey: a secret needs a key that LAOKE_OLD_DATA_KEYS does not name.
    """
    caller.require(Scope.STAFF)
    box = vault.vault()
    with transaction.atomic():
        rows = list(WebhookEndpoint.objects.select_for_update().order_by("pk"))
        for row in rows:
            row.secret = box.seal(box.unseal(row.secret, SECRET_PURPOSE), SECRET_PURPOSE)
            if row.previous_secret is not None:
                row.previous_secret = box.seal(
                    box.unseal(row.previous_secret, SECRET_PURPOSE), SECRET_PURPOSE
                )
            row.save(update_fields=["secret", "previous_secret"])
        audit.record(caller, "vault.resealed", "vault", "webhooks", at=at, after={"rows": len(rows)})
    return len(rows)


def disabled_by_receiver(endpoint_id: int, reason: str, at: datetime) -> None:
    """Switch an endpoint off in the system's own name."""
    disable_endpoint(SYSTEM, endpoint_id, reason, at=at)


def _locked(endpoint_id: int) -> WebhookEndpoint:
    row = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if row is None:
        raise NoSuchWebhookEndpoint(endpoint_id)
    return row


def _audited(row: WebhookEndpoint) -> dict[str, object]:
    return {"name": row.name, "url": row.url, "topics": row.topics, "active": row.active}


def _audit(
    caller: Caller,
    action: str,
    row: WebhookEndpoint,
    at: datetime,
    before: dict[str, object] | None = None,
) -> None:
    audit.record(caller, action, "webhook", row.pk, at=at, before=before, after=_audited(row))

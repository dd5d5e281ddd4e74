"""Writing events into the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox.models import OutboxMessage


def add(topic: str, payload: Mapping[str, object], *, at: datetime, member_id: int | None = None) -> None:
    """Write one event with the fact it tells of, in the same transaction. Handlers get it after the commit.

    Args:
        topic: noun and past participle, e.g. "order.committed"; docs/reference/events.md lists them.
        payload: plain JSON values; ids, amounts and codes, never personal data.
    """
    OutboxMessage.objects.create(
        topic=topic, payload=dict(payload), occurred_at=at, available_at=at, member_id=member_id
    )


def add_many(
    topic: str, payloads: Sequence[tuple[int | None, Mapping[str, object]]], *, at: datetime
) -> None:
    """As `add`, for many members at once. `payloads` are (member id, payload), in the order of sending."""
    OutboxMessage.objects.bulk_create(
        (
            OutboxMessage(
                topic=topic, payload=dict(payload), occurred_at=at, available_at=at, member_id=member_id
            )
            for member_id, payload in payloads
        ),
        batch_size=1000,
    )


def retry_failed(caller: Caller, message_ids: Sequence[int], *, at: datetime) -> int:
    """Let messages that were given up start over; returns how many there were."""
    with transaction.atomic():
        count = OutboxMessage.objects.filter(pk__in=message_ids, failed_at__isnull=False).update(
            failed_at=None, attempts=0, available_at=at
        )
        if count:
            audit.record(caller, "outbox.retried", "outbox", "-", at=at, after={"ids": list(message_ids)})
    return count

"""Writing events into the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

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

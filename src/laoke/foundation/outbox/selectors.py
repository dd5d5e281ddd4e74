"""What waits in the outbox and what was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.outbox.models import OutboxMessage
from laoke.foundation.sql import hot_cursor, load


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting` may be taken now, `postponed` failed before and wait for their next try, `failed` were given up."""

    waiting: int
    postponed: int
    failed: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class FailedMessage:
    id: int
    topic: str
    occurred_at: datetime
    failed_at: datetime
    attempts: int
    last_error: str


def backlog(at: datetime) -> Backlog:
    """How far the dispatchers are behind."""
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.foundation.outbox", "backlog"), {"at": at})
        row = cursor.fetchone()
    assert row is not None
    waiting, postponed, failed, oldest = row
    return Backlog(waiting, postponed, failed, (at - oldest).total_seconds() if oldest else 0.0)


def failed(after: int = 0, limit: int = 50) -> list[FailedMessage]:
    """Messages given up, by id, those after the id `after`."""
    rows = OutboxMessage.objects.filter(failed_at__isnull=False, id__gt=after).order_by("id")[:limit]
    return [
        FailedMessage(row.pk, row.topic, row.occurred_at, row.failed_at, row.attempts, row.last_error)
        for row in rows
        if row.failed_at
    ]

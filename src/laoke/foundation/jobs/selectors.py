"""Long work, under way and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laoke.foundation.jobs.models import TaskProgress


@dataclass(frozen=True, slots=True)
class Progress:
    """The latest run of one piece of work. `rate` is units per second so far, `seconds_left` None when unknown."""

    name: str
    key: str
    done: int
    total: int
    unit: str
    state: str
    detail: dict[str, Any]
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    rate: float
    seconds_left: float | None


def recent(limit: int = 50) -> list[Progress]:
    """Work by its start, newest first."""
    return [_progress(row) for row in TaskProgress.objects.order_by("-started_at")[:limit]]


def of(name: str, key: str = "") -> Progress | None:
    """The latest run of one piece of work."""
    row = TaskProgress.objects.filter(name=name, key=key).first()
    return None if row is None else _progress(row)


def _progress(row: TaskProgress) -> Progress:
    seconds = (row.updated_at - row.started_at).total_seconds()
    rate = row.done / seconds if seconds > 0 else 0.0
    running = row.state == TaskProgress.RUNNING
    left = (row.total - row.done) / rate if running and rate and row.total >= row.done else None
    return Progress(
        name=row.name,
        key=row.key,
        done=row.done,
        total=row.total,
        unit=row.unit,
        state=row.state,
        detail=row.detail,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        rate=rate,
        seconds_left=left,
    )

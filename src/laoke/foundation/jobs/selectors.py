"""Long work, under way and ended; the queue of background tasks; their schedule and how the last run ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from croniter import croniter  # type: ignore[import-untyped]
from django.conf import settings

from laoke.foundation.jobs.declare import declared_tasks
from laoke.foundation.jobs.models import TaskProgress
from laoke.foundation.sql import hot_cursor, load

_PACKAGE = "laoke.foundation.jobs"


@dataclass(frozen=True, slots=True)
class Progress:
    """The latest run of one piece of work. `rate` is units per second so far, `seconds_left` None when unknown.

    Work of several phases counts each of them from nothing: done, total, unit and rate are those of the phase.
    """

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


@dataclass(frozen=True, slots=True)
class Queued:
    """A run of a task that waits, is under way, or was given up. `error` is what the last failed try said."""

    id: int
    name: str
    state: str  # "waiting" | "doing" | "given_up"
    tries: int
    since: datetime | None
    not_before: datetime | None
    error: str
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A task that runs by itself. `outcome` is "", "waiting", "doing", "succeeded" or "failed"."""

    name: str
    cron: str
    next_at: datetime
    outcome: str
    ended_at: datetime | None


def queue(limit: int = 50) -> tuple[list[Queued], dict[str, int]]:
    """Runs that are not over, the given-up ones first, and how many there are of each state."""
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "queue"), {"limit": limit})
        rows = cursor.fetchall()
    counts = {"waiting": 0, "doing": 0, "given_up": 0}
    for row in rows:
        counts[row[2]] = row[-1]
    return [Queued(*row[:-1]) for row in rows], counts


def schedule(at: datetime) -> list[Scheduled]:
    """Every task that runs by itself, by its next run, with how its last known run ended (kept for a week)."""
    planned = {task.name: task.schedule for task in declared_tasks() if task.schedule}
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "last_runs"), {"names": list(planned)})
        last = {name: (outcome, ended_at) for name, outcome, ended_at in cursor.fetchall()}
    local = at.astimezone(settings.LAOKE.zone)
    found = [
        Scheduled(
            name, cron, croniter(cron, start_time=local).get_next(datetime), *last.get(name, ("", None))
        )
        for name, cron in planned.items()
    ]
    return sorted(found, key=lambda one: (one.next_at, one.name))


def recent(limit: int = 50) -> list[Progress]:
    """Work by its start, newest first."""
    return [_progress(row) for row in TaskProgress.objects.order_by("-started_at")[:limit]]


def of(name: str, key: str = "") -> Progress | None:
    """The latest run of one piece of work."""
    row = TaskProgress.objects.filter(name=name, key=key).first()
    return None if row is None else _progress(row)


def is_waiting(name: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a fresh run of a task waits for a worker, with these among its arguments."""
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "is_waiting"), {"name": name, "arguments": json.dumps(dict(arguments))})
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def _progress(row: TaskProgress) -> Progress:
    begun = datetime.fromisoformat(row.detail["phase_at"]) if "phase_at" in row.detail else row.started_at
    seconds = (row.updated_at - begun).total_seconds()
    rate = row.done / seconds if seconds > 0 else 0.0
    running = row.state == TaskProgress.RUNNING
    left = (row.total - row.done) / rate if running and rate and row.total >= row.done > 0 else None
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

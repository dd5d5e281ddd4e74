"""How modules declare background tasks, in their tasks.py.

    @task("points.expire", at="30 3 * * *")
    def expire_points(at: datetime) -> None: ...

`at` is the instant a run is for: the scheduled one, or the one given to `defer`. It stays the same when a run is
repeated. Further arguments are plain JSON values. A task may run twice (its worker was killed, the end was not
written down), so its work must bear repeating.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from procrastinate.contrib.django import app

from laoke.foundation.sql import load


@dataclass(frozen=True, slots=True)
class Task:
    """A declared task. Calling it runs the work here and now; `defer` lets a worker do it."""

    name: str
    run: Callable[..., None]
    schedule: str | None
    tries: int
    alone: bool

    def __call__(self, at: datetime, **arguments: Any) -> None:
        self.run(at, **arguments)

    def defer(self, at: datetime, **arguments: Any) -> bool:
        """Queue one run, within the running transaction.

        Returns:
            False when a run with the same arguments is waiting already: it will see what this one would.
        """
        with connection.cursor() as cursor:
            # Not procrastinate's queueing lock: a run to be retried cannot go back to waiting while another
            # holds that lock, and stays `doing` for ever. Two callers at once may both queue a run; no harm.
            asked = {"name": self.name, "arguments": json.dumps(arguments)}
            cursor.execute(load("laoke.foundation.jobs", "waiting"), asked)
            (waiting,) = cursor.fetchone()
        if waiting:
            return False
        app.configure_task(self.name, allow_unknown=False).defer(timestamp=at.timestamp(), **arguments)
        return True


_declared: dict[str, Task] = {}


def task(
    name: str, *, at: str | None = None, tries: int = 5, alone: bool = True
) -> Callable[[Callable[..., None]], Task]:
    """Declare a function as a background task.

    Args:
        name: "module.verb"; stands in logs and metrics, and in the queue, so it outlives renamings of functions.
        at: when to run by itself, as a cron expression of five fields in the programme's time zone, daylight
            saving included; None: only when deferred.
        tries: how often in all before it is given up; pauses double from 10 s.
        alone: never two runs at a time.
    Raises:
        ValueError: the name is taken.
    """

    def declare(function: Callable[..., None]) -> Task:
        if name in _declared:
            raise ValueError(f"there already is a task named {name}")
        declared = _declared[name] = Task(name, function, at, tries, alone)
        return declared

    return declare


def declared_tasks() -> list[Task]:
    """Every task of the modules imported so far."""
    return list(_declared.values())


def instant(timestamp: float) -> datetime:
    """The aware instant behind the number that queues keep."""
    return datetime.fromtimestamp(timestamp, UTC)

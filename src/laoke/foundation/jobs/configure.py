"""Telling procrastinate about the declared tasks; the setting PROCRASTINATE_ON_APP_READY names this."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from laoke.foundation.jobs import services
from laoke.foundation.jobs.declare import Task, declared_tasks, instant
from laoke.foundation.jobs.schedule import LocalPeriodicTask
from laoke.foundation.jobs.stopping import Interrupted
from laoke.foundation.measures import TASKS_RUN

_FIRST_PAUSE = 10  # seconds
_LONGEST_PAUSE = 3600
_log = logging.getLogger(__name__)


class Retry(BaseRetryStrategy):
    """Doubling pauses up to a number of tries; work interrupted by a stop runs again however often it takes."""

    def __init__(self, tries: int) -> None:
        self.tries = tries

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """What to do after an exception; `job.attempts` counts the earlier tries."""
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_in={"seconds": _FIRST_PAUSE})
        if job.attempts + 1 >= self.tries:
            return None
        return RetryDecision(retry_in={"seconds": min(_FIRST_PAUSE * 2**job.attempts, _LONGEST_PAUSE)})


def on_app_ready(app: App) -> None:
    """Register every task that a module's tasks.py declared. Called once, after they were all imported."""
    for declared in declared_tasks():
        register(app, declared, settings.LAOKE.zone)


def register(app: App, declared: Task, zone: ZoneInfo) -> None:
    """Make one declared task known to the queue, with its schedule."""
    lock = declared.name if declared.alone else None
    known = app.task(name=declared.name, retry=Retry(declared.tries), lock=lock, pass_context=True)(
        _observed(declared)
    )
    if declared.schedule:
        app.periodic_registry.periodic_tasks[(declared.name, "")] = LocalPeriodicTask(
            task=known,
            cron=declared.schedule,
            periodic_id="",
            configure_kwargs={},
            zone=zone,
        )


def _observed(declared: Task) -> Callable[..., None]:
    def run(context: JobContext | None = None, *, timestamp: float, **arguments: Any) -> None:
        begun = time.perf_counter()
        result = "failed"
        try:
            declared.run(instant(timestamp), **arguments)
            result = "done"
        except Interrupted:
            result = "interrupted"
            raise
        except Exception as error:
            if context is not None and context.job.id is not None:
                services.note_failure(context.job.id, declared.name, error, timezone.now())
            raise
        finally:
            seconds = time.perf_counter() - begun
            TASKS_RUN.labels(declared.name, result).observe(seconds)
            _log.info(
                "task ended",
                extra={"task_name": declared.name, "result": result, "seconds": round(seconds, 3)},
            )

    run.__name__ = declared.name.replace(".", "_")
    return run

"""Running the task queue in a thread of the worker, through the database's going away and coming back."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from asgiref.sync import sync_to_async
from django.db import connection
from django.utils import timezone
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

from laoke.foundation.jobs import services as jobs

_TASKS_SIDE_BY_SIDE = 2
_FINISH_SECONDS = 2.5
_TRY_AGAIN_SECONDS = 0.5
# A machine that was off at 03:30 and comes up before half past nine still does the night's work.
_CATCH_UP_SECONDS = 6 * 3600
_log = logging.getLogger(__name__)


def run(stop: threading.Event) -> None:
    """Run tasks until `stop` is set; returns when those under way have ended."""
    asyncio.run(_run(stop))


class Insisting(JobManager):
    """Writes down how a job ended, however long the database is away.

    procrastinate tries once. A job whose end was lost stays `doing` under a worker that lives and reports, so no
    sweep ever finds it, and its lock keeps every later run of its task from starting.
    """

    async def finish_job(self, *arguments: Any, **named: Any) -> None:
        """As procrastinate's."""
        await _insist(lambda: super(Insisting, self).finish_job(*arguments, **named))

    async def retry_job(self, *arguments: Any, **named: Any) -> None:
        """As procrastinate's."""
        await _insist(lambda: super(Insisting, self).retry_job(*arguments, **named))

    async def update_heartbeat(self, worker_id: int) -> None:
        """As procrastinate's, which would end the worker, and with it wait for the longest task."""
        await _insist(lambda: super(Insisting, self).update_heartbeat(worker_id))


async def _insist(call: Callable[[], Awaitable[None]]) -> None:
    repeated = False
    while True:
        try:
            return await call()
        except ConnectorException as error:
            if isinstance(error.__cause__, psycopg.OperationalError | psycopg.InterfaceError):
                repeated = True
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
            elif repeated:
                return None  # the call had come through, only its answer was lost
            else:
                raise


async def _run(stop: threading.Event) -> None:
    while True:
        session = asyncio.create_task(_task_session())
        while not session.done() and not stop.is_set():
            await asyncio.wait({session}, timeout=0.2)
        session.cancel()
        await asyncio.wait({session})
        # Schedules are kept through Django's connection of asgiref's thread; a broken one is not replaced there.
        await sync_to_async(_close_connection)()
        if stop.is_set():
            return
        error = None if session.cancelled() else session.exception()
        _log.warning("task queue away, trying again", extra={"error": type(error).__name__})
        await asyncio.sleep(1.0)


def _without_connection(call_next: Callable[[], object], *_: object) -> object:
    """Run a task in its thread and leave no connection behind: threads come and go, tasks are hours apart."""
    try:
        return call_next()
    finally:
        connection.close()


def _close_connection() -> None:
    connection.close()  # the one of the thread that runs this


async def _task_session() -> None:
    """Run tasks until cancelled or until the database goes away."""
    # What an earlier session took and lost the answer to need not wait for the scheduled sweep.
    await sync_to_async(jobs.sweep_stalled)(timezone.now())
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5.0)
    # An app of its own around the same tasks: what tasks and handlers defer goes on through Django's connection
    # and its transaction, only the worker talks through this connector.
    own = DjangoApp(
        connector=connector,
        periodic_defaults={"max_delay": _CATCH_UP_SECONDS},
        worker_defaults={"task_middleware": [_without_connection]},
    )
    own.job_manager = Insisting(connector)
    own.tasks = app.tasks
    own.periodic_registry = app.periodic_registry
    async with own.open_async():
        await own.run_worker_async(
            name="laoke",
            concurrency=_TASKS_SIDE_BY_SIDE,
            # Notifications wake it at once; this is for those lost while the connection was.
            fetch_job_polling_interval=1.0,
            install_signal_handlers=False,
            shutdown_graceful_timeout=_FINISH_SECONDS,
        )

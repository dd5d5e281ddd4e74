"""The worker process: events to their handlers, webhooks on their way, background tasks and their schedule.

One process with a thread for each. Each thread survives the database's going away and coming back. On SIGTERM or
SIGINT the process ends within five seconds: what was taken and not begun is given back at once, what was cut off
comes back by its lease or by the sweep.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import connection
from django.utils.module_loading import autodiscover_modules
from procrastinate import PsycopgConnector
from procrastinate.contrib.django import DjangoApp, app
from procrastinate.contrib.django.utils import connector_params

from laoke.foundation.jobs.stopping import STOPPING
from laoke.foundation.outbox import dispatch as outbox
from laoke.foundation.webhooks import delivery as webhooks

SECONDS_TO_END = 4.0
_TASKS_SIDE_BY_SIDE = 2
_FINISH_SECONDS = 2.5
# A machine that was off at 03:30 and comes up before half past nine still does the night's work.
_CATCH_UP_SECONDS = 6 * 3600
_log = logging.getLogger(__name__)


def run_worker(stop: threading.Event) -> bool:
    """Work until `stop` is set.

    Returns:
        True when it was stopped; False when a thread died by itself, so the process should be started anew. A
        thread may still be busy then: the caller ends the process, leases and the sweep bring the work back.
    """
    STOPPING.clear()
    autodiscover_modules("handlers")
    threads = [
        _thread("outbox", lambda: outbox.loop(stop)),
        _thread("webhooks", lambda: webhooks.loop(stop)),
        _thread("tasks", lambda: asyncio.run(_run_tasks(stop))),
    ]
    _log.info("worker started", extra={"pid": os.getpid()})
    sound = True
    while not stop.wait(1.0):
        for thread in threads:
            if not thread.is_alive():
                _log.error("a thread of the worker ended by itself", extra={"thread": thread.name})
                sound = False
                stop.set()
    STOPPING.set()
    deadline = time.monotonic() + SECONDS_TO_END
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    busy = [thread.name for thread in threads if thread.is_alive()]
    _log.info("worker ended", extra={"still_busy": busy})
    return sound


def main() -> None:
    """The process: until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sound = run_worker(stop)
    sys.stdout.flush()
    sys.stderr.flush()
    # Python would wait for a thread that is still busy, for as long as its task takes.
    os._exit(0 if sound else 1)


def _thread(name: str, run: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


async def _run_tasks(stop: threading.Event) -> None:
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
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=5.0)
    # An app of its own around the same tasks: what tasks and handlers defer goes on through Django's connection
    # and its transaction, only the worker talks through this connector.
    own = DjangoApp(
        connector=connector,
        periodic_defaults={"max_delay": _CATCH_UP_SECONDS},
        worker_defaults={"task_middleware": [_without_connection]},
    )
    own.tasks = app.tasks
    own.periodic_registry = app.periodic_registry
    async with own.open_async():
        await own.run_worker_async(
            name="laoke",
            concurrency=_TASKS_SIDE_BY_SIDE,
            install_signal_handlers=False,
            shutdown_graceful_timeout=_FINISH_SECONDS,
        )

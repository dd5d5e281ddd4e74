"""The worker process: events to their handlers, webhooks on their way, background tasks and their schedule.

One process with a thread for each. Each thread survives the database's going away and coming back. On SIGTERM or
SIGINT the process ends within five seconds: what was taken and not begun is given back at once, what was cut off
comes back by its lease or by the sweep.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from django.utils.module_loading import autodiscover_modules

from laoke.foundation.jobs.stopping import STOPPING
from laoke.foundation.outbox import dispatch as outbox
from laoke.foundation.webhooks import delivery as webhooks
from laoke.surfaces.worker import queue

SECONDS_TO_END = 4.0
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
        _thread("tasks", lambda: queue.run(stop)),
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

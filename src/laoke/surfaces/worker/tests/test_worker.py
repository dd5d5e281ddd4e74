"""The worker for real: events, webhooks and tasks, through the loss of the database, to a clean end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from laoke.foundation.jobs import configure, declare
from laoke.foundation.jobs.stopping import STOPPING
from laoke.foundation.outbox import registry
from laoke.foundation.outbox import services as outbox
from laoke.surfaces.worker import queue
from laoke.surfaces.worker.main import run_worker


@pytest.fixture(autouse=True)
def _no_jobs(transactional_db: None) -> Iterator[None]:
    """The queue's tables belong to no model that Django would empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
        cursor.execute("delete from procrastinate_workers")


@pytest.fixture(autouse=True)
def _this_process_goes_on() -> Iterator[None]:
    """A worker that ended leaves word that its process is stopping; the process of the tests is not."""
    yield
    STOPPING.clear()


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def test_it_works_through_the_loss_of_the_database_and_ends_cleanly():
    handled: list[int] = []
    ran: list[datetime] = []

    @declare.task("test.worker")
    def work(at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        ran.append(at)

    configure.register(app, work, settings.LAOKE.zone)
    registry.subscribe("test.worker", "test", lambda event, at: handled.append(event.payload["number"]))
    stop = threading.Event()
    sound: list[bool] = []
    worker = threading.Thread(target=lambda: sound.append(run_worker(stop)))
    worker.start()
    try:
        begun = timezone.now()
        outbox.add("test.worker", {"number": 1}, at=begun)
        work.defer(begun)
        wait_until(lambda: handled == [1] and len(ran) == 1)
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
            cut = cursor.rowcount
        assert cut >= 3
        outbox.add("test.worker", {"number": 2}, at=timezone.now())
        work.defer(timezone.now())
        wait_until(lambda: set(handled) == {1, 2} and len(ran) == 2)
    finally:
        asked = time.monotonic()
        stop.set()
        worker.join(6)
        seconds = time.monotonic() - asked
        registry.unsubscribe("test.worker", "test")
        declare._declared.pop("test.worker")
        app.tasks.pop("test.worker")
    assert sound == [True]
    assert seconds < 5
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where status = 'doing'")
        assert cursor.fetchone() == (0,)


def test_the_end_of_a_job_is_written_down_however_long_the_database_is_away(monkeypatch):
    """Twice no connection, then the first write turns out to have come through: its answer alone was lost."""
    monkeypatch.setattr(queue, "_TRY_AGAIN_SECONDS", 0)
    failures = [psycopg.OperationalError(), psycopg.errors.AdminShutdown(), psycopg.errors.RaiseException()]
    asked = []

    class Connector:
        async def execute_query_async(self, query, **arguments):
            asked.append(arguments)
            if failures:
                raise ConnectorException from failures.pop(0)

    manager = queue.Insisting(Connector())
    job = Job(id=7, queue="q", lock=None, queueing_lock=None, task_name="t")
    asyncio.run(manager.finish_job(job, Status.SUCCEEDED, delete_job=False))
    assert asked == [{"job_id": 7, "status": "succeeded", "delete_job": False}] * 3
    # A refusal at the first try is a fault, not an echo.
    failures.append(psycopg.errors.RaiseException())
    with pytest.raises(ConnectorException):
        asyncio.run(manager.retry_job(job))


_BUSY = """
import os, time, django
django.setup()
from laoke.foundation.jobs import configure, declare
from laoke.foundation.jobs.stopping import STOPPING
from procrastinate.contrib.django import app
from django.conf import settings

@declare.task("test.busy")
def busy(at):
    print("busy", flush=True)
    time.sleep(60)

configure.register(app, busy, settings.LAOKE.zone)
from laoke.surfaces.worker.main import main
main()
"""


def test_a_signal_ends_the_process_within_five_seconds_even_in_a_long_task():
    target = connection.settings_dict
    url = (
        f"postgresql://{quote(target['USER'])}:{quote(target['PASSWORD'])}@/{target['NAME']}"
        f"?host={quote(target['HOST'], safe='')}&port={target['PORT'] or 5432}"
    )
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "laoke.project.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", _BUSY],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        app.configure_task("test.busy").defer(timestamp=timezone.now().timestamp())
        assert process.stdout.readline() == "busy\n", process.stderr.read()
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(8) == 0
        assert time.monotonic() - asked < 5
    finally:
        process.kill()
        process.communicate()

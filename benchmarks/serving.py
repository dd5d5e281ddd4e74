"""A shop of any size behind a running server, for benchmarks that load it over HTTP."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil


class Serving(NamedTuple):
    """A server at work; `key` may quote and sell, `built_seconds` is what making the shop took."""

    home: Path
    port: int
    key: str
    pid: int
    built_seconds: float


@contextlib.contextmanager
def serving(
    members: int, prepare: Callable[[], None], *, orders: int = 3, lines: bool = True
) -> Iterator[Serving]:
    """A fresh shop of `members` members with `orders` orders each; `prepare` runs with Django ready, before the server
    starts."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    port = _free_port()
    os.environ.update(
        LAOKE_HOME=str(home),
        LAOKE_PORT=str(port),
        LAOKE_LOG_LEVEL="warning",
        DJANGO_SETTINGS_MODULE="laoke.project.settings",
    )
    try:
        from laoke.surfaces.cli.session import now, ready

        with ready(migrate=True):
            import psycopg
            from django.conf import settings

            from benchmarks import shop
            from laoke.foundation.access import SYSTEM
            from laoke.foundation.apikeys import services as apikeys

            begun = time.perf_counter()
            with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
                shop.build(connection, members, orders=orders, lines=lines)
            prepare()
            _, key = apikeys.create(SYSTEM, "bench", ["orders:write", "quotes:write"], None, None, at=now())
            built = time.perf_counter() - begun
            server = subprocess.Popen(
                [sys.executable, "-m", "laoke.surfaces.cli", "up"], start_new_session=True
            )
            try:
                _wait(port)
                yield Serving(home, port, key, server.pid, round(built, 1))
            finally:
                server.send_signal(signal.SIGINT)
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(server.pid, signal.SIGKILL)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def settle() -> None:
    """Wait until the worker has handled what earlier rounds left: it must not work on one side's account."""
    from django.db import connection

    for _ in range(300):
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from foundation_outboxmessage where done_at is null")
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.1)


def cpu(server: int) -> dict[str, float]:
    """CPU seconds so far of the web processes and of the database's."""
    spent = {"web": 0.0, "database": 0.0}
    family = psutil.Process(server).children(recursive=True)
    pid_file = Path(os.environ["LAOKE_HOME"]) / "postgres" / "postmaster.pid"
    postmaster = psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0]))
    database = [postmaster, *postmaster.children()]
    for kind, processes in (("web", family), ("database", database)):
        for process in processes:
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                # A backend that ended counts in its parent.
                spent[kind] += times.user + times.system + times.children_user + times.children_system
    return spent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(900):  # a busy machine takes its time
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start")

"""Starting and watching the processes: web and worker, beside the embedded database."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import psutil
from django.conf import settings

from laoke.foundation.database import Cluster
from laoke.surfaces.cli.session import console

_GRACE_SECONDS = 8.0
_QUICK_DEATHS = 5


class Child:
    """One process that is started again when it ends by itself."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.name = name
        self._command = list(command)
        self._environment = environment
        self._begun = 0.0
        self._quick_deaths = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a group of its own: Ctrl-C reaches this process only, which then ends the rest in order."""
        self._begun = time.monotonic()
        self.process = subprocess.Popen(self._command, env=self._environment, start_new_session=True)

    def watch(self) -> bool:
        """Start it again if it has ended; False when it keeps ending at once and is given up."""
        assert self.process is not None
        code = self.process.poll()
        if code is None:
            return True
        lived = time.monotonic() - self._begun
        self._quick_deaths = self._quick_deaths + 1 if lived < 10 else 0
        if self._quick_deaths >= _QUICK_DEATHS:
            console.print(
                f"[bold red]{self.name}[/] ended {_QUICK_DEATHS} times in a row (code {code}); giving up."
            )
            return False
        console.print(f"{self.name} ended with code {code}; starting it again.")
        time.sleep(min(0.5 * 2**self._quick_deaths, 5))
        self.start()
        return True

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until it and all it started have ended; after that they are killed."""
        if self.process is None:
            return
        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _, alive = psutil.wait_procs(family, timeout=1)
        for left in alive:
            left.kill()


def run() -> int:
    """Run web and worker until Ctrl-C or SIGTERM. The database must run already; it is kept alive beside them.

    Returns:
        Exit code: 0 after a clean stop, 1 when a process could not be kept alive.
    """
    config = settings.LAOKE
    environment = dict(os.environ) | {
        "LAOKE_HOME": str(config.home),
        "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(_fresh_metrics(Path(config.home))),
    }
    children = [
        Child("web", _web_command(), environment),
        Child("worker", [sys.executable, "-m", "laoke.surfaces.worker"], environment),
    ]
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    for child in children:
        child.start()
    sound = True
    embedded = Cluster(Path(config.home)) if settings.DATABASE_TARGET.home is not None else None
    while sound and not stop.wait(1.0):
        if embedded is not None:
            embedded.start(keep=False)  # a killed database comes back
        sound = all(child.watch() for child in children)
    console.print("Stopping …")
    for child in children:
        child.stop()
    deadline = time.monotonic() + _GRACE_SECONDS
    for child in children:
        child.wait(max(0.5, deadline - time.monotonic()))
    return 0 if sound else 1


def _web_command() -> list[str]:
    config = settings.LAOKE
    return [
        sys.executable, "-m", "granian", "laoke.project.wsgi:application",
        "--interface", "wsgi",
        "--host", config.host,
        "--port", str(config.port),
        "--workers", str(config.web_workers),
        "--blocking-threads", "2",
        "--respawn-failed-workers",
        "--workers-kill-timeout", "5",
        "--no-ws",
        "--log-level", "warning",
    ]  # fmt: skip


def _fresh_metrics(home: Path) -> Path:
    folder = home / "run" / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder

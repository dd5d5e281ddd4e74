"""Starting and watching the processes: web and worker, beside the embedded database."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]

from laoke.foundation.config import Config
from laoke.foundation.database import Cluster, DatabaseTarget
from laoke.foundation.database.locks import hold
from laoke.kernel.errors import LaokeError
from laoke.surfaces.cli.session import say

# The worker takes up to 4 s to end in order, the web 3; after that nobody is waited for: Ctrl-C is meant.
_GRACE_SECONDS = 5.0
# What they were asked is done by then or will be asked again; nobody can tell them to end better than this.
_GRACE_FOR_STRAYS_SECONDS = 1.0
_QUICK_DEATHS = 5
_LOCK = "up.lock"
# Every process that an `up` starts, and whatever those start, has this in its environment, and nobody else.
_MARK = "PROMETHEUS_MULTIPROC_DIR"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class AlreadyUp(LaokeError):
    """Another `laoke up` runs from the same folder."""

    code, status, title = "already-up", 409, "Laoke runs already"

    def __init__(self, home: Path, who: str) -> None:
        super().__init__(
            f"From {home}{who}. Stop it there with Ctrl-C, or give this one a folder of its own: LAOKE_HOME=..."
        )


class AddressUnusable(LaokeError):
    """The address to listen on is taken, or not ours to take."""

    code, status, title = "address-unusable", 409, "The address cannot be used"


class Child:
    """One process that is started again when it ends by itself."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.name = name
        self._command = list(command)
        self._environment = environment
        self._begun = 0.0
        self._quick_deaths = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a group of its own: Ctrl-C reaches this process only, which then ends the rest in order."""
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            self._command, env=self._environment, start_new_session=True, preexec_fn=_end_with_parent
        )

    def lives(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def watch(self, stop: threading.Event) -> bool:
        """Start it again if it has ended; False when it keeps ending at once and is given up."""
        assert self._process is not None
        code = self._process.poll()
        if code is None:
            return True
        lived = time.monotonic() - self._begun
        self._quick_deaths = self._quick_deaths + 1 if lived < 10 else 0
        if self._quick_deaths >= _QUICK_DEATHS:
            say(f"{self.name} ended {_QUICK_DEATHS} times in a row (code {code}); giving up.")
            return False
        say(f"{self.name} ended with code {code}; starting it again.")
        if not stop.wait(min(0.5 * 2**self._quick_deaths, 5)):
            self.start()
        return True

    def family(self) -> list[psutil.Process]:
        """The process and all it started."""
        try:
            own = psutil.Process(self._process.pid) if self._process else None
            return [own, *own.children(recursive=True)] if own else []
        except psutil.NoSuchProcess:
            return []

    def ask_to_end(self) -> None:
        """Send SIGTERM, if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def reap(self) -> None:
        """Take note of the end of a process that has ended."""
        if self._process is not None:
            self._process.wait()


@contextmanager
def alone(config: Config) -> Iterator[None]:
    """Be the only `laoke up` of this home, with an address to listen on. Looked at before anything is started.

    Raises:
        AlreadyUp, AddressUnusable
    """
    config.home.mkdir(parents=True, exist_ok=True)
    path = config.home / _LOCK
    lock = hold(path)
    if lock is None:
        who = path.read_text(encoding="utf-8").strip()
        raise AlreadyUp(config.home, f", {who}" if who else "")
    try:
        _end_all(_strays(config.home))
        _check_address(config)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"as process {os.getpid()}, at {address(config)}\n".encode(), 0)
        yield
        os.ftruncate(lock, 0)
    finally:
        os.close(lock)


def address(config: Config) -> str:
    """Where a browser on this machine finds it."""
    host = "localhost" if config.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else config.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{config.port}/"


def run(config: Config, target: DatabaseTarget) -> int:
    """Run web and worker until Ctrl-C or SIGTERM. The database must run already; it is kept alive beside them.

    Returns:
        Exit code: 0 after a clean stop, 1 when a process could not be kept alive.
    """
    environment = dict(os.environ) | {
        "LAOKE_HOME": str(config.home),
        "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
        _MARK: str(_fresh_metrics(config.home)),
    }
    children = [
        Child("web", _web_command(config), environment),
        Child("worker", [sys.executable, "-m", "laoke.surfaces.worker"], environment),
    ]
    embedded = Cluster(target.home) if target.home is not None else None
    with _asked_to_stop() as stop:
        try:
            for child in children:
                child.start()
            sound = True
            while sound and not stop.wait(1.0):
                if embedded is not None:
                    embedded.start(keep=False)  # a killed database comes back
                if not all(child.lives() for child in children):
                    # A killed server leaves its own processes behind, which would go on answering beside the new ones.
                    _end_all(_strays(config.home, but=_family(children)))
                sound = all(child.watch(stop) for child in children)
        finally:
            say("Stopping …")
            _end(children)
    return 0 if sound else 1


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(children: Sequence[Child]) -> None:
    """Ask all to end, wait, and kill what is left: also what a killed server process has left behind."""
    # Noted before anybody is asked: afterwards the children of one that has ended cannot be found any more.
    family = _family(children)
    for child in children:
        child.ask_to_end()
    _wait_or_kill(family)
    for child in children:
        child.reap()


def _family(children: Sequence[Child]) -> list[psutil.Process]:
    return [process for child in children for process in child.family()]


def _strays(home: Path, but: Sequence[psutil.Process] = ()) -> list[psutil.Process]:
    """Processes that were started for this home and have lost the one that watched over them."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(_MARK) == str(_metrics(home))
        except (psutil.Error, OSError):
            continue  # gone meanwhile, or somebody else's
        if ours and process not in but and process.pid != os.getpid():
            found.append(process)
    return found


def _end_all(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _wait_or_kill(processes, _GRACE_FOR_STRAYS_SECONDS)


def _wait_or_kill(processes: Sequence[psutil.Process], seconds: float = _GRACE_SECONDS) -> None:
    _, left = psutil.wait_procs(processes, timeout=seconds)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=1)


def _end_with_parent() -> None:
    """Between fork and exec: have the kernel send SIGTERM when this process is killed and cannot do it itself."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _check_address(config: Config) -> None:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(where)
            # Binding alone succeeds beside a socket that has bound and not begun to listen.
            tried.listen(1)
    except socket.gaierror:
        raise AddressUnusable(
            f"LAOKE_HOST: {config.host} is not an address of this machine. 127.0.0.1 serves this machine only, "
            "0.0.0.0 the network too."
        ) from None
    except OSError as error:
        raise AddressUnusable(_why(error, config)) from None


def _why(error: OSError, config: Config) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {config.port} is taken by another program. Choose another one, for instance "
            f"LAOKE_PORT={config.port + 1 if config.port < 65535 else 8000}."
        )
    if error.errno == errno.EACCES:
        return f"Port {config.port} needs more rights than this account has. Choose one from 1024 on: LAOKE_PORT=8000."
    return f"LAOKE_HOST: {config.host} cannot be listened on ({error.strerror}). 127.0.0.1 serves this machine only."


def _web_command(config: Config) -> list[str]:
    return [
        sys.executable, "-m", "granian", "laoke.project.wsgi:application",
        "--interface", "wsgi",
        "--host", config.host,
        "--port", str(config.port),
        "--workers", str(config.web_workers),
        "--blocking-threads", "2",
        "--respawn-failed-workers",
        "--workers-kill-timeout", "3",
        "--no-ws",
        "--log-level", "warning",
    ]  # fmt: skip


def _metrics(home: Path) -> Path:
    return home / "run" / "metrics"


def _fresh_metrics(home: Path) -> Path:
    folder = _metrics(home)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder

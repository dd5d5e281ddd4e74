"""The embedded PostgreSQL: made once, started when somebody needs it, stopped when nobody does.

Four files in the home coordinate the processes, each a lock of the kernel's, so none outlives its holder:

- `database.lock` is held while a process makes, starts or stops the server: one at a time.
- `database.leases` is held, shared, by every process that uses the server through `running()`; who leaves last
  stops it.
- `database.alive` is held by the server's own processes, which inherit it. While it is held, something of the server
  lives, be it only an orphan of a killed postmaster; when it is free, any postmaster.pid is stale, whatever it says.
- `database.kept` (not a lock) says that the server was started to stay, by `start()`.
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from laoke.foundation.database import tuning
from laoke.foundation.database.account import reachable_programs
from laoke.foundation.database.errors import DatabaseHomeUnusable, DatabaseUnavailable
from laoke.foundation.database.locks import PAUSE_SECONDS, hold, is_held, one_at_a_time
from laoke.foundation.database.place import ELSEWHERE, PORT, Place, find_place
from laoke.foundation.database.programs import Programs, find_server, quiet_environment
from laoke.foundation.database.target import DatabaseTarget

ROLE = NAME = "laoke"

# How long orphans of a killed postmaster may take to notice it, before they are told, before they are ended.
ORPHANS_NOTICE_SECONDS = 1.0
ORPHANS_OBEY_SECONDS = 5.0
LAUNCHES = 3


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """What is known of the server at this moment. `ready` means a real connection succeeded."""

    ready: bool
    alive: bool
    kept: bool
    pid: int | None
    version: str | None
    data: Path
    socket: Path
    log: Path


class Cluster:
    """The embedded PostgreSQL of one home.

    Args:
        home: the folder that holds everything; made when missing.
        programs: the PostgreSQL to run; found when not given.
        fast_and_loose: no safety after a crash, for test sessions only. Taken over at a start.
        elsewhere: where root keeps data that the server's account could not reach in the home.
    """

    def __init__(
        self,
        home: Path,
        *,
        programs: Programs | None = None,
        fast_and_loose: bool = False,
        elsewhere: Path = ELSEWHERE,
    ) -> None:
        self.home = home.expanduser().absolute()
        self._programs = programs
        self._fast_and_loose = fast_and_loose
        self._elsewhere = elsewhere

    # What a caller may want to know

    @functools.cached_property
    def place(self) -> Place:
        """Where this cluster lives. Makes the folders and the password when they are missing.

        Raises:
            DatabaseHomeUnusable: the home cannot be used by this account.
        """
        try:
            if not self.home.exists():
                self.home.mkdir(parents=True, exist_ok=True)
                # The server's account may have to pass through; nobody may look around.
                self.home.chmod(0o711)
            with one_at_a_time(self.home / "database.lock", timeout=120):
                place = find_place(self.home, self._elsewhere)
                self._make_password(place)
                return place
        except OSError as error:
            raise DatabaseHomeUnusable(
                f"{error.filename or self.home}: {error.strerror}. Run laoke as the account this folder belongs "
                "to, or choose another folder with LAOKE_HOME."
            ) from None

    def target(self) -> DatabaseTarget:
        """How to reach the database, whether it runs or not."""
        place = self.place
        return DatabaseTarget(
            name=NAME,
            user=ROLE,
            password=self._password_file.read_text(encoding="ascii").strip(),
            host=str(place.socket),
            port=str(PORT),
            home=self.home,
        )

    def conninfo(self) -> str:
        """For psycopg.connect(). Holds the password: never print it."""
        return self.target().conninfo()

    def url(self) -> str:
        """The same as an address. Holds the password: never print it."""
        return self.target().url()

    def django_settings(self) -> dict[str, Any]:
        """One entry of Django's DATABASES."""
        return self.target().django_settings()

    def status(self) -> ClusterStatus:
        """Look, without starting or changing anything that runs."""
        place = self.place
        version = None
        with suppress(psycopg.OperationalError), self._connect() as connection:
            number = connection.info.server_version
            version = f"{number // 10000}.{number % 10000}"
        server = self._postmaster()
        return ClusterStatus(
            ready=version is not None,
            alive=is_held(self._alive),
            kept=self._kept.exists() and version is not None,
            pid=server.pid if server else None,
            version=version,
            data=place.data,
            socket=place.socket,
            log=place.log,
        )

    # Starting and stopping

    @contextmanager
    def running(self, timeout: float = 60.0) -> Iterator[Cluster]:
        """Have the server running for the length of the block.

        Any number of processes may overlap, in any order: the first starts the server, the last stops it, unless
        `start()` was told to keep it. A process that is killed counts as gone.

        Raises:
            DatabaseUnavailable: it did not start in `timeout` seconds.
        """
        _ = self.place
        with self._alone(timeout):
            lease = hold(self._leases, shared=True)
            assert lease is not None, "leases are only ever taken alone under the lock"
            try:
                self._bring_up(time.monotonic() + timeout, keep=False)
            except BaseException:
                os.close(lease)
                raise
        owner = os.getpid()
        try:
            yield self
        finally:
            # A forked child that leaves the block has no say: its copy of the lease ends with it.
            if os.getpid() == owner:
                with self._alone(timeout):
                    os.close(lease)
                    if not is_held(self._leases) and not self._kept.exists():
                        self._shut_down(timeout)

    def start(self, timeout: float = 60.0, *, keep: bool = True) -> bool:
        """Have the server running when this returns; True when this call launched it. Safe to repeat.

        With `keep` it stays until `stop()`, whoever uses it meanwhile. Without, nothing is promised: a process inside
        `running()` calls it so to revive a server that was killed.

        Raises:
            DatabaseUnavailable: it did not start in `timeout` seconds.
        """
        _ = self.place
        with self._alone(timeout):
            return self._bring_up(time.monotonic() + timeout, keep=keep)

    def stop(self, timeout: float = 30.0) -> bool:
        """Stop the server, whoever uses it; True when there was something to stop. Open transactions are rolled back.

        Raises:
            DatabaseUnavailable: processes of it were still there after `timeout` seconds.
        """
        _ = self.place
        with self._alone(timeout):
            return self._shut_down(timeout)

    def destroy(self) -> None:
        """Stop the server and delete its data, password, log and socket for good. The rest of the home stays."""
        place = self.place
        with self._alone(30):
            self._shut_down(30)
            for folder in (place.data, place.log, place.socket):
                shutil.rmtree(folder, ignore_errors=True)
            if place.data.parent != place.home:
                shutil.rmtree(place.data.parent, ignore_errors=True)
                (place.home / "postgres").unlink(missing_ok=True)
            for link in (place.home / "run", self._password_file, self._kept, self._leases, self._alive):
                link.unlink(missing_ok=True)
        del self.place

    # Files of the home

    @property
    def _password_file(self) -> Path:
        return self.home / "database.password"

    @property
    def _leases(self) -> Path:
        return self.home / "database.leases"

    @property
    def _alive(self) -> Path:
        return self.home / "database.alive"

    @property
    def _kept(self) -> Path:
        return self.home / "database.kept"

    def _alone(self, timeout: float) -> Any:
        return one_at_a_time(self.home / "database.lock", timeout)

    def _make_password(self, place: Place) -> None:
        if self._password_file.exists():
            return
        if (place.data / "PG_VERSION").exists():
            raise DatabaseHomeUnusable(
                f"{self._password_file} is missing, and the database in {place.data} opens with that password only. "
                "Put the file back from a copy, or restore the latest backup into a new LAOKE_HOME."
            )
        draft = self._password_file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._password_file)

    # Making the data folder (under the lock)

    def _programs_for_data(self) -> Programs:
        version = self.place.data / "PG_VERSION"
        major = int(version.read_text().split(".")[0]) if version.exists() else None
        programs = self._programs
        if programs is None or major not in (None, programs.major):
            programs = find_server(major)
        return reachable_programs(programs, self.place.account, self._elsewhere)

    def _make_data(self, programs: Programs) -> None:
        """Make the data folder under another name and rename it when it is whole: half a one is never taken for it."""
        place = self.place
        if place.data.exists():
            if any(place.data.iterdir()):
                raise DatabaseHomeUnusable(
                    f"{place.data} holds files but no PostgreSQL data (PG_VERSION is missing). Move it away, or put "
                    "the whole folder back from a copy."
                )
            place.data.rmdir()
        draft = place.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        place.account.give(draft)
        password = place.socket / "password"
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password_file.read_text(encoding="ascii"))
        place.account.give(password)
        try:
            # Locale C: every machine has it, and it sorts the same on all of them, whatever the C library's version.
            self._run(
                [programs["initdb"], "-D", str(draft), "-U", ROLE, "--pwfile", str(password)]
                + ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
                + (["--no-sync"] if self._fast_and_loose else [])
            )
        finally:
            password.unlink()
        self._write(draft / "postgresql.conf", tuning.USER_CONF)
        self._write(draft / "pg_hba.conf", tuning.HBA_CONF)
        # A single-user server makes the database, so that a data folder never exists without it.
        self._run(
            [programs["postgres"], "--single", "-D", str(draft), "-j", "postgres"],
            given=f"CREATE DATABASE {NAME};\n\n",
        )
        draft.rename(place.data)

    def _write(self, path: Path, text: str) -> None:
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        self.place.account.give(draft)
        draft.replace(path)

    def _run(self, command: list[str], given: str = "") -> None:
        done = subprocess.run(
            command,
            input=given,
            text=True,
            capture_output=True,
            cwd="/",
            env=quiet_environment(),
            **self.place.account.popen,
        )
        # A single-user server answers 0 even when the statement failed.
        if done.returncode or "ERROR:" in done.stderr or "FATAL:" in done.stderr:
            raise DatabaseUnavailable(
                f"{Path(command[0]).name} could not make the database: {_last_lines(done.stderr or done.stdout)}. "
                f"Is there room on the disk of {self.place.data.parent}, and may files be written there?"
            )

    # Starting (under the lock)

    def _bring_up(self, deadline: float, *, keep: bool) -> bool:
        launches = 0
        while True:
            alive = hold(self._alive)
            if alive is None:
                if self._await_ready(deadline):
                    break
                continue
            try:
                if launches == LAUNCHES:
                    raise DatabaseUnavailable(
                        f"The database ended while starting: {self._last_words()}. The whole log is in "
                        f"{self.place.log}."
                    )
                if launches or not self._foreign_server_answers():
                    self._launch(alive)
                    launches += 1
                else:
                    break
            finally:
                os.close(alive)
        if launches:
            # The mark is about the life of one server: it does not pass on to the next one.
            self._kept.unlink(missing_ok=True)
        if keep:
            self._kept.touch(mode=0o600)
        return launches > 0

    def _launch(self, alive: int) -> None:
        """Start the server in a session of its own; `alive` passes on to it and marks it as living."""
        place = self.place
        programs = self._programs_for_data()
        if not (place.data / "PG_VERSION").exists():
            self._make_data(programs)
        # What a killed server left. PostgreSQL itself refuses to start when the process number noted there is in use
        # again, or still belongs to a zombie that the container's first process does not collect.
        socket = f".s.PGSQL.{PORT}"
        for stale in (place.data / "postmaster.pid", place.socket / socket, place.socket / f"{socket}.lock"):
            stale.unlink(missing_ok=True)
        self._write(
            place.data / "laoke.conf",
            tuning.server_conf(
                memory_mib=tuning.memory_mib(),
                shared_memory_mib=tuning.shared_memory_mib(),
                log=place.log,
                fast_and_loose=self._fast_and_loose,
            ),
        )
        server = [programs["postgres"], "-D", str(place.data), "-k", str(place.socket), "-p", str(PORT)]
        server += ["-c", f"cluster_name={place.tag}"]
        words = place.log / "start.log"
        words.unlink(missing_ok=True)
        with os.fdopen(os.open(words, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            place.account.give(words)
            # The shell ends at once and leaves the server to init: it is nobody's child, so Ctrl-C does not reach it
            # and its end leaves no zombie with us.
            subprocess.run(
                ["/bin/sh", "-c", '"$@" &', "sh", *server],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=quiet_environment(),
                start_new_session=True,
                pass_fds=(alive,),
                check=True,
                **place.account.popen,
            )

    def _await_ready(self, deadline: float) -> bool:
        """Wait while something of the server lives: True when it answers, False when the last of it has gone."""
        orphaned_since = None
        while is_held(self._alive):
            if self._answers():
                return True
            now = time.monotonic()
            if now > deadline:
                raise DatabaseUnavailable(
                    f"The database does not answer: {self._last_words()}. Its log is in {self.place.log}; after a "
                    "crash it may be busy repairing itself, then simply try again."
                )
            if self._postmaster():
                orphaned_since = None
            else:
                orphaned_since = orphaned_since or now
                self._end_orphans(now - orphaned_since)
            time.sleep(PAUSE_SECONDS)
        return False

    def _end_orphans(self, orphaned_seconds: float) -> None:
        """A killed postmaster's children end when they notice; one in a long query notices late, so it is told."""
        if orphaned_seconds < ORPHANS_NOTICE_SECONDS:
            return
        order = signal.SIGQUIT if orphaned_seconds < ORPHANS_OBEY_SECONDS else signal.SIGKILL
        for process in self._processes():
            with suppress(psutil.Error):
                process.send_signal(order)

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError as error:
            told = str(error)
            if "password authentication failed" in told:
                raise DatabaseUnavailable(
                    f"The database does not accept the password in {self._password_file}. Put the file back from a "
                    "copy, or restore the latest backup into a new LAOKE_HOME."
                ) from None
            return "too many" in told or "remaining connection slots" in told
        return True

    def _foreign_server_answers(self) -> bool:
        """Whether a server that somebody started by hand (pg_ctl) serves this data; then it is used as it is.

        Raises:
            DatabaseUnavailable: it runs but does not answer at our socket.
        """
        pid = self._noted_pid()
        with suppress(psutil.Error):
            if pid and str(self.place.data) in psutil.Process(pid).cmdline()[1:]:
                if self._answers():
                    return True
                raise DatabaseUnavailable(
                    f"A PostgreSQL that laoke did not start (process {pid}) uses {self.place.data} and does not answer "
                    f"at {self.place.socket}. Stop it (kill -INT {pid}) and try again."
                )
        return False

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.conninfo(), connect_timeout=3, autocommit=True)

    # Stopping (under the lock)

    def _shut_down(self, timeout: float) -> bool:
        """Fast shutdown; after half the time an immediate one, from which the next start recovers."""
        self._kept.unlink(missing_ok=True)
        begun = time.monotonic()
        if not is_held(self._alive):
            return False
        asked: set[int] = set()
        while is_held(self._alive):
            waited = time.monotonic() - begun
            if waited > timeout:
                raise DatabaseUnavailable(
                    f"The database did not stop in {timeout:.0f} seconds. Its log is in {self.place.log}."
                )
            if server := self._postmaster():
                order = signal.SIGINT if waited < timeout / 2 else signal.SIGQUIT
                # Once each: a signal sent again would turn a shutdown under way into a race.
                if order not in asked:
                    asked.add(order)
                    with suppress(psutil.Error):
                        server.send_signal(order)
            elif waited > ORPHANS_NOTICE_SECONDS:
                self._end_orphans(waited)
            time.sleep(PAUSE_SECONDS)
        return True

    # Looking at processes

    def _noted_pid(self) -> int | None:
        """The process that postmaster.pid names. It may be long dead, another's, or (after a full disk) missing."""
        try:
            return int((self.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def _postmaster(self) -> psutil.Process | None:
        if pid := self._noted_pid():
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                if f"cluster_name={self.place.tag}" in process.cmdline():
                    return process
        return next(
            (p for p in self._processes() if f"cluster_name={self.place.tag}" in p.info["cmdline"]),
            None,
        )

    def _processes(self) -> list[psutil.Process]:
        """The server's processes, known by the cluster's name in their titles, which every account may read."""
        tag = self.place.tag
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if (line := process.info["cmdline"])
            and (f"cluster_name={tag}" in line or line[0].startswith(f"postgres: {tag}: "))
        ]

    def _last_words(self) -> str:
        """Why it did not start: what it said before its log was open, else the end of the newest log."""
        logs = sorted(self.place.log.glob("postgresql-*.log"), key=lambda path: -path.stat().st_mtime_ns)
        for path in (self.place.log / "start.log", *logs[:1]):
            with suppress(OSError):
                words = path.read_text(encoding="utf-8", errors="replace")
                if path.name != "start.log" or _is_telling(words):
                    return _last_lines(words)
        return "it said nothing"


@contextmanager
def running(home: Path, timeout: float = 60.0, *, fast_and_loose: bool = False) -> Iterator[Cluster]:
    """`Cluster(home).running()` in one word."""
    with Cluster(home, fast_and_loose=fast_and_loose).running(timeout) as cluster:
        yield cluster


def _is_telling(words: str) -> bool:
    return any(mark in words for mark in ("FATAL:", "PANIC:", "ERROR:", "postgres:"))


def _last_lines(words: str) -> str:
    """The end of a text as one line: the fatal message and what led to it."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "it said nothing"

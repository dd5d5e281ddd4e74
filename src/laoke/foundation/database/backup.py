"""Dump a database into one file; restore one beside the old data, prove it, then swap the two."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import errors, sql

from laoke.foundation.database.archive import Manifest, dump_chunks, read_manifest, sync_folder, write_archive
from laoke.foundation.database.errors import BackupFailed, RestoreFailed
from laoke.foundation.database.programs import Programs, find_client, quiet_environment
from laoke.foundation.database.target import DatabaseTarget

# Called with a phase and, while bytes flow, how many went through and how many there are (None: not known).
# Phases of a dump: "dump". Of a restore: "load", "index", "prove", "swap".
Progress = Callable[[str, int, int | None], None]

SWAP_ATTEMPTS = 5

__all__ = ["Manifest", "Progress", "dump", "read_manifest", "restore"]


def dump(
    target: DatabaseTarget,
    file: Path,
    progress: Progress = lambda phase, done, total: None,
    *,
    at: datetime,
    about: Mapping[str, str] | None = None,
) -> Manifest:
    """Write a backup of a running database, as it is at one instant. Others go on working meanwhile.

    An older file of that name is replaced, and only when the new one is whole and on the disk.

    Args:
        at: the instant noted in the backup, timezone-aware.
        about: notes for the manifest; no personal data.
    Raises:
        BackupFailed: the database did not answer or the disk is full; no file was left.
        DatabaseProgramsMissing: no pg_dump of the server's version or newer.
    """
    version = _server_version(target, BackupFailed)
    programs = find_client(version // 10000)
    draft = file.with_name(f".{file.name}.{os.getpid()}.part")
    command = [programs["pg_dump"], "-Fc", "--no-owner", "--no-privileges"]
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output,
            _program(command, target) as (process, said),
        ):
            assert process.stdout is not None
            seal = write_archive(
                output,
                process.stdout,
                made_at=at,
                server=f"{version // 10000}.{version % 10000}",
                about=about or {},
                written=lambda done: progress("dump", done, None),
            )
            if process.wait():
                raise BackupFailed(f"pg_dump stopped: {said()}. No backup was written.")
            manifest = seal()
            output.flush()
            os.fsync(output.fileno())
        draft.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise BackupFailed(
            f"{error.filename or file}: {error.strerror}. Choose another place or make room."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def restore(
    target: DatabaseTarget,
    file: Path,
    progress: Progress = lambda phase, done, total: None,
    *,
    prove: Callable[[DatabaseTarget], None],
) -> Manifest:
    """Put a backup in the place of a database's data, all or nothing.

    The backup goes into a new database beside the old one; `prove` looks at it there; only then the two change
    names, in one transaction. Whatever fails, also a kill in between, leaves the old data under its name. Sessions
    that are connected at the swap are ended and find the restored data when they connect again.

    Args:
        prove: given the new database; raises to refuse it. Its exception reaches the caller.
    Raises:
        BackupUnreadable: not a backup of Laoke, or damaged. Nothing was changed.
        RestoreFailed: the server or pg_restore refused. Nothing was changed.
        DatabaseProgramsMissing: no pg_restore that fits the server and the backup.
    """
    manifest = read_manifest(file)
    version = _server_version(target, RestoreFailed)
    if manifest.server_major > version // 10000:
        raise RestoreFailed(
            f"{file.name} was made by PostgreSQL {manifest.server_major}, this server is {version // 10000}. "
            f"Restore it into a PostgreSQL {manifest.server_major} or newer."
        )
    programs = find_client(version // 10000)
    fresh = target.in_database(f"{target.name}_restoring")
    try:
        with _administration(target) as admin:
            _drop(admin, fresh.name)
            _create_like(admin, fresh.name, target.name)
            try:
                _load(programs, fresh, file, manifest, progress)
                progress("prove", 0, None)
                prove(fresh)
                progress("swap", 0, None)
                _swap(admin, target, fresh.name)
            except BaseException:
                with suppress(psycopg.Error):
                    _drop(admin, fresh.name)
                raise
    except errors.InsufficientPrivilege:
        raise RestoreFailed(
            f"The role {target.user} may not make databases or rename {target.name}. Give it the right "
            f"(ALTER ROLE {target.user} CREATEDB; ALTER DATABASE {target.name} OWNER TO {target.user})."
        ) from None
    except psycopg.Error as error:
        raise RestoreFailed(
            f"The server refused: {_harmless(str(error))}. The old data is untouched."
        ) from None
    return manifest


def _load(
    programs: Programs, fresh: DatabaseTarget, file: Path, manifest: Manifest, progress: Progress
) -> None:
    command = [programs["pg_restore"], "-Fc", "--no-owner", "--no-privileges", "--exit-on-error"]
    with _program(command, fresh, given=True) as (process, said):
        assert process.stdin is not None
        done, reading = 0, True
        # The file is read to its end even when pg_restore has heard enough: the checksum covers all of it.
        for chunk in dump_chunks(file):
            done += len(chunk)
            if reading:
                try:
                    process.stdin.write(chunk)
                except BrokenPipeError:
                    reading = False
            progress("load", done, manifest.dump_bytes)
        with suppress(BrokenPipeError):
            process.stdin.close()
        progress("index", 0, None)
        if process.wait():
            raise RestoreFailed(
                f"pg_restore {programs.version} stopped: {said()}. The old data is untouched. Is there room for a "
                "second copy of the data, and was the backup made by a PostgreSQL of the same version or older?"
            )
    with psycopg.connect(fresh.conninfo(), autocommit=True) as connection:
        # A dump brings no statistics along; without them the first queries are planned blindly.
        connection.execute("ANALYZE")


def _swap(admin: psycopg.Connection[Any], target: DatabaseTarget, fresh: str) -> None:
    """Let two databases change names in one transaction, ending whoever is connected to them.

    The rename locks the database's name first and then waits five seconds for its sessions to go. New ones wait for
    that lock, so ending the old ones meanwhile, from another connection, succeeds even under load.
    """
    old = f"{target.name}_replaced"
    _drop(admin, old)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    for attempt in range(1, SWAP_ATTEMPTS + 1):
        try:
            with _sessions_ended(target, (target.name, fresh)), admin.transaction():
                admin.execute(rename.format(sql.Identifier(target.name), sql.Identifier(old)))
                admin.execute(rename.format(sql.Identifier(fresh), sql.Identifier(target.name)))
            break
        except errors.ObjectInUse:
            if attempt == SWAP_ATTEMPTS:
                raise
    with suppress(psycopg.Error):
        _drop(admin, old)


@contextmanager
def _sessions_ended(target: DatabaseTarget, names: tuple[str, ...]) -> Iterator[None]:
    """End the sessions of these databases again and again for the length of the block."""
    done = threading.Event()

    def end_them() -> None:
        with suppress(psycopg.Error), _maintenance(target) as connection:
            while not done.is_set():
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = ANY(%s) AND backend_type = 'client backend'",
                    [list(names)],
                )
                done.wait(0.05)

    thread = threading.Thread(target=end_them, name="end-sessions", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def _administration(target: DatabaseTarget) -> Iterator[psycopg.Connection[Any]]:
    """A connection beside the database, holding the right to restore it: one restore at a time."""
    with _maintenance(target) as connection:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtextextended('laoke restore ' || %s, 0))", [target.name]
        ).fetchone()
        if not (row and row[0]):
            raise RestoreFailed(f"Another restore of {target.name} is under way. Wait until it has ended.")
        yield connection


@contextmanager
def _maintenance(target: DatabaseTarget) -> Iterator[psycopg.Connection[Any]]:
    try:
        connection = psycopg.connect(target.in_database("postgres").conninfo(), autocommit=True)
    except psycopg.OperationalError:
        # Servers for hire sometimes offer no database of that name; this one always exists.
        connection = psycopg.connect(target.in_database("template1").conninfo(), autocommit=True)
    with connection:
        yield connection


def _create_like(admin: psycopg.Connection[Any], name: str, model: str) -> None:
    """Make an empty database that encodes and sorts as the model does."""
    row = admin.execute(
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = %s",
        [model],
    ).fetchone()
    encoding, collate, ctype = row or ("UTF8", "C", "C")
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
            sql.Identifier(name), encoding, collate, ctype
        )
    )


def _drop(admin: psycopg.Connection[Any], name: str) -> None:
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _server_version(target: DatabaseTarget, refusal: type[BackupFailed] | type[RestoreFailed]) -> int:
    """Such as 160014."""
    try:
        with psycopg.connect(target.conninfo(), connect_timeout=10) as connection:
            return connection.info.server_version
    except psycopg.OperationalError as error:
        raise refusal(f"The database does not answer: {_harmless(str(error))}. Is it running?") from None


@contextmanager
def _program(
    command: list[str], target: DatabaseTarget, *, given: bool = False
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], str]]]:
    """Run one of PostgreSQL's programs against a database; killed when the block is left before it ends.

    Yields the process and a function that tells its first complaint.
    """
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [*command, "--no-password", "-d", target.conninfo_without_password()],
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if given else subprocess.PIPE,
            stderr=complaints,
            env=quiet_environment() | target.secrets(),
        )
        try:
            yield process, lambda: _first_complaint(complaints)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()


def _first_complaint(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read(64 * 1024).decode("utf-8", "replace").splitlines()
    telling = [line for line in lines if "error:" in line or "ERROR:" in line or "FATAL:" in line]
    return _harmless((telling or lines or ["it said nothing"])[0])


def _harmless(complaint: str) -> str:
    """The first line without what it quotes from the data: errors are shown and logged."""
    first = complaint.strip().split("\n", 1)[0]
    return re.sub(r': "[^"]*"', "", first).removesuffix(".")[:300]

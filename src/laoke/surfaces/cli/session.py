"""What every command needs first: settings that can be used, a database that runs, Django set up."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import IntEnum
from types import FrameType

from rich.console import Console

from laoke.kernel.errors import LaokeError

# Words for a person go to stderr, so that what a script wants can be taken from stdout. Nothing is wrapped: an
# address or a command that was broken into lines cannot be copied.
console = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """What a command ends with."""

    OK = 0
    DIFFERENCES = 1  # `laoke check` found some; `laoke up` could not keep a process alive
    REFUSED = 2  # nothing was done, and stderr says why; a mistyped command too
    STOPPED = 130  # Ctrl-C or SIGTERM; what was done so far is kept, a repeat goes on


class NotMigrated(LaokeError):
    """The database does not have the tables of this version yet."""

    code, status, title = "not-migrated", 500, "The database is not ready for this version"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"It is that of {where}. Run `laoke up` or `laoke migrate` once, both bring the tables up to date; or set "
            "LAOKE_HOME, where another one is meant."
        )


class DatabaseAway(LaokeError):
    """The database cannot be reached, or went away while a command ran."""

    code, status, title = "database-away", 503, "The database does not answer"


def now() -> datetime:
    """The clock, read once at the edge."""
    return datetime.now(UTC)


def say(text: str) -> None:
    """Tell a person something, on stderr and as it stands: brackets in it are no markup."""
    console.print(text, markup=False)


@contextmanager
def refusals() -> Iterator[None]:
    """End the command with a refusal's sentence instead of a traceback; Ctrl-C ends it with a word."""
    try:
        yield
    except LaokeError as error:
        console.print(f"[bold red]{error.title}.[/] ", end="")
        say(error.detail)
        sys.exit(Exit.REFUSED)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(Exit.STOPPED)


@contextmanager
def ready(*, migrate: bool = False) -> Iterator[None]:
    """Have Django set up and the database running for the length of a command.

    The embedded database is started when nobody else has, and stopped again when nobody else uses it. A refusal,
    of the settings too, ends the command with its sentence and exit code 2.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "laoke.project.settings")
    with refusals(), _orderly_end():
        from django.conf import settings

        from laoke.foundation.database import available

        with available(settings.DATABASE_TARGET), _undisturbed_end(), _database_errors():
            import django

            django.setup()
            _migrations(migrate)
            from django.utils import translation

            with translation.override(
                "en"
            ):  # commands speak English; refusals are told in the language at hand
                yield


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C: both have to leave through the blocks that stop what was started."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    asked = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        raise KeyboardInterrupt

    # SIGINT too: a shell that starts a program in the background has it ignored.
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except Exception:
        # Some libraries turn the interrupt into an error of their own: DuckDB raises RuntimeError.
        if asked:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed_end() -> Iterator[None]:
    """Once the block is left, let no second Ctrl-C interrupt the stopping of the database."""
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)


@contextmanager
def _database_errors() -> Iterator[None]:
    """Say in a sentence that the database went away. Errors of statements stay what they are: faults, and loud."""
    import psycopg
    from django.db import InterfaceError, OperationalError, connection

    try:
        yield
    except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
        if connection.connection is not None and not connection.connection.broken and connection.is_usable():
            raise
        words = str(error).strip().split("\n", 1)[0].removesuffix(".")
        raise DatabaseAway(f"{words}. What was done before is kept; try again when it runs.") from None


def _migrations(migrate: bool) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not migrate:
        raise NotMigrated(str(settings.LAOKE.home) if settings.DATABASE_TARGET.embedded else "DATABASE_URL")
    call_command("migrate", verbosity=0, interactive=False)

"""What every command needs first: settings that can be used, a database that runs, Django set up."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from laoke.kernel.errors import LaokeError

# Words for a person go to stderr, so that what a script wants can be taken from stdout.
console = Console(stderr=True, highlight=False)


def now() -> datetime:
    """The clock, read once at the edge."""
    return datetime.now(UTC)


@contextmanager
def ready(*, migrate: bool = False) -> Iterator[None]:
    """Have Django set up and the database running for the length of a command.

    Refusals end the command with their sentence and exit code 2; nothing prints a traceback for them.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "laoke.project.settings")
    try:
        from django.conf import settings

        from laoke.foundation.database import available

        with available(settings.DATABASE_TARGET):
            import django

            django.setup()
            _migrations(migrate)
            yield
    except LaokeError as error:
        console.print(f"[bold red]{error.title}.[/] {error.detail}")
        sys.exit(2)
    except KeyboardInterrupt:
        console.print("Stopped.")
        sys.exit(130)


def _migrations(migrate: bool) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not migrate:
        raise NotMigrated
    call_command("migrate", verbosity=0, interactive=False)


class NotMigrated(LaokeError):
    """The database does not have the tables of this version yet."""

    code, status, title = "not-migrated", 500, "The database is not ready for this version"

    def __init__(self) -> None:
        super().__init__("Run `laoke up` or `laoke migrate` once; both bring the tables up to date")


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result: JSON for scripts on stdout, or words for a person."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False, default=str, indent=1))  # noqa: T201
    else:
        Console(highlight=False).print(text)

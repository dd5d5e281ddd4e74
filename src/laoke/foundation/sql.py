"""Hand-written SQL in named files, and the cursor that runs it with prepared statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import psycopg
from django.db import connection


@cache
def load(package: str, name: str) -> str:
    """The text of `package`/sql/`name`.sql without its comments."""
    text = resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))


@contextmanager
def hot_cursor() -> Iterator[psycopg.Cursor[tuple[Any, ...]]]:
    """A cursor on Django's connection whose statements the server prepares and keeps.

    Django's own cursors put the values into the text, so the server parses and plans every statement anew;
    on the hot path that costs more than the statement. Errors are psycopg's own; Django is told of them, so a
    broken connection is replaced before the next request.
    """
    connection.ensure_connection()
    try:
        with psycopg.Cursor(connection.connection) as cursor:
            yield cursor
    except psycopg.Error:
        connection.errors_occurred = True
        raise

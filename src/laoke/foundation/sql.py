"""Hand-written SQL in named files, and the cursor that runs it with prepared statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
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


_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the hot path, its parameters numbered once instead of at every call.

    Values go as text and the server reads them by the types the statement names. Sent by their own types, small
    and large numbers would make statements of different types, each to be prepared anew.
    """

    text: bytes
    names: tuple[str, ...]

    def run(self, cursor: psycopg.Cursor[Any], values: Mapping[str, Any]) -> None:
        """Execute it, prepared. Lists become arrays of integers or of text; None stays null."""
        cursor.execute(self.text, [_as_text(values[name]) for name in self.names], prepare=True)


@cache
def statement(package: str, name: str) -> Statement:
    """The statement in `package`/sql/`name`.sql. Every parameter in it needs a type: by a cast or by its column."""
    return numbered(load(package, name))


def numbered(text: str) -> Statement:
    """A statement with named parameters, each with a type."""
    names: list[str] = []

    def number(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"${names.index(match[1]) + 1}"

    text = _NAMED.sub(number, text)
    return Statement(text.encode(), tuple(names))


@contextmanager
def raw_cursor() -> Iterator[psycopg.RawCursor[tuple[Any, ...]]]:
    """As `hot_cursor`, for `Statement`."""
    connection.ensure_connection()
    try:
        with psycopg.RawCursor(connection.connection) as cursor:
            yield cursor
    except psycopg.Error:
        connection.errors_occurred = True
        raise


def _as_text(value: Any) -> Any:
    if type(value) is int:
        return str(value)
    if type(value) is list:
        return _array(value)
    return value


def _array(values: Iterable[Any]) -> str:
    """An array literal of integers, or of text with what the literal gives a meaning escaped."""
    return (
        "{"
        + ",".join(
            str(value)
            if type(value) is int
            else "null"
            if value is None
            else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
            for value in values
        )
        + "}"
    )

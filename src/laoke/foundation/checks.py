"""Identities that must hold in the books, and the run that holds the database against them.

Each module declares its own in `checks.py`. All run in one snapshot, so that a till at work makes no false alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One identity. `query` selects what breaks it, a readable key first; no row: it holds."""

    name: str
    says: str
    query: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: how many rows break the identity, and the first of them as text."""

    name: str
    says: str
    broken: int
    examples: tuple[str, ...]


def run(checks: Sequence[Check], told: Callable[[Check], None] | None = None) -> list[Finding]:
    """Hold the database against every check, in one snapshot."""
    found = []
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.in_atomic_block or len(connection.savepoint_ids) == 0:
            cursor.execute("set transaction isolation level repeatable read, read only")
        for check in checks:
            if told:
                told(check)
            cursor.execute(check.query)
            names = [column.name for column in cursor.description]
            rows = cursor.fetchall()
            examples = tuple(
                ", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True))
                for row in rows[:SHOWN]
            )
            found.append(Finding(check.name, check.says, len(rows), examples))
    return found

"""A command that PostgreSQL has broken off to let another one through is run once more.

Locks are taken in one order everywhere; two commands can still meet crosswise when a merge or its undo moves the
member while they wait. PostgreSQL then ends one of them, of which nothing is left, and the other goes through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import connection

T = TypeVar("T")
_BROKEN_OFF = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


def once_more(command: Callable[[], T]) -> T:
    """Run a command that is a transaction of its own; if it is broken off, run it a second time.

    Within a larger transaction there is nothing to repeat: all of that is lost, and its owner is told.
    """
    try:
        return command()
    except _BROKEN_OFF:
        if connection.in_atomic_block:
            raise
    return command()

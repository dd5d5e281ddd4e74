"""Pieces, seats and units that many members share: never more taken than there are, at any concurrency."""

from __future__ import annotations

from typing import Any

import psycopg


def take(cursor: psycopg.Cursor[Any], key: str, most: int, units: int) -> bool:
    """Take so many, in the running transaction; False when fewer are left. `most` is how many there are by now."""
    if units > most:
        return False
    taken = cursor.execute(
        "insert into benefits_benefitstock as held (key, most, taken) values (%s, %s, %s) "
        "on conflict (key) do update set taken = held.taken + excluded.taken, most = excluded.most "
        "where held.taken + excluded.taken <= excluded.most",
        (key, most, units),
    )
    return taken.rowcount == 1


def put_back(cursor: psycopg.Cursor[Any], key: str, units: int) -> None:
    """They are there again."""
    cursor.execute("update benefits_benefitstock set taken = taken - %s where key = %s", (units, key))


def taken(cursor: psycopg.Cursor[Any], keys: list[str]) -> dict[str, int]:
    """How many are taken, by key; none where nothing ever was."""
    return dict(
        cursor.execute("select key, taken from benefits_benefitstock where key = any(%s)", (keys,)).fetchall()
    )

"""Counters that tell every process when its copy of reference data is old.

A process keeps the compiled programme and the catalogue in memory together with the generation they were read
at. Whoever changes them bumps the counter in the same transaction; the hot path reads the counters along with
the member and reloads when they moved. So a change holds from its commit on, in every process, without
polling.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

PROGRAMME = "programme"
CATALOGUE = "catalogue"


def bump(name: str) -> int:
    """Advance a counter within the running transaction; returns its new value."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into foundation_generation (name, number) values (%s, 1) "
            "on conflict (name) do update set number = foundation_generation.number + 1 returning number",
            [name],
        )
        row: tuple[int] = cursor.fetchone()
    return row[0]


def hold(name: str) -> int:
    """The counter as of now, held until the running transaction ends: nobody else advances it meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into foundation_generation (name, number) values (%s, 0) "
            "on conflict (name) do update set number = foundation_generation.number returning number",
            [name],
        )
        row: tuple[int] = cursor.fetchone()
    return row[0]


def current(name: str) -> int:
    """The counter as of now; 0 when nothing was ever published."""
    with connection.cursor() as cursor:
        cursor.execute("select number from foundation_generation where name = %s", [name])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def numbers() -> dict[str, int]:
    """Every counter as of now."""
    with connection.cursor() as cursor:
        cursor.execute("select name, number from foundation_generation")
        return dict(cursor.fetchall())


def leap(beyond: Mapping[str, int], by: int) -> None:
    """Advance every counter to `by` more than it was here and in `beyond`.

    After a restore the counters are those of the backup. A process that goes on running has copies of versions
    which the restored history never had, and would take the next versions for them.
    """
    with connection.cursor() as cursor:
        for name, number in (numbers() | dict(beyond)).items():
            cursor.execute(
                "insert into foundation_generation (name, number) values (%s, %s) "
                "on conflict (name) do update "
                "set number = greatest(foundation_generation.number + %s, excluded.number)",
                [name, number + by, by],
            )

"""Members counted by scores and classes, so that a page over a million members reads a few hundred numbers.

The night counts all members and those of each single store. Any other set of stores (a region, an account limited to
some) is counted when somebody first looks, and kept until the next run: members at home in several of them or buying
in several would be counted twice if their counts were added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson

from laoke.foundation.sql import hot_cursor, load

_PACKAGE = "laoke.segments"


class Cell(NamedTuple):
    """Members with the same scores and classes. Scores are None for those who never bought.

    `monetary_minor` is what they spent in the window together; `buyers` bought in it, `repeaters` at least twice.
    `first_joined` and `last_joined` are the days, written out, on which the first and the last of them registered;
    known where all members were counted.
    """

    r: int | None
    f: int | None
    m: int | None
    class_rfm: str
    class_value: str
    members: int
    monetary_minor: int
    buyers: int
    repeaters: int
    first_joined: str | None = None
    last_joined: str | None = None


@dataclass(frozen=True, slots=True)
class Cube:
    """The newest run, and its members in the stores asked for. `summary` is that of the whole run."""

    as_of: date
    finished_at: datetime
    summary: dict[str, Any]
    cells: tuple[Cell, ...]


def newest(stores: Sequence[int] | None) -> Cube | None:
    """The newest run's members at home or buying in these stores, None: all members; None before the first run."""
    wanted = {"stores": None if stores is None else sorted(stores)}
    with hot_cursor() as cursor:
        row = cursor.execute(load(_PACKAGE, "cube"), wanted).fetchone()
        if row is not None and row[3] is None:
            cursor.execute(load(_PACKAGE, "count_cube"), wanted)
            row = cursor.execute(load(_PACKAGE, "cube"), wanted).fetchone()
    if row is None:
        return None
    as_of, finished_at, summary, cells = row
    return Cube(as_of, finished_at, orjson.loads(summary), cells_of(cells or "[]"))


def cells_of(text: str) -> tuple[Cell, ...]:
    """Cells as the table keeps them."""
    return tuple(Cell(*cell) for cell in orjson.loads(text))


def count_all() -> None:
    """Count the newest run for all members and for each store, and forget the counts of older runs."""
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "forget_cubes"))
        cursor.execute(load(_PACKAGE, "count_cube"), {"stores": None})
        cursor.execute(load(_PACKAGE, "count_store_cubes"))

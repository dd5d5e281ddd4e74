"""How many members a filter finds: exact up to 100,000, beyond that estimated and said so.

A count that costs little by the planner's own reckoning is made with the page. A dear one is given as an estimate
first, and counted by a request of its own; what that found is kept for a while.
"""

# ruff: noqa: S608 (SQL is put together from pieces of our own; values go as parameters)

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import psycopg
from django.db import connection, transaction

from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import vault
from laoke.surfaces.console.directory.conditions import Scene, Where
from laoke.surfaces.console.directory.filters import Filter
from laoke.surfaces.console.directory.models import ListCount
from laoke.surfaces.console.directory.walking import Way

EXACT_UP_TO = 100_000
KEEP = timedelta(minutes=10)
# What the planner calls the cost of reading some 100 MB: about 60 ms on a small machine.
_CHEAP = 20_000
_BEARABLE = 40_000
_TRIFLING = 500
_SPARSE = 20  # less than one in so many
_DENSE = 4  # at least one in so many
_SAMPLED_PERCENT = 1
_PATIENCE_MS = 8000
_PURPOSE = "console.count"
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Count:
    """How many. `exact` is false for an estimate; `pending` says that a better figure can be asked for."""

    members: int
    exact: bool
    pending: bool = False


def key_of(wanted: Filter, scene: Scene) -> bytes:
    """What a count is kept under: a keyed hash of the filter, the stores and the day."""
    told = orjson.dumps([wanted.query(), scene.stores, scene.today.isoformat()])
    return vault().blind(told.decode(), _PURPOSE)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the planner expects of a filter: how many rows, and the cost of reading them all."""

    rows: int
    cost: float

    @property
    def dear(self) -> bool:
        """Whether reading them all may take longer than a page should."""
        return self.cost > _CHEAP

    def way(self, about: int) -> Way:
        """How to find the members of a page among `about` in all.

        A walk in order may pass by hundreds of thousands before it meets the first where a filter and an order are
        at odds: nobody who joined this month has been away for a year. The planner cannot know.
        """
        if self.cost <= _TRIFLING or (self.rows * _SPARSE < about and self.cost <= _BEARABLE):
            return Way.GATHER
        return Way.WALK if self.rows * _DENSE >= about else Way.NEAREST


def quick(found: Where, kept: Count | None, plan: Plan | None = None) -> Count:
    """The count that goes with the page: exact where that is cheap, else as kept, else the planner's estimate."""
    plan = plan or planned(found)
    if not plan.dear:
        return _counted(found, plan.rows)
    return kept or Count(_rounded(plan.rows), exact=False, pending=True)


def thorough(found: Where, milliseconds: int = _PATIENCE_MS) -> Count:
    """The count worth waiting for so long. Where a sample says that it is large, the sample is the answer."""
    with hot_cursor() as cursor:
        query = (
            f"{found.head()}select count(*) "
            f"{found.tables_from(f'members_member m tablesample system ({_SAMPLED_PERCENT})')} {found.text()}"
        )
        cursor.execute(query, found.values, prepare=False)
        row = cursor.fetchone()
    sampled = (row[0] if row else 0) * 100 // _SAMPLED_PERCENT
    if sampled > EXACT_UP_TO * 1.2:
        return Count(_rounded(sampled), exact=False)
    try:
        with patience(milliseconds):
            count = _counted(found, sampled)
    except psycopg.errors.QueryCanceled:
        return Count(_rounded(sampled), exact=False)
    return count


def exactly(found: Where, most: int) -> int:
    """The count up to `most` + 1, whatever it costs."""
    query = (
        f"{found.head()}select count(*) from (select {found.tables_from()} {found.text()} "
        "limit %(count_most)s::bigint) counted"
    )
    with hot_cursor() as cursor:
        cursor.execute(query, found.values | {"count_most": most + 1}, prepare=False)
        row = cursor.fetchone()
    return row[0] if row else 0


def several(founds: Sequence[Where], most: int, *, sampled: bool = False) -> list[int]:
    """Counts of several filters up to `most` + 1 each, in one statement. Search texts in them are the same one.

    Args:
        sampled: counted on a sample instead and scaled up.
    """
    if not founds:
        return []
    first = f"members_member m tablesample system ({_SAMPLED_PERCENT})" if sampled else "members_member m"
    values: dict[str, Any] = {"count_most": most + 1}
    counts = []
    for number, found in enumerate(founds):
        text = f"select {found.tables_from(first)} {found.text()}"
        numbered = _NAMED.sub(rf"%(c{number}_\1)s", text)
        counts.append(f"(select count(*) from ({numbered} limit %(count_most)s::bigint) counted)")
        values |= {f"c{number}_{name}": value for name, value in found.values.items()}
    head = ""
    for found in founds:
        if found.matches:
            head, values = found.head(), found.values | values
    with hot_cursor() as cursor:
        cursor.execute(f"{head}select {', '.join(counts)}", values, prepare=False)
        row = cursor.fetchone()
    scale = 100 // _SAMPLED_PERCENT if sampled else 1
    return [count * scale for count in row or ()]


def of_views(founds: Sequence[Where]) -> list[Count]:
    """Counts of several filters, large ones by a sample."""
    capped = several(founds, EXACT_UP_TO)
    large = [number for number, members in enumerate(capped) if members > EXACT_UP_TO]
    guessed = dict(zip(large, several([founds[n] for n in large], EXACT_UP_TO, sampled=True), strict=True))
    return [
        Count(_rounded(max(guessed[n], EXACT_UP_TO)), exact=False)
        if n in guessed
        else Count(members, exact=True)
        for n, members in enumerate(capped)
    ]


def within(founds: Sequence[Where], most: int, milliseconds: int) -> list[int] | None:
    """`several` if it does not take longer than this."""
    try:
        with patience(milliseconds):
            counts = several(founds, most)
    except psycopg.errors.QueryCanceled:
        return None
    return counts


@contextmanager
def patience(milliseconds: int) -> Iterator[None]:
    """Let no statement take longer than this: QueryCanceled then, and whatever transaction is around goes on."""
    nested = connection.in_atomic_block
    with transaction.atomic(), hot_cursor() as cursor:
        cursor.execute(f"set local statement_timeout = {int(milliseconds)}")
        yield
        if nested:  # else it ends with the transaction
            cursor.execute("set local statement_timeout = 0")


def planned(found: Where) -> Plan:
    """Ask the planner, without reading anything."""
    query = f"explain (format json) {found.head()}select m.id {found.tables_from()} {found.text()}"
    with hot_cursor() as cursor:
        cursor.execute(query, found.values, prepare=False)
        row = cursor.fetchone()
    assert row is not None
    told: Any = row[0] if isinstance(row[0], list) else orjson.loads(row[0])
    plan = told[0]["Plan"]
    return Plan(int(plan["Plan Rows"]), float(plan["Total Cost"]))


def remembered(keys: Sequence[bytes], at: datetime) -> dict[bytes, Count]:
    """Counts that are not too old."""
    rows = ListCount.objects.filter(key__in=list(keys), counted_at__gt=at - KEEP)
    return {bytes(row.key): Count(row.members, row.exact) for row in rows}


def keep(key: bytes, count: Count, at: datetime) -> None:
    """Keep a count."""
    ListCount.objects.update_or_create(
        key=key, defaults={"members": count.members, "exact": count.exact, "counted_at": at}
    )


def forget() -> None:
    """Forget every count: many members were changed."""
    ListCount.objects.all().delete()


def _counted(found: Where, estimate: int) -> Count:
    members = exactly(found, EXACT_UP_TO)
    if members <= EXACT_UP_TO:
        return Count(members, exact=True)
    return Count(_rounded(max(estimate, members)), exact=False)


def _rounded(members: int) -> int:
    """To three leading digits: more would pretend to know."""
    digits = max(0, len(str(members)) - 3)
    return round(members, -digits)

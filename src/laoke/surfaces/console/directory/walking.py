"""Walking through the members a filter finds, in an order, a page at a time and in both directions.

A page begins behind the mark of the row before it, so each costs the same wherever it lies. An order by a value not
everybody has walks in stages: first those who have it, then the others.
"""

# ruff: noqa: S608 (SQL is put together from pieces of our own; values go as parameters)

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from laoke.foundation import paging
from laoke.foundation.sql import hot_cursor
from laoke.surfaces.console.directory.conditions import KEPT, Where

_RECENT = (
    "(select o.member_id, max(o.biz_date) as last_date from purchases_order o "
    "where o.placed_at >= coalesce(%(walk_since)s::timestamptz, '-infinity') and o.member_id is not null "
    f"and {KEPT} group by o.member_id) recent join members_member m on m.id = recent.member_id"
)
_NOT_RECENT = (
    "not exists (select from purchases_order o where o.member_id = m.id "
    f"and o.placed_at >= coalesce(%(walk_since)s::timestamptz, '-infinity') and {KEPT})"
)
# Points have no index to walk: it would have to be written with every sale. The richest so many are taken first, and
# only when the filter leaves too few of them are all looked at.
_RICHEST = 2000
# Those at the top of an order may be the very ones a filter does not mean. So many are looked at one by one; when too
# few of them are meant, all that are meant are found first and sorted then.
_NEAREST = 10_000
_SOME_NEAREST = (
    "(select * from members_member {keyset} order by registered_at {way}, id {way} limit %(nearest)s) m"
)
_SOME_SPENDERS = (
    "(select * from segments_memberfeatures {keyset} order by annual_minor {way}, member_id {way} "
    "limit %(nearest)s) f join members_member m on m.id = f.member_id"
)
_SOME_RICHEST = (
    "(select member_id, balance from points_account {keyset} order by balance {way}, member_id {way} "
    "limit %(richest)s) rich join members_member m on m.id = rich.member_id"
)


class Way(Enum):
    """How a page is found: by walking through everybody in order until it is full; by finding all who are meant and
    sorting them then; or by a walk that gives up after so many and gathers."""

    WALK = "walk"
    NEAREST = "nearest"
    GATHER = "gather"


class TooDear(Exception):
    """Finding the rows would take longer than a page may; they are asked for by themselves then."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Rows that have the value of an order (`key`), or those that have none (`key` empty). `near` is the table cut to
    some next rows by an index.
    """

    key: str
    kind: str  # SQL type of the key
    read: Callable[[str], Any]
    id: str = "m.id"
    first: str = "members_member m"
    tables: tuple[str, ...] = ()
    condition: str = ""
    near: str = ""


def _nothing(text: str) -> None:
    if text:
        raise ValueError


_JOINED = Stage("m.registered_at", "timestamptz", paging.instant, near=_SOME_NEAREST)
_BOUGHT_LATELY = Stage("recent.last_date", "date", date.fromisoformat, "recent.member_id", _RECENT)
_BOUGHT = Stage(
    "f.last_purchase_date",
    "date",
    date.fromisoformat,
    "f.member_id",
    tables=("f",),
    condition=f"f.last_purchase_date is not null and {_NOT_RECENT}",
)
_NOT_BOUGHT = Stage(
    "", "", _nothing, tables=("f",), condition=f"f.last_purchase_date is null and {_NOT_RECENT}"
)
_SPENT = Stage(
    "f.annual_minor",
    "bigint",
    int,
    "f.member_id",
    tables=("f",),
    condition="f.member_id is not null",
    near=_SOME_SPENDERS,
)
_NOT_COUNTED = Stage("", "", _nothing, tables=("f",), condition="f.member_id is null")
_POINTS = Stage("pa.balance", "bigint", int, tables=("pa",), condition="pa.member_id is not null")
_NO_ACCOUNT = Stage("", "", _nothing, tables=("pa",), condition="pa.member_id is null")
_NUMBER = Stage("m.id", "bigint", int)

# In ascending order those with the oldest purchase come first, so the two stages with one change places.
_STAGES: dict[str, tuple[tuple[Stage, ...], tuple[Stage, ...]]] = {
    "joined": ((_JOINED,), (_JOINED,)),
    "last": ((_BOUGHT_LATELY, _BOUGHT, _NOT_BOUGHT), (_BOUGHT, _BOUGHT_LATELY, _NOT_BOUGHT)),
    "spend": ((_SPENT, _NOT_COUNTED), (_SPENT, _NOT_COUNTED)),
    "points": ((_POINTS, _NO_ACCOUNT), (_POINTS, _NO_ACCOUNT)),
    "number": ((_NUMBER,), (_NUMBER,)),
}
SORTS = ("joined", "last", "spend", "points")


@dataclass(frozen=True, slots=True)
class Order:
    """By what, and in which direction. Written "last" and "-last": without a sign the highest comes first."""

    name: str = "joined"
    ascending: bool = False

    def __str__(self) -> str:
        return f"-{self.name}" if self.ascending else self.name

    def stages(self) -> tuple[Stage, ...]:
        """The stages of a walk in this order."""
        return _STAGES[self.name][self.ascending]


# Not offered: the order in which everybody is met once while what they have is being changed.
BY_NUMBER = Order("number", ascending=True)


def order_of(text: str) -> Order:
    """The order an address names; the newest first for anything else."""
    order = Order(text.removeprefix("-"), text.startswith("-"))
    return order if order.name in SORTS else Order()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in an order."""

    stage: int
    key: Any
    id: int


@dataclass(frozen=True, slots=True)
class Walked:
    """Members in order; the marks lead on and back, None where there is nothing."""

    ids: tuple[int, ...]
    after: str | None
    before: str | None


def walk(
    found: Where,
    order: Order,
    since: datetime | None,
    *,
    limit: int,
    after: str | None = None,
    before: str | None = None,
    way: Way = Way.WALK,
    hurried: bool = False,
) -> Walked:
    """One page. `after` and `before` are marks of a page before or behind; without either it is the first.

    Args:
        way: the same page, sooner or later.
        hurried: rather give up than gather everybody where a walk was hoped to do.
    Raises:
        BadCursor, TooDear.
    """
    backwards = before is not None
    mark = before if backwards else after
    start = None if mark is None else _read(mark, order)
    places = _places(found, order, since, start, backwards, limit + 1, way, hurried)
    more = len(places) > limit
    places = places[:limit]
    if backwards:
        places.reverse()
    ids = tuple(place.id for place in places)
    if not places:
        return Walked((), None, None)
    onwards = backwards or more
    back = more if backwards else after is not None
    return Walked(
        ids,
        _write(places[-1], order) if onwards else None,
        _write(places[0], order) if back else None,
    )


def _places(
    found: Where,
    order: Order,
    since: datetime | None,
    start: Place | None,
    backwards: bool,
    limit: int,
    way: Way,
    hurried: bool,
) -> list[Place]:
    stages = list(enumerate(order.stages()))
    if start is not None:
        stages = stages[: start.stage + 1] if backwards else stages[start.stage :]
    if backwards:
        stages.reverse()
    places: list[Place] = []
    rising = order.ascending is not backwards
    for number, stage in stages:
        begin = start if start is not None and start.stage == number else None
        room = limit - len(places)
        if room <= 0:
            break
        rows, gather = None, way is not Way.WALK
        if stage is _POINTS and way is not Way.GATHER:
            rows = _among_richest(found, begin, rising, room)
        elif stage.near and (way is Way.NEAREST or (hurried and way is Way.GATHER)):
            rows = _among_nearest(found, stage, begin, rising, room)
            if rows is None and hurried and way is Way.NEAREST:
                raise TooDear
        elif way is Way.NEAREST:
            gather = False
        if rows is None:
            rows = _rows(found, stage, since, begin, rising, room, gather)
        places += [Place(number, key, member_id) for key, member_id in rows]
    return places


def _rows(
    found: Where,
    stage: Stage,
    since: datetime | None,
    start: Place | None,
    rising: bool,
    limit: int,
    gather: bool,
) -> list[tuple[Any, int]]:
    way, beyond = ("asc", ">") if rising else ("desc", "<")
    values: dict[str, Any] = {"walk_since": since, "walk_limit": limit}
    key, member_id = ("key", "id") if gather else (stage.key, stage.id)
    keyset = ""
    if start is not None:
        values |= {"walk_id": start.id, "walk_key": start.key}
        place = f"(%(walk_key)s::{stage.kind}, %(walk_id)s::bigint)"
        keyset = (
            f"({key}, {member_id}) {beyond} {place}"
            if stage.key
            else f"{member_id} {beyond} %(walk_id)s::bigint"
        )
    ordering = f"{key} {way}, {member_id} {way}" if stage.key else f"{member_id} {way}"
    tables = found.tables_from(stage.first, *stage.tables)
    conditions = [part for part in (stage.condition, "" if gather else keyset) if part]
    select = f"select {stage.key or 'null'} as key, {stage.id} as id\n{tables}\n"
    last = f"order by {ordering}\nlimit %(walk_limit)s::bigint"
    if not gather:
        query = f"{found.head()}{select}{found.text(*conditions, walking=True)}\n{last}"
    else:
        head = f"{found.head().rstrip()},\n" if found.matches else "with "
        query = (
            f"{head}matching as materialized (\n{select}{found.text(*conditions)}\n)\n"
            f"select key, id from matching {f'where {keyset}' if keyset else ''}\n{last}"
        )
    return _run(query, found.values | values)


def _among_richest(
    found: Where, start: Place | None, rising: bool, limit: int
) -> list[tuple[Any, int]] | None:
    """The page when it lies within the next so many by points alone; None when the filter leaves too few."""
    way, beyond = ("asc", ">") if rising else ("desc", "<")
    values: dict[str, Any] = {"walk_limit": limit, "richest": _RICHEST}
    keyset = ""
    if start is not None:
        keyset = f"where (balance, member_id) {beyond} (%(walk_key)s::bigint, %(walk_id)s::bigint)"
        values |= {"walk_key": start.key, "walk_id": start.id}
    query = (
        f"{found.head()}select rich.balance, rich.member_id\n"
        f"{found.tables_from(_SOME_RICHEST.format(keyset=keyset, way=way))}\n{found.text(walking=True)}\n"
        f"order by rich.balance {way}, rich.member_id {way}\nlimit %(walk_limit)s::bigint"
    )
    rows = _run(query, found.values | values)
    return rows if len(rows) == limit else None


def _among_nearest(
    found: Where, stage: Stage, start: Place | None, rising: bool, limit: int
) -> list[tuple[Any, int]] | None:
    """As `_among_richest`, of the next so many in the order of a stage; by registration of those who may be meant."""
    way, beyond = ("asc", ">") if rising else ("desc", "<")
    values: dict[str, Any] = {"walk_limit": limit, "nearest": _NEAREST}
    within = list(found.joined) if stage is _JOINED else []
    if start is not None:
        key, member_id = (name.partition(".")[2] for name in (stage.key, stage.id))
        within.append(f"({key}, {member_id}) {beyond} (%(walk_key)s::{stage.kind}, %(walk_id)s::bigint)")
        values |= {"walk_key": start.key, "walk_id": start.id}
    near = stage.near.format(keyset=f"where {' and '.join(within)}" if within else "", way=way)
    query = (
        f"{found.head()}select {stage.key}, {stage.id}\n"
        f"{found.tables_from(near, but=stage.tables)}\n{found.text(walking=True)}\n"
        f"order by {stage.key} {way}, {stage.id} {way}\nlimit %(walk_limit)s::bigint"
    )
    rows = _run(query, found.values | values)
    return rows if len(rows) == limit else None


def _run(query: str, values: dict[str, Any]) -> list[tuple[Any, int]]:
    with hot_cursor() as cursor:
        # Every filter is another text, and its plan hangs on its values: nothing to be kept prepared.
        cursor.execute(query, values, prepare=False)
        return cursor.fetchall()


def _write(place: Place, order: Order) -> str:
    key = (
        place.key.isoformat() if isinstance(place.key, date) else "" if place.key is None else str(place.key)
    )
    return paging.write(str(order), place.stage, key, place.id)


def _read(mark: str, order: Order) -> Place:
    parts = paging.read(mark, paging.text, paging.number, paging.text, paging.number)
    assert parts is not None
    named, number, key, member_id = parts
    stages = order.stages()
    if named != str(order) or number >= len(stages):
        raise paging.BadCursor
    try:
        read = stages[number].read(key)
    except (ValueError, OverflowError):
        raise paging.BadCursor from None
    if isinstance(read, int) and not -(2**63) <= read < 2**63:
        raise paging.BadCursor
    return Place(number, read, member_id)

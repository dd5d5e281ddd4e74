"""Reading the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load

_PACKAGE = "laoke.foundation.audit"
# Rows of an export that are in memory at once.
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `before` and `after` are plain JSON values as they were recorded, None where there is nothing."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    action: str
    object_kind: str
    object_id: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None: anything. `since` counts, `until` does not."""

    actor: str | None = None
    action: str | None = None
    object_kind: str | None = None
    object_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


Mark = tuple[datetime, int]


def entries(caller: Caller, wanted: Wanted, *, limit: int, below: Mark | None = None) -> list[Entry]:
    """The newest `limit` entries that are older than `below`, newest first.

    Raises:
        MissingScope
    """
    caller.require(Scope.AUDIT_READ)
    return _read("entries", wanted, limit, below)


def entries_above(caller: Caller, wanted: Wanted, *, limit: int, above: Mark) -> list[Entry]:
    """The oldest `limit` entries that are newer than `above`, newest first.

    Raises:
        MissingScope
    """
    caller.require(Scope.AUDIT_READ)
    return list(reversed(_read("entries_above", wanted, limit, above)))


def every(caller: Caller, wanted: Wanted) -> Iterator[Entry]:
    """All entries, newest first, a batch in memory at a time.

    Raises:
        MissingScope: at once, not when the first entry is asked for.
    """
    caller.require(Scope.AUDIT_READ)

    def read() -> Iterator[Entry]:
        below: Mark | None = None
        while batch := _read("entries", wanted, BATCH, below):
            yield from batch
            below = (batch[-1].at, batch[-1].id)

    return read()


def newest(object_kind: str, object_id: object) -> Entry | None:
    """Who changed this last. For whoever may see the thing itself: it needs no scope of its own."""
    wanted = Wanted(object_kind=object_kind, object_id=str(object_id))
    return next(iter(_read("entries", wanted, 1, None)), None)


def actors(most: int = 200) -> list[str]:
    """Everybody who ever did something, by name, as far as `most` of them."""
    with hot_cursor() as cursor:
        return [row[0] for row in cursor.execute(load(_PACKAGE, "actors"), {"most": most})]


def _read(name: str, wanted: Wanted, limit: int, mark: Mark | None) -> list[Entry]:
    values: Mapping[str, object] = {
        "actor": wanted.actor,
        "action": wanted.action,
        "object_kind": wanted.object_kind,
        "object_id": wanted.object_id,
        "since": wanted.since,
        "until": wanted.until,
        "mark_at": mark[0] if mark else None,
        "mark_id": mark[1] if mark else None,
        "limit": limit,
    }
    # Conditions that are not asked for are left out, so that the planner sees which index serves the others.
    conditions = [text for key, text in _CONDITIONS.items() if values[key] is not None]
    if mark is not None:
        conditions.append(_BEYOND[name])
    text = load(_PACKAGE, name).replace("/*conditions*/", " and ".join(conditions) or "true")
    with hot_cursor() as cursor:
        rows = cursor.execute(text, values).fetchall()
    return [_entry(*row) for row in rows]


_CONDITIONS = {
    "actor": "actor = %(actor)s",
    "action": "action = %(action)s",
    "object_kind": "object_kind = %(object_kind)s",
    "object_id": "object_id = %(object_id)s",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
}
_BEYOND = {
    "entries": "(at, id) < (%(mark_at)s, %(mark_id)s)",
    "entries_above": "(at, id) > (%(mark_at)s, %(mark_id)s)",
}


def _entry(
    entry_id: int,
    at: datetime,
    actor_kind: str,
    actor: str,
    action: str,
    object_kind: str,
    object_id: str,
    before: str | None,
    after: str | None,
    reason: str,
) -> Entry:
    return Entry(
        entry_id, at, actor_kind, actor, action, object_kind, object_id, _plain(before), _plain(after), reason
    )


def _plain(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)

"""Two members that may be one: whom to merge, what comes of it, and the merges that were made.

What comes of a merge, or of undoing one, is found by doing it within a transaction that is rolled back: the page
cannot promise anything else than the act does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.members import services
from laoke.members.errors import UnknownMerge
from laoke.surfaces.console.selectors.member.sides import Row, rows_of
from laoke.surfaces.console.selectors.member.state import State, state_of
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
_LARGEST_ID = 2**63 - 1
PAGE = 30
FOUND = 10
_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A member to choose, masked. `why` says what is the same, "" for one that was searched."""

    id: int
    name: str
    phone: str
    card: str
    same_name: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of it, trait by trait; or why it would not go through."""

    rows: tuple[Row, ...]
    refused: LaokeError | None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge that was made. `open`: it can be undone still."""

    id: int
    at: datetime
    by: str
    reason: str
    undo_until: datetime
    undone_at: datetime | None
    undone_by: str
    kept_id: int
    kept_name: str
    gone_id: int
    gone_name: str
    open: bool


@dataclass(frozen=True, slots=True)
class MergeList:
    """A page of merges, newest first."""

    rows: tuple[MergeRow, ...]
    after: str
    later: bool


def candidates(caller: Caller, member_id: int) -> tuple[Choice, ...]:
    """Members who may be the same person, at most five."""
    values = {"member_id": member_id, "stores": limit_of(caller)}
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "merge_candidates"), values).fetchall()
    return tuple(Choice(row[0], row[1], "", "", same_name=row[3] == 2) for row in rows)


def found(caller: Caller, text: str, but: int | None) -> tuple[Choice, ...]:
    """Members a search text may mean, as far as the caller may see them, at most ten."""
    text = text.replace("\0", "").strip()
    if not text:
        return ()
    limits = limit_of(caller)
    rows = list(members.search(text, limit=FOUND + 1 if limits is None else _LOOKED_AT).rows)
    if limits is not None and rows:
        with hot_cursor() as cursor:
            values = {"stores": limits, "ids": [row.id for row in rows]}
            seen = {row[0] for row in cursor.execute(load(_PACKAGE, "search_visible"), values)}
        rows = [row for row in rows if row.id in seen]
    return tuple(
        Choice(
            row.id,
            row.name_masked,
            row.phones_masked[0] if row.phones_masked else "",
            row.cards_masked[0] if row.cards_masked else "",
        )
        for row in rows
        if row.id != but
    )[:FOUND]


def merge_preview(caller: Caller, kept: State, gone: State, at: datetime) -> Preview:
    """Both members and what the kept one would be."""

    def act() -> list[State]:
        services.merge(caller=caller, kept_id=kept.id, gone_id=gone.id, reason="preview", at=at)
        return [state_of(caller, kept.id, at)]

    after, refused, busy = _tried(act)
    return Preview(rows_of(caller, [kept, gone, *after]), refused, busy)


def unmerge_preview(caller: Caller, row: MergeRow, at: datetime) -> Preview:
    """The kept member as it is, and both as they would be; nothing of them when it is refused."""

    def act() -> list[State]:
        services.unmerge(caller=caller, merge_id=row.id, at=at)
        # The caller may see the kept member, and with it whoever was merged into it.
        whole_shop = replace(caller, stores=None)
        return [state_of(whole_shop, row.kept_id, at), state_of(whole_shop, row.gone_id, at)]

    after, refused, busy = _tried(act)
    if not after:
        return Preview((), refused, busy)
    return Preview(rows_of(caller, [state_of(caller, row.kept_id, at), *after]), None)


def _tried(act: Callable[[], list[State]]) -> tuple[list[State], LaokeError | None, bool]:
    """What `act` finds, its deeds taken back; why it was refused; whether it was kept from its locks for long."""
    try:
        with transaction.atomic():
            with hot_cursor() as cursor:
                cursor.execute("set local lock_timeout = '2s'")
            after = act()
            transaction.set_rollback(True)
    except LaokeError as refused:
        return [], refused, False
    except (LockNotAvailable, DeadlockDetected, OperationalError):
        return [], None, True
    return after, None, False


def merge_list(caller: Caller, mark: str | None, at: datetime) -> MergeList:
    """The merges below a mark.

    Raises:
        BadCursor.
    """
    below = paging.read(mark, paging.number)
    page, more = paging.cut(
        _rows(caller, at, mark=below[0] if below else None, limit=PAGE + 1),
        PAGE,
        lambda row: paging.write(row.id),
    )
    return MergeList(tuple(page), more or "", below is not None)


def merge_row(caller: Caller, merge_id: int, at: datetime) -> MergeRow:
    """One merge.

    Raises:
        UnknownMerge: nobody made it, or the caller may not see its member.
    """
    rows = _rows(caller, at, one=merge_id, limit=1) if merge_id <= _LARGEST_ID else []
    if not rows:
        raise UnknownMerge(min(merge_id, _LARGEST_ID))
    return rows[0]


def _rows(
    caller: Caller, at: datetime, *, limit: int, mark: int | None = None, one: int | None = None
) -> list[MergeRow]:
    values: dict[str, Any] = {"mark": mark, "one": one, "stores": limit_of(caller), "limit": limit}
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "merges"), values).fetchall()
    return [
        MergeRow(
            merge_id,
            made_at,
            by,
            reason,
            undo_until,
            undone_at,
            undone_by,
            kept_id,
            kept_name,
            gone_id,
            gone_name,
            undone_at is None and at <= undo_until and kept_status != "erased",
        )
        for (
            merge_id,
            made_at,
            by,
            reason,
            undo_until,
            undone_at,
            undone_by,
            kept_id,
            kept_name,
            kept_status,
            gone_id,
            gone_name,
        ) in rows
    ]

"""Two members that may be one: whom to merge, what comes of it, and the merges that were made.

What comes of a merge, or of undoing one, is put together from what both have, without a lock and without doing it:
looking must not hold up a till. The tests hold it against what the act then does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laoke.checkout import programme
from laoke.engine.tiering import Ladder
from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.members import services
from laoke.members.errors import UnknownMerge
from laoke.members.services import ComesBack
from laoke.points.activities.following import moved_events
from laoke.points.following import carried_lots
from laoke.purchases.following import moved_orders
from laoke.surfaces.console.selectors.member.sides import Returning, Row, joined, parted, rows_of, side_of
from laoke.surfaces.console.selectors.member.state import State, remains_of, state_of
from laoke.surfaces.console.selectors.stores import limit_of
from laoke.tiers.following import after_merge, after_unmerge

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
    """Both members and what the kept one would be; not the last when it would be refused."""
    ladder = programme.current().ladder
    now = side_of(kept), side_of(gone)
    try:
        services.require_alike({kept.id: kept.status, gone.id: gone.status})
    except LaokeError as refused:
        return Preview(rows_of(caller, ladder, now), refused)
    lowest = ladder.lowest.code
    tier = after_merge(ladder, (kept.id, kept.tier or lowest), (gone.id, gone.tier or lowest), at)
    return Preview(rows_of(caller, ladder, [*now, joined(*now, tier)]), None)


def unmerge_preview(caller: Caller, row: MergeRow, at: datetime) -> Preview:
    """The kept member as it is, and both as they would be; nothing of them when it is refused."""
    try:
        back = services.comes_back(caller=caller, merge_id=row.id, at=at)
    except LaokeError as refused:
        return Preview((), refused)
    if back is None:  # somebody undid it while this page was asked for
        return Preview((), None)
    ladder = programme.current().ladder
    kept = side_of(state_of(caller, row.kept_id, at))
    gone = side_of(remains_of(caller, row.gone_id, at))
    returning = _returning(caller, ladder, row.kept_id, row.gone_id, back, at, tiers=(kept.tier, gone.tier))
    return Preview(rows_of(caller, ladder, [kept, *parted(kept, gone, back, returning)]), None)


def _returning(
    caller: Caller,
    ladder: Ladder,
    kept_id: int,
    gone_id: int,
    back: ComesBack,
    at: datetime,
    *,
    tiers: tuple[str | None, str | None],
) -> Returning:
    """Orders are counted as on every page: at the stores of the caller. For tiers they count wherever they were."""
    carried = back.followers.get("points", {"lots": [], "debt": 0})
    orders = moved_orders(back.followers.get("purchases", {}))
    values = {"lots": carried_lots(carried), "orders": orders, "stores": limit_of(caller), "at": at}
    with hot_cursor() as cursor:
        found = cursor.execute(load(_PACKAGE, "merge_undo"), values).fetchone()
    assert found is not None
    if "tiers" in back.followers:
        tiers = after_unmerge(
            ladder, (kept_id, gone_id), back.followers["tiers"], orders, at, moved_events(back.followers)
        )
    return Returning(found[0], int(carried["debt"]), found[1], *tiers)


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

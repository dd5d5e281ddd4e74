"""Who did what with a member, when and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.selectors.member import words
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of

PAGE = 30


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. `details` names what was changed, never its content."""

    at: datetime
    actor: str
    label: Any
    icon: str
    details: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeList:
    """A page of changes, newest first."""

    head: Head
    rows: tuple[Change, ...]
    after: str
    later: bool


def change_list(caller: Caller, member_id: int, mark: str | None, at: datetime) -> ChangeList:
    """The changes below a mark. Whoever may see the member may see who changed it.

    Raises:
        BadCursor, and as `state_of`.
    """
    below = paging.read(mark, paging.instant, paging.number, paging.number)
    state = state_of(caller, member_id, at)
    values = {
        "member_id": member_id,
        "mark_at": below[0] if below else None,
        "mark_source": below[1] if below else None,
        "mark_id": below[2] if below else None,
        "limit": PAGE + 1,
    }
    with hot_cursor() as cursor:
        found = cursor.execute(load("laoke.surfaces.console", "member_changes"), values).fetchall()
    page, more = paging.cut(found, PAGE, lambda row: paging.write(*row[:3]))
    return ChangeList(
        head_of(caller, state), tuple(_change(*row) for row in page), more or "", below is not None
    )


def _change(
    at: datetime,
    _source: int,
    _id: int,
    actor: str,
    action: str,
    _before: str | None,
    after: str | None,
    reason: str,
) -> Change:
    label, icon = words.act(action)
    return Change(
        at, actor, label, icon, words.details(action, orjson.loads(after) if after else None), reason
    )

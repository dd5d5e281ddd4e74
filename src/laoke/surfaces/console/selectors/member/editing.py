"""What an edit of a member starts from, and what somebody else changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import State, state_of

# Edits are told of by fields, never by content.
_SINCE = """
select at, actor, after::text
from foundation_auditentry
where object_kind = 'member' and object_id = %(member_id)s::text and at > %(since)s::timestamptz
    and action in ('member.updated', 'member.blocked', 'member.unblocked', 'member.merged', 'member.unmerged')
order by at desc, id desc
limit 10
"""


@dataclass(frozen=True, slots=True)
class Base:
    """The member as a form is filled on. The name is masked, of the birthday month and day are shown."""

    version: int
    at: datetime
    gender: str
    language: str
    home_store: str
    name: str
    birthday: str


@dataclass(frozen=True, slots=True)
class Edit:
    """One change by somebody else; `fields` are names of fields of the form."""

    at: datetime
    actor: str
    fields: tuple[str, ...]


def base_of(caller: Caller, member_id: int, at: datetime) -> tuple[State, Head, Base]:
    """The member as they are now. Raises as `state_of`."""
    state = state_of(caller, member_id, at)
    birthday = "{:02d}-{:02d}".format(*state.birthday) if state.birthday else ""
    base = Base(
        version=state.version,
        at=state.updated_at,
        gender=state.gender,
        language=state.language,
        home_store="" if state.home_store_id is None else str(state.home_store_id),
        name=state.name,
        birthday=birthday,
    )
    return state, head_of(caller, state), base


def edits_since(member_id: int, since: datetime) -> tuple[Edit, ...]:
    """Who changed the member after an instant, the newest first."""
    with hot_cursor() as cursor:
        rows = cursor.execute(_SINCE, {"member_id": member_id, "since": since}).fetchall()
    return tuple(Edit(at, actor, _fields(after)) for at, actor, after in rows)


def _fields(after: str | None) -> tuple[str, ...]:
    told: dict[str, Any] = orjson.loads(after) if after else {}
    return tuple("home_store" if name == "home_store_id" else name for name in told.get("fields", ()))

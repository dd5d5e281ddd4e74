"""What members did beside buying, as others may see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from laoke.foundation import paging, sql
from laoke.members import selectors as members
from laoke.points.activities import rules
from laoke.points.activities.models import Activity
from laoke.points.activities.watching import Act

ACTS = sql.load("laoke.points.activities", "acts")
IN_WINDOWS = sql.load("laoke.points.activities", "acts_in_windows")


@dataclass(frozen=True, slots=True)
class EventView:
    """One event and what it paid."""

    event_id: int
    member_id: int
    kind: str
    subject: str
    friend_id: int | None
    state: str
    limit: str | None
    at: datetime
    points: int
    bonus: int
    friend_points: int
    told_by: str
    undone_at: datetime | None


def of_member(member_id: int, *, after: str | None, limit: int) -> tuple[list[EventView], str | None]:
    """A page of a member's events, the newest told first.

    Raises:
        UnknownMember, BadCursor
    """
    rows = Activity.objects.filter(member_id=members.kept_id(member_id))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row) for row in page], more


def kind_names(kind: str) -> tuple[str, str]:
    """What a kind of event is called, in Chinese and English; its code where nobody named it."""
    if kind in rules.NAMES:
        return rules.NAMES[kind]
    rule = rules.in_force().kinds.get(kind)
    return (rule.zh, rule.en) if rule else (kind, kind)


def acts(
    cursor: psycopg.Cursor[Any], member_ids: Iterable[int], since: datetime, until: datetime
) -> Iterator[tuple[int, Act]]:
    """What members did from an instant on, before another, as tiers count it: each act with its member."""
    parameters = {"member_ids": list(member_ids), "since": since, "until": until}
    for row in cursor.execute(ACTS, parameters).fetchall():
        yield row[0], Act(*row[1:])


class Did(NamedTuple):
    """How often something of a kind was done, and the points it earned, from the instant at a place of some."""

    member_id: int
    place: int
    kind: str
    times: int
    points: int


def done(
    cursor: psycopg.Cursor[Any], wanted: Sequence[tuple[int, int, datetime]], until: datetime
) -> Iterator[Did]:
    """As `acts`, added up.

    Args:
        wanted: a member, a place, and the instant from which the member's acts count at that place.
    """
    parameters = {
        "member_ids": [each[0] for each in wanted],
        "places": [each[1] for each in wanted],
        "starts": [each[2] for each in wanted],
        "until": until,
    }
    for row in cursor.execute(IN_WINDOWS, parameters).fetchall():
        yield Did(*row)


def _view(row: Activity) -> EventView:
    return EventView(
        event_id=row.pk,
        member_id=row.member_id,
        kind=row.kind,
        subject=row.subject,
        friend_id=row.friend_id,
        state=row.state,
        limit=row.limit or None,
        at=row.at,
        points=row.points,
        bonus=row.bonus,
        friend_points=row.friend_points,
        told_by=row.told_by,
        undone_at=row.undone_at,
    )

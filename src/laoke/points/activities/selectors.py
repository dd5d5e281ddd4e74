"""What members did beside buying, as others may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation import paging
from laoke.members import selectors as members
from laoke.points.activities.models import Activity


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

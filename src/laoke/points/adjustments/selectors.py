"""Which adjustments were made by hand, and which wait for a second person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.points.adjustments.errors import UnknownAdjustment
from laoke.points.adjustments.models import Adjustment

State = Adjustment.State


@dataclass(frozen=True, slots=True)
class AdjustmentView:
    """One adjustment. `state` follows the clock: a request whose time is over has lapsed. `own` tells whether the one
    who looks asked for it."""

    adjustment_id: int
    member_id: int
    points: int
    reason: str
    state: str
    asked_at: datetime
    asked_by: str
    open_until: datetime | None
    decided_at: datetime | None
    decided_by: str
    note: str
    own: bool


def waiting(
    caller: Caller, *, at: datetime, after: str | None = None, limit: int = 50
) -> tuple[list[AdjustmentView], str | None]:
    """Requests that wait, the oldest first. Accounts limited to stores see their own.

    Raises:
        MissingScope, BadCursor
    """
    rows = _seen_by(caller).filter(state=State.WAITING, open_until__gt=at).order_by("pk")
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__gt=mark[0])
    return _page(rows, caller, at, limit)


def done(
    caller: Caller, *, at: datetime, after: str | None = None, limit: int = 50
) -> tuple[list[AdjustmentView], str | None]:
    """Adjustments booked, refused, taken back or lapsed, the one asked for last first.

    Raises:
        MissingScope, BadCursor
    """
    rows = _seen_by(caller).exclude(state=State.WAITING, open_until__gt=at).order_by("-pk")
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    return _page(rows, caller, at, limit)


def one(caller: Caller, adjustment_id: int, *, at: datetime) -> AdjustmentView:
    """One adjustment.

    Raises:
        MissingScope, UnknownAdjustment
    """
    row = _seen_by(caller).filter(pk=adjustment_id).first()
    if row is None:
        raise UnknownAdjustment
    return _view(row, caller, at)


def asked_by(adjustment_id: int) -> tuple[str, int] | None:
    """Kind and id of who asked for an adjustment, for notices."""
    return Adjustment.objects.filter(pk=adjustment_id).values_list("asked_kind", "asked_id").first()


def waiting_count(*, at: datetime) -> int:
    """How many requests wait."""
    return Adjustment.objects.filter(state=State.WAITING, open_until__gt=at).count()


def waiting_before(instant: datetime, *, at: datetime) -> int:
    """How many requests made before `instant` still wait at `at`: a month is not closed over them."""
    return Adjustment.objects.filter(state=State.WAITING, open_until__gt=at, asked_at__lt=instant).count()


def _seen_by(caller: Caller) -> QuerySet[Adjustment]:
    caller.require(Scope.POINTS_READ)
    rows = Adjustment.objects.all()
    return rows if caller.stores is None else rows.filter(asked_kind=caller.kind, asked_id=caller.id)


def _page(
    rows: QuerySet[Adjustment], caller: Caller, at: datetime, limit: int
) -> tuple[list[AdjustmentView], str | None]:
    page, more = paging.cut(list(rows[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row, caller, at) for row in page], more


def _view(row: Adjustment, caller: Caller, at: datetime) -> AdjustmentView:
    over = row.state == State.WAITING and row.open_until is not None and row.open_until <= at
    return AdjustmentView(
        adjustment_id=row.pk,
        member_id=row.member_id,
        points=row.points,
        reason=row.reason,
        state=State.LAPSED.value if over else row.state,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        open_until=row.open_until,
        decided_at=row.open_until if over else row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
        own=(row.asked_kind, row.asked_id) == (caller.kind, caller.id),
    )

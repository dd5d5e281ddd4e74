"""Whether somebody may adjust points alone, and the trace of it when they did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.db.models.functions import Abs

from laoke.foundation.access import Caller
from laoke.kernel.calendar import start_of_day
from laoke.points.adjustments.errors import AboveLimit
from laoke.points.adjustments.limits import Limit, limit_of
from laoke.points.adjustments.models import Adjustment


def require(caller: Caller, points: int, *, at: datetime) -> None:
    """Refuse what the caller may not adjust alone. Within a transaction it holds: of one person's adjustments on a day
    the next waits for the one before.

    Raises:
        AboveLimit
    """
    limit = limit_of(caller)
    if limit.per_day is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"laoke adjustments of {caller.kind}:{caller.id}"],
            )
    _refuse(limit, caller, points, at)


def check(caller: Caller, points: int, *, at: datetime) -> None:
    """As `require`, for looking only: it holds nobody up, and another adjustment may come in between.

    Raises:
        AboveLimit
    """
    _refuse(limit_of(caller), caller, points, at)


def is_enough(caller: Caller, points: int, *, at: datetime) -> bool:
    """Whether the caller could adjust so many points alone now."""
    try:
        check(caller, points, at=at)
    except AboveLimit:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Allowance:
    """What somebody may adjust alone: `each` time, and `left` of today's `per_day`; None: any number."""

    each: int | None
    per_day: int | None
    left: int | None


def allowance(caller: Caller, *, at: datetime) -> Allowance:
    """What the caller may adjust alone now."""
    limit = limit_of(caller)
    left = None if limit.per_day is None else max(0, limit.per_day - used_today(caller, at))
    return Allowance(limit.each, limit.per_day, left)


def note(caller: Caller, member_id: int, points: int, reason: str, *, at: datetime) -> None:
    """Keep what was booked at once."""
    Adjustment.objects.create(
        member_id=member_id,
        points=points,
        reason=reason,
        state=Adjustment.State.BOOKED,
        asked_at=at,
        asked_kind=caller.kind,
        asked_id=caller.id,
        asked_by=caller.label,
        decided_at=at,
        decided_kind=caller.kind,
        decided_id=caller.id,
        decided_by=caller.label,
    )


def used_today(caller: Caller, at: datetime) -> int:
    """Points the caller gave and took alone on the day of `at`, in the programme's time zone."""
    zone = settings.LAOKE.zone
    day = at.astimezone(zone).date()
    begins, ends = (start_of_day(each, zone) for each in (day, day + timedelta(days=1)))
    own = Adjustment.objects.filter(
        asked_kind=caller.kind,
        asked_id=caller.id,
        asked_at__gte=begins,
        asked_at__lt=ends,
        open_until=None,
        state=Adjustment.State.BOOKED,
    )
    return own.aggregate(used=Sum(Abs(F("points"))))["used"] or 0


def _refuse(limit: Limit, caller: Caller, points: int, at: datetime) -> None:
    if limit.each is not None and abs(points) > limit.each:
        raise AboveLimit(limit.each, None)
    if limit.per_day is not None:
        left = max(0, limit.per_day - used_today(caller, at))
        if abs(points) > left:
            raise AboveLimit(None, left)

"""Telling ahead which points end: 60, 30 and 7 days before, once for each member, stage and day on which points end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.calendar import start_of_day
from laoke.points import events
from laoke.points.models import ExpiryNotice

# Days ahead, the last word first.
STAGES = (7, 30, 60)
BATCH = 2_000
_PACKAGE = "laoke.points"


class Told(NamedTuple):
    """How many notices went out, and of how many points they told."""

    notices: int
    points: int


def tell(*, at: datetime, batch: int = BATCH, advance: Callable[[int], bool] | None = None) -> Told:
    """Announce what ends within 60 days and was not told at its stage yet, batch by batch, each its own transaction.

    A notice and its event are one transaction, and there is one notice for each stage: a run that was killed or comes
    twice tells nobody twice. Points that came later than a stage are told with the next, and nights without a run are
    caught up. What is set aside for unpaid orders is not counted.

    Args:
        at: the night; days are counted in the programme's time zone.
        advance: is told the notices of each batch and returns False to stop.
    """
    today = at.astimezone(settings.LAOKE.zone).date()
    notices = points = 0
    for days in range(STAGES[-1] + 1):
        stage = next(each for each in STAGES if days <= each)
        day = _Day(today + timedelta(days=days), days, stage)
        members = day.members()
        for start in range(0, len(members), batch):
            told = day.tell(members[start : start + batch], at)
            notices, points = notices + told.notices, points + told.points
            if advance and not advance(told.notices):
                return Told(notices, points)
    return Told(notices, points)


def forget(at: datetime) -> int:
    """Forget the notices of days that are over; returns how many."""
    today = at.astimezone(settings.LAOKE.zone).date()
    return int(ExpiryNotice.objects.filter(ends_on__lt=today).delete()[0])


class _Day(NamedTuple):
    """A day on which points end: how many days ahead it is, and the stage of that."""

    ends_on: date
    days: int
    stage: int

    def members(self) -> list[int]:
        """Who has points that end on it and was not told so at this stage or a later one, by number."""
        with hot_cursor() as cursor:
            row = cursor.execute(load(_PACKAGE, "ending"), self._values()).fetchone()
        return row[0] if row and row[0] else []

    def tell(self, members: list[int], at: datetime) -> Told:
        """Notices and events of some of them, with what they have as of now."""
        values = self._values() | {
            "members": members,
            "days": self.days,
            "at": at,
            "topic": events.EXPIRING,
        }
        with transaction.atomic(), hot_cursor() as cursor:
            row = cursor.execute(load(_PACKAGE, "tell_ending"), values).fetchone()
        assert row is not None
        return Told(*row)

    def _values(self) -> dict[str, object]:
        zone = settings.LAOKE.zone
        return {
            "ends_on": self.ends_on,
            "stage": self.stage,
            # A lot ends at the first instant at which it can no longer be used.
            "begins": start_of_day(self.ends_on, zone),
            "over": start_of_day(self.ends_on + timedelta(days=1), zone),
        }

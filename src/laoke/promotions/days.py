"""What offers gave by day. Days that are over are summed up in the night; later ones are counted when asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db.models import Max

from laoke.foundation.sql import hot_cursor, load
from laoke.promotions.models import OfferDay


def sum_up(at: datetime) -> int:
    """Sum up every day before that of `at` anew, with what has come back since; returns how many rows changed."""
    today = at.astimezone(settings.LAOKE.zone).date()
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.promotions", "sum_up_days"), {"today": today})
        return cursor.rowcount


def summed_up_until() -> datetime:
    """The instant from which on uses are not summed up yet: the midnight after the last day that is."""
    last: date | None = OfferDay.objects.aggregate(last=Max("day"))["last"]
    if last is None:
        return datetime(2000, 1, 1, tzinfo=UTC)
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=settings.LAOKE.zone)

"""What last night's computation knows of: everything before an instant."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.conf import settings

from laoke.foundation.sql import hot_cursor


def since_of(as_of: date | None) -> datetime | None:
    """The first instant that features as of a day do not know of; None when there are no features."""
    if as_of is None:
        return None
    return datetime.combine(as_of + timedelta(days=1), time.min, settings.LAOKE.zone)


def since_newest() -> datetime | None:
    """`since_of` the newest features."""
    with hot_cursor() as cursor:
        cursor.execute(
            "select as_of from segments_featurerun where finished_at is not null order by id desc limit 1"
        )
        row = cursor.fetchone()
    return since_of(row[0] if row else None)

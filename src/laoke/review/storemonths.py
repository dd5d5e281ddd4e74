"""Thirty days of a store: the night counts 29 of them, so that a page adds today's purchases only."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import psycopg
from django.conf import settings

from laoke.foundation.sql import load

DAYS = 30


def start_of(today: date) -> datetime:
    """The first instant of the thirty days that end with `today`."""
    return _midnight(today - timedelta(days=DAYS - 1))


def count_all(cursor: psycopg.Cursor[Any], as_of: date) -> None:
    """Replace what is known of every store by what it did up to the end of the day `as_of`."""
    following = as_of + timedelta(days=1)
    values = {"as_of": as_of, "start": start_of(following), "until": _midnight(following)}
    cursor.execute("delete from review_storemonth")
    cursor.execute(load("laoke.review", "store_months"), values)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, settings.LAOKE.zone)

"""Telling of budgets that run low and offers that are used up: each threshold once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor, load
from laoke.promotions.events import BUDGET_ALARM, USED_UP


def tell(at: datetime) -> int:
    """Announce every threshold that has been crossed since the last look; returns how many.

    The threshold is written down with its event: however often and by how many this runs, each is announced once.
    """
    with transaction.atomic():
        with hot_cursor() as cursor:
            rows = cursor.execute(load("laoke.promotions", "crossed"), {"at": at}).fetchall()
        for key, percent, version, in_total, uses, budget, spent in rows:
            told = {"offer": key, "budget_minor": budget, "spent_minor": spent, "programme_version": version}
            if percent:
                outbox.add(BUDGET_ALARM, told | {"percent": percent}, at=at)
            else:
                outbox.add(USED_UP, told | {"in_total": in_total, "uses": uses}, at=at)
    return len(rows)

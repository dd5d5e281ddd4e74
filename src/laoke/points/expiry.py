"""Sweeping lots whose time is over. Rules never use them; the sweep makes the books say so too."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.points import ledger
from laoke.points.models import Account, Lot

EXPIRE = sql.load("laoke.points", "expire_lots")
# A till that serves one of their members waits until the batch is through, and any till for the disk: some 50 ms.
BATCH = 1_000
# Beside tills, of the time of each batch.
REST = 0.25


class Swept(NamedTuple):
    """What a sweep did."""

    lots: int
    points: int


def expire(
    *,
    at: datetime,
    now: datetime,
    batch: int = BATCH,
    advance: Callable[[int], bool] | None = None,
    rest: float = 0.0,
) -> Swept:
    """Expire every lot whose `expires_at` has come by `at`, batch by batch, each its own transaction.

    Can be stopped between batches (`advance` is told the lots done and returns False to stop) and repeated.
    A lot that expires while its account is locked by a till waits for the next batch or the next sweep. After each
    batch the sweep rests for `rest` times as long as the batch took.
    """
    lots, points = _settle_debts(at, now)
    while True:
        begun = time.perf_counter()
        with transaction.atomic(), hot_cursor() as cursor:
            row = cursor.execute(EXPIRE, {"at": at, "recorded_at": now, "batch": batch}).fetchone()
        assert row is not None
        lots, points = lots + row[0], points + row[1]
        if row[0] == 0 or (advance and not advance(row[0])):
            return Swept(lots, points)
        time.sleep(rest * (time.perf_counter() - begun))


def _settle_debts(at: datetime, now: datetime) -> tuple[int, int]:
    """Of members who owe points: those that were pending and came repay the debt, before any of them can expire."""
    owing = Account.objects.filter(debt__gt=0).values("member_id")
    come = Lot.objects.filter(member_id__in=owing, available_at__lte=at, remaining__gt=F("held"))
    expired: list[int] = []
    for member_id in come.values_list("member_id", flat=True).distinct().order_by("member_id"):
        with transaction.atomic(), hot_cursor() as cursor:
            account = ledger.lock(cursor, member_id, at, now=now)
            expired += account.expire(at, now)
            account.close()
    return len(expired), sum(expired)


def due(at: datetime) -> int:
    """How many lots a sweep at `at` would find."""
    return Lot.objects.filter(remaining__gt=F("held"), expires_at__lte=at).filter(remaining__gt=0).count()

"""Giving points for an event, and taking them back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings

from laoke.points.ledger import Cause, LockedAccount

ORIGIN = "activity"
# Two members may have been merged since: what is left of the lot is one of the kept member's then.
OWN = (
    "select id from points_lot where member_id = %(member)s "
    "and (id = %(lot)s or carried_from_id = %(lot)s and remaining > 0)"
)


def give(account: LockedAccount, points: int, kind: str, *, at: datetime, now: datetime) -> int | None:
    """Points as a lot of their own, as old as the event; its number, None when there are none to give."""
    if not points:
        return None
    expires_at = account.terms.validity.ends(at, settings.LAOKE.zone)
    cause = Cause(at=now, recorded_at=now, note=kind)
    return account.accrue(points, expires_at, "accrual", ORIGIN, cause, at)


def take_back(
    cursor: psycopg.Cursor[Any],
    account: LockedAccount,
    lot_id: int | None,
    points: int,
    kind: str,
    *,
    now: datetime,
) -> None:
    """Take points back, from the lot they made first."""
    if not points:
        return
    rows = cursor.execute(OWN, {"member": account.member_id, "lot": lot_id}).fetchall()
    account.take_back([row[0] for row in rows], points, Cause(at=now, recorded_at=now, note=kind))

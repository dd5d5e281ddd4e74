"""Setting points aside for something that is not paid yet: nobody else can spend them until it is, or the time is over.

A hold ends with the order that captures it (`for_order`, `capture_for_order`), with a capture of its own, with `void`,
or by the clock: from `until` on its points are free, whoever looks first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.db import transaction

from laoke.engine.ledger import lots as rules
from laoke.engine.ledger.lots import Take
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.points import ledger
from laoke.points.errors import BadHold, BadPoints, BadReference, HoldEnded, UnknownHold
from laoke.points.ledger import Cause, LockedAccount
from laoke.points.models import Hold
from laoke.points.redeeming import LARGEST, LONGEST_REFERENCE, Sink, lock_active, lock_kept, record, spendable

MOST_MINUTES = 7 * 24 * 60
OPEN = Hold.State.OPEN


@dataclass(frozen=True, slots=True)
class HoldView:
    """Points set aside, as of an instant: one whose time is over has expired, noticed or not."""

    hold_id: int
    member_id: int
    reference: str
    points: int
    state: str
    at: datetime
    until: datetime
    ended_at: datetime | None
    captured: int
    order_id: int | None


class Held(NamedTuple):
    """Points set aside in one lot, and when it ends: captured they can be until their hold does."""

    take: Take
    expires_at: datetime


def reserve(
    caller: Caller,
    member_id: int,
    points: int,
    reference: str,
    minutes: int,
    command: Command,
    *,
    at: datetime,
) -> Answer:
    """Set points aside, in the order of use.

    Returns:
        {"hold_id", "member_id", "points", "until", "points_available"} as JSON.
    Raises:
        MissingScope, BadPoints, BadReference, BadHold, IdempotencyKeyReused; and as `redeeming.spend`.
    """
    caller.require(Scope.ORDERS_WRITE)
    if not 1 <= points <= LARGEST:
        raise BadPoints(LARGEST)
    if not (1 <= len(reference) <= LONGEST_REFERENCE and reference.isprintable()):
        raise BadReference(LONGEST_REFERENCE)
    if not 1 <= minutes <= MOST_MINUTES:
        raise BadHold(MOST_MINUTES)

    def act() -> dict[str, Any]:
        with hot_cursor() as cursor:
            account = lock_active(cursor, member_id, at)
            takes = spendable(account, points, at)
            hold = Hold.objects.create(
                member_id=account.member_id,
                reference=reference,
                points=points,
                at=at,
                until=at + timedelta(minutes=minutes),
                held_by=caller.label,
            )
            account.set_aside(hold.pk, takes)
            account.close()
            return {
                "hold_id": hold.pk,
                "member_id": account.member_id,
                "points": points,
                "until": hold.until,
                "points_available": account.available(at),
            }

    return once(caller, command, act, at=at)


def capture(
    caller: Caller, hold_id: int, command: Command, *, points: int | None = None, at: datetime
) -> Answer:
    """Spend points set aside, all or some of them; the rest is free again. What they went for is another system's.

    Returns:
        {"hold_id", "member_id", "spending_id", "points", "points_available"} as JSON.
    Raises:
        MissingScope, UnknownHold, IdempotencyKeyReused.
        HoldEnded: it was captured, voided, or its time is over.
        BadPoints: none, or more than are set aside.
        AccountSuspended: the member is blocked.
    """
    caller.require(Scope.ORDERS_WRITE)

    def act() -> dict[str, Any]:
        with hot_cursor() as cursor:
            hold, account = _lock_open(cursor, hold_id, at)
            wanted = hold.points if points is None else points
            if not 1 <= wanted <= hold.points:
                raise BadPoints(hold.points)
            spending_id = record(cursor, caller, account.member_id, wanted, Sink.HOLD, str(hold.pk), "", at)
            parts = account.release(hold.pk, "captured", at)
            Hold.objects.filter(pk=hold.pk).update(captured=wanted, spending_id=spending_id)
            cause = Cause(at=at, recorded_at=at, note=hold.reference, spending_id=spending_id)
            account.take(rules.less(parts, hold.points - wanted), "redemption", cause)
            return _ended(account, hold, {"spending_id": spending_id, "points": wanted}, at)

    return once(caller, command, act, at=at)


def void(caller: Caller, hold_id: int, command: Command, *, at: datetime) -> Answer:
    """Let go of points set aside.

    Returns:
        {"hold_id", "member_id", "points", "points_available"} as JSON.
    Raises:
        MissingScope, UnknownHold, HoldEnded, IdempotencyKeyReused
    """
    caller.require(Scope.ORDERS_WRITE)

    def act() -> dict[str, Any]:
        with hot_cursor() as cursor:
            hold, account = _lock_open(cursor, hold_id, at, active=False)
            account.release(hold.pk, "voided", at)
            return _ended(account, hold, {"points": hold.points}, at)

    return once(caller, command, act, at=at)


def for_order(hold_id: int, member_id: int, now: datetime) -> tuple[Held, ...]:
    """What a hold has set aside for its member's order, in the order of use.

    Raises:
        UnknownHold: there is none of this member.
        HoldEnded
    """
    with hot_cursor() as cursor:
        rows = cursor.execute(
            "select h.state, h.until, part.lot_id, part.points, l.expires_at from points_hold h "
            "join points_holdpart part on part.hold_id = h.id join points_lot l on l.id = part.lot_id "
            "where h.id = %s and h.member_id = %s order by part.id",
            (hold_id, member_id),
        ).fetchall()
    if not rows:
        raise UnknownHold
    _require_open(rows[0][0], rows[0][1], now)
    return tuple(Held(Take(lot_id, points), expires_at) for _, _, lot_id, points, expires_at in rows)


def capture_for_order(hold_id: int, order_id: int, points: int, at: datetime) -> None:
    """End a hold whose points an order spends, all or some. The account is locked, and the order takes the points."""
    with hot_cursor() as cursor:
        cursor.execute(ledger.RELEASE, {"hold": hold_id, "state": "captured", "at": at})
        cursor.execute(
            "with hold as (update points_hold set captured = %s, order_id = %s where id = %s "
            "returning member_id, points) update points_account a set held = a.held - hold.points "
            "from hold where a.member_id = hold.member_id",
            (points, order_id, hold_id),
        )


def expire(*, at: datetime) -> int:
    """End the holds whose time is over; returns how many there were. Whoever looks at such an account before does the
    same for it."""
    due = Hold.objects.filter(state=OPEN, until__lte=at).order_by("member_id")
    members_due = list(due.values_list("member_id", flat=True).distinct())
    count = due.count()
    for member_id in members_due:
        with transaction.atomic(), hot_cursor() as cursor:
            ledger.lock(cursor, member_id, at)
    return count


def one(hold_id: int, *, at: datetime) -> HoldView:
    """A hold.

    Raises:
        UnknownHold
    """
    row = Hold.objects.filter(pk=hold_id).first()
    if row is None:
        raise UnknownHold
    return _view(row, at)


def of_member(
    member_id: int, *, at: datetime, after: str | None, limit: int
) -> tuple[list[HoldView], str | None]:
    """A page of a member's holds, the newest first.

    Raises:
        UnknownMember, BadCursor
    """
    rows = Hold.objects.filter(member_id=members.kept_id(member_id))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row, at) for row in page], more


def _view(row: Hold, at: datetime) -> HoldView:
    over = row.state == OPEN and row.until <= at
    return HoldView(
        hold_id=row.pk,
        member_id=row.member_id,
        reference=row.reference,
        points=row.points,
        state=Hold.State.EXPIRED if over else row.state,
        at=row.at,
        until=row.until,
        ended_at=row.until if over else row.ended_at,
        captured=row.captured,
        order_id=row.order_id,
    )


def _lock_open(
    cursor: psycopg.Cursor[Any], hold_id: int, at: datetime, *, active: bool = True
) -> tuple[Hold, LockedAccount]:
    found = Hold.objects.filter(pk=hold_id).first()
    if found is None:
        raise UnknownHold
    lock = lock_active if active else lock_kept
    account = lock(cursor, found.member_id, at)
    hold = Hold.objects.get(pk=hold_id)
    _require_open(hold.state, hold.until, at)
    return hold, account


def _require_open(state: str, until: datetime, now: datetime) -> None:
    if state != OPEN or until <= now:
        raise HoldEnded(Hold.State.EXPIRED if state == OPEN else state)


def _ended(account: LockedAccount, hold: Hold, more: dict[str, Any], at: datetime) -> dict[str, Any]:
    account.repay(Cause(at=at, recorded_at=at))
    account.close()
    return {
        "hold_id": hold.pk,
        "member_id": account.member_id,
        **more,
        "points_available": account.available(at),
    }

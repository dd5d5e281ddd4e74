"""Referrals: who brought a friend gets points when the friend has bought, and loses them when nothing of it stands."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from laoke.foundation import sql
from laoke.foundation.access import Caller
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.points.activities import booking, events, rules, watching
from laoke.points.activities.errors import ReferralRefused
from laoke.points.activities.models import Activity
from laoke.points.activities.rules import REFERRAL, ActivityRule
from laoke.points.activities.watching import Act
from laoke.points.ledger import LockedAccount
from laoke.points.redeeming import lock_active, lock_kept

STANDS = sql.load("laoke.points.activities", "stands")
State = Activity.State
OPEN = Q(kind=REFERRAL) & ~Q(state=State.UNDONE)


def refer(caller: Caller, member_id: int, friend_id: int, *, at: datetime, now: datetime) -> dict[str, Any]:
    """Record a referral; it waits for the friend's first order. Call in a transaction.

    Raises:
        ReferralRefused: oneself, somebody of the household, somebody who has bought or was referred before.
        UnknownMember, MemberErased, AccountSuspended: of either.
    """
    with hot_cursor() as cursor:
        account, friend = _lock_both(cursor, member_id, friend_id, now, active=True)
        _check(cursor, account.member_id, friend.member_id)
        try:
            with transaction.atomic():
                event = Activity.objects.create(
                    member_id=account.member_id,
                    friend_id=friend.member_id,
                    kind=REFERRAL,
                    state=State.WAITING,
                    at=at,
                    day=at.astimezone(settings.LAOKE.zone).date(),
                    told_by=caller.label,
                    recorded_at=now,
                )
        except IntegrityError:
            raise ReferralRefused("referred") from None
        outbox.add(
            events.RECORDED,
            {
                "event_id": event.pk,
                "member_id": event.member_id,
                "kind": REFERRAL,
                "state": event.state,
                "points": 0,
                "bonus": 0,
            },
            at=now,
            member_id=event.member_id,
        )
        return {
            "event_id": event.pk,
            "member_id": event.member_id,
            "kind": REFERRAL,
            "state": event.state,
            "limit": None,
            "points": 0,
            "bonus": 0,
            "streak_days": None,
            "points_available": account.available(now),
        }


@transaction.atomic
def judge(friend_id: int, *, at: datetime) -> None:
    """Let the referral of a member pay, or take back what it paid, as their orders stand now."""
    found = Activity.objects.filter(OPEN, friend_id=friend_id).first()
    if found is None or found.member_id == friend_id:
        return
    with hot_cursor() as cursor:
        account, friend = _lock_both(cursor, found.member_id, friend_id, at)
        event = Activity.objects.filter(OPEN, pk=found.pk).first()
        if event is None or account.member_id == friend.member_id:
            return
        rule = rules.in_force().kinds.get(REFERRAL)
        before = _acts(event)
        stands = rule is not None and _stands(cursor, friend.member_id, rule.least_order_minor)
        if event.state == State.WAITING and stands and rule is not None:
            _pay(event, rule, account, friend, at)
        elif event.state in (State.EARNED, State.CAPPED) and not stands:
            _take_back(cursor, event, account, friend, at)
            event.state, event.limit = State.WAITING, ""
            event.points = event.friend_points = 0
            event.lot_id = event.friend_lot_id = None
        else:
            return
        account.close()
        friend.close()
        event.save()
        _announce(event, at)
        _watched(cursor, event, before, at)


def undo(
    caller: Caller, event_id: int, why: str, *, now: datetime, merging: Container[int] = ()
) -> dict[str, Any]:
    """Undo a referral: what it paid to both is taken back, and the friend may be referred again. In a transaction.

    Args:
        merging: members that are being merged: watchers look at them when all has been moved, and not before.
    """
    found = Activity.objects.get(pk=event_id)
    assert found.friend_id is not None
    with hot_cursor() as cursor:
        account, friend = _lock_both(cursor, found.member_id, found.friend_id, now)
        event = Activity.objects.get(pk=event_id)
        points = 0
        if event.state != State.UNDONE:
            points, before = event.points, _acts(event)
            _take_back(cursor, event, account, friend, now)
            account.close()
            if friend is not account:
                friend.close()
            event.state = State.UNDONE
            event.points_back = points + event.bonus
            event.undone_at, event.undone_by, event.undone_why = now, caller.label, why
            event.save()
            audit.record(
                caller, "activity.undone", "activity", event.pk, at=now, after={"points": points}, reason=why
            )
            payload = {"event_id": event.pk, "member_id": event.member_id, "kind": REFERRAL, "points": points}
            outbox.add(events.UNDONE, payload, at=now, member_id=event.member_id)
            left = {member_id: act for member_id, act in before.items() if member_id not in merging}
            _watched(cursor, event, left, now)
        return {
            "event_id": event.pk,
            "member_id": event.member_id,
            "points": points,
            "points_available": account.available(now),
        }


def _acts(event: Activity) -> dict[int, Act]:
    """A referral as tiers count it, by member: the friend's points count too."""
    found = {}
    if event.state == State.EARNED:
        found[event.member_id] = Act(event.pk, event.at, REFERRAL, event.points)
    if event.friend_id and event.friend_points and event.state in (State.EARNED, State.CAPPED):
        found[event.friend_id] = Act(event.pk, event.at, "", event.friend_points)
    return found


def _watched(cursor: psycopg.Cursor[Any], event: Activity, before: dict[int, Act], at: datetime) -> None:
    """Tell what counts now, as of the order that made it count, or counts no more."""
    after = _acts(event)
    for member_id, act in after.items():
        if member_id not in before:
            watching.counted(cursor, member_id, act, at=at, now=at)
    for member_id, act in before.items():
        if member_id not in after:
            watching.uncounted(cursor, member_id, act, Act(act.event_id, act.at, "", 0), now=at)


def anybody_waiting() -> bool:
    """Whether there is a referral that an order or a return could change."""
    return Activity.objects.filter(OPEN).exists()


def _pay(
    event: Activity, rule: ActivityRule, account: LockedAccount, friend: LockedAccount, at: datetime
) -> None:
    day = at.astimezone(settings.LAOKE.zone).date()
    paid = Activity.objects.filter(
        member_id=account.member_id, kind=REFERRAL, state=State.EARNED, points__gt=0
    )
    limit = rule.times.reached(paid.values_list("day", flat=True), day)
    event.state = State.EARNED if limit is None else State.CAPPED
    event.limit, event.day = limit or "", day
    event.points = rule.points if limit is None else 0
    event.friend_points = rule.friend_points
    event.lot_id = booking.give(account, event.points, REFERRAL, at=at, now=at)
    event.friend_lot_id = booking.give(friend, event.friend_points, REFERRAL, at=at, now=at)


def _take_back(
    cursor: psycopg.Cursor[Any],
    event: Activity,
    account: LockedAccount,
    friend: LockedAccount,
    at: datetime,
) -> None:
    booking.take_back(cursor, account, event.lot_id, event.points, REFERRAL, now=at)
    booking.take_back(cursor, friend, event.friend_lot_id, event.friend_points, REFERRAL, now=at)


def _announce(event: Activity, at: datetime) -> None:
    payload = {
        "event_id": event.pk,
        "member_id": event.member_id,
        "friend_id": event.friend_id,
        "state": event.state,
        "points": event.points,
        "friend_points": event.friend_points,
    }
    outbox.add(events.REFERRED, payload, at=at, member_id=event.member_id)


def _check(cursor: psycopg.Cursor[Any], member_id: int, friend_id: int) -> None:
    if member_id == friend_id:
        raise ReferralRefused("same_person")
    if members.live_together(member_id, friend_id):
        raise ReferralRefused("same_household")
    if Activity.objects.filter(OPEN, friend_id=friend_id).exists():
        raise ReferralRefused("referred")
    if _stands(cursor, friend_id, 0):
        raise ReferralRefused("has_bought")


def _stands(cursor: psycopg.Cursor[Any], member_id: int, least: int) -> bool:
    row = cursor.execute(STANDS, {"member": member_id, "least": least}).fetchone()
    assert row is not None
    return bool(row[0])


def _lock_both(
    cursor: psycopg.Cursor[Any], one: int, other: int, at: datetime, *, active: bool = False
) -> tuple[LockedAccount, LockedAccount]:
    """Both accounts, locked in the order of their numbers; one and the same when the two were merged."""
    lock = lock_active if active else lock_kept
    while True:
        ids = sorted({members.kept_id(one), members.kept_id(other)})
        found = {number: lock(cursor, number, at) for number in ids}
        if all(number == account.member_id for number, account in found.items()):
            return found[members.kept_id(one)], found[members.kept_id(other)]

"""Events: told once, paid within their limits, undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from laoke.engine import activities
from laoke.foundation import clock
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members.normal.person import checked_reason
from laoke.points.activities import booking, events, referrals, rules, watching
from laoke.points.activities.errors import ActivityTooLate, BadActivity, UnknownActivity, UnknownEvent
from laoke.points.activities.models import Activity
from laoke.points.activities.rules import REFERRAL, ActivityRule
from laoke.points.activities.watching import Act
from laoke.points.redeeming import lock_active, lock_kept

LONGEST_SUBJECT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """An event as a channel tells it: `subject` is what it is about, `friend_id` who was referred."""

    member_id: int
    kind: str
    at: datetime
    subject: str = ""
    friend_id: int | None = None


def tell(caller: Caller, told: Told, command: Command, *, now: datetime) -> Answer:
    """Record an event and give what it pays. Past a limit it is recorded and pays nothing; a referral pays when the
    friend has bought.

    Returns:
        {"event_id", "member_id", "kind", "state", "limit", "points", "bonus", "streak_days", "points_available"}
        as JSON.
    Raises:
        MissingScope, ClockInFuture, ClockInPast, ActivityTooLate, UnknownActivity, BadActivity, ReferralRefused,
        UnknownMember, MemberErased, AccountSuspended, IdempotencyKeyReused. A refusal leaves nothing behind.
    """
    caller.require(Scope.ACTIVITIES_WRITE)
    clock.check(told.at, now)
    in_force = rules.in_force()
    rule = in_force.kinds.get(told.kind)
    if rule is None:
        raise UnknownActivity(told.kind, in_force.kinds)
    if now - told.at > in_force.patience:
        raise ActivityTooLate(in_force.late_days)
    _check(told, rule)
    if told.kind == REFERRAL:
        return once(
            caller,
            command,
            lambda: referrals.refer(caller, told.member_id, _friend(told), at=told.at, now=now),
            at=now,
        )
    return once(caller, command, lambda: _tell(caller, told, rule, now), at=now)


def undo(caller: Caller, event_id: int, reason: str, *, now: datetime) -> dict[str, Any]:
    """Undo an event: what it earned is taken back, and what days in a row earned only with it. Once.

    Returns:
        {"event_id", "member_id", "points", "points_available"}: points taken back.
    Raises:
        MissingScope, UnknownEvent, ReasonMissing.
        InsufficientPoints: the programme forbids to take back what is not there.
    """
    caller.require(Scope.ACTIVITIES_WRITE)
    why = checked_reason(reason)
    with transaction.atomic(), hot_cursor() as cursor:
        found = Activity.objects.filter(pk=event_id).first()
        if found is None:
            raise UnknownEvent(event_id)
        if found.kind == REFERRAL:
            return referrals.undo(caller, event_id, why, now=now)
        account = lock_kept(cursor, found.member_id, now)
        event = Activity.objects.get(pk=event_id)
        if event.state == Activity.State.UNDONE:
            return _undone(event, 0, account.available(now))
        points, counted = event.points + _lost_bonus(event), _act(event)
        booking.take_back(cursor, account, event.lot_id, points, event.kind, now=now)
        account.close()
        event.state = Activity.State.UNDONE
        event.points_back = points
        event.undone_at, event.undone_by, event.undone_why = now, caller.label, why
        event.save(update_fields=["state", "points_back", "undone_at", "undone_by", "undone_why"])
        audit.record(
            caller, "activity.undone", "activity", event.pk, at=now, after={"points": points}, reason=why
        )
        payload = {"event_id": event.pk, "member_id": event.member_id, "kind": event.kind, "points": points}
        outbox.add(events.UNDONE, payload, at=now, member_id=event.member_id)
        if counted is not None:
            left = Act(event.pk, event.at, "", counted.points - points)
            watching.uncounted(cursor, event.member_id, counted, left, now=now)
        return _undone(event, points, account.available(now))


def _tell(caller: Caller, told: Told, rule: ActivityRule, now: datetime) -> dict[str, Any]:
    day = told.at.astimezone(settings.LAOKE.zone).date()
    with hot_cursor() as cursor:
        account = lock_active(cursor, told.member_id, now)
        paid = _paid(account.member_id, told.kind)
        limit = rule.times.reached(paid, day)
        if limit is None and rule.once_per_subject and _was_about(account.member_id, told):
            limit = "subject"
        points = bonus = 0
        if limit is None:
            points = rule.points
            if rule.streak is not None:
                bonus = activities.filled(set(paid), day, rule.streak.days) * rule.streak.bonus
        lot_id = booking.give(account, points + bonus, told.kind, at=told.at, now=now)
        if lot_id is not None:
            account.close()
        event = Activity.objects.create(
            member_id=account.member_id,
            kind=told.kind,
            subject=told.subject,
            state=Activity.State.EARNED if limit is None else Activity.State.CAPPED,
            limit=limit or "",
            at=told.at,
            day=day,
            points=points,
            bonus=bonus,
            lot_id=lot_id,
            told_by=caller.label,
            recorded_at=now,
        )
        outbox.add(
            events.RECORDED,
            {
                "event_id": event.pk,
                "member_id": event.member_id,
                "kind": event.kind,
                "state": event.state,
                "points": points,
                "bonus": bonus,
            },
            at=now,
            member_id=event.member_id,
        )
        if (act := _act(event)) is not None:
            watching.counted(cursor, event.member_id, act, at=event.at, now=now)
        return {
            "event_id": event.pk,
            "member_id": event.member_id,
            "kind": event.kind,
            "state": event.state,
            "limit": event.limit or None,
            "points": points,
            "bonus": bonus,
            "streak_days": _streak_days(paid, day, rule, limit),
            "points_available": account.available(now),
        }


def _check(told: Told, rule: ActivityRule) -> None:
    if len(told.subject) > LONGEST_SUBJECT or not told.subject.isprintable():
        raise BadActivity(_("A subject takes up to 100 printable characters."), "subject")
    if rule.once_per_subject and not told.subject:
        raise BadActivity(_("Events of this kind say what they are about."), "subject")
    if (told.kind == REFERRAL) != (told.friend_id is not None):
        raise BadActivity(_("A referral names the friend, other events do not."), "friend_id")


def _friend(told: Told) -> int:
    assert told.friend_id is not None
    return told.friend_id


def _paid(member_id: int, kind: str) -> list[date]:
    """The day of every event of a kind that paid."""
    found = Activity.objects.filter(member_id=member_id, kind=kind, state=Activity.State.EARNED)
    return list(found.values_list("day", flat=True))


def _was_about(member_id: int, told: Told) -> bool:
    return Activity.objects.filter(
        member_id=member_id, kind=told.kind, state=Activity.State.EARNED, subject=told.subject
    ).exists()


def _streak_days(paid: list[date], day: date, rule: ActivityRule, limit: str | None) -> int | None:
    """How many days in a row there are up to this one, itself included if it counts."""
    if rule.streak is None:
        return None
    before, _after = activities.run_through(set(paid), day)
    return before + (limit is None or day in paid)


def _act(event: Activity) -> Act | None:
    """The event as tiers count it; None past a limit."""
    if event.state != Activity.State.EARNED:
        return None
    return Act(event.pk, event.at, event.kind, event.points + event.bonus)


def _lost_bonus(event: Activity) -> int:
    """What days in a row earned only with this event."""
    if event.state != Activity.State.EARNED:
        return 0
    rule = rules.in_force().kinds.get(event.kind)
    others = Activity.objects.filter(
        member_id=event.member_id, kind=event.kind, state=Activity.State.EARNED
    ).exclude(pk=event.pk)
    if rule is None or rule.streak is None:
        return event.bonus
    days = set(others.values_list("day", flat=True))
    return activities.filled(days, event.day, rule.streak.days) * rule.streak.bonus


def _undone(event: Activity, points: int, available: int) -> dict[str, Any]:
    return {
        "event_id": event.pk,
        "member_id": event.member_id,
        "points": points,
        "points_available": available,
    }

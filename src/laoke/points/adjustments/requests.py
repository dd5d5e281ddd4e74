"""Adjustments above the limit: one person asks for them, another lets them pass, or does not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.outbox import services as outbox
from laoke.members import selectors as members
from laoke.members.normal.person import checked_reason
from laoke.points import events, services
from laoke.points.adjustments import allowance
from laoke.points.adjustments.errors import (
    AdjustmentDecided,
    OwnAdjustment,
    UnknownAdjustment,
    WithinLimit,
)
from laoke.points.adjustments.limits import in_force
from laoke.points.adjustments.models import Adjustment

State = Adjustment.State


def ask(
    caller: Caller, member_id: int, points: int, reason: str, command: Command, *, at: datetime
) -> Answer:
    """Ask for an adjustment above the caller's limit.

    Returns:
        {"adjustment_id", "member_id", "points", "open_until"} as JSON.
    Raises:
        MissingScope, BadAdjustment, ReasonMissing, UnknownMember, MemberErased, IdempotencyKeyReused.
        WithinLimit: the caller may make it alone.
    """
    services.checked(caller, points, reason)
    return once(caller, command, lambda: ask_once(caller, member_id, points, reason, at=at), at=at)


@transaction.atomic
def ask_once(caller: Caller, member_id: int, points: int, reason: str, *, at: datetime) -> dict[str, Any]:
    """As `ask`, for callers that see to it themselves that a repeat acts once. The answer is its JSON as values."""
    why = services.checked(caller, points, reason)
    if allowance.is_enough(caller, points, at=at):
        raise WithinLimit
    wanted = members.resolve({"member_id": member_id})
    row = Adjustment.objects.create(
        member_id=wanted.id,
        points=points,
        reason=why,
        state=State.WAITING,
        asked_at=at,
        asked_kind=caller.kind,
        asked_id=caller.id,
        asked_by=caller.label,
        open_until=at + in_force().patience,
    )
    audit.record(
        caller,
        "adjustment.asked",
        "adjustment",
        row.pk,
        at=at,
        after={"member_id": wanted.id, "points": points},
        reason=why,
    )
    told = {"adjustment_id": row.pk, "member_id": wanted.id, "points": points}
    outbox.add(events.ASKED, told, at=at, member_id=wanted.id)
    return told | {"open_until": row.open_until}


@transaction.atomic
def approve(caller: Caller, adjustment_id: int, *, at: datetime) -> dict[str, Any]:
    """Let an adjustment pass: it is booked now, once. A member merged since gets it where the points went.

    Returns:
        {"member_id", "points", "points_available", "points_debt"}.
    Raises:
        MissingScope, UnknownAdjustment, AdjustmentDecided, MemberErased.
        OwnAdjustment: the caller asked for it.
        InsufficientPoints: more to take than can be spent; the request goes on waiting.
    """
    row = _for_decision(caller, adjustment_id, at)
    row.member_id = members.resolve({"member_id": row.member_id}).id
    asked = {"adjustment": row.pk, "asked_by": row.asked_by}
    answer = services.book(caller, row.member_id, row.points, row.reason, at=at, request=asked)
    _decide(row, caller, State.BOOKED, "", at)
    return answer


@transaction.atomic
def refuse(caller: Caller, adjustment_id: int, note: str, *, at: datetime) -> dict[str, Any]:
    """Do not let an adjustment pass, and say why. Returns {"adjustment_id", "state"}.

    Raises:
        MissingScope, UnknownAdjustment, AdjustmentDecided, OwnAdjustment, ReasonMissing.
    """
    why = checked_reason(note)
    row = _for_decision(caller, adjustment_id, at)
    _decide(row, caller, State.REFUSED, why, at)
    asked = {"member_id": row.member_id, "points": row.points}
    audit.record(caller, "adjustment.refused", "adjustment", row.pk, at=at, after=asked, reason=why)
    return {"adjustment_id": row.pk, "state": row.state}


@transaction.atomic
def withdraw(caller: Caller, adjustment_id: int, *, at: datetime) -> dict[str, Any]:
    """Take one's own request back. Returns {"adjustment_id", "state"}.

    Raises:
        MissingScope, UnknownAdjustment, AdjustmentDecided.
    """
    caller.require(Scope.POINTS_ADJUST)
    row = _locked(adjustment_id, at)
    if not _is_of(row, caller):
        raise UnknownAdjustment
    _decide(row, caller, State.WITHDRAWN, "", at)
    asked = {"member_id": row.member_id, "points": row.points}
    audit.record(caller, "adjustment.withdrawn", "adjustment", row.pk, at=at, after=asked)
    return {"adjustment_id": row.pk, "state": row.state}


def lapse(at: datetime) -> int:
    """Write down that the time of requests is over which nobody decided; returns how many.

    The clock has ended them already: no command lets one pass after its `open_until`.
    """
    with transaction.atomic():
        over = list(
            Adjustment.objects.select_for_update(skip_locked=True)
            .filter(state=State.WAITING, open_until__lte=at)
            .order_by("pk")
        )
        for row in over:
            row.state, row.decided_at = State.LAPSED, row.open_until
            row.save(update_fields=["state", "decided_at"])
            _announce(row, at)
    return len(over)


def _for_decision(caller: Caller, adjustment_id: int, at: datetime) -> Adjustment:
    caller.require(Scope.POINTS_APPROVE)
    row = _locked(adjustment_id, at)
    if _is_of(row, caller):
        raise OwnAdjustment
    return row


def _locked(adjustment_id: int, at: datetime) -> Adjustment:
    row = Adjustment.objects.select_for_update().filter(pk=adjustment_id).first()
    if row is None:
        raise UnknownAdjustment
    if row.state != State.WAITING or row.open_until is None or row.open_until <= at:
        raise AdjustmentDecided
    return row


def _is_of(row: Adjustment, caller: Caller) -> bool:
    return (row.asked_kind, row.asked_id) == (caller.kind, caller.id)


def _decide(row: Adjustment, caller: Caller, state: State, note: str, at: datetime) -> None:
    row.state, row.note, row.decided_at = state, note, at
    row.decided_kind, row.decided_id, row.decided_by = caller.kind, caller.id, caller.label
    row.save()
    _announce(row, at)


def _announce(row: Adjustment, at: datetime) -> None:
    told = {
        "adjustment_id": row.pk,
        "member_id": row.member_id,
        "points": row.points,
        "state": str(row.state),
    }
    outbox.add(events.DECIDED, told, at=at, member_id=row.member_id)

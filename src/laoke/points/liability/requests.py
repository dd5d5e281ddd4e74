"""Closing and reopening a month from the console: one person asks, another lets it pass, a worker does it."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.jobs import progress
from laoke.kernel.errors import LaokeError
from laoke.members.normal.person import checked_reason
from laoke.points.liability import services
from laoke.points.liability.errors import (
    MonthRequestDecided,
    MonthRequested,
    OwnMonthRequest,
    UnknownMonthRequest,
)
from laoke.points.liability.models import MonthRequest

TASK = "points.month-end"
Act = MonthRequest.Act
State = MonthRequest.State


def ask(caller: Caller, act: Act, month: date, reason: str = "", *, at: datetime) -> MonthRequest:
    """Ask for a month to be closed, or for the newest closed one to be reopened; a reason is needed for that.

    Raises:
        MissingScope, ReasonMissing.
        MonthNotOver, MonthOutOfOrder, RequestsOpen, MonthNotClosed: it could not be done now.
        MonthRequested: another request waits or is being done.
    """
    caller.require(Scope.POINTS_CLOSE)
    why = checked_reason(reason) if act is Act.REOPEN else ""
    first = month.replace(day=1)
    _could(act, first, at)
    try:
        with transaction.atomic():
            row = MonthRequest.objects.create(
                month=first,
                act=act,
                reason=why,
                state=State.WAITING,
                asked_at=at,
                asked_kind=caller.kind,
                asked_id=caller.id,
                asked_by=caller.label,
            )
            _record(caller, "liability.asked", row, at, why)
    except IntegrityError:
        raise MonthRequested from None
    return row


@transaction.atomic
def approve(caller: Caller, request_id: int, *, at: datetime) -> MonthRequest:
    """Let a request pass: a worker does it as soon as it can, in the name of the caller.

    Raises:
        MissingScope, UnknownMonthRequest, MonthRequestDecided.
        OwnMonthRequest: the caller asked for it.
        MonthNotOver, MonthOutOfOrder, RequestsOpen, MonthNotClosed: it cannot be done now; the request goes on waiting.
    """
    from laoke.points.tasks import end_month

    row = _waiting(caller, request_id)
    if _is_of(row, caller):
        raise OwnMonthRequest
    _could(Act(row.act), row.month, at)
    _decide(row, caller, State.APPROVED, "", at)
    _record(caller, "liability.approved", row, at, row.reason)
    end_month.defer(at, request=row.pk)
    return row


@transaction.atomic
def refuse(caller: Caller, request_id: int, note: str, *, at: datetime) -> MonthRequest:
    """Do not let a request pass, and say why.

    Raises:
        MissingScope, UnknownMonthRequest, MonthRequestDecided, OwnMonthRequest, ReasonMissing.
    """
    why = checked_reason(note)
    row = _waiting(caller, request_id)
    if _is_of(row, caller):
        raise OwnMonthRequest
    _decide(row, caller, State.REFUSED, why, at)
    _record(caller, "liability.refused", row, at, why)
    return row


@transaction.atomic
def withdraw(caller: Caller, request_id: int, *, at: datetime) -> MonthRequest:
    """Take one's own request back.

    Raises:
        MissingScope, UnknownMonthRequest, MonthRequestDecided.
    """
    row = _waiting(caller, request_id)
    if not _is_of(row, caller):
        raise UnknownMonthRequest
    _decide(row, caller, State.WITHDRAWN, "", at)
    _record(caller, "liability.withdrawn", row, at, "")
    return row


def work(at: datetime, request_id: int) -> None:
    """What the worker does for an approved request. A repeat finds it done."""
    row = MonthRequest.objects.filter(pk=request_id, state=State.APPROVED).first()
    if row is None or row.decided_id is None:
        return
    approver = Caller(row.decided_kind, row.decided_id, row.decided_by, frozenset({Scope.POINTS_CLOSE.value}))
    detail = {"act": row.act, "month": f"{row.month:%Y-%m}"}
    with progress.track(TASK, 0, at, unit="postings", detail=detail) as tracked:
        try:
            if row.act == Act.CLOSE:
                tracked.done = services.close(approver, row.month, at=at).postings or 0
            elif services.is_closed(row.month):
                services.reopen(approver, row.month, row.reason, at=at)
        except LaokeError as refused:
            row.state, row.problem = State.FAILED, refused.code
            row.found = {name: value for name, value in refused.extensions.items() if type(value) is int}
            tracked.detail["problem"] = refused.code
        else:
            row.state = State.DONE
        row.ended_at = tracked.now()
        row.save(update_fields=["state", "ended_at", "problem", "found"])


def _could(act: Act, month: date, at: datetime) -> None:
    if act is Act.CLOSE:
        services.could_close(month, at=at)
    else:
        services.could_reopen(month)


def _waiting(caller: Caller, request_id: int) -> MonthRequest:
    caller.require(Scope.POINTS_CLOSE)
    row = MonthRequest.objects.select_for_update().filter(pk=request_id).first()
    if row is None:
        raise UnknownMonthRequest
    if row.state != State.WAITING:
        raise MonthRequestDecided
    return row


def _is_of(row: MonthRequest, caller: Caller) -> bool:
    return (row.asked_kind, row.asked_id) == (caller.kind, caller.id)


def _decide(row: MonthRequest, caller: Caller, state: State, note: str, at: datetime) -> None:
    row.state, row.note, row.decided_at = state, note, at
    row.decided_kind, row.decided_id, row.decided_by = caller.kind, caller.id, caller.label
    row.save()


def _record(caller: Caller, action: str, row: MonthRequest, at: datetime, reason: str) -> None:
    audit.record(caller, action, "month", f"{row.month:%Y-%m}", at=at, after={"act": row.act}, reason=reason)

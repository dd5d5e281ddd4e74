"""Endpoints of adjustments that need a second person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.points.adjustments import requests, selectors
from laoke.points.adjustments.schemas import (
    AdjustmentOut,
    AdjustmentsOut,
    AskedOut,
    AskIn,
    DecidedOut,
    RefusalIn,
)
from laoke.points.schemas import AdjustedOut

router = Router(tags=["points"])

READ = KeyAuth(Scope.POINTS_READ)
ADJUST = KeyAuth(Scope.POINTS_ADJUST)
APPROVE = KeyAuth(Scope.POINTS_APPROVE)
AdjustmentId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[31])]
OwnAdjustmentId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[32])]


class Which(StrEnum):
    """Which adjustments."""

    WAITING = "waiting"
    DONE = "done"


@router.post(
    "/members/{member_id}/points/adjustment-requests",
    auth=ADJUST,
    response={201: AskedOut},
    openapi_extra=IDEMPOTENT,
    summary="Ask for an adjustment above one's limit",
)
def ask(request: HttpRequest, member_id: MemberId, body: AskIn) -> HttpResponse:
    """Nothing is booked until somebody else lets it pass. Needs an `Idempotency-Key`."""
    command = Command(idempotency_key(request), (b"adjustment-request", b"%d" % member_id, request.body))
    at = received_at(request)
    return answered(requests.ask(caller(request), member_id, body.points, body.reason, command, at=at))


@router.get("/points/adjustments", auth=READ, response=AdjustmentsOut, summary="List adjustments by hand")
def list_adjustments(
    request: HttpRequest,
    which: Annotated[Which, Query(examples=["waiting"])] = Which.WAITING,
    after: After = None,
    limit: Limit = 50,
) -> AdjustmentsOut:
    """Those that wait for a second person, the oldest first; or those that are done, the newest first."""
    found = selectors.waiting if which is Which.WAITING else selectors.done
    page, more = found(caller(request), at=received_at(request), after=after, limit=limit)
    return AdjustmentsOut(adjustments=[AdjustmentOut.of(each) for each in page], after=more)


@router.get(
    "/points/adjustments/{adjustment_id}", auth=READ, response=AdjustmentOut, summary="Show an adjustment"
)
def show(request: HttpRequest, adjustment_id: AdjustmentId) -> AdjustmentOut:
    """Who asked for it and why, and what became of it."""
    return AdjustmentOut.of(selectors.one(caller(request), adjustment_id, at=received_at(request)))


@router.post(
    "/points/adjustments/{adjustment_id}/approve",
    auth=APPROVE,
    response={201: AdjustedOut},
    openapi_extra=IDEMPOTENT,
    summary="Let an adjustment pass",
)
def approve(request: HttpRequest, adjustment_id: AdjustmentId) -> HttpResponse:
    """It is booked now, once. Who asked for it cannot let it pass. Needs an `Idempotency-Key`."""
    who, at = caller(request), received_at(request)
    command = Command(idempotency_key(request), (b"adjustment-approve", b"%d" % adjustment_id))
    return answered(once(who, command, lambda: requests.approve(who, adjustment_id, at=at), at=at))


@router.post(
    "/points/adjustments/{adjustment_id}/refuse",
    auth=APPROVE,
    response={201: DecidedOut},
    openapi_extra=IDEMPOTENT,
    summary="Refuse an adjustment",
)
def refuse(request: HttpRequest, adjustment_id: AdjustmentId, body: RefusalIn) -> HttpResponse:
    """Nothing is booked; whoever asked reads why. Needs an `Idempotency-Key`."""
    who, at = caller(request), received_at(request)
    command = Command(idempotency_key(request), (b"adjustment-refuse", b"%d" % adjustment_id, request.body))
    return answered(once(who, command, lambda: requests.refuse(who, adjustment_id, body.note, at=at), at=at))


@router.post(
    "/points/adjustments/{adjustment_id}/withdraw",
    auth=ADJUST,
    response={201: DecidedOut},
    openapi_extra=IDEMPOTENT,
    summary="Take one's own request back",
)
def withdraw(request: HttpRequest, adjustment_id: OwnAdjustmentId) -> HttpResponse:
    """Only who asked can. Needs an `Idempotency-Key`."""
    who, at = caller(request), received_at(request)
    command = Command(idempotency_key(request), (b"adjustment-withdraw", b"%d" % adjustment_id))
    return answered(once(who, command, lambda: requests.withdraw(who, adjustment_id, at=at), at=at))

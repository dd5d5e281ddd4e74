"""Endpoints of points."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse
from ninja import Router

from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.points import selectors, services
from laoke.points.schemas import AdjustedOut, AdjustmentIn, PointsOut, PostingOut, PostingsOut

router = Router(tags=["points"])

READ = KeyAuth(Scope.POINTS_READ)
ADJUST = KeyAuth(Scope.POINTS_ADJUST)


@router.get("/members/{member_id}/points", auth=READ, response=PointsOut, summary="Show a member's points")
def show(request: HttpRequest, member_id: MemberId) -> PointsOut:
    """What can be spent, what is owed, and each lot with its expiry."""
    return PointsOut.of(selectors.account(member_id, received_at(request)))


@router.get(
    "/members/{member_id}/points/postings",
    auth=READ,
    response=PostingsOut,
    summary="List a member's movements of points",
)
def postings(
    request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50
) -> PostingsOut:
    """Every movement with its cause. Movements are never changed: a correction is another one."""
    page, more = selectors.postings(member_id, after=after, limit=limit)
    return PostingsOut(postings=[PostingOut.model_validate(asdict(each)) for each in page], after=more)


@router.post(
    "/members/{member_id}/points/adjustments",
    auth=ADJUST,
    response={201: AdjustedOut},
    openapi_extra=IDEMPOTENT,
    summary="Give or take points by hand",
)
def adjust(request: HttpRequest, member_id: MemberId, body: AdjustmentIn) -> HttpResponse:
    """Points given become a lot of their own; points taken leave the lots in the order of use, never more than can be
    spent. Needs an `Idempotency-Key`. Goes into the audit trail with its reason.
    """
    command = Command(idempotency_key(request), (b"adjustment", b"%d" % member_id, request.body))
    return answered(
        services.adjust(
            caller(request), member_id, body.points, body.reason, command, at=received_at(request)
        )
    )

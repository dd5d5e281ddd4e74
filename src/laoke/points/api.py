"""Endpoints of points."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.points import holds, selectors, services, transfers
from laoke.points.schemas import (
    AdjustedOut,
    AdjustmentIn,
    CapturedOut,
    CaptureIn,
    HeldOut,
    HoldIn,
    HoldOut,
    HoldsOut,
    PointsOut,
    PostingOut,
    PostingsOut,
    TransferIn,
    TransferOut,
    TransferredOut,
    TransfersOut,
    UndoneTransferOut,
    UndoTransferIn,
    VoidedOut,
)

router = Router(tags=["points"])

READ = KeyAuth(Scope.POINTS_READ)
ADJUST = KeyAuth(Scope.POINTS_ADJUST)
SELL = KeyAuth(Scope.ORDERS_WRITE)
TRANSFER = KeyAuth(Scope.POINTS_TRANSFER)
HoldId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[731])]
TransferId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[412])]


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


@router.post(
    "/points/holds",
    auth=SELL,
    response={201: HeldOut},
    openapi_extra=IDEMPOTENT,
    summary="Set points aside",
)
def hold(request: HttpRequest, body: HoldIn) -> HttpResponse:
    """For a purchase that is not paid yet: nobody can spend them until the order that names the hold takes them
    (`points_hold`), it is captured or voided, or `minutes` are over. Needs an `Idempotency-Key`.
    """
    command = Command(idempotency_key(request), (b"points-hold", request.body))
    return answered(
        holds.reserve(
            caller(request),
            body.member_id,
            body.points,
            body.reference,
            body.minutes,
            command,
            at=received_at(request),
        )
    )


@router.get("/points/holds/{hold_id}", auth=READ, response=HoldOut, summary="Show points set aside")
def show_hold(request: HttpRequest, hold_id: HoldId) -> HoldOut:
    """What became of them."""
    return HoldOut.model_validate(asdict(holds.one(hold_id, at=received_at(request))))


@router.get(
    "/members/{member_id}/points/holds",
    auth=READ,
    response=HoldsOut,
    summary="List what a member has set aside",
)
def list_holds(request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50) -> HoldsOut:
    """The newest first, ended ones too."""
    page, more = holds.of_member(member_id, at=received_at(request), after=after, limit=limit)
    return HoldsOut(holds=[HoldOut.model_validate(asdict(each)) for each in page], after=more)


@router.post(
    "/points/holds/{hold_id}/capture",
    auth=SELL,
    response={201: CapturedOut},
    openapi_extra=IDEMPOTENT,
    summary="Spend points set aside",
)
def capture_hold(request: HttpRequest, hold_id: HoldId, body: CaptureIn) -> HttpResponse:
    """For something outside Laoke: all of them, or `points`; the rest is free again. An order recorded here names the
    hold instead. Needs an `Idempotency-Key`.
    """
    command = Command(idempotency_key(request), (b"points-capture", b"%d" % hold_id, request.body))
    at = received_at(request)
    return answered(holds.capture(caller(request), hold_id, command, points=body.points, at=at))


@router.post(
    "/points/holds/{hold_id}/void",
    auth=SELL,
    response={201: VoidedOut},
    openapi_extra=IDEMPOTENT,
    summary="Let go of points set aside",
)
def void_hold(request: HttpRequest, hold_id: HoldId) -> HttpResponse:
    """They are free again. Needs an `Idempotency-Key`."""
    command = Command(idempotency_key(request), (b"points-void", b"%d" % hold_id))
    return answered(holds.void(caller(request), hold_id, command, at=received_at(request)))


@router.post(
    "/points/transfers",
    auth=TRANSFER,
    response={201: TransferredOut},
    openapi_extra=IDEMPOTENT,
    summary="Give points to another member",
)
def transfer(request: HttpRequest, body: TransferIn) -> HttpResponse:
    """As far as the programme allows it (`transfers`); those go first that the giver would use first. Needs an
    `Idempotency-Key`.
    """
    command = Command(idempotency_key(request), (b"points-transfer", request.body))
    return answered(
        transfers.give(
            caller(request),
            body.giver_id,
            body.receiver_id,
            body.points,
            body.note,
            command,
            at=received_at(request),
        )
    )


@router.get(
    "/points/transfers/{transfer_id}", auth=READ, response=TransferOut, summary="Show a transfer of points"
)
def show_transfer(request: HttpRequest, transfer_id: TransferId) -> TransferOut:
    """Who gave whom how many, and whether it was undone."""
    return TransferOut.model_validate(asdict(transfers.one(transfer_id)))


@router.get(
    "/members/{member_id}/points/transfers",
    auth=READ,
    response=TransfersOut,
    summary="List what a member gave and received",
)
def list_transfers(
    request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50
) -> TransfersOut:
    """The newest first."""
    page, more = transfers.of_member(member_id, after=after, limit=limit)
    return TransfersOut(transfers=[TransferOut.model_validate(asdict(each)) for each in page], after=more)


@router.post(
    "/points/transfers/{transfer_id}/undo",
    auth=TRANSFER,
    response={201: UndoneTransferOut},
    openapi_extra=IDEMPOTENT,
    summary="Take a transfer of points back",
)
def undo_transfer(request: HttpRequest, transfer_id: TransferId, body: UndoTransferIn) -> HttpResponse:
    """The points go back to the lots they came from; what expired with the receiver is lost. Points the receiver has
    spent stand against it, or become a debt with `force`. Needs an `Idempotency-Key`.
    """
    command = Command(idempotency_key(request), (b"points-transfer-undo", b"%d" % transfer_id, request.body))
    at = received_at(request)
    return answered(
        transfers.undo(caller(request), transfer_id, body.reason, command, force=body.force, at=at)
    )

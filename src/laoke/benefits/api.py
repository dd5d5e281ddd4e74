"""Endpoints of coupons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from laoke.benefits import tasks
from laoke.benefits.coupons import batches, guesses, holds, issuing, selectors, wallet
from laoke.benefits.schemas import (
    CouponAskedOut,
    CouponBatchesOut,
    CouponBatchIn,
    CouponBatchOut,
    CouponCodeOut,
    CouponCodesOut,
    CouponExportIn,
    CouponGiveIn,
    CouponGivenOut,
    CouponHeldOut,
    CouponHoldIn,
    CouponLookupIn,
    CouponOut,
    CouponReleasedOut,
    CouponReleaseIn,
    CouponRevokedOut,
    CouponRevokeIn,
    CouponStepOut,
    CouponTemplateOut,
    CouponTemplatesOut,
    CouponTransferIn,
    CouponTransferredOut,
    CouponWalletOut,
    CouponWithHistoryOut,
    State,
)
from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.members import selectors as members
from laoke.purchases import selectors as purchases
from laoke.purchases.errors import UnknownStore
from laoke.purchases.types import StoreFacts

router = Router(tags=["coupons"])

READ = KeyAuth(Scope.COUPONS_READ)
ISSUE = KeyAuth(Scope.COUPONS_ISSUE)
HOLD = KeyAuth(Scope.ORDERS_WRITE)
CouponId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[5501])]
BatchId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[12])]
OfState = Annotated[State | None, Query(description="only coupons of this state", examples=["usable"])]
OfTemplate = Annotated[
    str | None, Query(max_length=64, description="only of this template", examples=["thanks-10"])
]


@router.get("/coupon-templates", auth=READ, response=CouponTemplatesOut, summary="List coupon templates")
def list_templates(request: HttpRequest) -> CouponTemplatesOut:
    """The templates in force, as published, with how many coupons were issued and used."""
    return CouponTemplatesOut(templates=[CouponTemplateOut.of(row) for row in selectors.template_rows()])


@router.get(
    "/members/{member_id}/coupons", auth=READ, response=CouponWalletOut, summary="Show a member's coupons"
)
def show_wallet(
    request: HttpRequest, member_id: MemberId, state: OfState = None, after: After = None, limit: Limit = 50
) -> CouponWalletOut:
    """The wallet, the newest coupon first. Codes are whole for keys with `coupons:reveal`, else only their ends."""
    members.profile(member_id)
    page, more = selectors.wallet(member_id, received_at(request), state=state, after=after, limit=limit)
    who = caller(request)
    whole = selectors.revealed(who, page) if Scope.COUPONS_REVEAL in who.scopes else None
    return CouponWalletOut.of(page, whole, more)


@router.post(
    "/members/{member_id}/coupons",
    auth=ISSUE,
    response={201: CouponGivenOut},
    openapi_extra=IDEMPOTENT,
    summary="Issue coupons to a member",
)
def give(request: HttpRequest, member_id: MemberId, body: CouponGiveIn) -> HttpResponse:
    """Issue coupons to one member by hand. Needs an `Idempotency-Key`. Goes into the audit trail with its reason."""
    who, at = caller(request), received_at(request)

    def run() -> dict[str, Any]:
        made = issuing.give(who, member_id, body.template, body.quantity, reason=body.reason, at=at)
        return {
            "member_id": member_id,
            "template": body.template,
            "coupons": [
                {
                    "coupon_id": each.coupon_id,
                    "valid_from": each.valid_from,
                    "valid_until": each.valid_until,
                }
                for each in made
            ],
        }

    command = Command(idempotency_key(request), (b"coupon", b"%d" % member_id, request.body))
    return answered(once(who, command, run, at=at))


@router.post("/coupons/lookup", auth=READ, response=CouponWithHistoryOut, summary="Find a coupon by its code")
def look_up(request: HttpRequest, body: CouponLookupIn) -> CouponWithHistoryOut:
    """However the code is written. Who asks for many codes that do not exist has to wait."""
    at = received_at(request)
    guesses.watch(caller(request), [body.code], at)
    return _with_history(selectors.with_code(body.code, at))


@router.post("/coupons/holds", auth=HOLD, response=CouponHeldOut, summary="Hold coupons for an order")
def hold(request: HttpRequest, body: CouponHoldIn) -> CouponHeldOut:
    """Nobody else can use them until the order with this number comes, or the time is over. All of them or none; a
    repeat holds them anew from now. Quotes for the order name its `order_no`.
    """
    who, at = caller(request), received_at(request)
    guesses.watch(who, body.codes, at)
    store = _store(body.store)
    held = holds.hold(
        who,
        body.codes,
        store.id,
        store.code,
        body.order_no,
        body.minutes,
        member_id=None if body.member_id is None else members.kept_id(body.member_id),
        at=at,
    )
    return CouponHeldOut(coupons=sorted(set(held.coupons.values())), until=held.until)


@router.post(
    "/coupons/holds/release",
    auth=HOLD,
    response=CouponReleasedOut,
    summary="Let go of coupons held for an order",
)
def release(request: HttpRequest, body: CouponReleaseIn) -> CouponReleasedOut:
    """What was held for an order that does not come is free again."""
    store = _store(body.store)
    return CouponReleasedOut(released=holds.release(caller(request), store.id, store.code, body.order_no))


# Behind the addresses that would be taken for a number.
@router.get("/coupons/{coupon_id}", auth=READ, response=CouponWithHistoryOut, summary="Show a coupon")
def show(request: HttpRequest, coupon_id: CouponId) -> CouponWithHistoryOut:
    """One coupon and everything that happened to it."""
    return _with_history(selectors.coupon(coupon_id, received_at(request)))


@router.post(
    "/coupons/{coupon_id}/transfer",
    auth=ISSUE,
    response={201: CouponTransferredOut},
    openapi_extra=IDEMPOTENT,
    summary="Transfer a coupon",
)
def transfer(request: HttpRequest, coupon_id: CouponId, body: CouponTransferIn) -> HttpResponse:
    """Put a coupon into another member's wallet, where its template allows it. Needs an `Idempotency-Key`."""
    who, at = caller(request), received_at(request)

    def run() -> dict[str, Any]:
        before = wallet.transfer(who, coupon_id, body.to_member_id, reason=body.reason, at=at)
        return {"coupon_id": coupon_id, "member_id": body.to_member_id, "from_member_id": before}

    command = Command(idempotency_key(request), (b"transfer", b"%d" % coupon_id, request.body))
    return answered(once(who, command, run, at=at))


@router.post("/coupons/{coupon_id}/revoke", auth=ISSUE, response=CouponRevokedOut, summary="Revoke a coupon")
def revoke(request: HttpRequest, coupon_id: CouponId, body: CouponRevokeIn) -> CouponRevokedOut:
    """Take a coupon out of use for good. One that was used stays used. A repeat changes nothing."""
    changed = wallet.revoke(caller(request), coupon_id, reason=body.reason, at=received_at(request))
    return CouponRevokedOut(coupon_id=coupon_id, changed=changed)


@router.post(
    "/coupon-batches",
    auth=ISSUE,
    response={201: CouponAskedOut},
    openapi_extra=IDEMPOTENT,
    summary="Issue coupons to many",
)
def ask_batch(request: HttpRequest, body: CouponBatchIn) -> HttpResponse:
    """Issue coupons to the members named, to all members a condition holds for, or make codes in nobody's wallet. A
    worker does it; the issue says how far it is. Each member gets theirs once, however often the work is begun again.
    Needs an `Idempotency-Key`.
    """
    who, at = caller(request), received_at(request)

    def later(batch_id: int) -> None:
        _defer(at, batch_id)

    def run() -> dict[str, Any]:
        if body.members is not None:
            made = batches.to_members(
                who, body.template, body.members, each=body.each, name=body.name, at=at, later=later
            )
        elif body.when is not None:
            made = batches.to_audience(
                who, body.template, body.when, each=body.each, name=body.name, at=at, later=later
            )
        else:
            made = batches.of_codes(who, body.template, body.codes or 0, name=body.name, at=at, later=later)
        return {"batch_id": made.pk, "state": made.state}

    command = Command(idempotency_key(request), (b"coupon batch", request.body))
    return answered(once(who, command, run, at=at))


@router.get("/coupon-batches", auth=READ, response=CouponBatchesOut, summary="List issues to many")
def list_batches(
    request: HttpRequest, template: OfTemplate = None, after: After = None, limit: Limit = 50
) -> CouponBatchesOut:
    """Issues to many, the newest first."""
    page, more = selectors.batches(template=template, after=after, limit=limit)
    return CouponBatchesOut(batches=[CouponBatchOut.of(each) for each in page], after=more)


@router.get("/coupon-batches/{batch_id}", auth=READ, response=CouponBatchOut, summary="Show an issue to many")
def show_batch(request: HttpRequest, batch_id: BatchId) -> CouponBatchOut:
    """How far an issue is."""
    return CouponBatchOut.of(selectors.batch(batch_id))


@router.post(
    "/coupon-batches/{batch_id}/stop", auth=ISSUE, response=CouponBatchOut, summary="Stop an issue to many"
)
def stop_batch(request: HttpRequest, batch_id: BatchId) -> CouponBatchOut:
    """End it before its end; what was issued stays, and it can be gone on with."""
    batches.stop(caller(request), batch_id, at=received_at(request))
    return CouponBatchOut.of(selectors.batch(batch_id))


@router.post(
    "/coupon-batches/{batch_id}/resume",
    auth=ISSUE,
    response=CouponBatchOut,
    summary="Go on with an issue to many",
)
def resume_batch(request: HttpRequest, batch_id: BatchId) -> CouponBatchOut:
    """Go on behind the last member who got theirs."""
    at = received_at(request)
    batches.resume(caller(request), batch_id, at=at, later=lambda number: _defer(at, number))
    return CouponBatchOut.of(selectors.batch(batch_id))


@router.post(
    "/coupon-batches/{batch_id}/export",
    auth=KeyAuth(Scope.COUPONS_REVEAL),
    response=CouponCodesOut,
    summary="Export the codes of an issue",
)
def export_batch(request: HttpRequest, batch_id: BatchId, body: CouponExportIn) -> CouponCodesOut:
    """The codes in full, page by page. Each page goes into the audit trail."""
    page, more = selectors.codes_page(
        caller(request), batch_id, after=body.after, limit=body.limit, at=received_at(request)
    )
    return CouponCodesOut(
        codes=[
            CouponCodeOut.model_validate(dict(zip(CouponCodeOut.model_fields, row, strict=True)))
            for row in page
        ],
        after=more,
    )


def _store(code: str) -> StoreFacts:
    found = purchases.stores_by_code().get(code)
    if found is None:
        raise UnknownStore(f"There is no store {code[:60]!r}")
    return found


def _with_history(view: selectors.CouponView) -> CouponWithHistoryOut:
    steps = [CouponStepOut.of(step) for step in selectors.history(view.coupon_id)]
    return CouponWithHistoryOut(coupon=CouponOut.of(view), history=steps)


def _defer(at: datetime, batch_id: int) -> None:
    tasks.issue_coupons.defer(at, batch_id=batch_id)

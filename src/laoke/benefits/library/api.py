"""Endpoints of benefits."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from laoke.benefits.library import entitlements, granting, publication, seen, selectors, using
from laoke.benefits.library.errors import NotAPartnerBenefit
from laoke.benefits.library.schemas import (
    BenefitBudgetOut,
    BenefitCodeOut,
    BenefitCodesOut,
    BenefitGrantedOut,
    BenefitGrantIn,
    BenefitOut,
    BenefitRevokedOut,
    BenefitRevokeIn,
    BenefitsOut,
    BenefitsSeenIn,
    BenefitsSeenOut,
    BenefitUndoIn,
    BenefitUndoneOut,
    BenefitUsedOut,
    BenefitUseIn,
    BenefitUseOut,
    BenefitUsesOut,
    EntitlementsOut,
    PartnerCodesIn,
    PartnerPoolOut,
    PartnerSettledOut,
    PartnerSettleIn,
)
from laoke.benefits.strategies.kinds import Kind
from laoke.benefits.strategies.partner_code import pool
from laoke.foundation.access import Scope
from laoke.foundation.idempotency.services import Command, once
from laoke.foundation.web.api import KeyAuth, answered, caller, idempotency_key, received_at
from laoke.foundation.web.fields import LARGEST_ID, After, Limit, MemberId
from laoke.foundation.web.openapi import IDEMPOTENT
from laoke.kernel.calendar import start_of_day
from laoke.purchases import selectors as purchases
from laoke.purchases.errors import UnknownStore

router = Router(tags=["benefits"])

READ = KeyAuth(Scope.BENEFITS_READ)
USE = KeyAuth(Scope.BENEFITS_USE)
GRANT = KeyAuth(Scope.BENEFITS_GRANT)
BenefitKey = Annotated[str, Path(max_length=64, examples=["parking"])]
GrantedKey = Annotated[str, Path(max_length=64, examples=["gift-box"])]
PartnerKey = Annotated[str, Path(max_length=64, examples=["coffee"])]
UseId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[701])]
GrantId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[901])]


@router.get("/benefits", auth=READ, response=BenefitsOut, summary="List benefits")
def list_benefits(request: HttpRequest) -> BenefitsOut:
    """The benefits in force, as published, with how they go this calendar year, and what tiers cost."""
    at = received_at(request)
    return BenefitsOut(
        benefits=[BenefitOut.of(row) for row in selectors.rows(_year(at), at)],
        budgets=[BenefitBudgetOut.of(row) for row in selectors.budget_rows(at)],
    )


@router.get(
    "/members/{member_id}/benefits", auth=READ, response=EntitlementsOut, summary="What a member may use"
)
def show_entitlements(request: HttpRequest, member_id: MemberId) -> EntitlementsOut:
    """Every benefit as it stands with the member now: what can be used and how much of it, and why not the rest. For
    tills and service desks.
    """
    return EntitlementsOut.of(entitlements.of(member_id, received_at(request)))


@router.post(
    "/members/{member_id}/benefits/{benefit}/uses",
    auth=USE,
    response={201: BenefitUsedOut},
    openapi_extra=IDEMPOTENT,
    summary="Use a benefit",
)
def use(request: HttpRequest, member_id: MemberId, benefit: BenefitKey, body: BenefitUseIn) -> HttpResponse:
    """Use so many units, and get at once what it brings: points, coupons, a code of a partner. Needs an
    `Idempotency-Key`. Refused with every reason when it cannot be used now.
    """
    who, at = caller(request), received_at(request)
    store_id = None
    if body.store is not None:
        store = purchases.stores_by_code().get(body.store)
        if store is None:
            raise UnknownStore(f"There is no store {body.store[:60]!r}")
        store_id = store.id

    def run() -> dict[str, Any]:
        made = using.use(
            who,
            member_id,
            benefit,
            body.units,
            store_id=store_id,
            store_code=body.store or "",
            reference=body.reference,
            at=at,
        )
        return {
            "use_id": made.use_id,
            "member_id": made.member_id,
            "benefit": made.benefit,
            "units": made.units,
            "left": made.left,
            "cost_minor": made.cost_minor,
            "points": made.outcome.get("points"),
            "coupons": made.outcome.get("coupons", []),
            "codes": len(made.outcome.get("codes", ())),
        }

    request_of = (b"benefit use", b"%d" % member_id, benefit.encode(), request.body)
    return answered(once(who, Command(idempotency_key(request), request_of), run, at=at))


@router.get(
    "/members/{member_id}/benefit-uses",
    auth=READ,
    response=BenefitUsesOut,
    summary="Show a member's uses of benefits",
)
def show_uses(
    request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50
) -> BenefitUsesOut:
    """What the member used, the newest first, undone uses too."""
    page, more = selectors.uses(member_id, after=after, limit=limit)
    return BenefitUsesOut(uses=[BenefitUseOut.of(view) for view in page], after=more)


@router.post(
    "/benefit-uses/{use_id}/undo", auth=USE, response=BenefitUndoneOut, summary="Undo the use of a benefit"
)
def undo(request: HttpRequest, use_id: UseId, body: BenefitUndoIn) -> BenefitUndoneOut:
    """Take back a use and what it brought: quota, stock and budget are as before. A repeat changes nothing."""
    changed = using.undo(caller(request), use_id, reason=body.reason, at=received_at(request))
    return BenefitUndoneOut(use_id=use_id, changed=changed)


@router.get(
    "/benefit-uses/{use_id}/codes", auth=USE, response=BenefitCodesOut, summary="Read the codes of a use"
)
def show_codes(request: HttpRequest, use_id: UseId) -> BenefitCodesOut:
    """The codes of a partner that the use brought, in full; none of one that was undone."""
    selectors.use(use_id)
    return BenefitCodesOut(
        codes=[BenefitCodeOut(code=code, expires_at=ends) for code, ends in pool.codes_of(use_id)]
    )


@router.post(
    "/members/{member_id}/benefits/{benefit}/grants",
    auth=GRANT,
    response={201: BenefitGrantedOut},
    openapi_extra=IDEMPOTENT,
    summary="Grant a benefit to a member",
)
def grant(
    request: HttpRequest, member_id: MemberId, benefit: GrantedKey, body: BenefitGrantIn
) -> HttpResponse:
    """Grant by hand what is granted at all; the member's tier has to have it. Needs an `Idempotency-Key`. Goes into the
    audit trail with its reason.
    """
    who, at, key = caller(request), received_at(request), idempotency_key(request)

    def run() -> dict[str, Any]:
        reference = f"{who.kind}:{who.id}:{key}"[:75]
        made = granting.by_hand(who, member_id, benefit, reference, reason=body.reason, at=at)
        return {
            "grant_id": made.grant_id,
            "member_id": made.member_id,
            "benefit": made.benefit,
            "valid_from": made.valid_from,
            "valid_until": made.valid_until,
        }

    request_of = (b"benefit grant", b"%d" % member_id, benefit.encode(), request.body)
    return answered(once(who, Command(key, request_of), run, at=at))


@router.post(
    "/benefit-grants/{grant_id}/revoke", auth=GRANT, response=BenefitRevokedOut, summary="Take back a grant"
)
def revoke(request: HttpRequest, grant_id: GrantId, body: BenefitRevokeIn) -> BenefitRevokedOut:
    """Nothing more can be used of it; what was used stays used. A repeat changes nothing."""
    changed = granting.revoke(caller(request), grant_id, reason=body.reason, at=received_at(request))
    return BenefitRevokedOut(grant_id=grant_id, changed=changed)


@router.post(
    "/members/{member_id}/benefits/seen",
    auth=USE,
    response=BenefitsSeenOut,
    summary="Note that a member was shown benefits",
)
def note_seen(request: HttpRequest, member_id: MemberId, body: BenefitsSeenIn) -> BenefitsSeenOut:
    """So that it is known how many know their benefits. A repeat changes only when they saw them last."""
    first = seen.note(caller(request), member_id, body.benefits, at=received_at(request))
    return BenefitsSeenOut(first=first)


@router.get(
    "/benefits/{benefit}/codes", auth=READ, response=PartnerPoolOut, summary="Show the codes of a partner"
)
def show_pool(request: HttpRequest, benefit: PartnerKey) -> PartnerPoolOut:
    """How many can be handed out, were handed out, and are to be settled."""
    _of_partner(benefit)
    return PartnerPoolOut.of(pool.pool(benefit, received_at(request)))


@router.post(
    "/benefits/{benefit}/codes", auth=GRANT, response=PartnerPoolOut, summary="Import codes of a partner"
)
def import_codes(request: HttpRequest, benefit: PartnerKey, body: PartnerCodesIn) -> PartnerPoolOut:
    """All of them or none: a repeat is refused, since the codes are known. They are kept sealed."""
    _of_partner(benefit)
    at = received_at(request)
    pool.load(caller(request), benefit, body.batch, body.codes, body.expires_at, at=at)
    return PartnerPoolOut.of(pool.pool(benefit, at))


@router.post(
    "/benefits/{benefit}/settlements", auth=GRANT, response=PartnerSettledOut, summary="Settle with a partner"
)
def settle(request: HttpRequest, benefit: PartnerKey, body: PartnerSettleIn) -> PartnerSettledOut:
    """Settle the codes that members got until before an instant; each stands in one settlement at most, so a repeat
    finds none.
    """
    _of_partner(benefit)
    made = pool.settle(caller(request), benefit, body.until, at=received_at(request))
    if made is None:
        return PartnerSettledOut(settlement_id=None, benefit=benefit, codes=0, amount_minor=0)
    return PartnerSettledOut(
        settlement_id=made.pk, benefit=benefit, codes=made.codes, amount_minor=made.amount_minor
    )


def _of_partner(key: str) -> None:
    if publication.in_force().get(key).document.kind is not Kind.PARTNER_CODE:
        raise NotAPartnerBenefit(key)


def _year(at: datetime) -> datetime:
    zone = settings.LAOKE.zone
    return start_of_day(date(at.astimezone(zone).year, 1, 1), zone)

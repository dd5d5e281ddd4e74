"""Endpoints of paid memberships. Money is paid elsewhere; the shop's payment system tells of it here."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router
from ninja.responses import Status

from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import LARGEST_ID, MemberId
from laoke.tiers.memberships import plans, refunds, selectors, services
from laoke.tiers.memberships.records import Notice
from laoke.tiers.memberships.schemas import (
    CancelIn,
    GivenUpOut,
    MembershipIn,
    MembershipOut,
    MembershipsOut,
    PaidIn,
    PaidOut,
    PlanOut,
    PlansOut,
    RefundIn,
    RefundNowOut,
    RenewIn,
    UpgradeIn,
    UpgradeOut,
)

router = Router(tags=["memberships"])

READ = KeyAuth(Scope.TIERS_READ)
SELL = KeyAuth(Scope.MEMBERSHIPS_SELL)
REFUND = KeyAuth(Scope.MEMBERSHIPS_REFUND)
MembershipId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[91])]
# Of the examples: each of these ends another one.
UpgradedId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[92])]
GivenUpId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[93])]
PlanPath = Annotated[str, Path(min_length=1, max_length=40, examples=["diamond-year"])]


@router.get("/membership-plans", auth=READ, response=PlansOut, summary="Plans that can be paid for")
def show_plans(request: HttpRequest) -> PlansOut:
    """All of the programme, also those that are not on sale any more."""
    return PlansOut(plans=[PlanOut.of(plan) for plan in plans.in_force().plans.values()])


@router.get(
    "/members/{member_id}/memberships",
    auth=READ,
    response=MembershipsOut,
    summary="A member's paid memberships",
)
def of_member(request: HttpRequest, member_id: MemberId) -> MembershipsOut:
    """The newest first, with every payment and what came back. At most one runs."""
    return MembershipsOut(memberships=[MembershipOut.of(each) for each in selectors.of_member(member_id)])


@router.get(
    "/memberships/{membership_id}", auth=READ, response=MembershipOut, summary="Show a paid membership"
)
def show(request: HttpRequest, membership_id: MembershipId) -> MembershipOut:
    """With every payment and what came back."""
    return MembershipOut.of(selectors.one(membership_id))


@router.post("/memberships", auth=SELL, response={201: PaidOut}, summary="Begin a paid membership")
def start(request: HttpRequest, body: MembershipIn) -> Status[PaidOut]:
    """A member has paid for a plan, or begins its trial: it has the plan's tier beside what is earned, from the day of
    the payment on. A repeat of the same payment changes nothing.
    """
    paid = services.start(
        caller(request),
        body.member_id,
        body.plan,
        _notice(body),
        trial=body.trial,
        renews=body.renews,
        at=received_at(request),
    )
    return Status(201, PaidOut.of(paid))


@router.post(
    "/memberships/{membership_id}/renew", auth=SELL, response=PaidOut, summary="Renew a paid membership"
)
def renew(request: HttpRequest, membership_id: MembershipId, body: RenewIn) -> PaidOut:
    """By a term: from its end where it was paid by then or in the days of grace, else from the day of the payment.

    A repeat of the same payment changes nothing.
    """
    at = received_at(request)
    return PaidOut.of(
        services.renew(caller(request), membership_id, _notice(body), renews=body.renews, at=at)
    )


@router.post(
    "/memberships/{membership_id}/cancel",
    auth=SELL,
    response=PaidOut,
    summary="Let a paid membership end on its last day",
)
def cancel(request: HttpRequest, membership_id: MembershipId, body: CancelIn) -> PaidOut:
    """It is not renewed any more, and has no days of grace. A repeat changes nothing; renewing takes it back."""
    at = received_at(request)
    return PaidOut.of(services.cancel(caller(request), membership_id, reason=body.reason, at=at))


@router.get(
    "/memberships/{membership_id}/refund",
    auth=READ,
    response=RefundNowOut,
    summary="What would come back of a paid membership",
)
def refund_now(request: HttpRequest, membership_id: GivenUpId) -> RefundNowOut:
    """If it were given up now, by payment, and why nothing comes back."""
    return RefundNowOut.of(refunds.refund_now(membership_id, received_at(request)))


@router.post(
    "/memberships/{membership_id}/refund",
    auth=REFUND,
    response=GivenUpOut,
    summary="Give up a paid membership",
)
def give_up(request: HttpRequest, membership_id: GivenUpId, body: RefundIn) -> GivenUpOut:
    """It ends at once with its tier; the answer says what the shop pays back. A repeat changes nothing."""
    done = refunds.give_up(
        caller(request),
        membership_id,
        body.reference,
        expected_minor=body.refund_minor,
        reason=body.reason,
        at=received_at(request),
    )
    return GivenUpOut.of(done)


@router.get(
    "/memberships/{membership_id}/upgrade/{plan}",
    auth=READ,
    response=UpgradeOut,
    summary="What a dearer plan costs now",
)
def upgrade_now(request: HttpRequest, membership_id: UpgradedId, plan: PlanPath) -> UpgradeOut:
    """Its price less what the unused days are worth."""
    return UpgradeOut.of(services.upgrade_now(membership_id, plan, received_at(request)))


@router.post(
    "/memberships/{membership_id}/upgrade",
    auth=SELL,
    response={201: PaidOut},
    summary="Change to a dearer plan",
)
def upgrade(request: HttpRequest, membership_id: UpgradedId, body: UpgradeIn) -> Status[PaidOut]:
    """From the day of the payment on, under a new number; `paid_minor` is what the quote said. A repeat changes
    nothing.
    """
    paid = services.upgrade(
        caller(request),
        membership_id,
        body.plan,
        _notice(body),
        renews=body.renews,
        at=received_at(request),
    )
    return Status(201, PaidOut.of(paid))


def _notice(body: PaidIn) -> Notice:
    return Notice(body.paid_minor, body.reference, body.paid_at)

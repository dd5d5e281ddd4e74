"""Endpoints of tiers."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Path, Router
from ninja.responses import Status

from laoke.engine.tiering import How
from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import LARGEST_ID, MemberId
from laoke.tiers import assigning, buying, selectors
from laoke.tiers.schemas import AssignedOut, AssignIn, BuyIn, LadderOut, RemoveIn, SaleOut, StandOut

router = Router(tags=["tiers"])

# Of the examples: who was invited to a tier, and a tier that was sold.
InvitedId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[1080])]
SaleId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[71])]

READ = KeyAuth(Scope.TIERS_READ)
ASSIGN = KeyAuth(Scope.TIERS_ASSIGN)


@router.get("/tiers", auth=READ, response=LadderOut, summary="Show the ladder")
def show_ladder(request: HttpRequest) -> LadderOut:
    """The tiers in force, the lowest first, with what each asks for."""
    return LadderOut.of(selectors.ladder())


@router.get("/members/{member_id}/tier", auth=READ, response=StandOut, summary="Show a member's tier")
def show(request: HttpRequest, member_id: MemberId) -> StandOut:
    """The tier, since when, what is missing to the next, and every move with its cause and reasons."""
    return StandOut.of(selectors.stand(member_id, received_at(request)))


@router.post(
    "/members/{member_id}/tier", auth=ASSIGN, response=AssignedOut, summary="Give a member a tier by hand"
)
def assign(request: HttpRequest, member_id: MemberId, body: AssignIn) -> AssignedOut:
    """A tier that was not earned: set by hand, by invitation, or on trial for 30 days or until a day.

    Afterwards the member has what was earned by then. A repeat changes nothing.
    """
    at = received_at(request)
    until = body.until
    if until is None and body.how == "trial":
        until = assigning.last_day(assigning.TRIAL_DAYS, at)
    done = assigning.assign(
        caller(request), member_id, body.tier, how=How(body.how), until=until, reason=body.reason, at=at
    )
    return AssignedOut.of(done, selectors.lasting_of(done.member_id))


@router.post(
    "/members/{member_id}/tier/remove",
    auth=ASSIGN,
    response=AssignedOut,
    summary="Take back a tier given by hand",
)
def remove(request: HttpRequest, member_id: InvitedId, body: RemoveIn) -> AssignedOut:
    """End a tier that was not earned before its last day. The member has what it has earned, or had before."""
    done = assigning.remove(caller(request), member_id, reason=body.reason, at=received_at(request))
    return AssignedOut.of(done, selectors.lasting_of(done.member_id))


@router.post(
    "/members/{member_id}/tier/purchases",
    auth=ASSIGN,
    response={201: SaleOut},
    summary="Buy a tier with points",
)
def buy(request: HttpRequest, member_id: MemberId, body: BuyIn) -> Status[SaleOut]:
    """A higher tier for the points that the ladder asks for, for as long as it says. A repeat changes nothing."""
    sale = buying.buy(caller(request), member_id, body.tier, body.reference, at=received_at(request))
    return Status(201, SaleOut.of(sale))


@router.post(
    "/tier-purchases/{sale_id}/undo", auth=ASSIGN, response=SaleOut, summary="Undo the purchase of a tier"
)
def undo(request: HttpRequest, sale_id: SaleId, body: RemoveIn) -> SaleOut:
    """Take back a tier bought with points while it is in force; its points come back. A repeat changes nothing."""
    return SaleOut.of(buying.undo(caller(request), sale_id, body.reason, at=received_at(request)))

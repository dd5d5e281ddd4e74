"""Endpoints of tiers."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from laoke.engine.tiering import How
from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, caller, received_at
from laoke.foundation.web.fields import MemberId
from laoke.tiers import assigning, selectors
from laoke.tiers.schemas import AssignedOut, AssignIn, LadderOut, RemoveIn, StandOut

router = Router(tags=["tiers"])

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
def remove(request: HttpRequest, member_id: MemberId, body: RemoveIn) -> AssignedOut:
    """End a tier that was not earned before its last day. The member has what it has earned, or had before."""
    done = assigning.remove(caller(request), member_id, reason=body.reason, at=received_at(request))
    return AssignedOut.of(done, selectors.lasting_of(done.member_id))

"""Endpoints of tiers."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth, received_at
from laoke.foundation.web.fields import MemberId
from laoke.tiers import selectors
from laoke.tiers.schemas import LadderOut, StandOut

router = Router(tags=["tiers"])

READ = KeyAuth(Scope.TIERS_READ)


@router.get("/tiers", auth=READ, response=LadderOut, summary="Show the ladder")
def show_ladder(request: HttpRequest) -> LadderOut:
    """The tiers in force, the lowest first, with what each asks for."""
    return LadderOut.of(selectors.ladder())


@router.get("/members/{member_id}/tier", auth=READ, response=StandOut, summary="Show a member's tier")
def show(request: HttpRequest, member_id: MemberId) -> StandOut:
    """The tier, since when, what is missing to the next, and every move with its cause and reasons."""
    return StandOut.of(selectors.stand(member_id, received_at(request)))

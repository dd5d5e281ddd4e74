"""Endpoints of what is computed about members."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from laoke.foundation.access import Scope
from laoke.foundation.web.api import KeyAuth
from laoke.foundation.web.fields import MemberId
from laoke.members import selectors as members
from laoke.segments.errors import NotComputedYet
from laoke.segments.explained import explained
from laoke.segments.schemas import FeaturesOut

router = Router(tags=["segments"])

READ = KeyAuth(Scope.INSIGHT_READ)


@router.get(
    "/members/{member_id}/features", auth=READ, response=FeaturesOut, summary="Show what a member is like"
)
def show(request: HttpRequest, member_id: MemberId) -> FeaturesOut:
    """RFM scores and both classes, each with the rule that gave it and what it saw."""
    known = members.resolve({"member_id": member_id})
    found = explained(known.id)
    if found is None:
        raise NotComputedYet(known.id)
    return FeaturesOut.of(found)

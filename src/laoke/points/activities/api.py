"""Endpoints of events."""

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
from laoke.points.activities import selectors, services
from laoke.points.activities.schemas import (
    EventIn,
    EventOut,
    EventsOut,
    EventToldOut,
    EventUndoneOut,
    UndoneIn,
)
from laoke.points.activities.services import Told

router = Router(tags=["events"])

READ = KeyAuth(Scope.POINTS_READ)
TELL = KeyAuth(Scope.ACTIVITIES_WRITE)
EventId = Annotated[int, Path(ge=1, le=LARGEST_ID, examples=[5120])]


@router.post(
    "/events",
    auth=TELL,
    response={201: EventToldOut},
    openapi_extra=IDEMPOTENT,
    summary="Tell what a member did",
)
def tell(request: HttpRequest, body: EventIn) -> HttpResponse:
    """Check-in, use of the app, sharing, a survey, a referral, a contribution, or a kind the programme declares. It
    earns what the programme says, within its limits; past one it is recorded and earns nothing. Needs an
    `Idempotency-Key`.
    """
    command = Command(idempotency_key(request), (b"event", request.body))
    now = received_at(request)
    told = Told(body.member_id, body.kind, body.at or now, body.subject, body.friend_id)
    return answered(services.tell(caller(request), told, command, now=now))


@router.post("/events/{event_id}/undo", auth=TELL, response=EventUndoneOut, summary="Undo an event")
def undo(request: HttpRequest, event_id: EventId, body: UndoneIn) -> EventUndoneOut:
    """Takes back what it earned, and what days in a row earned only with it. A repeat changes nothing."""
    done = services.undo(caller(request), event_id, body.reason, now=received_at(request))
    return EventUndoneOut.model_validate(done)


@router.get("/members/{member_id}/events", auth=READ, response=EventsOut, summary="List what a member did")
def of_member(request: HttpRequest, member_id: MemberId, after: After = None, limit: Limit = 50) -> EventsOut:
    """The newest told first, with what each earned."""
    page, more = selectors.of_member(member_id, after=after, limit=limit)
    return EventsOut(events=[EventOut.model_validate(asdict(each)) for each in page], after=more)

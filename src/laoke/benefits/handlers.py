"""What benefits listen to: somebody became a member."""

from __future__ import annotations

from datetime import datetime

from laoke.benefits.library import granting
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.members import events as members
from laoke.members.errors import MemberErased, UnknownMember


def grant_joining(event: Event, at: datetime) -> None:
    """Grant what comes with joining, as of when the event came about."""
    if event.member_id is None:
        return
    try:
        granting.joined(event.member_id, at=event.occurred_at)
    except (UnknownMember, MemberErased):
        return


subscribe(members.REGISTERED, "benefits.joining", grant_joining, granting.anybody_joining)

"""What the first payment after a trial brings: the gifts of the way up, which a trial does not."""

from __future__ import annotations

from datetime import datetime

from laoke.benefits.library import granting
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.members.errors import MemberErased, UnknownMember
from laoke.tiers.memberships import events


def grant_after_trial(event: Event, at: datetime) -> None:
    """Grant what comes with the tier, as if it had just been reached; of a year each comes once."""
    if not (event.payload.get("from_trial") or event.payload.get("from_plan")):
        return
    try:
        granting.reached(event.payload["member_id"], event.payload["tier"], at=event.occurred_at)
    except (UnknownMember, MemberErased):
        return


subscribe(events.STARTED, "memberships.benefits", grant_after_trial, granting.anybody_moving)
subscribe(events.RENEWED, "memberships.benefits", grant_after_trial, granting.anybody_moving)

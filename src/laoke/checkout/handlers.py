"""What orders and returns bring to modules below: a referral pays when the friend has bought."""

from __future__ import annotations

from datetime import datetime

from laoke.checkout import events
from laoke.foundation.outbox.registry import Event, subscribe
from laoke.points.activities import referrals


def judge_referral(event: Event, at: datetime) -> None:
    """Let the referral of this member pay, or take back what it paid."""
    if event.member_id is not None:
        referrals.judge(event.member_id, at=at)


for topic in (events.COMMITTED, events.RETURNED):
    subscribe(topic, "points.referrals", judge_referral, referrals.anybody_waiting)

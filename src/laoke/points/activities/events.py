"""What this module announces through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

RECORDED = declare(
    "activity.recorded",
    "A member did something that the programme counts: checked in, shared, answered a survey, referred a friend.",
    event_id="the event",
    member_id="the member",
    kind="its kind",
    state="`earned`, `capped` when a limit was reached, `waiting` for the friend's first order",
    points="points it earned",
    bonus="points for days in a row",
)
UNDONE = declare(
    "activity.undone",
    "An event was undone: what it earned is taken back.",
    event_id="the event",
    member_id="the member",
    kind="its kind",
    points="points taken back",
)
REFERRED = declare(
    "activity.referral",
    "A referral paid, since the friend's order stands; or its points are taken back, since it does not any more.",
    event_id="the event",
    member_id="the member who referred",
    friend_id="the friend",
    state="`earned`, or `waiting` again",
    points="points of the member",
    friend_points="points of the friend",
)

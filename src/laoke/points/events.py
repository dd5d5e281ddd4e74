"""What this module announces through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

ADJUSTED = declare(
    "points.adjusted",
    "Somebody gave a member points, or took some, with a reason.",
    member_id="the member",
    points="points given, or taken when negative",
    points_available="points the member can spend now",
)

ASKED = declare(
    "adjustment.asked",
    "Somebody asked to give or take points above their limit: a second person has to decide.",
    adjustment_id="the request",
    member_id="the member",
    points="points to give, or to take when negative",
)
DECIDED = declare(
    "adjustment.decided",
    "A request for points was decided. What was booked is told by `points.adjusted` too.",
    adjustment_id="the request",
    member_id="the member",
    points="points asked for, negative to take",
    state="`booked`, `refused`, `withdrawn`, or `lapsed` when nobody decided in time",
)
TRANSFERRED = declare(
    "points.transferred",
    "A member gave points to another.",
    transfer_id="the transfer",
    giver_id="who gave them",
    receiver_id="who got them",
    points="points given",
)

TRANSFER_UNDONE = declare(
    "points.transfer_undone",
    "Points that a member had given to another were taken back for them.",
    transfer_id="the transfer",
    giver_id="who has them again",
    receiver_id="who had got them",
    points="points that came back",
)

SPENT = declare(
    "points.spent",
    "A member spent points outside an order: in the mall, on a tier, for charity.",
    spending_id="the spending",
    member_id="the member",
    sink="what kind of thing they went for",
    reference="which one",
    points="points spent",
    points_available="points the member can spend now",
)

SPENDING_UNDONE = declare(
    "points.spending_undone",
    "A spending of points outside an order was undone.",
    spending_id="the spending",
    member_id="the member who has the points now",
    sink="what kind of thing they had gone for",
    reference="which one",
    points="points that came back",
    points_available="points the member can spend now",
)
POOLED = declare(
    "points.pooled",
    "Somebody of the household spent points of a member. Told once for each purchase, and each spending outside one.",
    member_id="whose points they were",
    spender_id="who spent them",
    points="points of this member that were spent",
    order_id="the order, null outside one",
    spending_id="the spending outside an order, null with one",
    points_available="points the member can spend now",
)

POOLED_BACK = declare(
    "points.pooled_back",
    "Points of a member that somebody of the household had spent came back, as goods did or the spending was undone.",
    member_id="who has the points now",
    spender_id="who had spent them; of a member merged since, the one kept",
    points="points that came back",
    order_id="the order, null outside one",
    spending_id="the spending outside an order, null with one",
    points_available="points the member can spend now",
)

EXPIRING = declare(
    "points.expiring",
    "Points of a member end soon. Told 60, 30 and 7 days ahead, once for each day on which points end.",
    member_id="the member",
    points="points that end, as of now",
    ends_on="the last day on which they can be used",
    days="days left until then",
    stage="60, 30 or 7",
    points_available="points the member can spend now",
)

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

"""What this module announces through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

CHANGED = declare(
    "tier.changed",
    "A member moved on the ladder.",
    member_id="the member",
    from_tier="code of the tier before",
    to_tier="code of the tier now",
    cause="threshold_reached, review_upgraded, review_downgraded, return_downgraded, merged or merge_undone",
    order_id="the order that brought or took it; null for reviews and merges",
)

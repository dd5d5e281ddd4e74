"""What this module announces through the outbox."""

from __future__ import annotations

from laoke.foundation.outbox.topics import declare

CHANGED = declare(
    "tier.changed",
    "A member moved on the ladder.",
    member_id="the member",
    from_tier="code of the tier before",
    to_tier="code of the tier now",
    cause="why: threshold_reached, review_downgraded, period_downgraded, trial_assigned and so on",
    up="true where the tier now stands above the one before",
    valid_until="the last day of the tier's period; null where it simply lasts",
    until="the last day of a tier that was assigned; null for one without end, and one that was earned",
    order_id="the order that brought or took it; null for reviews and merges",
)

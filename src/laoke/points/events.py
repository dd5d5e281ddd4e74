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

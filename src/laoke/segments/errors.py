"""Refusals around what is computed about members."""

from __future__ import annotations

from laoke.kernel.errors import LaokeError


class NotComputedYet(LaokeError):
    """The member has no features yet: they are computed every night, or with `laoke recompute rfm`."""

    code, status, title = "features-not-computed", 404, "Not computed yet"

    def __init__(self, member_id: int) -> None:
        super().__init__(
            f"Nothing was computed about member {member_id} yet. The next night's computation does it.",
            member_id=member_id,
        )

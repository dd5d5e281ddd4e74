"""Refusals around repeated commands."""

from __future__ import annotations

from laoke.kernel.errors import LaokeError


class IdempotencyKeyReused(LaokeError):
    """The same key came with another request. A new intent needs a new key."""

    code, status, title = "idempotency-key-reused", 409, "The key was used for another request"

    def __init__(self) -> None:
        super().__init__("This key was used for another request; a new request needs a new key")

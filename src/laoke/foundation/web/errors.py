"""Refusals of the web edge itself."""

from __future__ import annotations

from laoke.kernel.errors import LaokeError


class BodyTooLarge(LaokeError):
    """The body of the request is larger than this address takes."""

    code, status, title = "body-too-large", 413, "The request is too large"

    def __init__(self, limit: int) -> None:
        size = f"{limit // 1024} KiB" if limit < 1 << 20 else f"{limit >> 20} MiB"
        super().__init__(
            f"This address takes at most {size} at a time. Send less, in several requests.", limit=limit
        )


class Unexpected(LaokeError):
    """Something failed that should not have. It is logged with the request's id; the cause is not told here."""

    code, status, title = "internal-error", 500, "Something went wrong on our side"

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "Try again with the same idempotency key: what was done is not done twice. "
            f"If it stays, look for {request_id} in the log.",
            request_id=request_id,
        )

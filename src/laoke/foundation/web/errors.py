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


class UnsupportedBody(LaokeError):
    """The body is not sent as JSON in UTF-8: the header Content-Type says something else, or nothing."""

    code, status, title = "unsupported-body", 415, "The body must be JSON"

    def __init__(self) -> None:
        super().__init__("Send the body as JSON in UTF-8, with the header Content-Type: application/json")


class MethodNotAllowed(LaokeError):
    """The address exists, but not for this method. The header Allow names those it takes."""

    code, status, title = "method-not-allowed", 405, "Not this method"

    def __init__(self) -> None:
        super().__init__("This address does not take this method; the header Allow names those it takes")


class NumberTooLarge(LaokeError):
    """Taken together, the numbers sent come to more than can be kept."""

    code, status, title = "number-too-large", 422, "A number is too large"

    def __init__(self) -> None:
        super().__init__("The amounts or points would come to more than can be kept. Check the numbers sent")

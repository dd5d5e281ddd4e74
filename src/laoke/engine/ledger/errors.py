"""Refusals of the ledger."""

from __future__ import annotations

from laoke.kernel.errors import LaokeError


class InsufficientPoints(LaokeError):
    """The member asked to redeem more points than the account holds."""

    code, status, title = "insufficient-points", 409, "Not enough points"

    def __init__(self, *, wanted: int, available: int) -> None:
        super().__init__(f"{wanted} points wanted, {available} available", wanted=wanted, available=available)


class LedgerRefused(LaokeError):
    """A movement of points that cannot be made; `reason` is a stable word, nothing has changed."""

    code, status, title = "ledger-refused", 409, "The points cannot be moved like this"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason

"""How long work tells how far it has come, and hears that it should stop."""

from __future__ import annotations

from typing import Protocol


class Watch(Protocol):
    """Someone who looks on."""

    def phase(self, name: str, total: int = 0) -> None:
        """A new stretch of work begins; `total` 0 when nobody knows how much it is."""

    def advance(self, count: int) -> None:
        """So much more is done."""

    @property
    def stop_requested(self) -> bool:
        """Whether to end after the batch in hand."""


class Unwatched:
    """Nobody looks on."""

    stop_requested = False

    def phase(self, name: str, total: int = 0) -> None:
        """Nobody hears it."""

    def advance(self, count: int) -> None:
        """Nobody counts."""

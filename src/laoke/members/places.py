"""Stores and channels as members know them: by number.

They stand above this module, which keeps their numbers only. Whoever keeps them says how codes and numbers go
together, so that callers can write codes and a number nobody has is never kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from laoke.foundation.access import Caller


class Places(Protocol):
    """The two ways between code and number."""

    def store(self, caller: Caller, code: str) -> int:
        """The number of an active store. Raises UnknownStore, OutsideStores."""

    def channel(self, code: str) -> int:
        """The number of a channel. Raises UnknownChannel."""

    def store_codes(self, ids: Collection[int]) -> Mapping[int, str]:
        """The codes of stores, active or not."""

    def channel_codes(self, ids: Collection[int]) -> Mapping[int, str]:
        """The codes of channels."""


_places: list[Places] = []


def register(places: Places) -> None:
    """Say where stores and channels are found; a second time is a mistake in the wiring and raises ValueError."""
    if _places:
        raise ValueError("stores and channels are registered already")
    _places.append(places)


def known() -> Places:
    """The registered ones."""
    return _places[0]

"""Short ways to write what tests hand over."""

from __future__ import annotations

from laoke.members.types import IdentityInput


def identity(text: str) -> IdentityInput:
    """`kind:value` or `kind@issuer:value`."""
    kind, _, value = text.partition(":")
    kind, _, issuer = kind.partition("@")
    return IdentityInput(kind, value, issuer)

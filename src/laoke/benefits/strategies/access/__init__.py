"""The right to buy: before others may, or what only some may."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from laoke.benefits.coupons.documents import Moment
from laoke.benefits.strategies.base import Plain, Terms, Unit


class AccessTerms(Terms):
    """What may be bought, and from when everybody may (left out: never). A use is one piece bought."""

    skus: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=1000)
    ] = ()
    general_sale: Moment | None = None


class Access(Plain):
    """Counts pieces."""

    def unit(self, terms: AccessTerms) -> Unit:
        """Pieces."""
        return Unit.PIECE

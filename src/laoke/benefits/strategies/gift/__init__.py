"""A gift from stock, handed over when it is used."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from laoke.benefits.strategies.base import Plain, Terms, Unit


class GiftTerms(Terms):
    """A thing; `stock` is how many there are, left out: any number."""

    stock: Annotated[int, Field(strict=True, ge=0, le=10_000_000)] | None = None
    sku: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class Gift(Plain):
    """Counts pieces."""

    def unit(self, terms: GiftTerms) -> Unit:
        """Pieces."""
        return Unit.PIECE

    def stock(self, terms: GiftTerms) -> int | None:
        """As many as the document says."""
        return terms.stock

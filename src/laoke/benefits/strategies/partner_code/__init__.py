"""Codes of a partner, a coffee brand or a gym: imported, handed out one by one, settled with the partner."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from laoke.benefits.coupons.documents import Words
from laoke.benefits.library.errors import CannotUndo
from laoke.benefits.strategies.base import Delivery, Plain, Terms, Unit
from laoke.benefits.strategies.partner_code import pool


class PartnerCodeTerms(Terms):
    """Whose codes they are, and what the partner gets for each that a member got."""

    partner: Words
    settle_minor: Annotated[int, Field(strict=True, ge=0, le=10**9)] = 0


class PartnerCodes(Plain):
    """Hands out codes, those whose time is over first."""

    def unit(self, terms: PartnerCodeTerms) -> Unit:
        """Codes."""
        return Unit.CODE

    def deliver(self, terms: PartnerCodeTerms, use: Delivery) -> dict[str, Any]:
        """Take codes out of the pool; in full they are read with the use."""
        return {"codes": pool.take(use, terms.settle_minor)}

    def take_back(self, terms: PartnerCodeTerms, use: Delivery, outcome: dict[str, Any]) -> None:
        """Whoever got a code may have read it: nobody else gets it. What was settled cannot be undone."""
        if not pool.void(use):
            raise CannotUndo("code_settled")

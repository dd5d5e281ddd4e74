"""Points as a gift: a use gives them, taking it back takes them, as far as they are still there."""

from __future__ import annotations

from typing import Any

from laoke.benefits.library.errors import CannotUndo
from laoke.benefits.strategies.base import Delivery, Plain, Terms, Unit
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.points import services as points


class PointsTerms(Terms):
    """Points that are given, `amount` of the tier at each use; valid as long as earned ones."""


class Points(Plain):
    """Books points."""

    def unit(self, terms: PointsTerms) -> Unit:
        """Times: each brings as many points as the tier says."""
        return Unit.TIME

    def deliver(self, terms: PointsTerms, use: Delivery) -> dict[str, Any]:
        """Give them."""
        given = use.units * use.amount
        points.move(use.member_id, given, use.name, at=use.at)
        return {"points": given}

    def take_back(self, terms: PointsTerms, use: Delivery, outcome: dict[str, Any]) -> None:
        """Take them from what can be spent."""
        try:
            points.move(use.member_id, -outcome["points"], use.name, at=use.at)
        except InsufficientPoints:
            raise CannotUndo("points_spent") from None

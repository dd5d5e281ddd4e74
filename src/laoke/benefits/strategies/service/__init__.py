"""A service: free delivery, parking, pick-up, warranty, a longer return window, a manager of one's own."""

from __future__ import annotations

from enum import StrEnum

from laoke.benefits.strategies.base import Plain, Terms, Unit


class Does(StrEnum):
    """What a till or a service desk has to do; programs tell services apart by this word."""

    DELIVERY = "delivery"
    PARKING = "parking"
    PICKUP = "pickup"
    WARRANTY = "warranty"
    RETURNS = "returns"
    PRIORITY = "priority"
    MANAGER = "manager"
    SUPPORT = "support"
    OTHER = "other"


class ServiceTerms(Terms):
    """What is done; `unit` is what its quota and the amount of a tier count."""

    does: Does
    unit: Unit = Unit.TIME


class Service(Plain):
    """Counts what its terms say."""

    def unit(self, terms: ServiceTerms) -> Unit:
        """As written."""
        return terms.unit

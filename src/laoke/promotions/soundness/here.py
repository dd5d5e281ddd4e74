"""The examination of a programme against what this shop has: its tiers, stores, articles, currency and time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from laoke.engine.tiering import Ladder
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.soundness.examine import examine
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.soundness.references import Declared
from laoke.purchases import words


def look(
    documents: Mapping[str, OfferDocument],
    pricing: PricingPolicy,
    ladder: Ladder,
    templates: frozenset[str],
    *,
    at: datetime,
) -> Findings:
    """Faults and warnings of all offers that are to be in force together.

    Args:
        templates: the keys of the coupon templates there are.
    """
    return examine(
        documents,
        pricing,
        Declared(frozenset(tier.code for tier in ladder.tiers), templates),
        words.known,
        words.categories_above(),
        currency=settings.LAOKE.currency,
        zone=settings.LAOKE.zone,
        at=at,
    )

"""The examination of a programme against what this shop has: its tiers, stores, articles, currency and time zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from fractions import Fraction
from typing import TypedDict

from django.conf import settings

from laoke.benefits.coupons import templates as coupon_templates
from laoke.engine.policy import PointsPolicy
from laoke.engine.tiering import Ladder
from laoke.points import policy as points_policy
from laoke.promotions import policy, publication
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.earning import of as earning_of
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.soundness import references
from laoke.promotions.soundness.earning import examine_rules
from laoke.promotions.soundness.examine import examine, examine_one
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.soundness.references import Declared, Known
from laoke.purchases import words
from laoke.tiers import ladder as tier_ladder


def look(
    documents: Mapping[str, OfferDocument],
    pricing: PricingPolicy,
    ladder: Ladder,
    points: PointsPolicy,
    templates: frozenset[str],
    *,
    at: datetime,
) -> Findings:
    """Faults and warnings of all offers that are to be in force together.

    Args:
        templates: the keys of the coupon templates there are.
    """
    declared = _declared(ladder, templates)
    known, above = _shop()
    found = examine(documents, pricing, declared, known, above, **_rest(points, at))
    if (earning := earning_of(points)) is not None:
        references.examine_earning(earning.document, declared, known, found)
        examine_rules(earning.document, points.give_back, found)
    return found


def look_at(key: str, document: OfferDocument, programme_version: int, *, at: datetime) -> Findings:
    """Faults and warnings of one offer, were it published beside the others of a version."""
    others = publication.at_version(programme_version).documents
    documents = {name: each for name, each in others.items() if name != key} | {key: document}
    declared = _declared(
        tier_ladder.at_version(programme_version),
        frozenset(coupon_templates.at_version(programme_version).documents),
    )
    pricing = policy.at_version(programme_version)
    points = points_policy.at_version(programme_version)
    return examine_one(key, documents, pricing, declared, *_shop(), **_rest(points, at))


def _declared(ladder: Ladder, templates: frozenset[str]) -> Declared:
    return Declared(frozenset(tier.code for tier in ladder.tiers), templates)


def _shop() -> tuple[Known, dict[str, frozenset[str]]]:
    return words.known, words.categories_above()


class _Rest(TypedDict):
    give_back: Fraction
    currency: str
    zone: tzinfo
    at: datetime


def _rest(points: PointsPolicy, at: datetime) -> _Rest:
    return {
        "give_back": points.give_back,
        "currency": settings.LAOKE.currency,
        "zone": settings.LAOKE.zone,
        "at": at,
    }

"""The compiled programme: the published rules, in memory, one immutable object per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.db import transaction

from laoke.engine.policy import BadPolicy, PointsPolicy
from laoke.engine.tiering import Ladder
from laoke.foundation import generations
from laoke.foundation.access import Caller
from laoke.points import policy as points_policy
from laoke.promotions import policy as pricing_policy
from laoke.promotions import publication
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.publication import Offers
from laoke.tiers import ladder as tier_ladder

# In the order in which they are written and published.
SECTIONS = ("points", "ladder", "pricing", "offers")


@dataclass(frozen=True, slots=True)
class Programme:
    """Every rule that a till needs, as published in one version."""

    version: int
    points: PointsPolicy
    ladder: Ladder
    pricing: PricingPolicy
    offers: Offers


@lru_cache(maxsize=16)
def at_version(version: int) -> Programme:
    """The programme of a version. Versions never change, so a process reads each of them once."""
    return Programme(
        version,
        points_policy.at_version(version),
        tier_ladder.at_version(version),
        pricing_policy.at_version(version),
        publication.at_version(version),
    )


def current() -> Programme:
    """The programme in force now."""
    return at_version(generations.current(generations.PROGRAMME))


def to_document(programme: Programme) -> dict[str, Any]:
    """The programme as plain text values: what `laoke programme show` prints and `apply` reads."""
    return {
        "points": points_policy.to_document(programme.points),
        "ladder": tier_ladder.to_document(programme.ladder),
        "pricing": pricing_policy.to_document(programme.pricing),
        "offers": publication.to_document(programme.offers),
    }


def apply(caller: Caller, document: Mapping[str, Any], *, at: datetime) -> Programme:
    """Publish the sections of `document` that differ from what is in force; all or nothing.

    Raises:
        BadPolicy, Fault: an unknown section or field, or a value that cannot be used; nothing is published.
    """
    for name in document:
        if name not in SECTIONS:
            raise BadPolicy(str(name), f"there is no such section. Known are {', '.join(SECTIONS)}")
    points = points_policy.parse(document["points"]) if "points" in document else None
    ladder = tier_ladder.parse(document["ladder"]) if "ladder" in document else None
    pricing = pricing_policy.parse(document["pricing"]) if "pricing" in document else None
    offers = publication.parse(document["offers"]) if "offers" in document else None
    with transaction.atomic():
        now = current()
        if points is not None and points != now.points:
            points_policy.publish(caller, points, at=at)
        if ladder is not None and ladder != now.ladder:
            tier_ladder.publish(caller, ladder, at=at)
        if pricing is not None and pricing_policy.to_document(pricing) != pricing_policy.to_document(
            now.pricing
        ):
            pricing_policy.publish(caller, pricing, at=at)
        if offers is not None and publication.differ(offers, now.offers):
            publication.publish(caller, offers, at=at)
        return current()


def percent(share: Fraction) -> str:
    """A share as a shopkeeper reads it: "1%", "0.25%", and "≈ 0.3333%" where no decimal says it exactly."""
    exact = share * 100 * 10_000
    text = f"{round(exact) / 10_000:.4f}".rstrip("0").rstrip(".") + "%"
    return text if exact.denominator == 1 else f"≈ {text}"

"""The programme with an offer that is tried, and without it.

Past orders are priced by the offers that would run beside it: what is published and not paused, and whose days it
shares. Their days and its own are then left aside, or nothing would ever hold of a past order; what they say of
weekdays and hours stays, and so do their conditions. Limits of the others are left aside too: nobody knows what would
have been left of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from laoke.engine.policy import PointsPolicy
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.purchase import PurchaseRules
from laoke.points import policy as points_policy
from laoke.promotions import earning, policy, publication
from laoke.promotions.backtest.past import Given
from laoke.promotions.backtest.replay import Replayer
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.policy import PricingPolicy
from laoke.segments.attributes import HOMES

# Of members these are found out for every past order; what else is known of them is taken as it is now.
DATED = frozenset(
    {
        "member.known",
        "member.tier",
        "member.orders",
        "member.days_since_registration",
        "member.days_since_last_order",
        "member.birthday_week",
    }
)


@dataclass(frozen=True, slots=True)
class Trial:
    """An offer among those that would run beside it.

    Args:
        without: where it takes the place of a published offer, the programme with neither; otherwise None.
        asks: every attribute that conditions ask for.
        stages: by offer.
    """

    key: str
    programme_version: int
    before: Programme
    after: Programme
    without: Programme | None
    asks: frozenset[str]
    stages: Mapping[str, str]
    points: PointsPolicy | None = None
    earning: PurchaseRules | None = None

    def replayer(self, gift_costs: Mapping[str, int]) -> Replayer:
        """What prices past orders both ways; `gift_costs` by SKU."""
        beside = Given(gift_costs, self.points, self.earning)
        return Replayer(self.before, self.after, self.key, beside, without=self.without)

    def gifts(self) -> set[str]:
        """Articles that may be given away."""
        found: set[str] = set()
        for ready in self.after.offers:
            for effect in ready.offer.effects:
                found.update(getattr(effect, "skus", ()))
        return found

    def starts_at(self, document: OfferDocument) -> datetime | None:
        """When the offer starts, if it says so."""
        return document.offer(self.key, settings.LAOKE.zone).starts_at

    def assumptions(self) -> tuple[str, ...]:
        """What is taken for granted beside what every backtest takes for granted."""
        about_member = {name for name in self.asks if name.startswith("member.") and name != "member.uses"}
        found = ["costs_of_now", "days_left_aside"]
        if any(ready.offer.limits.limited for ready in self.before.offers):
            found.append("limits_of_others_left_aside")
        found += sorted(
            f"as_it_is_now:{name}" for name in about_member if name in HOMES and name not in DATED
        )
        found += sorted(f"not_known_then:{name}" for name in about_member if name not in HOMES)
        return tuple(found)


def at_version(programme_version: int, key: str, document: OfferDocument, at: datetime) -> Trial:
    """The trial of an offer against what is published in a version.

    Args:
        at: the instant from which on it would run, if it says no other.
    """
    published = publication.at_version(programme_version).documents
    beside = {
        name: each
        for name, each in published.items()
        if name == key or (not each.paused and _share_days(each, document, at))
    }
    found = compiled(
        beside, key, document, policy.at_version(programme_version), programme_version=programme_version
    )
    points = points_policy.at_version(programme_version)
    earn = earning.of(points)
    if earn is None:
        return replace(found, points=points)
    return replace(found, points=points, earning=earn.rules, asks=found.asks | earn.asks)


def compiled(
    beside: Mapping[str, OfferDocument],
    key: str,
    document: OfferDocument,
    pricing: PricingPolicy,
    *,
    programme_version: int = 0,
) -> Trial:
    """The trial of an offer beside these. One of the same key is the one whose place it takes."""
    before = {name: _any_day(each) for name, each in beside.items()}
    tried = document.model_copy(update={"starts": None, "ends": None, "paused": False})
    after = {**before, key: tried}
    without = {name: each for name, each in before.items() if name != key}
    old = beside.get(key)
    if old is not None and old.paused:
        before, old = without, None
    programmes = [_programme(documents, pricing) for documents in (before, after, without)]
    asks = publication.compiled(after, pricing).asks | publication.compiled(before, pricing).asks
    return Trial(
        key,
        programme_version,
        programmes[0],
        programmes[1],
        None if old is None else programmes[2],
        asks,
        {name: each.stage.value for name, each in {**before, **after}.items()},
    )


def _programme(documents: Mapping[str, OfferDocument], pricing: PricingPolicy) -> Programme:
    offers = [each.offer(name, settings.LAOKE.zone) for name, each in documents.items()]
    return Programme(offers, pricing.policies, guards=pricing.guards)


def _any_day(document: OfferDocument) -> OfferDocument:
    """An offer that runs already, without its days and what its uses are counted against."""
    kept = document.limits.model_copy(
        update=dict.fromkeys(("in_total", "per_member", "per_member_a_day", "budget"))
    )
    members = kept.model_copy(update={"members_only": document.limits.limits().members_only})
    return document.model_copy(update={"starts": None, "ends": None, "limits": members})


def _share_days(one: OfferDocument, other: OfferDocument, at: datetime) -> bool:
    zone = settings.LAOKE.zone
    mine, its = one.offer("one", zone), other.offer("other", zone)
    first = max(each for each in (at, mine.starts_at, its.starts_at) if each is not None)
    return all(end is None or first <= end for end in (mine.ends_at, its.ends_at))

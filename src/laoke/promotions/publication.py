"""The offers of a programme version: reading, checking and publishing their documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from laoke.engine.conditions import leaves
from laoke.engine.pricing.compiled import Programme
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.promotions import counters
from laoke.promotions import policy as pricing_policy
from laoke.promotions.documents.offers import Fault, OfferDocument, read_offer
from laoke.promotions.language import language as language
from laoke.promotions.models import OfferVersion
from laoke.promotions.policy import STANDARD_PRICING, PricingPolicy

# Effects whose other half is not there yet: coupons have no wallet, tills send no deliveries.
NOT_YET = ("coupon", "delivery")
LONGEST_KEY = 64


class Offers(NamedTuple):
    """The offers in force in one version.

    `asks` are the attributes that conditions ask for, `limited` the keys whose uses are counted.
    """

    documents: Mapping[str, OfferDocument]
    compiled: Programme | None
    asks: frozenset[str]
    limited: frozenset[str]


NO_OFFERS = Offers({}, None, frozenset(), frozenset())


def parse(documents: Any) -> dict[str, OfferDocument]:
    """Read the section `offers` of a programme document.

    Raises:
        Fault: every place that cannot be used.
    """
    if not isinstance(documents, Mapping):
        raise Fault([(("offers",), "takes offers by their key")])
    faults: list[tuple[tuple[str | int, ...], str]] = []
    found = {}
    words = language()
    for key, document in documents.items():
        place = ("offers", str(key))
        if not (isinstance(key, str) and 1 <= len(key) <= LONGEST_KEY and key.replace("-", "").isalnum()):
            faults.append((place, f"a key has 1 to {LONGEST_KEY} letters, digits and hyphens"))
            continue
        try:
            found[key] = read_offer(document, words)
        except Fault as error:
            faults += [((*place, *inner), says) for inner, says in error.faults]
            continue
        for number, each in enumerate(found[key].gives):
            faults += [
                ((*place, "gives", number, name), "cannot be published yet")
                for name in NOT_YET
                if getattr(each, name) is not None
            ]
    if faults:
        raise Fault(faults)
    return found


def to_document(offers: Offers) -> dict[str, Any]:
    """The documents that `parse` reads back into the same offers."""
    return {key: written(document) for key, document in offers.documents.items()}


def written(document: OfferDocument) -> dict[str, Any]:
    """An offer as plain values, as short as it was written."""
    return document.model_dump(mode="json", exclude_unset=True, context=language())


def differ(documents: Mapping[str, OfferDocument], offers: Offers) -> bool:
    """Whether publishing these would change anything."""
    return {key: written(each) for key, each in documents.items()} != to_document(offers)


def at_version(programme_version: int) -> Offers:
    """The offers in force in a version of the programme, in the order in which they were first published."""
    rows = OfferVersion.objects.filter(programme_version__lte=programme_version).order_by("id")
    newest: dict[str, Any] = {}
    for row in rows:
        newest[row.key] = row.document
    words = language()
    documents = {key: read_offer(document, words) for key, document in newest.items() if document is not None}
    return compiled(documents, pricing_policy.at_version(programme_version))


def compiled(documents: Mapping[str, OfferDocument], pricing: PricingPolicy = STANDARD_PRICING) -> Offers:
    """Offers made ready for the till, under the policies and guards of the programme."""
    if not documents:
        return NO_OFFERS
    zone = settings.LAOKE.zone
    offers = [document.offer(key, zone) for key, document in documents.items()]
    programme = Programme(offers, pricing.policies, guards=pricing.guards)
    asks = {leaf.attribute for offer in offers for tree in offer.when for leaf in leaves(tree)}
    if any(each.startswith("product.personal_list") for each in programme.line_attributes):
        asks.add("product.personal_list")
    limited = {
        offer.key
        for offer in offers
        if offer.limits.in_total is not None or offer.limits.budget_minor is not None
    }
    if any(offer.limits.per_member or offer.limits.per_member_a_day for offer in offers):
        asks.add("member.uses")
    return Offers(documents, programme, frozenset(asks), frozenset(limited))


def publish(caller: Caller, documents: Mapping[str, OfferDocument], *, at: datetime) -> int:
    """Put these offers in force from this commit on, and end all others; returns the programme version.

    Call in a transaction. Every process has them with its next price.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    before = at_version(generations.current(generations.PROGRAMME)).documents
    version = generations.bump(generations.PROGRAMME)
    for key in [*documents, *(key for key in before if key not in documents)]:
        old, new = before.get(key), documents.get(key)
        former, after = (None if each is None else written(each) for each in (old, new))
        if former == after:
            continue
        OfferVersion.objects.create(
            key=key,
            programme_version=version,
            document=after,
            published_at=at,
            published_by=caller.label,
        )
        if new is not None:
            counters.allot(key, new.limits.in_total, new.limits.budget)
        # The documents themselves are kept with the version.
        record(
            caller,
            "offer.published" if new is not None else "offer.ended",
            "offer",
            key,
            at=at,
            before=None if old is None else {"name": old.name.zh},
            after=None if new is None else {"name": new.name.zh},
        )
    return version

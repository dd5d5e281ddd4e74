"""One look at everything that makes a programme unsound."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from fractions import Fraction

from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.documents.pricing import PricingDocument
from laoke.promotions.policy import PricingPolicy
from laoke.promotions.soundness import earning, endless, names, references, stacks, windows
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.soundness.references import Declared, Known


def examine(
    documents: Mapping[str, OfferDocument],
    pricing: PricingPolicy,
    declared: Declared,
    known: Known,
    above: Mapping[str, frozenset[str]],
    *,
    give_back: Fraction,
    currency: str,
    zone: tzinfo,
    at: datetime,
) -> Findings:
    """Faults and warnings of offers as a whole.

    Args:
        declared: tiers and coupon templates of the programme.
        known: which words of a kind stand for something outside the programme.
        give_back: the share of what members spend that comes back in points, without offers.
        above: by category code, its own and those of all categories above it.
        at: offers that are over by then are not looked at.
    """
    found = Findings()
    windows.examine(documents, zone, at, found)
    names.examine(documents, pricing, found)
    references.examine(documents, pricing.document, declared, known, found)
    endless.examine(documents, currency, found)
    earning.examine(documents, give_back, found)
    stacks.examine(documents, pricing, above, currency, zone, at, found)
    return found


def examine_one(
    key: str,
    documents: Mapping[str, OfferDocument],
    pricing: PricingPolicy,
    declared: Declared,
    known: Known,
    above: Mapping[str, frozenset[str]],
    *,
    give_back: Fraction,
    currency: str,
    zone: tzinfo,
    at: datetime,
) -> Findings:
    """Faults and warnings of one offer among all; what is wrong with others alone is not told.

    Args:
        documents: all offers, this one the last of them.
    """
    found, own = Findings(), {key: documents[key]}
    windows.examine(own, zone, at, found)
    among = Findings()
    names.examine(documents, pricing, among)
    found.faults += [each for each in among.faults if each[0][1] == key]
    found.warnings += [each for each in among.warnings if each[0][1] == key]
    references.examine(own, PricingDocument(), declared, known, found)
    endless.examine(own, currency, found)
    earning.examine(own, give_back, found)
    stacks.examine(documents, pricing, above, currency, zone, at, found, only=key)
    return found

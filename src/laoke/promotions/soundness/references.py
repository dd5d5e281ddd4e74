"""Words of a programme that stand for something elsewhere: tiers, coupon templates, stores, articles.

A coupon template must be there: a coupon of nothing cannot be given, so the programme is refused. Tiers, stores,
channels, categories and articles may come later, and until then an offer for them waits: such a word is a warning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from laoke.promotions.documents.earning import EarningDocument
from laoke.promotions.documents.offers import OfferDocument, Place
from laoke.promotions.documents.pricing import PricingDocument
from laoke.promotions.language import language
from laoke.promotions.soundness.findings import Findings
from laoke.promotions.vocabulary import VOCABULARY

# Which of these words of a kind are known.
Known = Callable[[str, frozenset[str]], frozenset[str]]

KINDS = {
    "member.tier": "tier",
    "member.store": "store",
    "member.region": "region",
    "member.channel": "channel",
    "store.code": "store",
    "store.region": "region",
    "basket.channel": "channel",
    "product.sku": "sku",
    "product.category": "category",
    "product.brand": "brand",
    "product.tag": "product_tag",
}
CALLED = {
    "tier": "tier",
    "template": "coupon template",
    "store": "store",
    "region": "region",
    "channel": "channel",
    "sku": "article with the SKU",
    "category": "category",
    "brand": "article of the brand",
    "product_tag": "article with the tag",
}


class Word(NamedTuple):
    """A word that stands for something of a kind."""

    kind: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Declared:
    """What the programme declares itself."""

    tiers: frozenset[str]
    templates: frozenset[str]


def examine(
    documents: Mapping[str, OfferDocument],
    pricing: PricingDocument,
    declared: Declared,
    known: Known,
    found: Findings,
) -> None:
    """Look for words nobody knows."""
    _look([*_of_offers(documents), *_of_pricing(pricing)], declared, known, found)


def examine_earning(document: EarningDocument, declared: Declared, known: Known, found: Findings) -> None:
    """Look for words nobody knows in rules of earning."""
    place = ("points", "earn")
    written = document.model_dump(mode="json", exclude_unset=True, context=language())
    words = [*_of_conditions(written, place)]
    words += [Word("tier", tier, (*place, "tiers", tier)) for tier in document.tiers]
    _look(words, declared, known, found)


def _look(words: list[Word], declared: Declared, known: Known, found: Findings) -> None:
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for word in words:
        asked[word.kind].add(word.text)
    there = {"tier": declared.tiers, "template": declared.templates}
    there |= {kind: known(kind, frozenset(texts)) for kind, texts in asked.items() if kind not in there}
    for word in words:
        if word.text in there[word.kind]:
            continue
        says = f"there is no {CALLED[word.kind]} {word.text!r}"
        if word.kind == "template":
            found.fault(word.place, f"{says}; known are {', '.join(sorted(declared.templates)) or 'none'}")
        else:
            found.warning(word.place, f"{says} yet")


def _of_offers(documents: Mapping[str, OfferDocument]) -> Iterator[Word]:
    context = language()
    for key, document in documents.items():
        place = ("offers", key)
        for number, channel in enumerate(document.channels or ()):
            yield Word("channel", channel, (*place, "channels", number))
        for number, template in enumerate(getattr(document, "coupons", ())):
            yield Word("template", template, (*place, "coupons", number))
        written = document.model_dump(mode="json", exclude_unset=True, context=context)
        yield from _of_conditions(written.get("when"), (*place, "when"))
        for number, gives in enumerate(written["gives"]):
            here = (*place, "gives", number)
            yield from _of_conditions(gives, here)
            for index, sku in enumerate(gives.get("gift", {}).get("skus", ())):
                yield Word("sku", sku, (*here, "gift", "skus", index))
            for sku in gives.get("member_price", {}).get("prices", ()):
                yield Word("sku", sku, (*here, "member_price", "prices", sku))
            if "coupon" in gives:
                yield Word("template", gives["coupon"]["template"], (*here, "coupon", "template"))


def _of_pricing(pricing: PricingDocument) -> Iterator[Word]:
    place = ("pricing", "guards")
    for name in ("price_floors", "margins"):
        for category in getattr(pricing.guards, name):
            yield Word("category", category, (*place, name, category))


def _of_conditions(document: Any, place: Place) -> Iterator[Word]:
    """Every value compared with an attribute that names something, anywhere in a document."""
    if isinstance(document, Mapping):
        for name, said in document.items():
            here = (*place, str(name))
            kind = KINDS.get(str(name)) if name in VOCABULARY else None
            if kind is None:
                yield from _of_conditions(said, here)
                continue
            for value in _values(said):
                yield Word(kind, str(value), here)
    elif isinstance(document, list):
        for number, part in enumerate(document):
            yield from _of_conditions(part, (*place, number))


def _values(said: Any) -> Iterable[Any]:
    if not isinstance(said, Mapping):
        return said if isinstance(said, list) else [said]
    found = []
    for word, value in said.items():
        if word not in ("exists", "of"):
            found += value if isinstance(value, list) else [value]
    return found

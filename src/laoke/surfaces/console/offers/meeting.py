"""Whether two offers could take from the same article, as far as their texts tell: by category, brand and code."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from laoke.engine.pricing.selectors import Key
from laoke.promotions.documents.offers import OfferDocument


def may_meet(one: OfferDocument, other: OfferDocument, above: Mapping[str, frozenset[str]]) -> bool:
    """Whether some article could be in both.

    Args:
        above: by category, its own code and those of all categories above it.
    """
    mine, theirs = _goods(one), _goods(other)
    if mine is None or theirs is None:
        return True
    return any(_share(a, b, above) for a in mine for b in theirs)


def _goods(document: OfferDocument) -> frozenset[Key] | None:
    """Where the articles it takes from are filed; None: it may take from any."""
    found: set[Key] = set()
    for effect in document.offer("", settings.LAOKE.zone).effects:
        for selector in effect.looks_at():
            if selector is None or selector.keys is None:
                return None
            found.update(selector.keys)
    return frozenset(found) or None


def _share(one: Key, other: Key, above: Mapping[str, frozenset[str]]) -> bool:
    """An article of a brand may be of any category, and one with a tag may have another one too."""
    if one[0] != other[0] or one[0] == "product.tag":
        return True
    if one[0] != "product.category":
        return one[1] == other[1]
    return other[1] in above.get(one[1], {one[1]}) or one[1] in above.get(other[1], {other[1]})

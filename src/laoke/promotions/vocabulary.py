"""The vocabulary of offers: what may be asked of lines, basket, member, store and moment."""

from __future__ import annotations

from laoke.engine.conditions.vocabulary import Attribute, Kind, Vocabulary
from laoke.engine.pricing import attributes
from laoke.segments.attributes import MEMBER

STORE = (
    Attribute("store.code", Kind.TEXT, "门店", "Store"),
    Attribute("store.region", Kind.TEXT, "大区", "Region of the store"),
    Attribute("store.city", Kind.TEXT, "城市", "City of the store"),
)

VOCABULARY = Vocabulary([*attributes.LINES, *attributes.BASKET, *MEMBER, *STORE, *attributes.MOMENT])

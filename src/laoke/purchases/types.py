"""What other modules may hold of stores and products."""

from __future__ import annotations

from typing import NamedTuple

from laoke.engine.pricing.basket import Article


class StoreFacts(NamedTuple):
    """An active store; `region` is the code of its region."""

    id: int
    code: str
    name: str
    region_id: int | None
    region: str | None = None
    city: str | None = None


class ProductFacts(NamedTuple):
    """An active product as the till prices it. `price_minor` is the list price of one unit, `article` what offers may
    ask of it."""

    id: int
    sku: str
    name: str
    price_minor: int
    earns_points: bool
    article: Article
    cost_minor: int | None


class ChannelFacts(NamedTuple):
    """A way of selling, by its code."""

    code: str
    name: str
    name_en: str

"""The demo shop 禾邻生活: a believable retailer made from a seed. See README.md."""

from __future__ import annotations

from .shop import generate
from .types import (
    Category,
    Channel,
    Consent,
    Delivery,
    Events,
    GiveBack,
    Household,
    Person,
    Product,
    Region,
    Sale,
    SaleLine,
    Shop,
    Store,
    Term,
)

__all__ = [
    "Category",
    "Channel",
    "Consent",
    "Delivery",
    "Events",
    "GiveBack",
    "Household",
    "Person",
    "Product",
    "Region",
    "Sale",
    "SaleLine",
    "Shop",
    "Store",
    "Term",
    "generate",
]

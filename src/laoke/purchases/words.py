"""Which words stand for a store, a region, a channel, a category or an article."""

from __future__ import annotations

from django.db.models import F
from django.db.models.expressions import RawSQL

from laoke.purchases.models import Category, Channel, Product, Region, Store


def known(kind: str, texts: frozenset[str]) -> frozenset[str]:
    """Those of the words that are known.

    Args:
        kind: "store", "region", "channel", "category", "sku", "brand" or "product_tag".
    """
    wanted = sorted(texts)
    if kind == "product_tag":
        found = (
            Product.objects.filter(active=True, tags__overlap=wanted)
            .annotate(tag=RawSQL("unnest(tags)", ()))
            .values_list("tag", flat=True)
            .distinct()
        )
        return texts & frozenset(found)
    rows, field = {
        "store": (Store.objects.filter(active=True), "code"),
        "region": (Region.objects.all(), "code"),
        "channel": (Channel.objects.all(), "code"),
        "category": (Category.objects.all(), "code"),
        "sku": (Product.objects.filter(active=True), "sku"),
        "brand": (Product.objects.filter(active=True), "brand"),
    }[kind]
    return frozenset(rows.filter(**{f"{field}__in": wanted}).values_list(field, flat=True).distinct())


def categories_above() -> dict[str, frozenset[str]]:
    """By category, its own code and those of all categories above it."""
    above = dict(Category.objects.values_list("code", F("parent__code")))
    found = {}
    for code in above:
        codes: set[str] = set()
        at: str | None = code
        while at is not None and at not in codes:
            codes.add(at)
            at = above[at]
        found[code] = frozenset(codes)
    return found


def names() -> dict[tuple[str, str], tuple[str, str]]:
    """What stores, regions, channels and categories are called, in Chinese and English, by kind and code."""
    kinds = {"store": Store, "region": Region, "channel": Channel, "category": Category}
    return {
        (kind, code): (name, name_en or name)
        for kind, model in kinds.items()
        for code, name, name_en in model._default_manager.values_list("code", "name", "name_en")
    }

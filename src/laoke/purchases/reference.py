"""Reading stores, channels, categories and products: pages by code, and one by its code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.purchases.errors import NoSuchEntry, UnknownChannel, UnknownStore
from laoke.purchases.models import Category, Channel, Product, Store
from laoke.purchases.services import CategoryInput, ProductInput, StoreInput
from laoke.purchases.types import ChannelFacts

Made = TypeVar("Made")


def stores(after: str | None, limit: int) -> tuple[list[StoreInput], str | None]:
    """A page of stores, active or not, by code."""
    return _page(Store.objects.select_related("region"), "code", store_input, after, limit)


def store(code: str) -> StoreInput:
    """One store. Raises NoSuchEntry."""
    return store_input(_one(Store.objects.select_related("region"), "code", code, "store"))


def channels(after: str | None, limit: int) -> tuple[list[ChannelFacts], str | None]:
    """A page of channels by code."""
    return _page(Channel.objects.all(), "code", _channel, after, limit)


def channel(code: str) -> ChannelFacts:
    """One channel. Raises NoSuchEntry."""
    return _channel(_one(Channel.objects.all(), "code", code, "channel"))


def categories(after: str | None, limit: int) -> tuple[list[CategoryInput], str | None]:
    """A page of categories by code."""
    return _page(Category.objects.select_related("parent"), "code", _category, after, limit)


def category(code: str) -> CategoryInput:
    """One category. Raises NoSuchEntry."""
    return _category(_one(Category.objects.select_related("parent"), "code", code, "category"))


def products(after: str | None, limit: int) -> tuple[list[ProductInput], str | None]:
    """A page of products, active or not, by SKU."""
    return _page(Product.objects.select_related("category"), "sku", product_input, after, limit)


def product(sku: str) -> ProductInput:
    """One product. Raises NoSuchEntry."""
    return product_input(_one(Product.objects.select_related("category"), "sku", sku, "product"))


class StoresAndChannels:
    """See laoke.members.places."""

    def store(self, caller: Caller, code: str) -> int:
        """The number of an active store within the caller's reach."""
        found = Store.objects.filter(code=code, active=True).values_list("id", flat=True).first()
        if found is None:
            raise UnknownStore(f"There is no active store with the code {code[:60]!r}", store=code[:60])
        caller.require_store(found, code)
        return found

    def channel(self, code: str) -> int:
        """The number of a channel."""
        found = Channel.objects.filter(code=code).values_list("id", flat=True).first()
        if found is None:
            raise UnknownChannel(f"There is no channel with the code {code[:60]!r}", channel=code[:60])
        return found

    def store_codes(self, ids: Collection[int]) -> Mapping[int, str]:
        """Codes by number."""
        return dict(Store.objects.filter(pk__in=ids).values_list("id", "code")) if ids else {}

    def channel_codes(self, ids: Collection[int]) -> Mapping[int, str]:
        """Codes by number."""
        return dict(Channel.objects.filter(pk__in=ids).values_list("id", "code")) if ids else {}


def _page(
    rows: QuerySet[Any], key: str, made: Callable[[Any], Made], after: str | None, limit: int
) -> tuple[list[Made], str | None]:
    mark = paging.read(after, paging.text)
    if mark is not None:
        rows = rows.filter(**{f"{key}__gt": mark[0]})
    page, more = paging.cut(
        list(rows.order_by(key)[: limit + 1]), limit, lambda row: paging.write(getattr(row, key))
    )
    return [made(row) for row in page], more


def _one(rows: QuerySet[Any], key: str, code: str, kind: str) -> Any:
    found = rows.filter(**{key: code}).first()
    if found is None:
        raise NoSuchEntry(kind, code)
    return found


def store_input(row: Store) -> StoreInput:
    """The store as the services take it; its region is fetched with it."""
    region = row.region.code if row.region else None
    return StoreInput(row.code, row.name, region, row.city, row.name_en, row.active, row.opened_date)


def _channel(row: Channel) -> ChannelFacts:
    return ChannelFacts(row.code, row.name, row.name_en)


def _category(row: Category) -> CategoryInput:
    return CategoryInput(row.code, row.name, row.name_en, row.parent.code if row.parent else None)


def product_input(row: Product) -> ProductInput:
    """The product as the services take it; its category is fetched with it."""
    return ProductInput(
        sku=row.sku,
        name=row.name,
        price_minor=row.price_minor,
        name_en=row.name_en,
        category=row.category.code if row.category else None,
        brand=row.brand,
        barcode=row.barcode,
        cost_minor=row.cost_minor,
        unit=row.unit,
        pack_size=row.pack_size,
        earns_points=row.earns_points,
        active=row.active,
        tags=tuple(row.tags),
    )

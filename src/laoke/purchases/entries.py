"""Entries of the reference data by their numbers: what pages open and list. `reference` reads them by their codes."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Model

from laoke.purchases.errors import NoSuchEntry
from laoke.purchases.models import Category, Channel, Product, Region, Store
from laoke.purchases.reference import product_input, store_input
from laoke.purchases.services import ProductInput, StoreInput


class NamedEntry(NamedTuple):
    """A region, channel or category. `name_en` may be empty; only categories have a parent."""

    id: int
    code: str
    name: str
    name_en: str
    parent_id: int | None = None


class StoreEntry(NamedTuple):
    """A store with its region, if it has one."""

    id: int
    store: StoreInput
    region: NamedEntry | None


class ProductEntry(NamedTuple):
    """A product with the number of its category."""

    id: int
    product: ProductInput
    category_id: int | None


_NAMED: dict[str, type[Region] | type[Channel] | type[Category]] = {
    "region": Region,
    "channel": Channel,
    "category": Category,
}
_KEYS: dict[str, tuple[type[Model], str]] = {
    "store": (Store, "code"),
    "product": (Product, "sku"),
    **{kind: (model, "code") for kind, model in _NAMED.items()},
}


def named(kind: str) -> list[NamedEntry]:
    """All entries of a kind by code: "region", "channel", "category"."""
    return [_named(row) for row in _NAMED[kind].objects.order_by("code")]


def named_one(kind: str, entry_id: int) -> NamedEntry:
    """One of them.

    Raises:
        NoSuchEntry
    """
    row = _NAMED[kind].objects.filter(pk=entry_id).first()
    if row is None:
        raise NoSuchEntry(kind, str(entry_id))
    return _named(row)


def store(store_id: int) -> StoreEntry:
    """One store.

    Raises:
        NoSuchEntry
    """
    row = Store.objects.select_related("region").filter(pk=store_id).first()
    if row is None:
        raise NoSuchEntry("store", str(store_id))
    return StoreEntry(row.pk, store_input(row), _named(row.region) if row.region else None)


def stores(ids: Collection[int] | None = None, *, active: bool = False) -> list[StoreEntry]:
    """Stores by code: those of `ids`, None: all; with `active` only those that are switched on."""
    rows = Store.objects.select_related("region").order_by("code")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if active:
        rows = rows.filter(active=True)
    return [StoreEntry(row.pk, store_input(row), None) for row in rows]


def product(product_id: int) -> ProductEntry:
    """One product.

    Raises:
        NoSuchEntry
    """
    row = Product.objects.select_related("category").filter(pk=product_id).first()
    if row is None:
        raise NoSuchEntry("product", str(product_id))
    return ProductEntry(row.pk, product_input(row), row.category_id)


def taken(kind: str, code: str) -> bool:
    """Whether a store, product, region, channel or category has this code."""
    model, key = _KEYS[kind]
    return bool(model._default_manager.filter(**{key: code}).exists())


def lock(kind: str, code: str) -> None:
    """Let nobody else change the entry of this code until the transaction ends; what is read after it holds."""
    model, key = _KEYS[kind]
    rows = model._default_manager.select_for_update(no_key=True).filter(**{key: code})
    rows.values_list("pk", flat=True).first()


def _named(row: Region | Channel | Category) -> NamedEntry:
    return NamedEntry(row.pk, row.code, row.name, row.name_en, getattr(row, "parent_id", None))

"""Keeping stores, channels, categories and products: added or changed by their codes, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.sql import hot_cursor
from laoke.kernel.errors import LaokeError
from laoke.purchases.models import Category, Channel, Product, Region, Store

_MANY = 500


class BadReference(LaokeError):
    """A store, channel, category or product with a field that cannot be used."""

    code, status, title = "bad-reference", 422, "The entry cannot be used"

    def __init__(self, field: str, mend: str) -> None:
        super().__init__(f"{field}: {mend}", field=field)
        self.mend = mend  # without the field's name, for forms where it stands at its field


@dataclass(frozen=True, slots=True)
class StoreInput:
    """A store by its code; a region that is not known yet is added."""

    code: str
    name: str
    region: str | None = None
    city: str = ""
    name_en: str = ""
    active: bool = True
    opened_date: date | None = None


@dataclass(frozen=True, slots=True)
class CategoryInput:
    """A category by its code; `parent` is the code of the one above."""

    code: str
    name: str
    name_en: str = ""
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ProductInput:
    """A product by its SKU; a category that is not known yet is added under its own code."""

    sku: str
    name: str
    price_minor: int
    name_en: str = ""
    category: str | None = None
    brand: str = ""
    barcode: str = ""
    cost_minor: int | None = None
    unit: str = ""
    pack_size: str = ""
    earns_points: bool = True
    active: bool = True
    tags: Sequence[str] = field(default=())


def save_stores(
    caller: Caller,
    stores: Sequence[StoreInput],
    *,
    at: datetime,
    regions: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, int]:
    """Add or change stores; returns their ids by code. All or nothing.

    Args:
        regions: names (in Chinese and English) by code of regions that may be new; one not named here is called
            by its code.
    Raises:
        BadReference; OutsideStores: a caller limited to stores changes those, and adds none. Nor does it add
            regions, which are of the whole shop: one that is not known is refused as BadReference.
    """
    caller.require(Scope.STORES_WRITE)
    _stay_within_own(caller, stores)
    for store in stores:
        check_store(store)
    with transaction.atomic():
        names = dict(regions or {})
        before = _as_saved(Store, "code", [store.code for store in stores])
        if caller.stores is not None:
            _refuse_new_regions({store.region for store in stores if store.region})
        region_ids = _ensure(Region, {store.region for store in stores if store.region}, names, 40)
        _upsert(
            Store,
            [
                Store(
                    code=store.code,
                    name=store.name,
                    name_en=store.name_en,
                    region_id=region_ids[store.region] if store.region else None,
                    city=store.city,
                    active=store.active,
                    opened_date=store.opened_date,
                )
                for store in stores
            ],
            "code",
            ["name", "name_en", "region", "city", "active", "opened_date"],
        )
        _published(caller, Store, "store", "code", [store.code for store in stores], before, at)
        return dict(Store.objects.filter(code__in=[s.code for s in stores]).values_list("code", "id"))


def save_regions(caller: Caller, regions: Mapping[str, tuple[str, str]], *, at: datetime) -> dict[str, int]:
    """Add or rename regions, given as (name, English name) by code; returns their ids by code.

    Raises:
        BadReference; OutsideStores: a caller limited to stores.
    """
    return _save_names(caller, Region, "region", regions, at)


def save_channels(caller: Caller, channels: Mapping[str, tuple[str, str]], *, at: datetime) -> dict[str, int]:
    """Add or rename channels, given as (name, English name) by code; returns their ids by code.

    Raises:
        BadReference; OutsideStores: a caller limited to stores.
    """
    return _save_names(caller, Channel, "channel", channels, at)


def _save_names(
    caller: Caller, model: type[Any], kind: str, entries: Mapping[str, tuple[str, str]], at: datetime
) -> dict[str, int]:
    caller.require(Scope.STORES_WRITE)
    caller.require_whole_shop()
    for code, (name, name_en) in entries.items():
        _code("code", code, 40)
        _text("name", name, 100, required=True)
        _text("name_en", name_en, 100)
    with transaction.atomic():
        rows = [model(code=code, name=name, name_en=name_en) for code, (name, name_en) in entries.items()]
        before = _as_saved(model, "code", list(entries))
        _upsert(model, rows, "code", ["name", "name_en"])
        _published(caller, model, kind, "code", list(entries), before, at)
        return dict(model.objects.filter(code__in=list(entries)).values_list("code", "id"))


def save_categories(caller: Caller, categories: Sequence[CategoryInput], *, at: datetime) -> dict[str, int]:
    """Add or change categories; returns their ids by code. Parents may come in the same call, in any order.

    Raises:
        BadReference: a parent nobody knows, or a circle; OutsideStores: a caller limited to stores.
    """
    caller.require(Scope.PRODUCTS_WRITE)
    caller.require_whole_shop()
    for category in categories:
        check_category(category)
    with transaction.atomic():
        before = _as_saved(Category, "code", [category.code for category in categories])
        _upsert(
            Category,
            [Category(code=c.code, name=c.name, name_en=c.name_en) for c in categories],
            "code",
            ["name", "name_en"],
        )
        ids = dict(Category.objects.values_list("code", "id"))
        rows = []
        for category in categories:
            if category.parent and category.parent not in ids:
                raise BadReference(
                    "parent", _("there is no category %(code)r") % {"code": category.parent[:60]}
                )
            rows.append(
                Category(id=ids[category.code], parent_id=ids[category.parent] if category.parent else None)
            )
        Category.objects.bulk_update(rows, ["parent"], batch_size=1000)
        _refuse_circles(dict(Category.objects.values_list("id", "parent_id")))
        _published(
            caller, Category, "category", "code", [category.code for category in categories], before, at
        )
        return {category.code: ids[category.code] for category in categories}


def save_products(caller: Caller, products: Sequence[ProductInput], *, at: datetime) -> dict[str, int]:
    """Add or change products; returns their ids by SKU. All or nothing; prices hold from this commit on.

    Raises:
        BadReference; OutsideStores: a caller limited to stores.
    """
    caller.require(Scope.PRODUCTS_WRITE)
    caller.require_whole_shop()
    for product in products:
        check_product(product)
    with transaction.atomic():
        before = _as_saved(Product, "sku", [product.sku for product in products])
        category_ids = _ensure(Category, {p.category for p in products if p.category}, {}, 60)
        _upsert(
            Product,
            [
                Product(
                    sku=product.sku,
                    name=product.name,
                    name_en=product.name_en,
                    category_id=category_ids[product.category] if product.category else None,
                    brand=product.brand,
                    barcode=product.barcode,
                    price_minor=product.price_minor,
                    cost_minor=product.cost_minor,
                    unit=product.unit,
                    pack_size=product.pack_size,
                    earns_points=product.earns_points,
                    tags=list(product.tags),
                    active=product.active,
                )
                for product in products
            ],
            "sku",
            [
                "name", "name_en", "category", "brand", "barcode", "price_minor", "cost_minor", "unit", "pack_size",
                "earns_points", "tags", "active",
            ],
        )  # fmt: skip
        _published(caller, Product, "product", "sku", [product.sku for product in products], before, at)
        with hot_cursor() as cursor:
            cursor.execute(
                "select sku, id from purchases_product where sku = any(%s)", [[p.sku for p in products]]
            )
            return dict(cursor.fetchall())


def check_store(store: StoreInput) -> None:
    """Refuse a store that cannot be kept.

    Raises:
        BadReference: names the field.
    """
    _code("code", store.code, 40)
    _text("name", store.name, 100, required=True)
    _text("city", store.city, 60)
    if store.region:
        _code("region", store.region, 40)


def check_category(category: CategoryInput) -> None:
    """Refuse a category that cannot be kept.

    Raises:
        BadReference: names the field.
    """
    _code("code", category.code, 60)
    _text("name", category.name, 100, required=True)


def check_product(product: ProductInput) -> None:
    """Refuse a product that cannot be kept.

    Raises:
        BadReference: names the field.
    """
    _code("sku", product.sku, 60)
    _text("name", product.name, 200, required=True)
    _text("name_en", product.name_en, 200)
    _text("brand", product.brand, 100)
    _text("barcode", product.barcode, 20)
    _text("unit", product.unit, 20)
    _text("pack_size", product.pack_size, 40)
    for name, value in (("price_minor", product.price_minor), ("cost_minor", product.cost_minor)):
        if value is not None and not 0 <= value <= 10**12:
            raise BadReference(name, _("takes minor units from 0 to 1,000,000,000,000"))
    for tag in product.tags:
        _text("tags", tag, 40, required=True)


def _stay_within_own(caller: Caller, stores: Sequence[StoreInput]) -> None:
    if caller.stores is None:
        return
    own = dict(Store.objects.filter(pk__in=caller.stores).values_list("code", "id"))
    for store in stores:
        caller.require_store(own.get(store.code, 0), store.code)


def _refuse_new_regions(codes: set[str]) -> None:
    known = set(Region.objects.filter(code__in=codes).values_list("code", flat=True))
    for code in sorted(codes - known):
        raise BadReference(
            "region",
            _("there is no region %(code)r, and only who is responsible for all stores adds one")
            % {"code": code[:40]},
        )


def _upsert(model: type[Any], rows: Sequence[Any], key: str, fields: list[str]) -> None:
    if len(rows) < _MANY:
        model.objects.bulk_create(rows, update_conflicts=True, unique_fields=[key], update_fields=fields)
        return
    # Thousands of rows as values of one statement take the longest to be put into words: copied, they go in at
    # five times the speed.
    table, incoming = model._meta.db_table, f"incoming_{model._meta.db_table}"
    attributes = [model._meta.get_field(name).attname for name in [key, *fields]]
    columns = ", ".join(attributes)
    changes = ", ".join(f"{name} = excluded.{name}" for name in attributes[1:])
    with hot_cursor() as cursor:
        cursor.execute(
            f"create temp table {incoming} on commit drop as select {columns} from {table} limit 0"  # noqa: S608
        )
        with cursor.copy(f"copy {incoming} ({columns}) from stdin") as copy:
            for row in rows:
                copy.write_row([getattr(row, name) for name in attributes])
        cursor.execute(
            f"insert into {table} ({columns}) select {columns} from {incoming} "  # noqa: S608 (names of ours)
            f"on conflict ({key}) do update set {changes}"
        )
        cursor.execute(f"drop table {incoming}")


def _ensure(
    model: type[Any], codes: set[str], names: Mapping[str, tuple[str, str]], longest: int
) -> dict[str, int]:
    """Ids by code of regions or categories; those not known yet are added."""
    for code in codes:
        _code("code", code, longest)
    model.objects.bulk_create(
        [
            model(code=code, name=names.get(code, (code, ""))[0], name_en=names.get(code, (code, ""))[1])
            for code in sorted(codes)
        ],
        ignore_conflicts=True,
    )
    return dict(model.objects.filter(code__in=codes).values_list("code", "id"))


def _published(
    caller: Caller,
    model: type[Any],
    kind: str,
    key: str,
    codes: Sequence[str],
    before: Mapping[str, object] | None,
    at: datetime,
) -> None:
    """Tell every process that its copy is old, and the audit trail who did it: of one entry what changed, of many
    which they are.
    """
    generations.bump(generations.CATALOGUE)
    if len(codes) != 1:
        shown: dict[str, object] = {"count": len(codes), "codes": list(codes[:50])}
        record(caller, f"{kind}.saved", kind, "many", at=at, after=shown)
        return
    after = _as_saved(model, key, codes) or {}
    if before is not None:
        changed = [name for name in after if after[name] != before[name]]
        before = {name: before[name] for name in changed}
        after = {name: after[name] for name in changed}
    record(caller, f"{kind}.saved", kind, codes[0], at=at, before=before, after=after)


# Other tables by their numbers: in the audit trail an entry is called by its code.
_CODED = {"region": "region__code", "category": "category__code", "parent": "parent__code"}


def _as_saved(model: type[Any], key: str, codes: Sequence[str]) -> dict[str, object] | None:
    """The entry as it is, in plain values, when there is exactly one; None when there is none, or many."""
    if len(codes) != 1:
        return None
    names = [field.name for field in model._meta.fields if field.name != "id"]
    row = (
        model.objects.filter(**{key: codes[0]})
        .values_list(*(_CODED.get(name, name) for name in names))
        .first()
    )
    if row is None:
        return None
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in zip(names, row, strict=True)
    }


def _refuse_circles(parents: Mapping[int, int | None]) -> None:
    for start in parents:
        seen, node = {start}, parents[start]
        while node is not None:
            if node in seen:
                raise BadReference("parent", _("categories would stand above each other in a circle"))
            seen.add(node)
            node = parents.get(node)


def _code(field: str, value: str, longest: int) -> None:
    if not value or len(value) > longest or not value.isprintable() or value != value.strip():
        raise BadReference(
            field, _("takes 1 to %(n)d printable characters without spaces around them") % {"n": longest}
        )


def _text(field: str, value: str, longest: int, *, required: bool = False) -> None:
    if len(value) > longest or (required and not value.strip()) or "\0" in value:
        raise BadReference(
            field, _("takes %(least)d to %(n)d characters") % {"least": 1 if required else 0, "n": longest}
        )

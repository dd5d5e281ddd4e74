"""Products and the assortment tree as the pages show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor
from laoke.purchases import entries
from laoke.purchases.entries import NamedEntry
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.store_pages import NameLine, directed, like, turned
from laoke.surfaces.console.templatetags.figures import named

PAGE = 50
# Beyond this the list says how many there are about, and does not count on.
COUNTED = 100_000
_INDENT = "\N{IDEOGRAPHIC SPACE}"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What the list is narrowed by; empty: nothing. `active` and `earns` "": both, "yes", "no".

    `category` is a code: it stands for itself and all below it.
    """

    q: str = ""
    category: str = ""
    brand: str = ""
    active: str = ""
    earns: str = ""

    def __bool__(self) -> bool:
        return bool(self.q or self.category or self.brand or self.active or self.earns)


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One product of the list."""

    id: int
    sku: str
    name: Named
    brand: str
    price_minor: int
    unit: str
    earns_points: bool
    active: bool
    category: Named | None


@dataclass(frozen=True, slots=True)
class ProductList:
    """A page of products. `count` goes no further than COUNTED + 1, which means more."""

    filter: ProductFilter
    rows: tuple[ProductLine, ...]
    count: int
    counted: int
    categories: tuple[NameLine, ...]
    before: str | None
    after: str | None
    may_write: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One product. `path` are the categories above it, the highest first."""

    id: int
    sku: str
    name: Named
    name_en: str
    brand: str
    barcode: str
    price_minor: int
    cost_minor: int | None
    unit: str
    pack_size: str
    earns_points: bool
    active: bool
    tags: tuple[str, ...]
    path: tuple[NameLine, ...]
    may_write: bool


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """All categories in the order of the tree; `uses` counts the products right in each."""

    rows: tuple[NameLine, ...]
    may_write: bool


def product_list(caller: Caller, asked: ProductFilter, after: str | None, before: str | None) -> ProductList:
    """Products by SKU.

    Raises:
        BadCursor
    """
    back = before is not None
    mark = paging.read(before or after, paging.text)
    categories = _categories()
    values: dict[str, Any] = {
        "text": asked.q,
        "like": like(asked.q),
        "start": like(asked.q)[1:],
        "brand": asked.brand,
        "categories": _below(categories, asked.category),
        "active": asked.active == "yes",
        "earns": asked.earns == "yes",
        "mark": mark[0] if mark else None,
        "limit": PAGE + 1,
        "most": COUNTED + 1,
    }
    given = {
        "(product.sku like %(start)s or product.barcode = %(text)s or product.name ilike %(like)s "
        "or product.name_en ilike %(like)s)": asked.q,
        "product.brand = %(brand)s": asked.brand,
        "product.category_id = any(%(categories)s::bigint[])": asked.category,
        "product.active = %(active)s": asked.active,
        "product.earns_points = %(earns)s": asked.earns,
    }
    conditions = [text for text, wanted in given.items() if wanted]
    beyond = [f"product.sku {'<' if back else '>'} %(mark)s"] if mark else []
    with hot_cursor() as cursor:
        found = cursor.execute(
            directed("product_list", back=back, conditions=[*conditions, *beyond]), values
        ).fetchall()
        # A first page that is not full has them all: counting would read the table once more.
        count = len(found)
        if mark is not None or count > PAGE:
            counted = cursor.execute(
                directed("product_count", back=False, conditions=conditions), values
            ).fetchone()
            count = counted[0] if counted else 0
    rows, earlier, later = turned(found, PAGE, back=back, started=mark is not None)
    lines = tuple(_line(row) for row in rows)
    return ProductList(
        filter=asked,
        rows=lines,
        count=count,
        counted=COUNTED,
        categories=tuple(_tree(categories)),
        before=paging.write(lines[0].sku) if earlier and lines else None,
        after=paging.write(lines[-1].sku) if later and lines else None,
        may_write=Scope.PRODUCTS_WRITE in caller.scopes,
    )


def product_page(caller: Caller, product_id: int) -> ProductPage:
    """One product.

    Raises:
        NoSuchEntry
    """
    found = entries.product(product_id)
    product = found.product
    categories = {each.id: each for each in _categories()}
    path: list[NameLine] = []
    node = found.category_id
    while node is not None:
        category = categories[node]
        path.insert(0, _named(category, 0, 0))
        node = category.parent_id
    return ProductPage(
        id=found.id,
        sku=product.sku,
        name=Named(product.name, product.name_en or product.name),
        name_en=product.name_en,
        brand=product.brand,
        barcode=product.barcode,
        price_minor=product.price_minor,
        cost_minor=product.cost_minor,
        unit=product.unit,
        pack_size=product.pack_size,
        earns_points=product.earns_points,
        active=product.active,
        tags=tuple(product.tags),
        path=tuple(path),
        may_write=Scope.PRODUCTS_WRITE in caller.scopes,
    )


def category_tree(caller: Caller) -> CategoryTree:
    """The whole tree with the products in each category."""
    with hot_cursor() as cursor:
        uses = dict(
            cursor.execute(
                "select category_id, count(*) from purchases_product where category_id is not null "
                "group by category_id"
            ).fetchall()
        )
    return CategoryTree(tuple(_tree(_categories(), uses)), Scope.PRODUCTS_WRITE in caller.scopes)


def category_choices() -> list[tuple[str, str]]:
    """Codes and names in the order of the tree, indented."""
    return [
        (line.code, f"{_INDENT * line.depth}{line.code} {named(line.name)}") for line in _tree(_categories())
    ]


def _categories() -> list[NamedEntry]:
    return entries.named("category")


def _tree(categories: list[NamedEntry], uses: dict[int, int] | None = None) -> Iterator[NameLine]:
    children: dict[int | None, list[NamedEntry]] = {}
    for row in categories:
        children.setdefault(row.parent_id, []).append(row)
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    while stack:
        row, depth = stack.pop()
        yield _named(row, depth, (uses or {}).get(row.id, 0))
        stack += [(child, depth + 1) for child in reversed(children.get(row.id, []))]


def _below(categories: list[NamedEntry], code: str) -> list[int]:
    """The ids of a category and all below it; none for a code nobody has."""
    found = {row.id for row in categories if row.code == code}
    grown = True
    while grown:
        more = {row.id for row in categories if row.parent_id in found} - found
        grown = bool(more)
        found |= more
    return sorted(found)


def _named(row: NamedEntry, depth: int, uses: int) -> NameLine:
    return NameLine(row.id, row.code, Named(row.name, row.name_en or row.name), uses, depth)


def _line(row: tuple[Any, ...]) -> ProductLine:
    (product_id, sku, name, name_en, brand, price, unit, earns, active, category, category_en) = row
    return ProductLine(
        product_id,
        sku,
        Named(name, name_en or name),
        brand,
        price,
        unit,
        earns,
        active,
        Named(category, category_en or category) if category else None,
    )

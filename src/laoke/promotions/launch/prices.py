"""What a price reduction is measured against: the lowest price paid in the same store in the seven days before.

《规范促销行为暂行规定》第二十一条: who does not say against what a price is reduced is measured against the lowest
price at which the goods changed hands in the same place in the seven days before; where there was no sale in these
days, against the last one before.

Prices are what was paid for a unit after everything that was taken off, spread amounts included: the strict reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from laoke.foundation.sql import raw_cursor, statement

_PACKAGE = "laoke.promotions.launch"
DAYS = 7
# How far back a last sale is looked for.
LOOK_BACK = timedelta(days=60)


class Base(NamedTuple):
    """What the price of an article is measured against in a store.

    Args:
        minor: of one unit. `in_seven_days`: the lowest of these days; otherwise of the last sale before.
    """

    store_id: int
    product_id: int
    minor: int
    in_seven_days: bool


class Announced(NamedTuple):
    """An article with its list price and the price an offer makes of it."""

    product_id: int
    sku: str
    list_minor: int
    offered_minor: int


class Misstated(NamedTuple):
    """An article in a store whose announced reduction is none, or less than it looks.

    Args:
        base_minor: what the law measures it against.
        is_none: the offered price is not below the base.
    """

    sku: str
    store_id: int
    list_minor: int
    base_minor: int
    offered_minor: int
    is_none: bool
    in_seven_days: bool


def bases(
    products: Sequence[int], start: datetime, stores: Sequence[int] | None = None
) -> dict[tuple[int, int], Base]:
    """The bases by store and article of an offer that starts at an instant.

    Last sales are looked for of articles that were sold nowhere in the seven days; without any sale there is no base.
    """
    if not products:
        return {}
    values = {
        "first": start - timedelta(days=DAYS),
        "last": start,
        "products": list(products),
        "stores": None if stores is None else list(stores),
    }
    with raw_cursor() as cursor:
        statement(_PACKAGE, "lowest_prices").run(cursor, values)
        found = {(row[0], row[1]): Base(row[0], row[1], row[2], True) for row in cursor}
        sold = {product_id for _, product_id in found}
        unsold = [product_id for product_id in products if product_id not in sold]
        if unsold:
            before = {"first": start - LOOK_BACK, "last": values["first"], "products": unsold}
            statement(_PACKAGE, "last_prices").run(cursor, {**values, **before})
            for store_id, product_id, paid in cursor:
                found[store_id, product_id] = Base(store_id, product_id, paid, False)
    return found


def misstated(announced: Iterable[Announced], against: Mapping[tuple[int, int], Base]) -> list[Misstated]:
    """Articles sold for less than their list price in the days before: the largest differences first."""
    by_product = {each.product_id: each for each in announced}
    found = []
    for base in against.values():
        each = by_product.get(base.product_id)
        if each is None or base.minor >= each.list_minor:
            continue
        found.append(
            Misstated(
                each.sku,
                base.store_id,
                each.list_minor,
                base.minor,
                each.offered_minor,
                each.offered_minor >= base.minor,
                base.in_seven_days,
            )
        )
    return sorted(found, key=lambda each: (not each.is_none, each.base_minor - each.list_minor, each.sku))

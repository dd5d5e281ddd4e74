"""Stores, channels and products in memory, refilled when their generation moves."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import NamedTuple

from laoke.checkout.errors import UnknownChannel, UnknownProduct, UnknownStore
from laoke.purchases import selectors
from laoke.purchases.types import ProductFacts, StoreFacts


class Known(NamedTuple):
    """Reference data of one generation. Products are filled as they are asked for."""

    generation: int
    stores: dict[str, StoreFacts]
    channels: dict[str, int]
    products: dict[str, ProductFacts]


# A catalogue up to this size is read whole after a change: one question instead of one for each article that a
# till asks for next. A larger one is filled as it is asked for.
READ_WHOLE = 20_000

_lock = threading.Lock()
_known = Known(-1, {}, {}, {})


def known(generation: int) -> Known:
    """Reference data at least as new as `generation`."""
    global _known
    if _known.generation < generation:
        with _lock:
            if _known.generation < generation:
                _known = Known(
                    generation, selectors.stores_by_code(), selectors.channels_by_code(), _products()
                )
    return _known


def _products() -> dict[str, ProductFacts]:
    found = selectors.active_products(READ_WHOLE + 1)
    return found if len(found) <= READ_WHOLE else {}


def store(data: Known, code: str) -> StoreFacts:
    """Look up an active store.

    Raises:
        UnknownStore
    """
    found = data.stores.get(code)
    if found is None:
        raise UnknownStore(f"There is no active store with the code {code[:60]!r}", store=code[:60])
    return found


def channel(data: Known, code: str) -> int:
    """Look up a channel's id.

    Raises:
        UnknownChannel
    """
    found = data.channels.get(code)
    if found is None:
        raise UnknownChannel(f"There is no channel with the code {code[:60]!r}", channel=code[:60])
    return found


def products(data: Known, skus: Iterable[str]) -> list[ProductFacts]:
    """Look up products in the order asked; one query for those this process has not seen yet.

    Raises:
        UnknownProduct: names every SKU that is not in the catalogue or not active.
    """
    wanted = list(skus)
    missing = {sku for sku in wanted if sku not in data.products}
    if missing:
        found = selectors.products_by_sku(missing)
        data.products.update(found)
        if unknown := sorted(missing - set(found)):
            shown = ", ".join(repr(sku[:60]) for sku in unknown[:5])
            raise UnknownProduct(
                f"There is no active product with the SKU {shown}", skus=[sku[:60] for sku in unknown[:20]]
            )
    return [data.products[sku] for sku in wanted]

"""From a request to a priced basket: reference data looked up, checked, and handed to the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings

from laoke.checkout import catalogue
from laoke.checkout.catalogue import Known
from laoke.checkout.errors import WrongCurrency
from laoke.checkout.programme import Programme
from laoke.checkout.types import BasketRequest, MemberFacts
from laoke.engine.pricing.plain import BasketLine, Price, price
from laoke.kernel.errors import LaokeError
from laoke.purchases.types import ProductFacts, StoreFacts

# More lines than any trolley holds.
MOST_LINES = 500


class TooManyLines(LaokeError):
    """The basket has more lines than one order may have."""

    code, status, title = "too-many-lines", 422, "The basket has too many lines"


class Resolved(NamedTuple):
    """A basket whose codes have become known things."""

    store: StoreFacts
    channel_id: int
    products: list[ProductFacts]
    lines: list[BasketLine]


def resolve(basket: BasketRequest, data: Known, prices: Sequence[int] | None = None) -> Resolved:
    """Look up store, channel and products.

    Args:
        prices: unit prices a quote has guaranteed, one a line; they go before the list price.
    Raises:
        UnknownStore, UnknownChannel, UnknownProduct, WrongCurrency, TooManyLines
    """
    if basket.currency != settings.LAOKE.currency:
        raise WrongCurrency(
            f"The programme counts in {settings.LAOKE.currency}, the order is in {basket.currency[:3]}"
        )
    if len(basket.lines) > MOST_LINES:
        raise TooManyLines(f"An order takes at most {MOST_LINES} lines, this one has {len(basket.lines)}")
    store = catalogue.store(data, basket.store)
    channel_id = catalogue.channel(data, basket.channel)
    products = catalogue.products(data, (line.sku for line in basket.lines))
    lines = [
        BasketLine(
            number,
            product.id,
            line.quantity_milli,
            _unit_price(line.unit_price_minor, prices[number - 1] if prices else product.price_minor),
            line.discount_minor,
            product.earns_points,
        )
        for number, (line, product) in enumerate(zip(basket.lines, products, strict=True), start=1)
    ]
    return Resolved(store, channel_id, products, lines)


def priced(
    basket: BasketRequest,
    lines: Sequence[BasketLine],
    programme: Programme,
    facts: MemberFacts | None,
    unearning_minor: int = 0,
) -> Price:
    """Price lines, with what offers took off them, for a member or an anonymous shopper.

    Args:
        unearning_minor: what is paid with means of payment that earn nothing.
    Raises:
        BadBasket, PointsRefused
    """
    return price(
        lines,
        programme.points,
        available_points=None if facts is None else facts.available + facts.pooled,
        wanted_points=basket.points_to_redeem,
        unearning_minor=unearning_minor,
    )


def _unit_price(asked: int | None, otherwise: int) -> int:
    return otherwise if asked is None else asked

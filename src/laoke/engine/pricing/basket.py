"""The basket as offers see it: articles, lines, deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from laoke.kernel.quantity import MILLI
from laoke.kernel.rounding import Rounding, round_ratio

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Article:
    """What a condition may ask of an article. `categories` holds its category and everything above it."""

    sku: str
    categories: frozenset[str] = NOTHING
    brand: str | None = None
    tags: frozenset[str] = NOTHING
    margin_class: str | None = None
    discountable: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """One article in the basket.

    Args:
        line_no: names the line in every answer.
        discount_minor: what the shop itself already took off the line; offers come on top.
        min_unit_price_minor: no offer takes the line below this price times its quantity.
        cost_minor: what one unit cost the shop; None when it is not known.
        tax_ppm: millionths, for programmes that count tax.
    """

    line_no: int
    article: Article
    quantity_milli: int
    unit_price_minor: int
    discount_minor: int = 0
    min_unit_price_minor: int = 0
    cost_minor: int | None = None
    tax_ppm: int = 0
    earns_points: bool = True

    @property
    def amount_minor(self) -> int:
        """Quantity times price."""
        milli = self.quantity_milli * self.unit_price_minor
        return milli // MILLI if milli % MILLI == 0 else round_ratio(milli, MILLI, Rounding.HALF_UP)

    @property
    def pieces(self) -> tuple[int, int]:
        """Units and the price of one. What is weighed is one piece at the price of the whole line."""
        units, rest = divmod(self.quantity_milli, MILLI)
        return (1, self.amount_minor) if rest else (units, self.unit_price_minor)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of the basket."""

    key: str
    price_minor: int
    method: str = ""
    tax_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Basket:
    """What is to be priced.

    Args:
        lines: in basket order.
        codes: as entered.
        channel: code of the sales channel; None when it is not known.
        redeem_points: points the shopper wants to pay with.
        gift_choices: by offer, the SKU of the gift the shopper chose.
    """

    lines: tuple[Line, ...]
    deliveries: tuple[Delivery, ...] = ()
    codes: tuple[str, ...] = ()
    channel: str | None = None
    currency: str = ""
    gift_choices: Mapping[str, str] = field(default_factory=dict)
    redeem_points: int = 0

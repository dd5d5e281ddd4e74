"""A priced basket: what every line, delivery and offer came to, and why."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from laoke.engine.pricing.deals import Deal, Refused
from laoke.engine.pricing.eligibility import Rejected, Spent
from laoke.engine.pricing.hints import Hint
from laoke.engine.pricing.tender import Redemption


class LinePrice(NamedTuple):
    """One line. net = amount - discount; `discount` holds what the shop took off and what offers took."""

    line_no: int
    amount_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int = 0


class DeliveryPrice(NamedTuple):
    """One delivery. net = price - discount."""

    key: str
    price_minor: int
    discount_minor: int
    net_minor: int
    tax_minor: int = 0


class Priced(NamedTuple):
    """A basket with its offers.

    `coupons`: those that brought something.
    `complete`: whether the best combination is proven; False when its search was cut (see `best`).
    payable = total - what points settle;
    total = items - items_discount + shipping - shipping_discount, and the tax where prices do not hold it.
    """

    lines: tuple[LinePrice, ...]
    deliveries: tuple[DeliveryPrice, ...]
    given: tuple[Deal, ...]
    refused: tuple[Refused, ...]
    rejected_codes: tuple[Rejected, ...]
    items_minor: int
    items_discount_minor: int
    shipping_minor: int
    shipping_discount_minor: int
    tax_minor: int
    total_minor: int
    redemption: Redemption
    payable_minor: int
    points_earned: Fraction
    complete: bool
    hints: tuple[Hint, ...] = ()
    coupons: tuple[Spent, ...] = ()

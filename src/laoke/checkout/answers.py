"""The answers of quote and commit as plain JSON values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts, ShippingRequest
from laoke.engine import tiering
from laoke.engine.pricing.plain import Price
from laoke.kernel.quantity import format_milli
from laoke.purchases.types import ProductFacts


def lines(price: Price, products: Sequence[ProductFacts]) -> list[dict[str, Any]]:
    """The priced lines."""
    return [
        {
            "line_no": line.line_no,
            "sku": product.sku,
            "name": product.name,
            "quantity": format_milli(line.quantity_milli),
            "unit_price_minor": line.unit_price_minor,
            "gross_minor": line.gross_minor,
            "discount_minor": line.discount_minor,
            "net_minor": line.net_minor,
            "points_minor": line.points_minor,
        }
        for line, product in zip(price.lines, products, strict=True)
    ]


def totals(price: Price, asked: ShippingRequest | None, off_minor: int) -> dict[str, Any]:
    """The sums of a basket. What is to be paid for bringing it comes on top of the goods, and points do not settle it.

    Args:
        asked: what the shop asks for bringing the goods; `off_minor` what offers take off it.
    """
    for_shipping = asked.fee_minor - off_minor if asked else 0
    return {
        "items_minor": price.items_minor,
        "discount_minor": price.discount_minor,
        "total_minor": price.total_minor,
        "points_minor": price.points_minor,
        "shipping": None
        if asked is None
        else {
            "method": asked.method,
            "fee_minor": asked.fee_minor,
            "discount_minor": off_minor,
            "payable_minor": for_shipping,
        },
        "payable_minor": price.paid_minor + for_shipping,
    }


def progress(programme: Programme, tier: str, facts: MemberFacts) -> dict[str, Any] | None:
    """What is missing to the next tier, criterion by criterion; None at the top."""
    upper = tiering.next_tier(programme.ladder, tier)
    if upper is None:
        return None
    return {
        "next_tier": upper.code,
        "needs": [
            {
                "metric": found.metric.value,
                **({"kind": found.kind} if found.kind else {}),
                **tiering.window_as_json(found.window),
                "value": found.value,
                "at_least": found.at_least,
                "missing": found.missing,
                "group": group,
            }
            for found, group in tiering.open_findings(upper, facts.activity)
        ],
    }


def usable_from(pending: datetime | None, points: int) -> datetime | None:
    """When points of a purchase can be used; None for at once, or none at all."""
    return pending.astimezone(UTC) if pending and points else None

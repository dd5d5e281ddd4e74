"""What a price was asked with, kept beside the order: so that it can be asked again, by a check or by a backtest.

Only what cannot be looked up later is kept: what was known of the member at that instant, the codes and choices, the
uses so far. Calendar and store follow from the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Basket, Delivery
from laoke.engine.pricing.board import CouponFact, Facts, Uses


class Asked(NamedTuple):
    """The part of a basket that is no line, and what was known beside it."""

    codes: tuple[str, ...]
    gift_choices: Mapping[str, str]
    deliveries: tuple[Delivery, ...]
    facts: Facts


def to_document(basket: Basket, facts: Facts) -> dict[str, Any]:
    """As plain JSON values; what is empty is left out."""
    articles = {line.article.sku for line in basket.lines}
    parts: dict[str, Any] = {
        # A coupon stands under its number: its code is kept sealed, with the coupon.
        "codes": [
            f"#{facts.coupons[text].number}" if text in facts.coupons else text for text in basket.codes
        ],
        "coupons": {
            f"#{fact.number}": [fact.number, fact.template, fact.refused] for fact in facts.coupons.values()
        },
        "gift_choices": dict(basket.gift_choices),
        "deliveries": [[each.key, each.price_minor, each.method] for each in basket.deliveries],
        "member": {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in facts.known.items()
            if name.startswith("member.")
        },
        # Stores move to other regions; their code does not.
        "store": {
            name: value
            for name, value in facts.known.items()
            if name.startswith("store.") and name != "store.code"
        },
        "is_member": facts.is_member,
        "lists": {name: found for name, skus in facts.lists.items() if (found := sorted(skus & articles))},
        "uses": {
            key: [uses.by_member, uses.by_member_today, uses.total, uses.spent_minor]
            for key, uses in facts.uses.items()
        },
    }
    return {name: value for name, value in parts.items() if value}


def from_document(document: Mapping[str, Any], at: datetime, store: str, zone: tzinfo) -> Asked:
    """What `to_document` kept, with what instant and store say.

    Args:
        at: the instant the price was for; `zone` the programme's.
        store: its code.
    """
    known: dict[str, Any] = {**moment_facts(at, zone), "store.code": store, **document.get("store", {})}
    for name, value in document.get("member", {}).items():
        known[name] = frozenset(value) if isinstance(value, list) else value
    return Asked(
        tuple(document.get("codes", ())),
        document.get("gift_choices", {}),
        tuple(Delivery(*each) for each in document.get("deliveries", ())),
        Facts(
            known,
            is_member=document.get("is_member", False),
            lists={name: frozenset(skus) for name, skus in document.get("lists", {}).items()},
            uses={key: Uses(*counts) for key, counts in document.get("uses", {}).items()},
            coupons={text: CouponFact(*told) for text, told in document.get("coupons", {}).items()},
        ),
    )

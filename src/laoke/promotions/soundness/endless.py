"""What is given without a bound: gifts for every basket, free articles of any kind and number."""

from __future__ import annotations

from collections.abc import Mapping

from laoke.kernel.money import format_minor
from laoke.promotions.documents.effects import BuyGetOff
from laoke.promotions.documents.offers import OfferDocument
from laoke.promotions.soundness.findings import Findings


def examine(documents: Mapping[str, OfferDocument], currency: str, found: Findings) -> None:
    """Look for what anybody may take as often as he likes."""
    for key, document in documents.items():
        if document.limits.budget is not None and all(each.points for each in document.gives):
            found.fault(
                ("offers", key, "limits", "budget"),
                "points take nothing off: limit their uses (in_total, per_member), not the money",
            )
        for number, gives in enumerate(document.gives):
            place = ("offers", key, "gives", number)
            if gives.buy_get is not None and document.limits.budget is None and _anything(gives.buy_get):
                found.fault(
                    (*place, "buy_get", "get"),
                    "anything, however dear, comes free: say `of` which articles, or max_get_units and a budget",
                )
            if gives.points is not None and gives.points.bonus and _for_everybody(document):
                found.fault(
                    (*place, "points", "bonus"),
                    "every basket of every member earns them: say `when`, a code or a limit",
                )
            body = gives.gift or gives.coupon
            if body is not None and body.per is None and _for_everybody(document):
                found.fault(
                    (*place, "gift" if gives.gift else "coupon"),
                    "every basket of every shopper gets one: say `when`, `per`, a code or a limit",
                )
            if gives.amount is not None and gives.amount.of is None and _for_everybody(document):
                amount = format_minor(gives.amount.discount, currency)
                found.warning(
                    (*place, "amount"),
                    f"whoever buys for {amount} or less pays nothing: say `when` from which basket.subtotal on",
                )


def _anything(body: BuyGetOff) -> bool:
    return body.percent == 1 and body.get.of is None and body.buy.of is not None


def _for_everybody(document: OfferDocument) -> bool:
    limits = document.limits
    bounded = (limits.in_total, limits.per_member, limits.per_member_a_day, limits.budget)
    called = document.codes or getattr(document, "coupons", ())
    return document.when is None and not called and all(each is None for each in bounded)

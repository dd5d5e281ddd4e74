"""The coupon in a member's wallet that would save most, where none was presented: it is named, never used by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings

from laoke.benefits.coupons import use
from laoke.benefits.coupons.use import At
from laoke.checkout import coupons, offers
from laoke.checkout.coupons import Presented
from laoke.checkout.offers import Offered
from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts
from laoke.engine.pricing.board import CouponFact
from laoke.engine.pricing.priced import Priced
from laoke.foundation.sql import raw_cursor
from laoke.promotions import words

# So many are tried on the basket, those whose time is over first; of each template one.
MOST_TRIED = 5


def best(
    found: Offered | None, rules: Programme, member: MemberFacts | None, at: datetime, presented: Presented
) -> list[dict[str, Any]]:
    """The hint, or none: nobody is known, a coupon is presented already, or none would save anything."""
    if found is None or member is None or found.facts.coupons or not rules.offers.for_coupons:
        return []
    where = At(member.member_id, presented.store_id, presented.order_no, at, presented.now)
    with raw_cursor() as cursor:
        wallet = use.usable(
            cursor, member.member_id, rules.offers.for_coupons, rules.coupons, where, MOST_TRIED
        )
        tried = [
            (
                _off(
                    offers.with_coupon(
                        cursor, found, CouponFact(each.coupon_id, each.template, None), rules, at
                    )
                ),
                each,
            )
            for each in wallet
        ]
    now = _off(found.priced)
    # Of two that save the same the one whose time is over first.
    saving, coupon = max(tried, key=lambda each: each[0], default=(now, None))
    if coupon is None or saving <= now:
        return []
    name = coupons.name(rules, coupon.template)
    return [
        {
            "code": "coupon_in_wallet",
            "coupon_id": coupon.coupon_id,
            "template": coupon.template,
            "name": name,
            "discount_minor": saving - now,
            "valid_until": coupon.valid_until,
            "says": words.wallet_hint(
                name["zh"], name["en"], saving - now, settings.LAOKE.currency
            )._asdict(),
        }
    ]


def _off(priced: Priced) -> int:
    return priced.items_discount_minor + priced.shipping_discount_minor

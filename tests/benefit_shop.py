"""A shop with benefits, for tests: one of every kind."""

from __future__ import annotations

from typing import Any

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.tiers.models import Standing, TierChange
from tests import shop as shops
from tests.shop import OPENING, Shop

COUPONS: dict[str, Any] = {
    "thanks-10": {"name": {"zh": "满50减10券", "en": "10 off 50"}, "valid": {"days": 7}}
}
BENEFITS: dict[str, Any] = {
    "library": {
        "parking": {
            "name": {"zh": "免费停车", "en": "Free parking"},
            "service": {"does": "parking", "unit": "hour"},
            "tiers": {"gold": {"quota": 10}, "black": {"quota": 20}},
            "per": "month",
            "cost_minor": 500,
        },
        "returns": {
            "name": {"zh": "退货保障", "en": "Return window"},
            "service": {"does": "returns", "unit": "day"},
            "everybody": {"amount": 7},
            "tiers": {"gold": {"amount": 15}, "black": {"amount": 15}},
        },
        "birthday-points": {
            "name": {"zh": "生日积分", "en": "Birthday points"},
            "points": {},
            "everybody": {"amount": 100},
            "granted": {"on": "birthday", "days": 7, "days_before": 3},
        },
        "birthday-coupons": {
            "name": {"zh": "生日券", "en": "Birthday coupons"},
            "coupon": {"template": "thanks-10"},
            "everybody": {"amount": 2},
            "granted": {"on": "birthday", "days": 7},
        },
        "gold-box": {
            "name": {"zh": "金卡礼盒", "en": "Gold box"},
            "gift": {"stock": 2},
            "tiers": {"gold": {}, "black": {}},
            "granted": {"on": "upgrade", "days": 30},
            "cost_minor": 3000,
        },
        "lecture": {
            "name": {"zh": "育儿知识讲座", "en": "Parenting lecture"},
            "experience": {
                "seats": 3,
                "at": "2026-03-20T14:00+08:00",
                "place": {"zh": "一店", "en": "Store 1"},
            },
            "everybody": {"quota": 1},
            "when": {"member.tag": "母婴"},
            "until": "2026-03-19",
        },
        "coffee": {
            "name": {"zh": "联名咖啡", "en": "Coffee"},
            "partner_code": {"partner": {"zh": "邻咖啡", "en": "Lin Coffee"}, "settle_minor": 1200},
            "everybody": {"quota": 2},
            "per": "quarter",
        },
        "early-wine": {
            "name": {"zh": "新酒优先购", "en": "Wine first"},
            "access": {"skus": ["wine"], "general_sale": "2026-04-01"},
            "tiers": {"gold": {"quota": 2}, "black": {"quota": 6}},
            "from": "2026-03-01",
            "until": "2026-03-31",
            "per": "ever",
        },
    },
    "budgets": {"gold": {"per_year_minor": 10_000, "alarm_percent": 80}},
}


def open_shop() -> Shop:
    """Opened with the benefits above."""
    shop = shops.open_shop()
    programme.apply(SYSTEM, {"coupons": COUPONS, "benefits": BENEFITS}, at=OPENING)
    return shop


def at_tier(member_id: int, tier: str) -> None:
    """Put a member on a tier, as if they had earned it."""
    standing = Standing.objects.get(member_id=member_id)
    TierChange.objects.create(
        member_id=member_id,
        from_tier=standing.tier,
        to_tier=tier,
        at=OPENING,
        cause="threshold_reached",
        reasons=[],
        recorded_at=OPENING,
    )
    standing.tier = tier
    standing.save(update_fields=["tier"])

"""What the demo shop has announced: offers, coupons and what earns points, as a neighbourhood chain would have them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

WELCOME_BACK = "welcome-back-8"
# The category of gift cards.
GIFT_CARDS = "9001"


def coupons() -> dict[str, Any]:
    """Section `coupons` of the programme."""
    return {
        WELCOME_BACK: {
            "name": {"zh": "好久不见 8 元券", "en": "8 off, good to see you"},
            "terms": {"zh": "满50元可用，限本人", "en": "From 50 on, for the member alone"},
            "valid": {"days": 30},
            "limits": {"per_member": 1},
        },
        "thanks-5": {
            "name": {"zh": "感谢券 5 元", "en": "Thank you: 5 off"},
            "terms": {"zh": "满40元可用", "en": "From 40 on"},
            "valid": {"days": 21, "starts": "next_day"},
            "limits": {"per_member": 12},
        },
    }


def earning() -> dict[str, Any]:
    """`earn` of the section `points`: a point a yuan, more for some articles, days and tiers, none for gift cards."""
    return {
        "points": 1,
        "per_minor": 100,
        "rounding": "down",
        "without": {"product.category": GIFT_CARDS},
        "without_tenders": ["gift_card"],
        "rules": [
            _rule(
                "fresh", "生鲜多得积分", "More points for fresh food",
                of={"product.category": "01"}, per_amount={"points": 1, "amount": 10},
            ),
            _rule("first-order", "首单积分翻倍", "The first order counts double", when={"member.orders": 0}, factor=2),
            _rule(
                "birthday-week", "生日周双倍积分", "Double points in the week of the birthday",
                when={"member.birthday_week": True}, factor=2,
            ),
            _rule(
                "reunion", "回归加赠", "Welcome back", when={"member.days_since_last_order": {"gte": 90}}, bonus=50
            ),
        ],
        "tiers": {"gold": 1.2, "diamond": 1.5},
        "caps": {"order": 5_000, "day": 8_000, "month": 50_000},
    }  # fmt: skip


def activities() -> dict[str, Any]:
    """Section `activities`: what members earn beside buying."""
    return {
        "kinds": {
            "check_in": {"points": 2, "times": {"day": 1}, "streak": {"days": 7, "bonus": 20}},
            "app_activity": {"points": 1, "times": {"day": 3, "week": 10}},
            "share": {"points": 5, "times": {"day": 1, "week": 3}, "once_per_subject": True},
            "survey": {"points": 50, "once_per_subject": True},
            "ugc": {"points": 20, "times": {"week": 2}},
            "referral": {
                "points": 200,
                "friend_points": 50,
                "least_order_minor": 3000,
                "times": {"total": 20},
            },
            "kitchen": {
                "name": {"zh": "社区厨房打卡", "en": "Community kitchen"},
                "points": 20,
                "times": {"week": 1},
            },
        },
        "late_days": 7,
    }


def pricing() -> dict[str, Any]:
    """Section `pricing`: what offers must leave, and from which budget on two look."""
    return {
        "guards": {"line_share": 70, "margins": {"0701": 5}},
        "four_eyes_above": 50_000,
    }


def offers(today: date) -> dict[str, Any]:
    """Section `offers`: running, about to begin, paused and over as of `today`."""
    begun = today - timedelta(days=45)
    return {
        "loose-fruit-price": _offer(
            "当季水果会员价9折", "Fruit at 10 % off for members", "repeat", "price",
            {"percent": {"percent": 10, "of": {"product.category": "0104"}}},
            when={"member.known": True}, starts=begun,
        ),
        "fresh-monday": _offer(
            "周一生鲜日88折", "Fresh Monday: 12 % off", "repeat", "item",
            {"percent": {"percent": 12, "of": {"product.category": "01"}}},
            when={"moment.weekday": "mon"}, starts=begun,
        ),
        "household-wednesday": _offer(
            "周三日用品日", "Household Wednesday", "repeat", "item",
            {"every": {"reaching": 60, "discount": 8, "max_times": 3, "of": {"product.category": "09"}}},
            when={"moment.weekday": "wed"}, starts=begun,
        ),
        "second-yoghurt-half": _offer(
            "酸奶第二件半价", "Second yoghurt at half price", "cross_sell", "item",
            {"nth": {"n": 2, "percent": 50, "of": {"product.category": "0203"}}},
            starts=begun, ends=today + timedelta(days=9), bearer="supplier",
            limits={"budget": 20_000, "alarm_at": [80]},
        ),
        "formula-5-get-1": _offer(
            "奶粉买5送1", "Formula: buy 5, get 1", "repeat", "item",
            {
                "buy_get": {
                    "buy": {"quantity": 5, "of": {"product.category": "0701"}},
                    "get": {"quantity": 1, "of": {"product.category": "0701"}},
                    "percent": 100,
                    "max_get_units": 2,
                }
            },
            starts=begun, bearer="supplier",
        ),
        "coffee-and-cake": _offer(
            "咖啡+蛋糕组合立减5元", "5 off coffee with cake", "cross_sell", "item",
            {"bundle": {
                "parts": [{"of": {"product.category": "0504"}}, {"of": {"product.category": "0602"}}],
                "discount": 5,
            }},
            starts=begun,
        ),
        "weekend-100-12": _offer(
            "周末满100减12", "Weekend: 12 off 100", "repeat", "basket",
            {"tiered": {"steps": [{"reaching": 100, "discount": 12}, {"reaching": 200, "discount": 30}]}},
            when={"moment.weekday": ["sat", "sun"]}, starts=begun, ends=today + timedelta(days=37),
            limits={"budget": 30_000, "alarm_at": [80]}, exclusive_set="满减",
        ),
        "members-day": _offer(
            "每月10日会员日", "Members' day on the 10th", "repeat", "basket",
            {"every": {"reaching": 100, "discount": 10, "max_times": 5}},
            when={"moment.day": 10, "member.known": True}, starts=begun, exclusive_set="满减",
        ),
        "first-week": _offer(
            "注册7天内首单立减15元", "15 off the first order within 7 days", "acquire", "basket",
            {"amount": {"discount": 15}},
            when={
                "member.orders": 0,
                "member.days_since_registration": {"lte": 7},
                "basket.subtotal": {"gte": 39, "basis": "discounted"},
            },
            starts=begun, limits={"per_member": 1}, bearer="head_office",
        ),
        "thanks-over-150": _offer(
            "单笔满150元赠5元券", "A coupon of 5 with 150", "repeat", "basket",
            {"coupon": {"template": "thanks-5"}},
            when={"member.known": True, "basket.subtotal": {"gte": 150, "basis": "discounted"}}, starts=begun,
        ),
        "welcome-back": _offer(
            "好久不见券满50减8", "Welcome back: 8 off 50", "repeat", "coupon",
            {"amount": {"discount": 8}},
            when={"basket.subtotal": {"gte": 50, "basis": "discounted"}}, coupons=[WELCOME_BACK],
            bearer="head_office",
        ),
        "thanks-5": _offer(
            "感谢券满40减5", "Thank you: 5 off 40", "repeat", "coupon",
            {"amount": {"discount": 5}},
            when={"basket.subtotal": {"gte": 40, "basis": "discounted"}}, coupons=["thanks-5"],
        ),
        "gold-on-top": _offer(
            "金卡折上95折", "Gold: another 5 % off", "repeat", "tier",
            {"percent": {"percent": 5, "max": 20}},
            when={"member.tier": ["gold", "diamond"]}, starts=begun,
        ),
        "free-delivery-59": _offer(
            "满59元免配送费", "Free delivery from 59", "repeat", "delivery",
            {"delivery": {"free": True}},
            when={"basket.subtotal": {"gte": 59, "basis": "discounted"}}, starts=begun,
        ),
        "autumn-snacks": _offer(
            "秋日零食满59减10", "Autumn snacks: 10 off 59", "cross_sell", "item",
            {"tiered": {"steps": [{"reaching": 59, "discount": 10}], "of": {"product.category": "04"}}},
            starts=today - timedelta(days=30), ends=today - timedelta(days=3),
        ),
        "pets-three": _offer(
            "宠物零食3件8折", "Pet treats: 20 % off 3", "cross_sell", "item",
            {"tiered": {"steps": [{"quantity": 3, "percent": 20}], "of": {"product.category": "1103"}}},
            starts=begun, paused=True,
        ),
        "year-end-week": _offer(
            "年终会员周日用品满199减25", "Year-end week: 25 off 199 household", "repeat", "basket",
            {"tiered": {"steps": [{"reaching": 199, "discount": 25}], "of": {"product.category": "09"}}},
            when={"member.known": True},
            starts=today + timedelta(days=13), ends=today + timedelta(days=20),
            limits={"budget": 18_000, "per_member": 2, "pacing": "even", "alarm_at": [90]}, exclusive_set="满减",
        ),
    }  # fmt: skip


def _rule(key: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": {"zh": zh, "en": en}, **more}


def _offer(zh: str, en: str, goal: str, stage: str, gives: dict[str, Any], **more: Any) -> dict[str, Any]:
    for end in ("starts", "ends"):
        if end in more:
            more[end] = more[end].isoformat()
    return {"name": {"zh": zh, "en": en}, "goal": goal, "stage": stage, "gives": [gives], **more}

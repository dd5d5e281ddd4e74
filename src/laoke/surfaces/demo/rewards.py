"""What the demo shop gives beside prices: benefits by tier, the points mall, and how members took it up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from laoke.benefits.library import selectors, using
from laoke.benefits.library.errors import BenefitRefused
from laoke.benefits.mall import services as mall
from laoke.benefits.strategies.partner_code import pool
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.kernel.errors import LaokeError
from laoke.tiers.memberships import refunds
from laoke.tiers.memberships import services as memberships
from laoke.tiers.memberships.records import Notice

# Members of each tier that take part.
_LOOKED_AT = {"diamond": 60, "gold": 90, "silver": 60, "basic": 60}
# How far along their budgets the tiers are, in percent.
_ALONG = {"silver": 41, "gold": 93, "diamond": 68}
_YUAN = 100


def coupons() -> dict[str, Any]:
    """Templates that benefits and the mall give, for the section `coupons`."""
    return {
        "newcomer-10": _coupon("新人券 10 元", "10 off for newcomers", "满39元可用", "From 39 on", 30),
        "fresh-15": _coupon(
            "生鲜满减券 15 元", "15 off fresh food", "生鲜满99元可用", "From 99 of fresh food on", 31
        ),
        "mall-10": _coupon("积分兑换券 10 元", "10 off, for points", "满50元可用", "From 50 on", 60),
    }


def library() -> dict[str, Any]:
    """Benefits for four tiers: points, coupons, services, experiences, access, partners."""
    return {
        "welcome": _benefit(
            "新人专属券", "Newcomers' coupon", coupon={"template": "newcomer-10"}, everybody={"quota": 1},
            granted={"on": "joining", "days": 30},
        ),
        "birthday": _benefit(
            "生日礼", "Birthday points", points={},
            tiers={"silver": {"amount": 100}, "gold": {"amount": 200}, "diamond": {"amount": 500}},
            granted={"on": "birthday", "days": 14, "days_before": 7},
        ),
        "fresh-coupon": _benefit(
            "生鲜品类满减券", "Fresh food coupon", coupon={"template": "fresh-15"},
            tiers={"silver": {"quota": 1}, "gold": {"quota": 2}, "diamond": {"quota": 2}}, per="month",
        ),
        "returns": _benefit(
            "无理由退货", "Return window", service={"does": "returns", "unit": "day"},
            everybody={"amount": 7}, tiers={"gold": {"amount": 15}, "diamond": {"amount": 15}},
        ),
        "parking": _benefit(
            "到店免费停车", "Free parking", service={"does": "parking", "unit": "hour"},
            tiers={"silver": {"quota": 4}, "gold": {"quota": 8}, "diamond": {"quota": 16}},
            per="month", cost_minor=500,
        ),
        "delivery": _benefit(
            "免费配送", "Free delivery", service={"does": "delivery"},
            tiers={"gold": {"quota": 4}, "diamond": {"quota": 8}}, per="month", cost_minor=600,
        ),
        "support": _benefit(
            "专属客服", "Service desk of their own", service={"does": "support"},
            tiers={"gold": {}, "diamond": {}},
        ),
        "priority": _benefit(
            "优先发货", "Shipped first", service={"does": "priority"}, tiers={"diamond": {}},
        ),
        "manager": _benefit(
            "专属客户经理", "A manager of their own", service={"does": "manager"}, tiers={"diamond": {}},
        ),
        "pickup": _benefit(
            "免费上门取件", "Returns picked up", service={"does": "pickup"},
            tiers={"diamond": {"quota": 4}}, cost_minor=1_200,
        ),
        "warranty": _benefit(
            "免费售后延保", "Longer warranty", service={"does": "warranty", "unit": "month"},
            tiers={"diamond": {"amount": 12}},
        ),
        "new-first": _benefit(
            "新品优先购", "New articles first", access={}, tiers={"diamond": {"quota": 4}}, per="quarter",
        ),
        "salon": _benefit(
            "线下会员沙龙", "Members' salon", experience={"seats": 40},
            tiers={"diamond": {"quota": 1}}, cost_minor=8_000,
        ),
        "check-up": _benefit(
            "年度免费体检", "Yearly health check", experience={"seats": 60},
            tiers={"diamond": {"quota": 1}}, cost_minor=30_000,
        ),
        "parenting": _benefit(
            "育儿知识讲座", "Parenting lecture", experience={"seats": 80}, everybody={"quota": 1},
            when={"member.tag": "母婴"},
        ),
        "thanks": _benefit(
            "年度答谢礼", "Gift of the year", gift={"stock": 200}, tiers={"diamond": {"quota": 1}},
            granted={"on": "hand", "days": 60}, cost_minor=6_800,
        ),
        "coffee": _benefit(
            "联名咖啡", "A coffee at our partner's",
            partner_code={"partner": {"zh": "邻里咖啡", "en": "Lin Coffee"}, "settle_minor": 1_200},
            tiers={"gold": {"quota": 1}, "diamond": {"quota": 2}}, per="quarter", cost_minor=1_200,
        ),
        "gym": _benefit(
            "健身房周卡", "A week at the gym",
            partner_code={"partner": {"zh": "动起来健身", "en": "Dong Gym"}, "settle_minor": 2_500},
            tiers={"diamond": {"quota": 1}}, cost_minor=2_500,
        ),
    }  # fmt: skip


def items(today: date) -> dict[str, Any]:
    """The points mall: goods, coupons, a service, seats, a donation."""
    return {
        "flask": _benefit("保温杯", "Flask", goods={"keep_days": 14}, points=900, stock=120, cost_minor=2_600),
        "basket": _benefit(
            "有机蔬菜礼盒", "Box of vegetables", goods={"keep_days": 3}, points=600, cash_minor=1_990, stock=30,
            per_member=2, cost_minor=3_200,
        ),
        "tote": _benefit("帆布购物袋", "Tote bag", goods={}, points=200, stock=8, per_member=1, cost_minor=600),
        "ten-off": _benefit(
            "10 元券", "10 off", coupon={"template": "mall-10"}, points=1_000, per_member=3, cost_minor=1_000
        ),
        "knives": _benefit("磨刀服务", "Knife sharpening", service={}, points=150, cost_minor=300),
        "baking": _benefit(
            "周末烘焙课", "Baking class", seat={"at": f"{today + timedelta(days=11)}T14:00:00+08:00"}, points=500,
            stock=16, tiers=["gold", "diamond"], until=f"{today + timedelta(days=10)}", cost_minor=4_000,
        ),
        "library": _benefit(
            "乡村图书馆", "Village library",
            charity={"fund": "library", "gives_minor": 100, "goal_minor": 200_000}, points=100,
        ),
    }  # fmt: skip


def plans() -> dict[str, Any]:
    """Paid memberships: a year and a quarter of gold, a year of diamond."""
    refund = {"full_days": 7, "less_benefits": True}
    gold = {"tier": "gold", "trial": {"days": 14}, "grace_days": 7, "refund": refund}
    return {
        "gold-quarter": _benefit("金卡季费会员", "Gold for a quarter", price_minor=5_900, months=3, **gold),
        "gold-year": _benefit("金卡年费会员", "Gold for a year", price_minor=19_900, months=12, **gold),
        "diamond-year": _benefit(
            "钻石年费会员", "Diamond for a year", tier="diamond", price_minor=49_900, months=12,
            grace_days=15, refund=refund,
        ),
    }  # fmt: skip


def announce(today: date, now: datetime) -> None:
    """Put benefits, the mall and their coupons in force, fill the pools of the partners, let members use them; sell
    paid memberships.
    """
    _sell(now)
    there = programme.to_document(programme.current())["coupons"]
    section = {"library": library(), "mall": items(today)}
    programme.apply(SYSTEM, {"coupons": there | coupons(), "benefits": section}, at=now)
    ends = now + timedelta(days=200)
    for benefit, count in (("coffee", 400), ("gym", 80)):
        codes = [f"{benefit.upper()}-{number:05d}" for number in range(1, count + 1)]
        try:
            pool.load(SYSTEM, benefit, "2026", codes, ends, at=now)
        except LaokeError:
            continue  # loaded by a start that was interrupted
    _use(now)
    _order(now)
    spent = {row.tier: row.spent_minor for row in selectors.budget_rows(now)}
    limits = {
        tier: {"per_year_minor": -(-spent[tier] // along) * _YUAN}
        for tier, along in _ALONG.items()
        if spent.get(tier)
    }
    programme.apply(SYSTEM, {"benefits": section | {"budgets": limits}}, at=now)


def _sell(now: datetime) -> None:
    """Some have paid for a year or a quarter, some renewed, tried, cancelled or gave it up; as if it had been told in
    the days it happened.
    """
    programme.apply(SYSTEM, {"memberships": {"plans": plans()}}, at=now)
    codes = ("gold-year", "gold-quarter", "gold-year", "diamond-year", "gold-quarter")
    for _tier, number, member_id in _people():
        if number % 3:
            continue
        code = codes[number // 3 % len(codes)]
        tries = number % 15 == 6 and code != "diamond-year"
        price = 0 if tries else plans()[code]["price_minor"]
        # Late payments are taken for three months; a quarter is over by then.
        at = now - timedelta(days=(number * 13 + 5) % (12 if tries else 88))
        paid = Notice(price, f"DEMO-{member_id}", at)
        try:
            begun = memberships.start(
                SYSTEM, member_id, code, paid, trial=tries, renews=number % 4 == 0, at=now
            ).membership_id
            if number % 9 == 0:
                again = Notice(plans()[code]["price_minor"], f"DEMO-{member_id}-2", now)
                memberships.renew(SYSTEM, begun, again, at=now)
            elif number % 15 == 3:
                memberships.cancel(SYSTEM, begun, reason="会员不再续费", at=now)
            elif number % 24 == 15:
                refunds.give_up(SYSTEM, begun, f"DEMO-R-{member_id}", reason="会员申请退费", at=now)
        except LaokeError:
            continue  # sold by a start that was interrupted


def _use(now: datetime) -> None:
    wanted = {
        "diamond": (
            "parking",
            "delivery",
            "salon",
            "check-up",
            "support",
            "pickup",
            "coffee",
            "fresh-coupon",
        ),
        "gold": ("parking", "delivery", "coffee", "support"),
        "silver": ("parking", "fresh-coupon"),
        "basic": ("parenting",),
    }
    uses = []
    for tier, number, member_id in _people():
        for place, benefit in enumerate(wanted[tier]):
            # Every member takes up some of what there is, the first of the list most often.
            if (number * 7 + place * 5) % (3 + place) == 0:
                hours = 0 if benefit == "fresh-coupon" else (number * 11 + place * 17) % 400 + 1
                units = 1 + (number % 3 if benefit == "parking" else 0)
                uses.append((now - timedelta(hours=hours), member_id, benefit, units))
    for at, member_id, benefit, units in sorted(uses):
        try:
            using.use(SYSTEM, member_id, benefit, units, at=at)
        except BenefitRefused:
            continue


def _order(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from purchases_store where active order by id")
        stores = [row[0] for row in cursor.fetchall()]
    keys = ("tote", "library", "knives", "flask", "library", "ten-off", "basket")
    for _tier, number, member_id in _people():
        key = keys[number % len(keys)]
        goods = key in ("tote", "flask", "basket")
        try:
            made = mall.order(
                SYSTEM, member_id, key, store_id=stores[number % len(stores)] if goods else None, at=now
            )
        except LaokeError:
            continue
        if goods and number % 3:
            mall.ready(SYSTEM, made.order_id, at=now)
            if number % 3 == 2:
                mall.collect(SYSTEM, made.order_id, at=now)


def _people() -> Iterator[tuple[str, int, int]]:
    """Some members of every tier, the same ones at every start: tier, place, number."""
    with connection.cursor() as cursor:
        for tier, most in _LOOKED_AT.items():
            cursor.execute(
                "select s.member_id from tiers_standing s join members_member m on m.id = s.member_id "
                "where s.tier = %s and m.status = 'active' order by s.member_id limit %s",
                [tier, most],
            )
            yield from ((tier, number, row[0]) for number, row in enumerate(cursor.fetchall()))


def _coupon(zh: str, en: str, terms_zh: str, terms_en: str, days: int) -> dict[str, Any]:
    return {"name": {"zh": zh, "en": en}, "terms": {"zh": terms_zh, "en": terms_en}, "valid": {"days": days}}


def _benefit(zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"name": {"zh": zh, "en": en}, **more}

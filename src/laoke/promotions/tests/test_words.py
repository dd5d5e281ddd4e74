"""What a till says: every reason and every hint as a sentence in both languages, with its numbers."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from laoke.engine.conditions.documents import Language
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.board import Facts, Uses
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.promotions import words
from laoke.promotions.documents.offers import OfferDocument, read_offer
from laoke.promotions.telling import Says, tell
from laoke.promotions.vocabulary import VOCABULARY
from laoke.promotions.words import CODES, PLAIN, Telling

ZONE = timezone(timedelta(hours=8))
LANGUAGE = Language(VOCABULARY, "CNY")
SUNDAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
CALLED = {
    ("category", "dairy"): Says("乳品", "Dairy"),
    ("tier", "gold"): Says("金卡", "Gold"),
    ("channel", "app"): Says("小程序", "App"),
    ("sku", "toy"): Says("玩具", "Toy"),
    ("template", "thanks"): Says("感谢券", "Thank you"),
}
TELLING = Telling(lambda kind, code: CALLED.get((kind, code)), "CNY", ZONE)
ENGINE = Path(words.__file__).resolve().parents[1] / "engine" / "pricing"


def document(*gives: dict[str, Any], **more: Any) -> OfferDocument:
    body = {"name": {"zh": "名", "en": "Name"}, "goal": "repeat", "stage": "basket", "gives": list(gives)}
    return read_offer(body | more, LANGUAGE)


def priced(offers: dict[str, OfferDocument], amount: int = 8200, quantity: int = 1, **more: Any) -> Priced:
    lines = (Line(1, Article("milk", frozenset({"dairy"})), quantity * 1000, amount),)
    known = {**moment_facts(SUNDAY, ZONE), **more.pop("known", {})}
    facts = Facts(known, is_member=more.pop("is_member", True), uses=more.pop("uses", {}))
    programme = Programme([offer.offer(key, ZONE) for key, offer in offers.items()])
    return price(Basket(lines, **more), programme, facts, SUNDAY, most_hints=5)


def refused(offer: OfferDocument, **more: Any) -> Says:
    (found,) = priced({"a": offer}, **more).refused
    return words.refusal(found, offer, TELLING)


TENTH = {"percent": {"percent": 10}}
ONCE = {"a": Uses(by_member=1, by_member_today=1, total=1)}


@pytest.mark.parametrize(
    ("offer", "more", "zh", "en"),
    [
        (document(TENTH, starts="2026-12-01"), {}, "活动12月1日开始", "Begins on 2026-12-01"),
        (
            document(TENTH, ends="2026-11-20T21:30+08:00"),
            {},
            "活动已于11月20日21:30结束",
            "Ended on 2026-11-20 21:30",
        ),
        (document(TENTH, channels=["app"]), {"channel": "store"}, "仅限小程序", "Only in App"),
        (document(TENTH, limits={"in_total": 1}), {"uses": ONCE}, "限1份，已用完", "All 1 are used"),
        (
            document(TENTH, limits={"per_member": 1}),
            {"uses": ONCE},
            "每人限1次，您已用完",
            "Once for each member; you have used it",
        ),
        (
            document(TENTH, limits={"per_member_a_day": 1}),
            {"uses": ONCE},
            "每人每天限1次，您今天已用完",
            "Once a day; you have used it today",
        ),
        (
            document(TENTH, limits={"members_only": True}),
            {"is_member": False},
            "仅限会员",
            "For members only",
        ),
        (
            document(TENTH, when={"member.tier": "gold"}),
            {},
            "未满足条件：会员等级为金卡",
            "Condition not met: members of tier Gold",
        ),
        (
            document(TENTH, when={"member.orders": 0}),
            {"known": {"member.orders": 2}},
            "未满足条件：首单",
            "Condition not met: the first order",
        ),
        (
            document(TENTH, when={"basket.subtotal": {"gte": 100.5, "of": {"product.category": "dairy"}}}),
            {},
            "未满足条件：购买乳品满100.5元",
            "Condition not met: goods of Dairy for at least ¥100.50",
        ),
        (
            document(TENTH, when={"moment.weekday": ["wed", "mon"]}),
            {},
            "未满足条件：限周一、周三",
            "Condition not met: on Monday or Wednesday",
        ),
        (document(TENTH, limits={"budget": 1}), {}, "活动预算已用完", "The budget of the offer is used up"),
        (
            document({"percent": {"percent": 10, "of": {"product.sku": "none"}}}, codes=["X"]),
            {"codes": ("X",)},
            "本单没有可享优惠的商品",
            "Nothing in the basket to take it off",
        ),
        (document(TENTH, paused=True), {}, "活动已暂停", "The offer is paused"),
    ],
)
def test_why_an_offer_was_not_given(offer, more, zh, en):
    assert refused(offer, **more) == Says(zh, en)


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        ({"not": {"member.known": True}}, "非会员", "not a member"),
        (
            {"any": [{"moment.day": 10}, {"moment.weekday": "sun"}]},
            "每月10日，或限周日",
            "on day 10 of the month or on Sunday",
        ),
        (
            {"moment.time": {"gte": "18:30"}, "member.days_since_registration": {"lte": 7}},
            "18:30起，且登记不超过7天",
            "from 18:30 on and registered at most 7 days ago",
        ),
        ({"basket.quantity": {"gte": 3}}, "购买满3件", "at least 3 pieces"),
        ({"basket.distinct_products": {"gte": 3}}, "购买满3种", "at least 3 different articles"),
        ({"member.class": "dormant"}, "RFM 分类为沉睡", "RFM class is dormant"),
        (
            {"member.tag": {"has_all": ["a", "b"]}},
            "有会员标签a和b",
            "members tagged a and b",
        ),
        ({"member.class": {"exists": False}}, "没有 RFM 分类", "RFM class is not known"),
        ({"product.sku": "x"}, "商品为x", "Article is x"),
    ],
)
def test_conditions_in_words(when, zh, en):
    assert tell(LANGUAGE.read(when), TELLING.names, "CNY") == Says(zh, en)


DAIRY = {"of": {"product.category": "dairy"}}
OVER_100 = {"basket.subtotal": {"gte": 100}}


@pytest.mark.parametrize(
    ("offer", "more", "zh", "en"),
    [
        (
            document({"amount": {"discount": 20}}, when=OVER_100),
            {},
            "再买18元可减20元",
            "Buy for ¥18 more and get ¥20 off",
        ),
        (
            document({"percent": {"percent": 12}}, when=OVER_100),
            {"amount": 8150},
            "再买18.5元可享8.8折",
            "Buy for ¥18.50 more and get 12% off",
        ),
        (
            document({"gift": {"skus": ["toy", "ball"]}}, when={"basket.quantity": {"gte": 3}}),
            {},
            "再买2件可得赠品：玩具或ball",
            "Buy 2 more and get as a gift: Toy or ball",
        ),
        (
            document({"coupon": {"template": "thanks"}}, when=OVER_100),
            {},
            "再买18元可得“感谢券”",
            "Buy for ¥18 more and get the coupon Thank you",
        ),
        (
            document(
                {"tiered": {"steps": [{"reaching": 50, "discount": 5}, {"reaching": 200, "discount": 50}]}}
            ),
            {},
            "再买118元可减50元",
            "Buy for ¥118 more and get ¥50 off",
        ),
        (
            document({"nth": {"n": 2, "percent": 50, "of": {"product.category": "dairy"}}}, stage="item"),
            {},
            "再买1件乳品，第2件5折",
            "Buy 1 more of Dairy: every 2nd is 50% off",
        ),
        (
            document({"buy_get": {"buy": DAIRY, "get": DAIRY, "percent": 100}}, stage="item"),
            {},
            "再买1件乳品，该商品免费",
            "Buy 1 more of Dairy: it is free",
        ),
        (
            document({"points": {"factor": 2}}, when=OVER_100),
            {},
            "再买18元可得双倍积分",
            "Buy for ¥18 more and earn 2 times the points",
        ),
        (
            document({"points": {"factor": 1.5}}, when=OVER_100),
            {},
            "再买18元可得1.5倍积分",
            "Buy for ¥18 more and earn 1.5 times the points",
        ),
        (
            document({"points": {"bonus": 50}}, when=OVER_100),
            {},
            "再买18元可多得50积分",
            "Buy for ¥18 more and earn 50 more points",
        ),
    ],
)
def test_how_little_more_would_bring_how_much(offer, more, zh, en):
    (found,) = priced({"a": offer}, **more).hints
    assert words.hint(found, TELLING) == Says(zh, en)


def test_why_a_code_brought_nothing():
    offers = {
        "a": document(TENTH, codes=["LATER"], starts="2026-12-01"),
        "b": document(TENTH, codes=["NOW"]),
    }
    found = priced(offers, codes=("later", "now", "never")).rejected_codes
    assert [(each.code, words.code(each, offers, TELLING).zh) for each in found] == [
        ("later", "活动12月1日开始"),
        ("never", "没有这个券码，请核对后重新输入"),
    ]


def test_every_reason_of_the_engine_has_its_words():
    """The second argument of Refused, and what limits answer with."""
    reasons = set()
    for file in ENGINE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused":
                for part in ast.walk(node.args[1]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        reasons.add(part.value)
    numbered = {"not_started", "expired", "wrong_channel"}
    assert reasons - numbered <= set(PLAIN)
    assert {"usage_limit_reached", "member_limit_reached", "member_not_eligible"} <= set(PLAIN)
    coupons = {
        "unknown_code",
        "expired",
        "not_yet_valid",
        "already_used",
        "held_elsewhere",
        "not_yours",
        "revoked",
        "template_ended",
        "one_per_order",
        "already_applied",
    }
    assert set(CODES) == coupons


def test_other_currencies_are_named():
    offer = document({"amount": {"discount": 20}}, when=OVER_100)
    (found,) = priced({"a": offer}).hints
    assert words.hint(found, TELLING._replace(currency="EUR")) == Says(
        "再买€18可减€20", "Buy for €18 more and get €20 off"
    )

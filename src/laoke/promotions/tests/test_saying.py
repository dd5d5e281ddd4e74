"""What an offer says: every kind of effect and every attribute, as a retailer announces it, in both languages."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from laoke.engine.conditions import Op
from laoke.engine.conditions.documents import Language
from laoke.engine.conditions.vocabulary import Kind
from laoke.promotions import saying
from laoke.promotions.documents.effects import Gives
from laoke.promotions.telling import Says
from laoke.promotions.vocabulary import VOCABULARY
from laoke.promotions.words import Telling

LANGUAGE = Language(VOCABULARY, "CNY")
CALLED = {
    ("category", "dairy"): Says("乳品", "Dairy"),
    ("category", "bread"): Says("面包", "Bread"),
    ("category", "sale"): Says("特价清仓", "Clearance"),
    ("tier", "silver"): Says("银卡", "Silver"),
    ("tier", "gold"): Says("金卡", "Gold"),
    ("tier", "diamond"): Says("钻石卡", "Diamond"),
    ("channel", "app"): Says("小程序", "App"),
    ("store", "n1"): Says("滨江店", "Riverside"),
    ("region", "east"): Says("华东大区", "East"),
    ("sku", "toy"): Says("玩具", "Toy"),
    ("sku", "ball"): Says("皮球", "Ball"),
    ("template", "thanks"): Says("感谢券", "Thank you"),
}
TELLING = Telling(lambda kind, code: CALLED.get((kind, code)), "CNY", ZoneInfo("Asia/Shanghai"))
LADDER = ("basic", "silver", "gold", "diamond")
DAIRY = {"product.category": "dairy"}
BREAD = {"product.category": "bread"}
EFFECTS: list[tuple[dict[str, Any], str, str]] = [
    ({"percent": {"percent": 12}}, "全场8.8折", "12% off everything"),
    ({"percent": {"percent": 10, "of": DAIRY}}, "乳品9折", "10% off Dairy"),
    (
        {"percent": {"percent": 10, "of": {"all": [DAIRY, {"not": {"product.category": "sale"}}]}}},
        "乳品（不含特价清仓）9折",
        "10% off Dairy (without Clearance)",
    ),
    (
        {"percent": {"percent": 10, "of": {"product.category": {"not_in": ["sale"]}}}},
        "商品（不含特价清仓）9折",
        "10% off articles (without Clearance)",
    ),
    (
        {"percent": {"percent": 10, "of": {"all": [DAIRY, {"line.unit_price": {"gte": 20}}]}}},
        "乳品（单价不低于20元）9折",
        "10% off Dairy (Unit price is at least ¥20)",
    ),
    (
        {"percent": {"percent": 20, "max": 50, "max_quantity": 3}},
        "全场8折，限3件，最多减50元",
        "20% off everything, at most 3 pieces, at most ¥50 off",
    ),
    (
        {"percent": {"percent": 100, "allocation": "once", "max_quantity": 1, "of": DAIRY}},
        "乳品免费，限最便宜的1件",
        "Dairy free, on the cheapest piece",
    ),
    ({"amount": {"discount": 12}}, "减12元", "¥12 off"),
    ({"amount": {"discount": 12.5, "of": DAIRY}}, "乳品减12.5元", "¥12.50 off Dairy"),
    (
        {"amount": {"discount": 2, "of": DAIRY, "allocation": "each", "max_quantity": 2}},
        "乳品每件减2元，限2件",
        "¥2 off each piece of Dairy, at most 2 pieces",
    ),
    (
        {"amount": {"discount": 2, "allocation": "each", "per": "line"}},
        "每种商品减2元",
        "¥2 off each article",
    ),
    (
        {"amount": {"discount": 2, "allocation": "once", "max_quantity": 2, "of": DAIRY}},
        "乳品最便宜的2件减2元",
        "¥2 off the 2 cheapest pieces of Dairy",
    ),
    (
        {"fixed_price": {"price": 9.9, "of": DAIRY, "max_quantity": 1}},
        "乳品每件9.9元，限1件",
        "Dairy at ¥9.90 each, at most 1 piece",
    ),
    ({"fixed_price": {"price": 10}}, "全场每件10元", "Everything at ¥10 each"),
    (
        {"member_price": {"prices": {"toy": 9.9, "ball": 5}}},
        "玩具9.9元、皮球5元",
        "Toy at ¥9.90, Ball at ¥5",
    ),
    (
        {"member_price": {"prices": {"toy": 9, "ball": 5, "a": 1, "b": 2, "c": 3}, "max_quantity": 2}},
        "玩具9元、皮球5元、a1元等5个商品特价，限2件",
        "Toy at ¥9, Ball at ¥5, a at ¥1 and 2 more articles at special prices, at most 2 pieces",
    ),
    (
        {"tiered": {"steps": [{"reaching": 100, "discount": 20}, {"reaching": 200, "discount": 50}]}},
        "满100元减20元，满200元减50元",
        "¥20 off from ¥100, ¥50 off from ¥200",
    ),
    (
        {"tiered": {"steps": [{"quantity": 3, "percent": 10}], "of": DAIRY, "basis": "original"}},
        "乳品满3件9折（按原价计）",
        "Dairy: 10% off from 3 pieces (at list prices)",
    ),
    (
        {"tiered": {"steps": [{"reaching": 3000, "discount": 500}], "of": BREAD, "measured": DAIRY}},
        "购买乳品满3000元面包减500元",
        "Bread: ¥500 off from ¥3,000, counting Dairy",
    ),
    (
        {"tiered": {"steps": [{"reaching": 100, "discount": 20}], "per_line": True}},
        "单品满100元减20元",
        "¥20 off from ¥100 of one article",
    ),
    (
        {"every": {"reaching": 200, "discount": 30, "max_times": 3}},
        "每满200元减30元，最多3次",
        "¥30 off every ¥200, at most 3 times",
    ),
    (
        {"every": {"reaching": 200, "discount": 30, "of": DAIRY, "basis": "original"}},
        "乳品每满200元减30元（按原价计）",
        "¥30 off every ¥200 of Dairy (at list prices)",
    ),
    ({"nth": {"n": 2, "percent": 50}}, "第二件半价", "every 2nd piece at half price"),
    (
        {"nth": {"n": 3, "percent": 100, "of": DAIRY, "repeat": False, "by_line": True}},
        "乳品同款第三件免费，每单限一次",
        "the 3rd piece of Dairy of the same article free, once a basket",
    ),
    (
        {"nth": {"n": 12, "percent": 30, "order": "cheapest_first"}},
        "第12件7折，按价格从低到高计件",
        "every 12th piece 30% off, counted from the cheapest",
    ),
    (
        {"buy_get": {"buy": {"quantity": 5, "of": DAIRY}, "get": {"of": DAIRY}, "percent": 100}},
        "乳品买5送1",
        "buy 5 of Dairy, get 1 free",
    ),
    (
        {"buy_get": {"buy": {"of": DAIRY}, "get": {"of": BREAD}, "percent": 100, "max_get_units": 2}},
        "买1件乳品，送1件面包，最多送2件",
        "buy 1 of Dairy, get 1 of Bread free, at most 2 pieces",
    ),
    (
        {"buy_get": {"buy": {"of": DAIRY}, "get": {"of": BREAD}, "percent": 50, "repeat": False}},
        "买1件乳品，1件面包半价，每单限一次",
        "buy 1 of Dairy, get 1 of Bread at half price, once a basket",
    ),
    (
        {"buy_get": {"buy": {"quantity": 2}, "get": {"quantity": 2}, "discount": 3}},
        "买2件，再买2件每件减3元",
        "buy 2, get 2 more with ¥3 off each",
    ),
    ({"pay_for": {"buy": 3, "pay": 2}}, "买3付2", "take 3, pay for 2"),
    (
        {"pay_for": {"buy": 3, "pay": 2, "of": DAIRY, "repeat": False}},
        "乳品买3付2，每单限一次",
        "take 3 of Dairy, pay for 2, once a basket",
    ),
    (
        {"bundle": {"parts": [{"of": DAIRY}, {"of": BREAD, "quantity": 2}], "discount": 5}},
        "乳品+2件面包，一起买减5元",
        "Dairy + 2 Bread: together ¥5 off",
    ),
    (
        {"bundle": {"parts": [{"quantity": 3}], "price": 29.9, "repeat": False}},
        "任意3件，套装价29.9元，每单限一次",
        "any 3 pieces: together for ¥29.90, once a basket",
    ),
    ({"gift": {"skus": ["toy"]}}, "送玩具1件", "1 × Toy free"),
    (
        {"gift": {"skus": ["toy", "ball"], "per": {"quantity": 6, "of": DAIRY}, "max_times": 2}},
        "每6件乳品赠品任选1件：玩具、皮球，最多2次",
        "1 free of Toy, Ball for every 6 pieces of Dairy, at most 2 times",
    ),
    (
        {"gift": {"skus": ["toy"], "quantity": 2, "per": {"reaching": 100}, "max_times": 1}},
        "每满100元送玩具2件，最多1次",
        "2 × Toy free for every ¥100, at most once",
    ),
    ({"coupon": {"template": "thanks"}}, "送1张“感谢券”", "1 × the coupon “Thank you”"),
    (
        {"coupon": {"template": "thanks", "quantity": 2, "per": {"reaching": 100, "of": DAIRY}, "max_times": 3}},
        "乳品每满100元送2张“感谢券”，最多3次",
        "2 × the coupon “Thank you” for every ¥100 of Dairy, at most 3 times",
    ),
    ({"points": {"factor": 2}}, "双倍积分", "double points"),
    ({"points": {"factor": 1.5, "of": DAIRY}}, "乳品1.5倍积分", "1.5 times the points on Dairy"),
    ({"points": {"bonus": 50}}, "多得50积分", "50 more points"),
    ({"delivery": {"free": True}}, "免运费", "free delivery"),
    ({"delivery": {"percent": 50, "methods": ["express"]}}, "express运费5折", "50% off delivery, only by express"),
    ({"delivery": {"price": 6}}, "运费6元", "delivery at ¥6"),
    ({"delivery": {"discount": 5}}, "运费减5元", "¥5 off delivery"),
]  # fmt: skip


def gives(document: dict[str, Any]) -> Gives:
    return TypeAdapter(Gives).validate_python(document, context=LANGUAGE)


@pytest.mark.parametrize(
    ("number", "zh", "en"), [(number, zh, en) for number, (_, zh, en) in enumerate(EFFECTS)]
)
def test_every_effect_reads_as_it_is_announced(number, zh, en):
    assert saying.effect(gives(EFFECTS[number][0]), TELLING) == Says(zh, en)


def test_no_kind_of_effect_is_without_a_sentence():
    assert {next(iter(document)) for document, _zh, _en in EFFECTS} == set(Gives.model_fields)


THRESHOLDS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (
        {"basket.subtotal": {"gte": 100, "basis": "discounted"}}, {"amount": {"discount": 12}},
        "满100元减12元", "spend ¥100: ¥12 off",
    ),
    (
        {"basket.subtotal": {"gte": 100}}, {"amount": {"discount": 12}},
        "满100元减12元（按原价计）", "spend ¥100: ¥12 off (at list prices)",
    ),
    (
        {"basket.subtotal": {"gte": 99, "basis": "discounted", "of": DAIRY}}, {"coupon": {"template": "thanks"}},
        "乳品满99元送1张“感谢券”", "spend ¥99 on Dairy: 1 × the coupon “Thank you”",
    ),
    ({"basket.quantity": {"gte": 3, "of": DAIRY}}, {"percent": {"percent": 20, "of": DAIRY}},
        "乳品满3件乳品8折", "buy 3 pieces of Dairy: 20% off Dairy"),
    (
        {"basket.subtotal": {"gte": 59, "basis": "discounted", "include_shipping": True}}, {"delivery": {"free": True}},
        "满59元免运费（含运费）", "spend ¥59: free delivery (delivery counts too)",
    ),
    (
        {"basket.subtotal": {"gte": 59, "basis": "discounted", "count_non_discountable": True}},
        {"points": {"factor": 2}},
        "满59元双倍积分（含不参加优惠的商品）", "spend ¥59: double points (articles without discounts count too)",
    ),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(THRESHOLDS)))
def test_a_threshold_is_said_with_what_it_brings(number):
    when, document, zh, en = THRESHOLDS[number]
    reached = saying.threshold(LANGUAGE.read({"all": [when, {"member.known": True}]}))
    assert reached is not None
    assert saying.says_with(gives(document))
    assert saying.effect(gives(document), TELLING, reached=reached) == Says(zh, en)


@pytest.mark.parametrize(
    "when",
    [
        {"member.known": True},
        {"basket.quantity": {"gte": 1, "of": DAIRY}},
        {"basket.subtotal": {"lt": 100}},
        {"all": [{"basket.subtotal": {"gte": 100}}, {"basket.quantity": {"gte": 2}}]},
        {"any": [{"basket.subtotal": {"gte": 100}}, {"member.known": True}]},
    ],
)
def test_other_conditions_stand_by_themselves(when):
    assert saying.threshold(LANGUAGE.read(when)) is None


def test_effects_with_steps_of_their_own_keep_to_themselves():
    assert not any(saying.says_with(gives(each)) for each in (EFFECTS[16][0], EFFECTS[20][0], EFFECTS[22][0]))


def test_a_discount_on_top_is_said_to_be_one():
    again = saying.effect(gives({"percent": {"percent": 10}}), TELLING, again=True)
    of = saying.effect(gives({"percent": {"percent": 10, "of": DAIRY}}), TELLING, again=True)
    assert (again, of) == (
        Says("促销价再9折", "another 10% off"),
        Says("促销价再乳品9折", "another 10% off Dairy"),
    )


CONDITIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"member.known": True}, "会员", "a member"),
    ({"member.known": False}, "非会员", "not a member"),
    ({"member.tier": "gold"}, "会员等级为金卡", "members of tier Gold"),
    ({"member.tier": ["gold", "diamond"]}, "会员等级为金卡或以上", "members of tier Gold or above"),
    ({"member.tier": ["silver", "gold"]}, "会员等级为金卡或银卡", "members of tier Gold or Silver"),
    ({"member.tier": {"not_in": ["gold"]}}, "会员等级不为金卡", "members of other tiers than Gold"),
    ({"member.class": ["dormant"]}, "RFM 分类为沉睡", "RFM class is dormant"),
    ({"member.class": {"exists": False}}, "没有 RFM 分类", "RFM class is not known"),
    ({"member.value_class": "core"}, "价值分类为核心忠诚", "Value class is core"),
    ({"member.tag": {"in": ["diy"]}}, "有会员标签diy", "members tagged diy"),
    ({"member.tag": {"has_all": ["a", "b"]}}, "有会员标签a和b", "members tagged a and b"),
    ({"member.tag": {"not_in": ["staff"]}}, "没有会员标签staff", "members not tagged staff"),
    ({"member.orders": 0}, "首单", "the first order"),
    ({"member.orders": {"gte": 3}}, "已完成订单不少于3单", "at least 3 completed orders"),
    ({"member.orders": {"lt": 3}}, "已完成订单少于3单", "fewer than 3 completed orders"),
    ({"member.days_since_registration": {"lte": 7}}, "登记不超过7天", "registered at most 7 days ago"),
    ({"member.days_since_last_order": {"gt": 90}}, "距上次消费超过90天", "last order more than 90 days ago"),
    ({"member.birthday_week": True}, "生日周内", "in the birthday week"),
    ({"member.birthday_month": 5}, "5月生日", "birthday in May"),
    ({"member.registered_on": {"gte": "2026-01-01"}}, "2026-01-01起登记", "registered from 2026-01-01 on"),
    ({"member.channel": "app"}, "登记渠道为小程序", "Channel of registration is App"),
    ({"member.store": "n1"}, "所属门店为滨江店", "Home store is Riverside"),
    ({"member.region": ["east"]}, "所属大区为华东大区", "Home region is East"),
    ({"member.gender": "f"}, "性别为女", "Gender is female"),
    ({"member.language": {"ne": "en"}}, "语言不为en", "Language is not en"),
    ({"store.code": ["n1", "n2"]}, "限滨江店或n2", "only at Riverside or n2"),
    ({"store.code": {"not_in": ["n1", "n2"]}}, "滨江店、n2除外", "not at Riverside or n2"),
    ({"store.region": "east"}, "限华东大区", "only in East"),
    ({"store.city": "杭州"}, "限杭州门店", "only in 杭州"),
    ({"basket.channel": "app"}, "限小程序", "only in App"),
    ({"basket.currency": "CNY"}, "币种为CNY", "Currency is CNY"),
    ({"basket.shipping_method": {"in": ["express"]}}, "配送方式为express", "Delivery method is express"),
    ({"basket.subtotal": {"gte": 100, "basis": "discounted"}}, "购买满100元", "goods for at least ¥100"),
    ({"basket.subtotal": {"gte": 100}}, "购买满100元（按原价计）", "goods for at least ¥100 (at list prices)"),
    ({"basket.subtotal": {"lt": 100, "of": DAIRY, "basis": "discounted"}}, "乳品的商品金额低于100元",
        "Goods of Dairy is below ¥100"),
    ({"basket.quantity": {"gte": 3, "of": DAIRY}}, "购买乳品满3件", "at least 3 pieces of Dairy"),
    ({"basket.quantity": {"gte": 1, "of": DAIRY}}, "购买乳品", "at least 1 piece of Dairy"),
    ({"basket.quantity": {"lte": 5}}, "不超过5件", "at most 5 pieces"),
    ({"basket.distinct_products": {"gte": 3}}, "购买满3种", "at least 3 different articles"),
    ({"product.sku": ["toy"]}, "商品为玩具", "Article is Toy"),
    ({"product.category": {"in": ["dairy", "bread"]}}, "品类为面包或乳品", "Category is Bread or Dairy"),
    ({"product.brand": {"ne": "x"}}, "品牌不为x", "Brand is not x"),
    ({"product.tag": {"in": ["new"]}}, "商品标签为new", "Article tag is new"),
    ({"product.margin_class": "high"}, "毛利档为高毛利商品", "Margin class is high-margin goods"),
    ({"product.personal_list": {"in": ["usual"]}}, "个人清单为usual", "Personal list is usual"),
    ({"line.unit_price": {"gte": 20}}, "单价不低于20元", "Unit price is at least ¥20"),
    ({"line.unit_price": {"lt": 19.9}}, "单价低于19.9元", "Unit price is below ¥19.90"),
    ({"moment.weekday": ["sat", "sun"]}, "限周六、周日", "on Saturday or Sunday"),
    ({"moment.weekday": ["mon", "tue", "wed", "thu", "fri"]}, "限周一至周五", "on Monday to Friday"),
    ({"moment.weekday": {"not_in": ["sat", "sun"]}}, "周六、周日除外", "not on Saturday or Sunday"),
    ({"moment.day": [10, 20]}, "每月10、20日", "on day 10 or 20 of the month"),
    ({"moment.month": [11, 12]}, "限11、12月", "in November or December"),
    ({"moment.date": "2026-11-11"}, "限2026-11-11", "on 2026-11-11"),
    ({"moment.date": {"lte": "2026-11-11"}}, "截至2026-11-11", "until 2026-11-11"),
    ({"moment.time": {"gte": "18:30"}}, "18:30起", "from 18:30 on"),
    ({"moment.time": {"lt": "21:00"}}, "21:00之前", "before 21:00"),
    ({"moment.weekend_of_month": 1}, "限当月第1个周末", "on weekend 1 of the month"),
    ({"any": [{"moment.day": 10}, {"moment.weekday": "sun"}]}, "每月10日，或限周日",
        "on day 10 of the month or on Sunday"),
    ({"not": {"any": [{"moment.day": 10}, {"moment.weekday": "sun"}]}},
        "不满足“每月10日，或限周日”", "not: on day 10 of the month or on Sunday"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CONDITIONS)))
def test_every_condition_reads_as_people_say_it(number):
    when, zh, en = CONDITIONS[number]
    assert saying.condition(LANGUAGE.read(when), TELLING, LADDER) == Says(zh, en)


def test_no_attribute_is_without_a_sentence_and_no_sentence_shows_a_code():
    assert {each.name for each in VOCABULARY} == {
        name for when, _zh, _en in CONDITIONS for name in when if name not in ("any", "not")
    }
    for attribute in VOCABULARY:
        for op in attribute.ops:
            told = saying.condition(
                LANGUAGE.read({attribute.name: {op.value: _value(attribute, op)}}), TELLING
            )
            assert "{" not in told.zh + told.en
            assert attribute.name not in told.zh + told.en
            assert ".00" not in told.zh + told.en


def _value(attribute: Any, op: Op) -> Any:
    if op is Op.EXISTS or attribute.kind is Kind.FLAG:
        return True
    one: Any = {Kind.NUMBER: 3, Kind.MONEY: 100, Kind.DATE: "2026-11-11", Kind.TIME: "18:30"}.get(
        attribute.kind, "x"
    )
    one = attribute.choices[0] if attribute.choices else one
    return [one] if op in (Op.IN, Op.NOT_IN, Op.HAS_ALL) else one

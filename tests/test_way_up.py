"""What is missing to the next tier, in numbers and in words, after real purchases and returns."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from laoke.checkout.overview import overview
from laoke.checkout.schemas import OverviewOut
from laoke.foundation.access import SYSTEM
from laoke.tiers.schemas import StandOut
from laoke.tiers.selectors import stand
from tests.shop import OPENING, line


def way(member, at=OPENING):
    found = stand(member, at).progress
    assert found is not None
    return found


def test_the_way_up_names_money_purchases_and_days(shop):
    member, till = shop.member(at=OPENING - timedelta(days=90)), shop.till()
    till.sell("A", member, line("wine"), placed_at=OPENING - timedelta(days=80))  # 20 December
    till.sell("B", member, line("wine"))
    found = way(member)
    assert [(need["metric"], need["value"], need["missing"]) for need in found.needs] == [
        ("purchases", 2, 1),
        ("spend", 100_000, 100_000),
    ]
    assert (found.next_tier, found.until, found.days_left) == ("gold", date(2026, 3, 20), 10)
    assert found.says == {
        "zh": "再购物 1 次、消费 1000 元，10 天内可升级为金卡",
        "en": "1 more purchase and ¥1,000 more spent within 10 days for Gold",
    }
    later = way(member, OPENING + timedelta(days=11))
    assert [need["value"] for need in later.needs] == [1, 50_000]
    assert later.until == date(2026, 6, 10)


def test_goods_brought_back_are_missing_again(shop):
    member, till = shop.member(), shop.till()
    order = till.sell("A", member, line("rice"))
    assert way(member).says["zh"] == "再消费 430.1 元，92 天内可升级为银卡"
    till.take_back(order["order_id"])
    found = way(member)
    assert (found.until, found.days_left) == (None, None)
    assert found.says == {"zh": "再消费 500 元，可升级为银卡", "en": "¥500 more spent for Silver"}


def test_the_interfaces_say_the_same(shop):
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("rice"))
    told = StandOut.of(stand(member, OPENING)).progress
    assert told is not None
    glance = OverviewOut.of(overview(SYSTEM, member, OPENING)).tier.progress
    assert told == glance
    needs = [{key: value for key, value in need.items() if value is not None} for need in way(member).needs]
    assert told.model_dump(exclude_none=True)["needs"] == needs
    assert told.says.model_dump() == asdict(way(member))["says"]


def test_at_the_top_there_is_no_way_up(shop):
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("wine", 20))
    assert stand(member, OPENING).progress is None

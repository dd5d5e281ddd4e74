"""Ladders that count points earned, from the document to the till, a return, a merge and the words."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation

from laoke.checkout import programme
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.foundation.sql import hot_cursor
from laoke.surfaces.cli.account import account
from laoke.surfaces.cli.explained import explained
from laoke.surfaces.cli.programme import _ladder
from laoke.surfaces.console import trail
from laoke.surfaces.console.selectors.ladder import ladder_page
from laoke.surfaces.console.templatetags.figures import needs_sentence
from laoke.tiers import following
from laoke.tiers import ladder as ladders
from laoke.tiers.selectors import stand
from tests.shop import OPENING, POINTS, broken, line, tier

# Gold asks for 1,000 points, or for 5,000 yuan.
NEED = {"metric": "points_earned", "months": 3, "at_least": 1000}
SPEND = {"metric": "spend", "window": "lifetime", "at_least": 500_000}
BASIC = {"code": "basic", "name_zh": "普通会员", "name_en": "Member"}
GOLD = {"code": "gold", "name_zh": "金卡", "name_en": "Gold"}
LADDER = {"tiers": [BASIC, GOLD | {"needs": [{"any": [NEED, SPEND]}]}], "review": "quarterly"}


@pytest.fixture
def till(shop):
    programme.apply(SYSTEM, {"points": POINTS, "ladder": LADDER}, at=OPENING)
    return shop.till()


def test_points_lift_and_a_return_takes_them_back(shop, till):
    member = shop.member()
    first = till.sell("A", member, line("wine"))
    way = stand(member, OPENING).progress
    assert way.says["zh"] == "再获得 500 积分或消费 4500 元，92 天内可升级为金卡"
    assert [
        (need["metric"], need["value"], need["missing"]) for need in first["member"]["progress"]["needs"]
    ] == [
        ("points_earned", 500, 500),
        ("spend", 50_000, 450_000),
    ]
    assert till.sell("B", member, line("wine"))["member"]["tier"] == "gold"
    # Points that are spent are earned all the same.
    till.sell("C", member, line("rice"), points=500)
    assert tier(member) == "gold"
    till.take_back(first["order_id"])
    assert tier(member) == "basic"
    assert broken() == {}


def test_two_histories_reach_it_together(shop, till):
    one, other = shop.member(), shop.member()
    ladder = programme.current().ladder
    orders = [till.sell(f"{who}", who, line("wine"))["order_id"] for who in (one, other)]
    assert following.after_merge(ladder, (one, "basic"), (other, "basic"), OPENING) == "gold"
    with hot_cursor() as cursor:
        cursor.execute("update purchases_order set member_id = %s where id = %s", (one, orders[1]))
    apart = {"kept_tier": "basic", "gone_tier": "basic"}
    assert following.after_unmerge(ladder, (one, other), apart, [orders[1]], OPENING) == ("basic", "basic")
    assert following.after_unmerge(ladder, (one, other), apart, [], OPENING) == ("gold", "basic")


def test_the_points_available_are_no_criterion():
    document = LADDER | {"tiers": [BASIC, GOLD | {"needs": [NEED | {"metric": "points_available"}]}]}
    with pytest.raises(BadPolicy, match=r"needs\[0\].metric: takes one of"):
        ladders.parse(document)
    ladder = ladders.parse(LADDER)
    assert ladders.parse(ladders.to_document(ladder)) == ladder


def test_people_read_it_in_words(shop):
    document = LADDER | {
        "tiers": [BASIC, GOLD | {"needs": [NEED], "validity": {"months": 12, "keep": [NEED]}}]
    }
    programme.apply(SYSTEM, {"points": POINTS, "ladder": document}, at=OPENING)
    told = "\n".join(_ladder(ladders.parse(document), "CNY"))
    assert "1000 points earned in 3 months" in told
    assert "kept by 1000 points earned in 3 months" in told
    member = shop.member()
    shop.till().sell("A", member, line("wine", 2))
    with translation.override("zh-hans"):
        assert needs_sentence(ladder_page(SYSTEM, OPENING).rungs[0].needs) == "近 3 个月内获得满 1,000 积分"
        assert trail._needs([NEED]) == "近 3 个月内获得满 1,000 积分"
        said = explained(account(member, OPENING, entries=1, orders=1), settings.LAOKE.zone, "zh-hans")
        assert "内获得 1000 / 1000 积分" in said

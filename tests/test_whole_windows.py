"""Ladders over the calendar and over the whole membership, from the document to the till, a review and the words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation

from laoke.checkout import programme
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.surfaces.cli.account import account
from laoke.surfaces.cli.explained import explained
from laoke.surfaces.cli.programme import _ladder
from laoke.surfaces.console import trail
from laoke.surfaces.console.selectors.ladder import ladder_page
from laoke.surfaces.console.templatetags.figures import needs_sentence
from laoke.tiers import ladder as ladders
from laoke.tiers.review import review
from laoke.tiers.schemas import LadderOut
from laoke.tiers.selectors import stand
from tests.shop import OPENING, POINTS, broken, line, tier


def rungs(**window: Any) -> dict[str, Any]:
    """Gold asks for 1,000 yuan and two purchases in one window."""
    needs = [
        {"metric": "spend", "at_least": 100_000, **window},
        {"metric": "purchases", "at_least": 2, **window},
    ]
    gold = {"code": "gold", "name_zh": "金卡", "name_en": "Gold", "needs": needs}
    return {
        "tiers": [{"code": "basic", "name_zh": "普通会员", "name_en": "Member"}, gold],
        "review": "quarterly",
    }


def hold(window, at=OPENING):
    programme.apply(SYSTEM, {"points": POINTS, "ladder": rungs(window=window)}, at=at)
    return ladders.parse(rungs(window=window))


def test_all_that_was_ever_bought_counts(shop):
    hold("lifetime")
    member, till = shop.member(at=OPENING - timedelta(days=900)), shop.till()
    till.sell("A", member, line("wine"), placed_at=OPENING - timedelta(days=800))
    assert stand(member, OPENING).progress.says["zh"] == "再消费 500 元、购物 1 次，可升级为金卡"
    order = till.sell("B", member, line("wine"))
    assert order["member"]["tier"] == "gold"
    till.take_back(order["order_id"])
    assert tier(member) == "basic"
    assert broken() == {}


def test_the_year_that_has_just_ended_is_judged_on_new_year_s_day(shop):
    ladder = hold("calendar_year")
    member, till = shop.member(), shop.till()
    for number in range(2):
        till.sell(f"A{number}", member, line("wine"))
    assert tier(member) == "gold"
    for day, then in (("2026-07-01", "gold"), ("2027-01-01", "gold"), ("2027-04-01", "basic")):
        review(ladder, date.fromisoformat(day), now=datetime.fromisoformat(f"{day}T04:00:00+00:00"))
        assert tier(member) == then
    assert broken() == {}


def test_what_was_bought_last_quarter_does_not_count_in_this_one(shop):
    hold("calendar_quarter")
    member, till = shop.member(at=OPENING - timedelta(days=90)), shop.till()
    till.sell("A", member, line("wine", 4), placed_at=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    order = till.sell("B", member, line("wine", 2), placed_at=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    assert order["member"]["tier"] == "basic"
    needs = stand(member, OPENING).progress.needs
    assert [(need["window"], need["value"]) for need in needs] == [
        ("calendar_quarter", 100_000),
        ("calendar_quarter", 1),
    ]
    assert stand(member, OPENING).progress.until == date(2026, 3, 31)


def test_each_year_of_the_membership_begins_anew(shop):
    """Joined on 15 June 2025: the year before is over on 15 June 2026, for quotes, orders and late ones alike."""
    ladder = hold("membership_year")
    member = shop.member(at=datetime(2025, 6, 15, 4, tzinfo=UTC))
    shop.till().sell("A", member, line("wine"))
    assert stand(member, OPENING).progress.says["zh"] == "再消费 500 元、购物 1 次，96 天内可升级为金卡"
    quote = shop.till().quote(member, line("wine"))
    assert [need["value"] for need in quote["member"]["progress"]["needs"]] == [50_000, 1]
    eve, day = datetime(2026, 6, 14, 15, 59, tzinfo=UTC), datetime(2026, 6, 14, 16, 0, tzinfo=UTC)
    order = shop.till(day).sell("B", member, line("wine"), placed_at=day)
    assert order["member"]["tier"] == "basic"
    late = shop.till(day).sell("C", member, line("wine"), placed_at=eve)
    assert late["member"]["tier"] == "gold"
    shop.till(day).take_back(late["order_id"])
    assert tier(member) == "basic"
    order = shop.till(day + timedelta(hours=1)).sell("D", member, line("wine"))
    assert order["member"]["tier"] == "gold"
    for on, then in (("2026-07-01", "gold"), ("2027-04-01", "gold"), ("2027-07-01", "basic")):
        review(ladder, date.fromisoformat(on), now=datetime.fromisoformat(f"{on}T04:00:00+00:00"))
        assert tier(member) == then
    assert broken() == {}


@pytest.mark.parametrize("window", list(ladders.Whole))
def test_a_document_is_read_and_written_back(window):
    ladder = ladders.parse(rungs(window=window.value))
    assert ladders.parse(ladders.to_document(ladder)) == ladder
    assert LadderOut.of(ladder).tiers[1].needs[0].window == window.value


REFUSED = [
    ({"window": "since_tier"}, r"needs\[0\].window: takes one of"),
    ({"window": "lifetime", "months": 3}, "months or days"),
    ({}, "months or days"),
]


@pytest.mark.parametrize(("window", "words"), REFUSED, ids=["not read for everybody", "two windows", "none"])
def test_windows_that_cannot_be(window, words):
    with pytest.raises(BadPolicy, match=words):
        ladders.parse(rungs(**window))


WORDS = [
    ("calendar_month", "自然月内", "in the calendar month"),
    ("membership_year", "会员年度内", "in the membership year"),
    ("lifetime", "整个会员期内", "in all"),
]


@pytest.mark.parametrize(("window", "chinese", "told"), WORDS, ids=["month", "membership year", "lifetime"])
def test_people_read_it_in_words(shop, window, chinese, told):
    ladder = hold(window)
    assert f"1000.00 CNY {told} and 2 purchases {told}" in "\n".join(_ladder(ladder, "CNY"))
    sentence = f"{chinese}实付满 ¥1,000并且消费满 2 次"
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("wine"))
    with translation.override("zh-hans"):
        assert needs_sentence(ladder_page(SYSTEM, OPENING).rungs[0].needs) == sentence
        assert trail._needs(rungs(window=window)["tiers"][1]["needs"]) == sentence
        assert f"{chinese}消费" in told_of(member)
        till.sell("B", member, line("wine"))
        assert f"{chinese}购买 2 / 2 次" in told_of(member)


def told_of(member):
    return explained(account(member, OPENING, entries=1, orders=1), settings.LAOKE.zone, "zh-hans")

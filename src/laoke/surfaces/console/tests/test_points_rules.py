"""The page of earning and spending rules: sentences, what comes back, who may see it."""

from __future__ import annotations

import re

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM, Role
from laoke.insight.metrics.catalogue import TIER_SALES_90
from laoke.review import selectors as review
from laoke.review.selectors import Run, Value
from tests.shop import OPENING, POINTS


def words(response) -> str:
    body = response.content.decode()
    body = body[body.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def ruled(shop):
    rules = [
        {
            "key": "first",
            "name": {"zh": "首单积分翻倍", "en": "First order double"},
            "when": {"member.orders": 0},
            "factor": 2,
        },
        {
            "key": "milk",
            "name": {"zh": "牛奶加赠", "en": "More for milk"},
            "of": {"product.sku": "milk"},
            "per_amount": {"points": 1, "amount": 10},
        },
    ]
    earn = POINTS["earn"] | {
        "rules": rules,
        "tiers": {"gold": 1.5},
        "without": {"product.sku": "card"},
        "caps": {"day": 500},
    }
    spend = POINTS["spend"] | {"worth_minor": 1000}
    activities = {"check_in": {"points": 2, "times": {"day": 1}, "streak": {"days": 7, "bonus": 20}}}
    document = {"points": POINTS | {"earn": earn, "spend": spend}, "activities": {"kinds": activities}}
    programme.apply(SYSTEM, document, at=OPENING)
    return shop


def test_the_rules_in_sentences_and_what_comes_back(ruled, hire):
    said = words(hire().get("/points/rules"))
    assert "First order double the first order: 2 times the points" in said
    assert "1 point more for every ¥10" in said
    assert "Gold 1.5 times the points" in said
    assert "at most 500 points a day" in said
    assert "Check-in 2 points, 20 more for each 7 days in a row, at most 1 a day" in said
    # 100 points for ¥100 that pay ¥10; doubled and one and a half times: 30 %.
    assert "10.0% ¥100.00 paid earns 100 points, and they pay ¥10.00" in said
    assert "Up to 30.0%" in said
    assert "What it costs is shown when the first night has counted the sales." in said


def test_in_chinese(ruled, hire):
    said = words(hire(language="zh-hans").get("/points/rules"))
    assert "首单积分翻倍 首单，积分 2 倍" in said
    assert "每日签到 2 积分，每连续 7 天加 20 积分，每天最多 1 次" in said
    assert "消费 ¥100.00 得 100 积分，全部兑换可抵 ¥10.00" in said


def test_the_cost_at_the_sales_of_the_members(ruled, hire, monkeypatch):
    day = OPENING.date()
    monkeypatch.setattr(review, "last_run", lambda: Run(day, OPENING, None))
    kept = {
        (TIER_SALES_90.code, "basic", day): Value(600_000, 0),
        (TIER_SALES_90.code, "gold", day): Value(300_000, 0),
    }
    monkeypatch.setattr(review, "values", lambda stores, days: kept)
    said = words(hire().get("/points/rules"))
    assert "Members’ net sales, 90 days ¥9,000.00" in said
    assert "Cost in 30 days, at the rate ¥300.00" in said
    assert "At most, with all that multiplies ¥900.00" in said


def test_a_shop_with_one_rate(shop, hire):
    said = words(hire().get("/points/rules"))
    assert "No rules beside the rate." in said
    assert "1.0%" in said
    assert "Up to" not in said


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_who_may_look_and_who_is_told_how_to_change(ruled, hire, role):
    reply = hire(role).get("/points/rules")
    looks = role in (Role.OWNER, Role.OPERATIONS, Role.ANALYST, Role.FINANCE, Role.AUDITOR)
    assert reply.status_code == (200 if looks else 403)
    if looks:
        assert ("laoke programme plan" in words(reply)) == (role in (Role.OWNER, Role.OPERATIONS))


def test_it_asks_little(ruled, hire, statements):
    browser = hire()
    browser.get("/points/rules")
    with statements() as sent:
        browser.get("/points/rules")
    assert len(sent) <= 12

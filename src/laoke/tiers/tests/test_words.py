"""The way up in sentences."""

from __future__ import annotations

from datetime import date

import pytest

from laoke.engine.tiering import Finding, Metric, Progress, Tier, Ways, Window
from laoke.tiers.words import says

TODAY = date(2026, 5, 19)
GOLD = Tier("gold", "金卡会员", "Gold")
QUARTER = Window(months=3)


def lack(metric, missing):
    return Finding("gold", metric, QUARTER, 0, missing)


SENTENCES = [
    (
        (lack(Metric.SPEND, 360_00), lack(Metric.PURCHASES, 1)),
        date(2026, 5, 31),
        "再消费 360 元、购物 1 次，12 天内可升级为金卡会员",
        "¥360 more spent and 1 more purchase within 12 days for Gold",
    ),
    (
        (lack(Metric.PURCHASES, 2),),
        TODAY,
        "再购物 2 次，今天内可升级为金卡会员",
        "2 more purchases today for Gold",
    ),
    (
        (Ways(((lack(Metric.SPEND, 12_50),), (lack(Metric.INTERACTIONS, 3), lack(Metric.PURCHASES, 1)))),),
        date(2026, 5, 20),
        "再消费 12.5 元或互动 3 次、购物 1 次，1 天内可升级为金卡会员",
        "¥12.50 more spent or 3 more interactions and 1 more purchase within 1 day for Gold",
    ),
    (
        (lack(Metric.POINTS_EARNED, 1), lack(Metric.POINTS_AVAILABLE, 50)),
        None,
        "再获得 1 积分、积攒 50 积分，可升级为金卡会员",
        "1 more point earned and 50 more points kept for Gold",
    ),
    (
        (),
        date(2026, 6, 30),
        "条件已满足，下次评定时升级为金卡会员",
        "Everything is reached: Gold comes with the next judgement",
    ),
]


@pytest.mark.parametrize(
    ("missing", "until", "zh", "en"), SENTENCES, ids=["both", "today", "or", "points", "wait"]
)
def test_what_is_missing_is_said_in_both_languages(missing, until, zh, en):
    assert says(Progress(GOLD, missing, until), TODAY, "CNY") == (zh, en)


def test_money_of_another_country_has_its_sign():
    found = says(Progress(GOLD, (lack(Metric.SPEND, 1234_50),), None), TODAY, "EUR")
    assert found == ("再消费 €1,234.50，可升级为金卡会员", "€1,234.50 more spent for Gold")

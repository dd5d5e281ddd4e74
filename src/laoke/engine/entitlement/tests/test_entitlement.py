"""Who may use what: the rule as a table, and the gradient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.conditions import All, Is, Op
from laoke.engine.entitlement import Granted, Holder, Past, Period, Right, Share, Step, falls, judge, span
from laoke.engine.reasons import Reason

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 10, 4, tzinfo=UTC)
DAY = timedelta(days=1)
LADDER = ("basic", "silver", "gold", "diamond")
PARKING = Right("parking", {"gold": Share(1, 10), "diamond": Share(1, 20)}, period=Period.MONTH)
GOLD = Holder(True, "gold")
APRIL = datetime(2026, 4, 1, tzinfo=ZONE)


def grant(number=1, quota=1, used=0, since=AT - DAY, until=AT + DAY):
    return Granted(number, quota, used, since, until)


@pytest.mark.parametrize(
    ("right", "holder", "past", "units", "left", "reasons"),
    [
        (PARKING, GOLD, Past(used=4), 3, 6, []),
        (PARKING, GOLD, Past(used=4), 6, 6, []),
        (
            PARKING,
            GOLD,
            Past(used=4),
            7,
            6,
            [Reason("used_up", {"left": 6, "again": APRIL.isoformat()})],
        ),
        (
            PARKING,
            Holder(True, "silver"),
            Past(),
            1,
            0,
            [Reason("tier", {"tier": "silver", "tiers": ["gold", "diamond"]})],
        ),
        (PARKING, Holder(False, "gold"), Past(), 1, 10, [Reason("member_not_active")]),
        (Right("r", {"": Share(7), "gold": Share(15)}), Holder(True, None), Past(), 1, None, []),
        (PARKING, GOLD, Past(stock=2), 3, 10, [Reason("none_left", {"left": 2})]),
        (
            Right("r", cost_minor=500),
            GOLD,
            Past(budget_left_minor=999),
            2,
            None,
            [Reason("budget")],
        ),
        (Right("r", cost_minor=500), GOLD, Past(budget_left_minor=1000), 2, None, []),
        (Right("r", by_grant=True), GOLD, Past(), 1, 0, [Reason("not_granted")]),
        (Right("r", by_grant=True), GOLD, Past(grants=[grant()]), 1, 1, []),
        (Right("r", by_grant=True), GOLD, Past(grants=[grant(used=1)]), 1, 0, [Reason("used_up")]),
        (
            Right("r", by_grant=True),
            GOLD,
            Past(grants=[grant(until=AT)]),
            1,
            0,
            [Reason("over", {"ended": AT.isoformat()})],
        ),
        (
            Right("r", by_grant=True),
            GOLD,
            Past(grants=[grant(since=AT + DAY, until=AT + 2 * DAY)]),
            1,
            0,
            [Reason("not_begun", {"starts": (AT + DAY).isoformat()})],
        ),
        (Right("r", ends=AT), GOLD, Past(), 1, None, [Reason("over", {"ended": AT.isoformat()})]),
        (
            Right("r", starts=AT + DAY),
            GOLD,
            Past(),
            1,
            None,
            [Reason("not_begun", {"starts": (AT + DAY).isoformat()})],
        ),
    ],
    ids=[
        "some left",
        "all that is left",
        "more than is left",
        "another tier",
        "blocked",
        "everybody",
        "stock",
        "over the budget",
        "just the budget",
        "not granted",
        "granted",
        "grant used",
        "grant over",
        "grant to come",
        "ended",
        "not begun",
    ],
)
def test_who_may_use_what(right, holder, past, units, left, reasons):
    verdict = judge(right, holder, past, AT, ZONE, units)
    assert (verdict.left, list(verdict.reasons)) == (left, reasons)
    assert verdict.usable == (not reasons)


def test_a_condition_says_what_it_asked_for():
    when = All((Is("member.tag", Op.IN, frozenset({"母婴"})), Is("member.orders", Op.GTE, 1)))
    lecture = Right("lecture", when=when)
    known = {"member.tag": frozenset({"母婴", "线下"}), "member.orders": 3}
    assert judge(lecture, Holder(True, "basic", known), Past(), AT, ZONE).usable
    refused = judge(lecture, Holder(True, "basic", {"member.orders": 3}), Past(), AT, ZONE)
    assert refused.reasons == (Reason("condition", {"attributes": ["member.tag"]}),)


def test_of_grants_the_one_that_ends_first_is_used():
    grants = [grant(1, until=AT + 9 * DAY), grant(2, until=AT + 2 * DAY), grant(3, used=1, until=AT + DAY)]
    verdict = judge(Right("r", by_grant=True), GOLD, Past(grants=grants), AT, ZONE)
    assert (verdict.grant_id, verdict.until) == (2, AT + 2 * DAY)


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        (Period.MONTH, (2026, 3, 1), (2026, 4, 1)),
        (Period.QUARTER, (2026, 1, 1), (2026, 4, 1)),
        (Period.YEAR, (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_periods_are_those_of_the_shop(period, since, until):
    # Half past midnight of the first of March in Shanghai is still February elsewhere.
    found = span(period, datetime(2026, 2, 28, 16, 30, tzinfo=UTC), ZONE)
    assert found == (datetime(*since, tzinfo=ZONE), datetime(*until, tzinfo=ZONE))
    assert span(Period.EVER, AT, ZONE) == (None, None)


def test_a_benefit_that_falls_on_the_way_up_is_found():
    assert list(falls(PARKING, LADDER)) == []
    assert list(falls(Right("r", {"silver": Share(), "diamond": Share()}), LADDER)) == [
        Step("silver", "gold", "there")
    ]
    assert list(falls(Right("r", {"": Share(15), "gold": Share(7)}), LADDER)) == [
        Step("silver", "gold", "amount"),
    ]
    assert list(falls(Right("r", {"gold": Share(1), "diamond": Share(1, 5)}), LADDER)) == [
        Step("gold", "diamond", "quota")
    ]


shares = st.builds(Share, st.integers(0, 3), st.none() | st.integers(0, 3))


@given(st.dictionaries(st.sampled_from(LADDER), shares), st.integers(0, 3), st.integers(1, 3))
def test_on_a_rising_benefit_whoever_may_use_it_may_use_it_higher_up(by_tier, used, units):
    right = Right("r", by_tier)
    if list(falls(right, LADDER)):
        return
    allowed = [judge(right, Holder(True, tier), Past(used=used), AT, ZONE, units).usable for tier in LADDER]
    assert allowed == sorted(allowed)

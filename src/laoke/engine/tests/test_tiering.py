"""The plans' ladder as a table: gold asks for three purchases and 2,000 yuan within three months."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import (
    Activity,
    Climb,
    Criterion,
    Downgrade,
    Ladder,
    Metric,
    Review,
    Tier,
    Window,
    findings,
    next_review,
    qualified,
    review,
    reviews_between,
    upgrade,
    withdraw,
)

QUARTER = Window(months=3)


def tier(code, purchases, spend):
    return Tier(
        code,
        code,
        code,
        (Criterion(Metric.PURCHASES, QUARTER, purchases), Criterion(Metric.SPEND, QUARTER, spend)),
    )


LADDER = Ladder((Tier("basic", "普通", "Member"), tier("silver", 2, 500_00), tier("gold", 3, 2000_00)))

JUDGED = """
    # spend    purchases  qualified
    0          0          basic
    500_00     1          basic
    499_99     2          basic
    500_00     2          silver
    2000_00    2          silver
    1999_99    3          silver
    2000_00    3          gold
    9999_00    99         gold
"""


@pytest.mark.parametrize("row", JUDGED.strip().splitlines()[1:])
def test_every_criterion_must_hold(row):
    spend, purchases, expected = row.split()
    facts = {QUARTER: Activity(int(spend), int(purchases))}
    assert qualified(LADDER, facts).code == expected


MOVES = """
    # current  spend    purchases  at_once             at_review
    basic      2000_00  3          gold                gold
    silver     2000_00  3          gold                gold
    gold       2000_00  3          -                   -
    gold       600_00   2          -                   silver
    gold       0        0          -                   basic
    silver     0        0          -                   basic
    basic      0        0          -                   -
"""


@pytest.mark.parametrize("row", MOVES.strip().splitlines()[1:])
def test_up_at_once_down_at_review(row):
    current, spend, purchases, at_once, at_review = row.split()
    facts = {QUARTER: Activity(int(spend), int(purchases))}
    for judge, expected in ((upgrade, at_once), (review, at_review)):
        move = judge(LADDER, current, facts)
        assert (move.to_tier if move else "-") == expected


def test_a_downgrade_can_go_one_step_only():
    ladder = Ladder(LADDER.tiers, downgrade=Downgrade.ONE_STEP)
    move = review(ladder, "gold", {QUARTER: Activity()})
    assert (move.to_tier, move.cause) == ("silver", "review_downgraded")


def test_a_move_says_which_criterion_was_met_with_which_value():
    move = upgrade(LADDER, "basic", {QUARTER: Activity(700_00, 2)})
    assert [found.as_json() for found in move.findings] == [
        {
            "tier": "silver",
            "metric": "purchases",
            "window": {"months": 3},
            "value": 2,
            "at_least": 2,
            "met": True,
        },
        {
            "tier": "silver",
            "metric": "spend",
            "window": {"months": 3},
            "value": 70000,
            "at_least": 50000,
            "met": True,
        },
    ]


def test_what_is_missing_is_said_per_criterion():
    assert [found.missing for found in findings(LADDER.tiers[2], {QUARTER: Activity(1640_00, 2)})] == [
        1,
        360_00,
    ]


def test_reviews_are_the_first_days_of_quarters():
    days = reviews_between(LADDER, date(2025, 12, 31), date(2026, 7, 1))
    assert days == [date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)]
    assert next_review(LADDER, date(2026, 1, 1)) == date(2026, 4, 1)
    assert (
        reviews_between(Ladder(LADDER.tiers, review=Review.NEVER), date(2020, 1, 1), date(2026, 1, 1)) == []
    )


def at(day):
    return datetime(2026, 3, day, 12, tzinfo=UTC)


def facts_by_day(spend_by_day):
    return lambda instant: {QUARTER: Activity(spend_by_day[instant.day], 3)}


def test_a_tier_reached_by_returned_goods_is_withdrawn():
    climb = [Climb("silver", "threshold_reached", at(5)), Climb("basic", "threshold_reached", at(2))]
    move = withdraw(LADDER, "gold", climb, at(5), facts_by_day({5: 900_00, 2: 600_00}))
    assert (move.to_tier, move.cause) == ("silver", "return_downgraded")


def test_a_return_of_older_goods_may_take_back_the_whole_climb():
    climb = [Climb("silver", "threshold_reached", at(5)), Climb("basic", "threshold_reached", at(2))]
    move = withdraw(LADDER, "gold", climb, at(1), facts_by_day({5: 400_00, 2: 100_00}))
    assert move.to_tier == "basic"


def test_upgrades_before_the_returned_order_stay():
    climb = [Climb("silver", "threshold_reached", at(5)), Climb("basic", "threshold_reached", at(2))]
    # The order of day 4 helped towards gold only; what silver rests on is not asked again.
    move = withdraw(LADDER, "gold", climb, at(4), facts_by_day({5: 100_00, 2: 0}))
    assert move.to_tier == "silver"


def test_a_return_that_leaves_enough_changes_nothing():
    climb = [Climb("basic", "threshold_reached", at(2))]
    assert withdraw(LADDER, "silver", climb, at(1), facts_by_day({2: 500_00})) is None


BROKEN = [
    ((), "at least one tier"),
    ((tier("a", 1, 1),), "lowest tier"),
    ((Tier("a", "", ""), Tier("b", "", "")), "at least one criterion"),
    ((Tier("a", "", ""), tier("a", 1, 1)), "same code"),
    ((Tier("a", "", ""), tier("b", 3, 500), tier("c", 3, 400)), "less spend"),
    ((Tier("a", "", ""), tier("b", 0, 500)), "above zero"),
]


@pytest.mark.parametrize(("tiers", "words"), BROKEN)
def test_ladders_that_cannot_be(tiers, words):
    with pytest.raises(BadPolicy, match=words):
        Ladder(tuple(tiers))

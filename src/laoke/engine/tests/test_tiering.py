"""The plans' ladder as a table: gold asks for three purchases and 2,000 yuan within three months."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering import (
    Activity,
    Bought,
    Climb,
    Criterion,
    Downgrade,
    Ladder,
    Metric,
    Path,
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


def bought(day, yuan, kept=True):
    return Bought(at(day), yuan * 100, kept)


def starts(instant):
    return [(QUARTER, QUARTER.start(instant, UTC))]


UP_TWICE = Path(
    None, [Climb("silver", "threshold_reached", at(5)), Climb("basic", "threshold_reached", at(2))]
)
# gold: 3 purchases and 2000 yuan; silver: 500 yuan. Others, what the returned order was and is, then the tier.
RETURNS = {
    "what gold rested on comes back": (
        [bought(2, 600), bought(3, 100)],
        (bought(5, 1400), bought(5, 200)),
        "silver",
    ),
    "all of it comes back": (
        [bought(2, 600), bought(3, 100)],
        (bought(5, 1400), bought(5, 0, False)),
        "silver",
    ),
    "what both rested on comes back": (
        [bought(3, 100), bought(5, 300)],
        (bought(2, 1600), bought(2, 0, False)),
        "basic",
    ),
    "a later purchase holds what an earlier one had reached": (
        [bought(3, 600), bought(5, 400)],
        (bought(2, 1000), bought(2, 0, False)),
        "silver",
    ),
    "enough is left": ([bought(2, 1600), bought(3, 100)], (bought(5, 600), bought(5, 300)), None),
}


@pytest.mark.parametrize(("others", "returned", "then"), RETURNS.values(), ids=RETURNS.keys())
def test_a_tier_that_returned_goods_had_reached_is_withdrawn(others, returned, then):
    move = withdraw(LADDER, "gold", UP_TWICE, others, returned, starts)
    assert (move and (move.to_tier, move.cause)) == (then and (then, "return_downgraded"))


def test_a_tier_kept_by_a_later_purchase_goes_when_that_comes_back_too():
    """The move up was caused by goods that came back long ago; the later ones never caused a move."""
    path = Path(None, [Climb("basic", "threshold_reached", at(2))])
    others = [bought(2, 0, kept=False), bought(3, 50)]
    move = withdraw(LADDER, "silver", path, others, (bought(4, 600), bought(4, 0, False)), starts)
    assert move.to_tier == "basic"


def test_goods_that_made_no_difference_take_nothing_back():
    """Under a ladder that has become steeper meanwhile, the tier is left to the next review."""
    path = Path(None, [Climb("basic", "threshold_reached", at(2))])
    others, returned = [bought(2, 600), bought(2, 10)], (bought(3, 100), bought(3, 0, False))
    assert withdraw(LADDER, "gold", path, others, returned, starts) is None


def test_what_was_bought_before_firm_ground_reaches_nothing_by_itself():
    path = Path(at(4), [Climb("basic", "threshold_reached", at(5))])
    others = [bought(2, 700), bought(2, 10)]
    move = withdraw(LADDER, "silver", path, others, (bought(5, 300), bought(5, 0, False)), starts)
    assert move is None  # day 5 still sees the 700 of day 2
    july = datetime(2026, 7, 20, 12, tzinfo=UTC)
    path = Path(at(4), [Climb("basic", "threshold_reached", july)])
    others.append(Bought(july, 10_00, True))
    returned = Bought(july, 600_00, True), Bought(july, 0, False)
    assert withdraw(LADDER, "silver", path, others, returned, starts).to_tier == "basic"


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

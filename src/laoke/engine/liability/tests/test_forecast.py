"""Forecasts of points: worked by hand, and what holds whatever the figures."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.liability.curves import PARTS, Curve, Held, lapsing
from laoke.engine.liability.forecast import Rule, forecast, typical_issue

TENTH = PARTS // 10
CURVE = Curve((TENTH, 2 * TENTH, 5 * TENTH))


def rule(issued=0, after=2, worth=(100, 100)):
    return Rule(issued, lambda month: None if after is None else month + after, worth)


def test_open_points_are_redeemed_by_age_and_lapse_with_their_month():
    start, first, second = forecast(CURVE, [Held(5, 7, 1000)], 5, rule(), 2)
    assert (start.open, start.lapsing, start.settling_minor) == (1000, 400, 600)
    assert (first.redeemed, first.lapsed, first.open) == (200, 0, 800)
    assert (second.redeemed, second.lapsed, second.open) == (400, 400, 0)


def test_new_points_live_as_long_as_the_rule_says():
    short = forecast(CURVE, [], 5, rule(1000, 1), 3)
    # 100 of each thousand at once, 180 of the 900 left the month after; 720 lapse.
    assert [(each.issued, each.redeemed, each.lapsed, each.open) for each in short] == [
        (0, 0, 0, 0),
        (1000, 100, 0, 900),
        (1000, 280, 720, 900),
        (1000, 280, 720, 900),
    ]
    longer = forecast(CURVE, [], 5, rule(1000, 2), 3)
    assert [each.lapsed for each in longer] == [0, 0, 0, 360]


def test_the_settling_value_changes_money_and_no_point():
    plain = forecast(CURVE, [Held(5, 7, 1000)], 5, rule(500), 6)
    dearer = forecast(CURVE, [Held(5, 7, 1000)], 5, rule(500, worth=(100, 120)), 6)
    assert [each.open for each in plain] == [each.open for each in dearer]
    assert dearer[0].settling_minor == 720


def test_an_age_nobody_saw_redeems_as_the_oldest_known_one_but_counts_no_breakage():
    _, first, second = forecast(Curve((TENTH, TENTH, None)), [Held(5, 8, 1000)], 5, rule(), 2)
    assert (first.redeemed, second.redeemed) == (100, 90)
    assert first.lapsing == second.lapsing == 0
    assert forecast(Curve(()), [Held(5, 8, 1000)], 5, rule(), 3)[3].lapsed == 1000


def test_points_past_their_end_lapse_in_the_next_month():
    _, first = forecast(CURVE, [Held(2, 5, 300)], 5, rule(), 1)
    assert (first.redeemed, first.lapsed, first.open) == (0, 300, 0)


def test_what_is_issued_a_month_is_the_average_of_the_last_twelve():
    assert typical_issue([(1, 9000), (13, 1200)], 13) == 100
    assert typical_issue([(12, 500), (13, 700)], 13) == 600
    assert typical_issue([], 13) == 0


@given(
    st.lists(
        st.builds(Held, st.integers(0, 20), st.one_of(st.none(), st.integers(0, 40)), st.integers(0, 10**9)),
        max_size=8,
    ),
    st.lists(st.one_of(st.none(), st.integers(0, PARTS)), max_size=30),
    st.integers(0, 10**8),
    st.one_of(st.none(), st.integers(0, 30)),
)
def test_no_point_is_made_or_lost(held, hazards, issued, after):
    curve = Curve(tuple(hazards))
    found = forecast(curve, held, 20, rule(issued, after), 14)
    assert found[0].open == sum(each.points for each in held)
    assert found[0].lapsing == lapsing(curve, held, 20)
    for before, month in pairwise(found):
        assert month.open == before.open + month.issued - month.redeemed - month.lapsed
        assert min(month.redeemed, month.lapsed, month.open, month.lapsing) >= 0
        assert month.lapsing <= month.open

"""Points that offers add: they sum to the points of the order, and go back with the goods exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.accrual import earned
from laoke.engine.extra_points import at_rate, extra_points
from laoke.engine.policy import EarnRule
from laoke.engine.pricing.effects.turn import Earns
from laoke.engine.refunds import RefundPolicy
from laoke.engine.returning import SoldLine, SoldOrder, give_back
from laoke.kernel.rounding import Rounding

YUAN = EarnRule(1, 100)
DOUBLE = Fraction(2)


@pytest.mark.parametrize(
    ("bases", "offers", "extra"),
    [
        # 19.90 and 5.00 earn 24 points; twice the exact 24.9 is 49.8.
        ([1990, 500], [[Earns(DOUBLE, 0, (0, 1))]], [{0: 20, 1: 5}]),
        # Only the second: 19.9 + 10 = 29.9.
        ([1990, 500], [[Earns(DOUBLE, 0, (1,))]], [{1: 5}]),
        # Twice, then three times of it: 6 x 24.9 = 149.4.
        (
            [1990, 500],
            [[Earns(DOUBLE, 0, (0, 1))], [Earns(Fraction(3), 0, (0, 1))]],
            [{0: 20, 1: 5}, {0: 80, 1: 20}],
        ),
        ([1990, 500], [[Earns(Fraction(3, 2), 0, (0,))]], [{0: 10}]),
        ([1000, 3000], [[Earns(Fraction(1), 50, (0, 1))]], [{0: 13, 1: 37}]),
        # All paid with points: a bonus is one all the same, twice nothing is nothing.
        ([0, 0], [[Earns(Fraction(1), 5, (0, 1))], [Earns(DOUBLE, 0, (0, 1))]], [{0: 3, 1: 2}, {}]),
        ([99], [[Earns(DOUBLE, 0, (0,))]], [{0: 1}]),
    ],
)
def test_what_an_offer_adds(bases, offers, extra):
    assert extra_points(at_rate(bases, YUAN), offers, bases, YUAN.rounding) == extra


LINES = st.lists(st.integers(0, 5000), min_size=1, max_size=5)
FACTORS = st.sampled_from([Fraction(1), Fraction(3, 2), Fraction(2), Fraction(101, 100)])


@st.composite
def baskets(draw):
    bases = draw(LINES)
    places = st.lists(st.sampled_from(range(len(bases))), min_size=1, unique=True).map(sorted).map(tuple)
    earns = st.builds(Earns, FACTORS, st.integers(0, 60), places)
    return bases, draw(st.lists(st.lists(earns, min_size=1, max_size=2), max_size=4))


@settings(max_examples=200, deadline=None)
@given(baskets(), st.sampled_from([Rounding.DOWN, Rounding.HALF_UP, Rounding.UP]))
def test_with_offers_points_are_counted_exactly_and_rounded_once(basket, rounding):
    bases, offers = basket
    rule = EarnRule(3, 100, rounding)
    factors = [Fraction(1)] * len(bases)
    bonus = 0
    for earns in offers:
        for more in earns:
            bonus += more.bonus
            for i in more.lines:
                factors[i] *= more.factor
    weighted = sum((base * factor for base, factor in zip(bases, factors, strict=True)), Fraction(0))
    scale = weighted.denominator
    whole = earned(int(weighted * scale), EarnRule(3, 100 * scale, rounding)) + bonus
    found = extra_points(at_rate(bases, rule), offers, bases, rule.rounding)
    assert earned(sum(bases), rule) + sum(sum(each.values()) for each in found) == whole
    assert all(points > 0 for each in found for points in each.values())


@pytest.mark.parametrize("policy", [RefundPolicy.KEEP_THE_DEAL, RefundPolicy.PRO_RATA])
def test_whatever_the_order_of_returns_all_points_are_back_in_the_end(policy):
    lines = [
        SoldLine(1, 3000, 5970, 5970, amount_minor=5970, extra_points=59),
        SoldLine(2, 1000, 500, 500, amount_minor=500, extra_points=5),
        SoldLine(3, 2000, 3001, 3001, amount_minor=3001),
    ]
    order = SoldOrder(9471, 0, 0, 94 + 64, 9471)
    pieces = [1, 1, 1, 2, 3, 3]
    for way in sorted(set(permutations(pieces))):
        sold, now = list(lines), order
        for number in way:
            plan = give_back(now, sold, {number: 1000}, policy)
            assert plan.clawback >= 0
            now = SoldOrder(
                9471,
                0,
                0,
                158,
                9471,
                now.returned_minor + plan.returned_minor,
                now.refunded_minor + plan.refunded_minor,
                0,
                now.points_clawed_back + plan.clawback,
            )
            back = {each.line_no: each for each in plan.lines}
            sold = [
                each
                if each.line_no not in back
                else SoldLine(
                    each.line_no,
                    each.quantity_milli,
                    each.net_minor,
                    each.earn_base_minor,
                    each.returned_milli + 1000,
                    each.returned_minor + back[each.line_no].returned_minor,
                    each.amount_minor,
                    each.extra_points,
                )
                for each in sold
            ]
        assert now.points_clawed_back == 158


def test_each_line_takes_its_own_points_along():
    lines = [SoldLine(1, 2000, 2000, 2000, extra_points=40), SoldLine(2, 1000, 1000, 1000)]
    order = SoldOrder(3000, 0, 0, 30 + 40, 3000)
    assert give_back(order, lines, {2: 1000}).clawback == 10
    assert give_back(order, lines, {1: 1000}).clawback == 10 + 20

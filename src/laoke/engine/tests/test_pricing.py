"""The price of a basket and of its return."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.policy import PointsPolicy, SpendRule
from laoke.engine.pricing.plain import BadBasket, BasketLine, PointsRefused, price
from laoke.engine.returning import ReturnRefused, SoldLine, SoldOrder, give_back

POLICY = PointsPolicy()


def line(number, quantity_milli, unit_price, discount=0, earns=True):
    return BasketLine(number, number, quantity_milli, unit_price, discount, earns)


BASKETS = """
    # lines (quantity x price - discount)  available  wanted | items discount total points_minor paid earned usable
    2x1250;1x6990                          0          0      | 9490 0 9490 0 9490 94 0
    2x1250;1x6990                          350        300    | 9490 0 9490 300 9190 91 300
    0.456x3980                             0          0      | 1815 0 1815 0 1815 18 0
    1x99                                   0          0      | 99 0 99 0 99 0 0
    3x1000-500                             0          0      | 3000 500 2500 0 2500 25 0
    1x250                                  10000      200    | 250 0 250 200 50 0 200
    1x0                                    500        0      | 0 0 0 0 0 0 0
"""


def read(text):
    lines = []
    for number, part in enumerate(text.split(";"), start=1):
        quantity, rest = part.split("x")
        unit, _, discount = rest.partition("-")
        lines.append(line(number, round(float(quantity) * 1000), int(unit), int(discount or 0)))
    return lines


@pytest.mark.parametrize("row", BASKETS.strip().splitlines()[1:])
def test_baskets(row):
    given_part, expected = row.split("|")
    text, available, wanted = given_part.split()
    priced = price(read(text), POLICY, available_points=int(available), wanted_points=int(wanted))
    found = (
        priced.items_minor, priced.discount_minor, priced.total_minor, priced.points_minor, priced.paid_minor,
        priced.points_earned, priced.points_usable,
    )  # fmt: skip
    assert found == tuple(map(int, expected.split()))


def test_an_anonymous_shopper_neither_earns_nor_spends():
    priced = price([line(1, 1000, 5000)], POLICY, available_points=None)
    assert (priced.points_earned, priced.earn_base_minor, priced.points_usable) == (0, 0, 0)
    assert [reason.code for reason in priced.reasons] == ["points_need_a_member"]


def test_what_earns_no_points_still_takes_its_share_of_points_spent():
    priced = price(
        [line(1, 1000, 5000), line(2, 1000, 5000, earns=False)],
        POLICY,
        available_points=1000,
        wanted_points=1000,
    )
    assert [each.points_minor for each in priced.lines] == [500, 500]
    assert (priced.earn_base_minor, priced.points_earned) == (4500, 45)


REFUSED = [
    ([], "at least one line"),
    ([line(1, 0, 100)], "above zero"),
    ([line(1, -1000, 100)], "above zero"),
    ([line(1, 1000, -100)], "negative"),
    ([line(1, 1000, 100, 101)], "discount"),
    ([line(1, 1000, 100, -1)], "discount"),
]


@pytest.mark.parametrize(("lines", "words"), REFUSED)
def test_baskets_no_till_can_mean(lines, words):
    with pytest.raises(BadBasket, match=words):
        price(lines, POLICY, available_points=0)


WRONG_POINTS = [
    (150, 10_000, "not_a_multiple"),
    (-100, 10_000, "negative"),
    (300, 200, "insufficient_points"),
    (10_100, 20_000, "over_cap"),
    (100, None, "no_member"),
]


@pytest.mark.parametrize(("wanted", "available", "reason"), WRONG_POINTS)
def test_points_offered_wrongly(wanted, available, reason):
    with pytest.raises(PointsRefused) as refused:
        price([line(1, 1000, 10_000)], POLICY, available_points=available, wanted_points=wanted)
    assert refused.value.extensions["reason"] == reason


def test_the_part_that_points_may_settle_can_be_capped():
    policy = PointsPolicy(spend=SpendRule(max_percent=50))
    priced = price([line(1, 1000, 10_150)], policy, available_points=20_000)
    assert priced.points_usable == 5_000
    assert [reason.code for reason in priced.reasons] == ["points_capped_by_percent"]


basket_lines = st.lists(
    st.tuples(st.integers(1, 20_000), st.integers(0, 100_000), st.integers(0, 100), st.booleans()),
    min_size=1,
    max_size=8,
).map(
    lambda rows: [
        line(n, q, p, (q * p * 2 + 1000) // 2000 * share // 100, earns)
        for n, (q, p, share, earns) in enumerate(rows, start=1)
    ]
)


@given(basket_lines, st.integers(0, 50_000), st.integers(0, 500))
def test_parts_sum_to_the_whole(lines, available, steps):
    usable = price(lines, POLICY, available_points=available).points_usable
    priced = price(lines, POLICY, available_points=available, wanted_points=min(usable, steps * 100))
    assert sum(each.net_minor for each in priced.lines) == priced.total_minor
    assert priced.total_minor == priced.points_minor + priced.paid_minor
    assert sum(each.points_minor for each in priced.lines) == priced.points_minor
    assert sum(each.earn_base_minor for each in priced.lines) == priced.earn_base_minor
    assert all(0 <= each.points_minor <= each.net_minor <= each.gross_minor for each in priced.lines)
    assert priced.paid_minor >= 0


@given(basket_lines, st.integers(0, 50_000), st.integers(0, 500), st.data())
def test_returns_in_any_parts_give_everything_back_exactly_once(lines, available, steps, data):
    usable = price(lines, POLICY, available_points=available).points_usable
    priced = price(lines, POLICY, available_points=available, wanted_points=min(usable, steps * 100))
    order = SoldOrder(
        priced.total_minor,
        priced.points_minor,
        priced.points_redeemed,
        priced.points_earned,
        priced.earn_base_minor,
    )
    left = {each.line_no: each.quantity_milli for each in priced.lines}
    sold = [SoldLine(e.line_no, e.quantity_milli, e.net_minor, e.earn_base_minor) for e in priced.lines]
    returned = refunded = restored = clawed = 0
    for last in (False, False, False, True):
        wanted = (
            {}
            if last
            else {
                number: data.draw(st.integers(1, quantity))
                for number, quantity in left.items()
                if data.draw(st.booleans())
            }
        )
        wanted = wanted or dict(left)
        if not left:
            break
        back = give_back(order, sold, wanted)
        assert min(back.returned_minor, back.refunded_minor, back.points_restored, back.clawback) >= 0
        returned, refunded = returned + back.returned_minor, refunded + back.refunded_minor
        restored, clawed = restored + back.points_restored, clawed + back.clawback
        order = SoldOrder(
            order.total_minor, order.points_minor, order.points_redeemed, order.points_earned, order.earn_base_minor,
            returned, refunded, restored, clawed,
        )  # fmt: skip
        taken = {each.line_no: each for each in back.lines}
        sold = [
            SoldLine(
                s.line_no, s.quantity_milli, s.net_minor, s.earn_base_minor,
                s.returned_milli + (taken[s.line_no].quantity_milli if s.line_no in taken else 0),
                s.returned_minor + (taken[s.line_no].returned_minor if s.line_no in taken else 0),
            )
            for s in sold
        ]  # fmt: skip
        left = {n: q - wanted.get(n, 0) for n, q in left.items() if q > wanted.get(n, 0)}
    assert (returned, refunded) == (priced.total_minor, priced.paid_minor)
    assert (restored, clawed) == (priced.points_redeemed, priced.points_earned)
    with pytest.raises(ReturnRefused) as refused:
        give_back(order, sold, None)
    assert refused.value.extensions["reason"] == "nothing_left"


WRONG_RETURNS = [
    ({9: 1000}, "unknown_line"),
    ({1: 2001}, "more_than_bought"),
    ({1: 0}, "not_positive"),
    ({1: -5}, "not_positive"),
]


@pytest.mark.parametrize(("wanted", "reason"), WRONG_RETURNS)
def test_what_cannot_come_back(wanted, reason):
    with pytest.raises(ReturnRefused) as refused:
        give_back(SoldOrder(2500, 0, 0, 25, 2500), [SoldLine(1, 2000, 2500, 2500)], wanted)
    assert refused.value.extensions["reason"] == reason

"""Redemption curves and the contract liability: worked by hand, and what holds whatever the figures."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.liability.contract import Book, Facts, Movement, advance, allocate, selling_price
from laoke.engine.liability.curves import PARTS, Cohort, Curve, Flow, Held, fit, interval, lapse_of, lapsing

# Two months of issue, seen at the end of month 2. Age 0: 100 of 1000 + 60 of 600 redeemed; age 1: 180 of 900 + 40 of
# 500 (40 were taken back); age 2: 288 of 720.
FIRST = Cohort(0, (Flow(1000, 100), Flow(0, 180), Flow(0, 288)))
SECOND = Cohort(1, (Flow(600, 60, 0, 40), Flow(0, 40)))


def test_a_curve_pools_the_months_of_issue_by_age():
    # Taken-back points leave the table: 60 of 560 at age 0; then 500 are open.
    assert fit([FIRST, SECOND], 1).hazards == (
        round(160 / 1560 * PARTS),
        round(220 / 1400 * PARTS),
        400_000_000,
    )


def test_points_lapse_that_no_month_of_their_life_redeems():
    curve = Curve((0, PARTS // 10, PARTS // 5, PARTS // 2))
    assert curve.lapsing(0, 3) == 360_000_000  # 0.9 x 0.8 x 0.5
    assert curve.lapsing(2, 3) == PARTS // 2
    assert lapse_of(curve, Held(5, 8, 1000), 7) == 500
    assert lapsing(curve, [Held(5, 8, 1000), Held(7, 10, 1000)], 7) == 860


def test_without_experience_no_breakage_is_counted_on():
    curve = fit([FIRST, SECOND], 1)
    assert curve.known(0, 2)
    assert not curve.known(0, 3)
    assert curve.lapsing(1, 3) == 0
    assert fit([]).lapsing(0, 1) == 0


def test_an_age_counts_as_seen_when_three_months_of_issue_had_points_there():
    third = Cohort(2, (Flow(100, 10),))
    assert fit([FIRST, SECOND]).hazards == (None, None, None)
    assert fit([FIRST, SECOND, third]).hazards == (round(170 / 1660 * PARTS), None, None)


def test_points_without_an_end_never_lapse_and_those_past_it_lapse_whole():
    curve = fit([FIRST, SECOND], 1)
    assert curve.lapsing(0, None) == 0
    assert curve.lapsing(3, 3) == PARTS


def test_an_interval_takes_three_months_of_issue_and_is_narrow_when_they_agree():
    def cohort(month, redeemed):
        return Cohort(month, (Flow(1000, 0), Flow(0, redeemed)))

    def figure(curve):
        return 1000 * curve.lapsing(0, 1) // PARTS

    assert interval([cohort(0, 300), cohort(1, 500)], figure, 1000) is None
    same = interval([cohort(0, 400), cohort(1, 400), cohort(2, 400)], figure, 1000)
    assert (same.low, same.high) == (600, 600)
    # Leaving one out gives 0.55, 0.6, 0.65: the standard error is sqrt(2/3 * 0.005) = 0.0577.
    wide = interval([cohort(0, 300), cohort(1, 400), cohort(2, 500)], figure, 1000)
    assert (wide.low, wide.high) == (487, 713)


def test_the_example_of_the_standard_comes_out_to_the_unit():
    # IFRS 15, Example 11: sales 100,000, 10,000 points of 1 each, 9,500 expected to be redeemed.
    assert allocate(100_000, selling_price(10_000, (1, 1), 950_000_000)) == 8_676
    issued, start = advance(Book(), Facts(10_000, 0, 0, 0, 0, 9_500), 100_000, (1, 1))
    assert start == Movement(deferral=8_676)
    # End of the first period: 4,500 redeemed, still 9,500 expected.
    first, moved = advance(issued, Facts(10_000, 0, 0, 4_500, 0, 5_000), 0, (1, 1))
    assert first.released_minor == 4_110
    assert first.liability_minor == 4_566
    assert moved == Movement(redemption=3_904, breakage=206)
    # End of the second: 8,500 redeemed in all, now 9,700 expected. 3,493 more, less true-up than plan.
    second, moved = advance(first, Facts(10_000, 0, 0, 8_500, 0, 1_200), 0, (1, 1))
    assert -moved.net == 3_493
    assert moved == Movement(redemption=3_470, breakage=183, true_up=-160)
    assert second.liability_minor == 1_073


def test_points_taken_back_take_their_deferral_along():
    book, _ = advance(Book(), Facts(1000, 0, 0, 0, 0, 1000), 100_000, (100, 100))
    assert book.liability_minor == 990  # 100,000 x 1,000 / 101,000
    back, moved = advance(book, Facts(1000, 0, 250, 0, 0, 750), 0, (100, 100))
    assert moved == Movement(taken_back=248)
    assert back.liability_minor == 742


def test_points_given_without_a_sale_are_an_expense_at_their_price():
    book, moved = advance(Book(), Facts(0, 500, 0, 0, 0, 400), 0, (100, 100))
    assert moved == Movement(grants=400)
    assert book.liability_minor == 400


parts = st.integers(0, 10_000)


@given(
    st.lists(st.tuples(parts, parts, parts, parts, parts, parts), min_size=1, max_size=8),
    st.integers(0, 10**9),
    st.tuples(st.integers(1, 500), st.integers(1, 500)),
)
def test_movements_sum_to_the_liability_which_is_never_negative_and_ends_at_nothing(steps, sales, worth):
    book, total = Book(), 0
    purchased = granted = withdrawn = redeemed = expired = 0
    for bought, given_, away, used, lapsed, likely in steps:
        purchased, granted = purchased + bought, granted + given_
        for_use = purchased + granted - withdrawn - redeemed - expired
        away = min(away, for_use)
        used = min(used, for_use - away)
        lapsed = min(lapsed, for_use - away - used)
        withdrawn, redeemed, expired = withdrawn + away, redeemed + used, expired + lapsed
        left = for_use - away - used - lapsed
        book, moved = advance(
            book, Facts(purchased, granted, withdrawn, redeemed, expired, min(likely, left)), sales, worth
        )
        total += moved.net
        assert book.liability_minor == total >= 0
    book, moved = advance(
        book, Facts(purchased, granted, withdrawn, redeemed, expired + left, 0), sales, worth
    )
    assert book.liability_minor == total + moved.net == 0
    again, nothing = advance(
        book, Facts(purchased, granted, withdrawn, redeemed, expired + left, 0), sales, worth
    )
    assert (again, nothing) == (book, Movement())


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(0, 1000)), max_size=12))
def test_more_time_to_redeem_never_makes_more_lapse(flows):
    left, seen = 1_000_000, []
    for redeemed, expired, withdrawn in flows:
        seen.append(Flow(0 if seen else left, redeemed, expired, withdrawn))
    curve = fit([Cohort(0, tuple(seen))], 1)
    shares = [curve.lapsing(0, until) for until in range(1, len(flows))]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= PARTS for share in shares)

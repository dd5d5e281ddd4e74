"""Days and refunds of paid memberships, to the day and to the minor unit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.memberships import Length, RefundTerms, Term, Then, credit, days_for, refund
from laoke.kernel.rounding import Rounding

MONTH, YEAR = Length(months=1), Length(months=12)
FIRST = date(2026, 3, 10)
TERM = Term(FIRST, date(2027, 3, 9), FIRST, 36500)


@pytest.mark.parametrize(
    ("length", "first", "lasts"),
    [
        (MONTH, date(2026, 1, 31), ["2026-02-27", "2026-03-30", "2026-04-29", "2026-05-30"]),
        (MONTH, date(2028, 1, 30), ["2028-02-28", "2028-03-29", "2028-04-29"]),
        (Length(months=3), date(2026, 11, 30), ["2027-02-27", "2027-05-29", "2027-08-29"]),
        (YEAR, date(2028, 2, 29), ["2029-02-27", "2030-02-27", "2031-02-27", "2032-02-28"]),
        (YEAR, date(2026, 3, 10), ["2027-03-09", "2028-03-09"]),
        (Length(days=30), date(2026, 1, 31), ["2026-03-01", "2026-03-31"]),
        (Length(days=1), date(2026, 12, 31), ["2026-12-31", "2027-01-01"]),
    ],
)
def test_terms_follow_one_another_by_the_day_of_the_month_they_began_on(length, first, lasts):
    begin, found = first, []
    for _ in lasts:
        last = length.last(begin, first.day)
        found.append(last.isoformat())
        begin = last + timedelta(days=1)
    assert found == lasts


@pytest.mark.parametrize(
    ("policy", "days", "minor", "reason"),
    [
        # 365 days for 365 yuan: a yuan a day, and the day that has begun is used.
        (RefundTerms(), 0, 36400, None),
        (RefundTerms(), 99, 26500, None),
        (RefundTerms(), 363, 100, None),
        (RefundTerms(), 364, 0, "over"),
        (RefundTerms(), 400, 0, "over"),
        (RefundTerms(full_days=7), 6, 36500, None),
        (RefundTerms(full_days=7), 7, 35700, None),
        (RefundTerms(full_days=7, then=Then.NOTHING), 6, 36500, None),
        (RefundTerms(full_days=7, then=Then.NOTHING), 7, 0, "no_refunds"),
        (RefundTerms(then=Then.NOTHING), 0, 0, "no_refunds"),
    ],
)
def test_what_comes_back(policy, days, minor, reason):
    found = refund([TERM], FIRST + timedelta(days=days), policy)
    assert (found.minor, found.reason) == (minor, reason)


@pytest.mark.parametrize(
    ("rounding", "minor"),
    [("down", 4999), ("half_down", 4999), ("half_up", 5000), ("half_even", 5000), ("up", 5000)],
)
def test_a_part_is_rounded_as_the_plan_says(rounding, minor):
    # Half of 99.99: fifteen of thirty days.
    term = Term(FIRST, FIRST + timedelta(days=29), FIRST, 9999)
    assert (term.days, term.unused(FIRST + timedelta(days=14))) == (30, 15)
    assert refund([term], FIRST + timedelta(days=14), RefundTerms(rounding=Rounding(rounding))).minor == minor


def test_every_payment_has_its_own_days():
    renewed = [TERM, Term(date(2027, 3, 10), date(2028, 3, 8), date(2027, 3, 1), 36500)]
    found = refund(renewed, date(2027, 3, 7), RefundTerms(full_days=7))
    assert [(part.unused, part.minor, part.full) for part in found.parts] == [
        (2, 200, False),
        (365, 36500, True),
    ]
    assert refund(renewed, date(2027, 3, 8), RefundTerms(full_days=7)).minor == 100 + 36500
    # Everything back once and bought again: by the day.
    assert refund(renewed, date(2027, 3, 7), RefundTerms(full_days=7), may_be_full=False).minor == 200 + 36500
    assert refund([TERM], FIRST, RefundTerms(full_days=7), may_be_full=False).minor == 36400


def test_benefits_used_are_taken_off_and_never_more():
    policy = RefundTerms(less_benefits=True)
    assert refund([TERM], FIRST, policy, benefits_minor=1400).minor == 35000
    nothing = refund([TERM], FIRST, policy, benefits_minor=50000)
    assert (nothing.minor, nothing.benefits_minor, nothing.reason) == (0, 36400, "benefits")
    assert refund([TERM], FIRST, RefundTerms(), benefits_minor=1400).minor == 36400
    assert refund([TERM._replace(worth_minor=0)], FIRST, policy).reason == "free"


def test_a_worth_in_days_of_another():
    assert days_for(36500, TERM) == 365
    assert days_for(199, TERM) == 1
    assert days_for(36500, TERM._replace(worth_minor=0)) == 0


DAYS = st.integers(0, 800)
TERMS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 100_000), st.integers(0, 60)), min_size=1, max_size=4
)
POLICIES = st.builds(
    RefundTerms, st.integers(0, 40), st.sampled_from(Then), st.sampled_from(Rounding), st.booleans()
)


def laid_out(lengths):
    first, found = FIRST, []
    for days, worth, early in lengths:
        last = first + timedelta(days=days - 1)
        found.append(Term(first, last, first - timedelta(days=early), worth))
        first = last + timedelta(days=1)
    return found


@given(TERMS, POLICIES, DAYS, st.integers(0, 20_000), st.booleans())
def test_back_and_used_are_what_was_paid(lengths, policy, days, benefits, may_be_full):
    terms, today = laid_out(lengths), FIRST + timedelta(days=days)

    def back(terms, today=today):
        return refund(terms, today, policy, may_be_full=may_be_full, benefits_minor=benefits).minor

    paid = sum(term.worth_minor for term in terms)
    found = refund(terms, today, policy, may_be_full=may_be_full, benefits_minor=benefits)
    kept = sum(part.term.worth_minor - part.minor for part in found.parts)
    over = sum(term.worth_minor for term in terms if not term.unused(today))
    assert 0 <= found.minor <= paid
    assert found.minor + found.benefits_minor + kept + over == paid
    assert (found.minor == 0) == (found.reason is not None)
    # Another term only ever adds; a day later only ever takes off.
    assert back(terms) >= back(terms[:-1])
    assert back(terms, today + timedelta(days=1)) <= back(terms)
    assert credit(terms, today) <= paid

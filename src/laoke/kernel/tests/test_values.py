"""Money, points, quantities, rounding, calendar: exact, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.kernel.calendar import add_months, months_before, quarter_start, start_of_day
from laoke.kernel.money import Money, format_minor, parse_minor
from laoke.kernel.points import Points
from laoke.kernel.quantity import format_milli, parse_milli
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.kernel.sharing import share_out, share_so_far


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.50", "CNY", 1250),
        ("-0.05", "CNY", -5),
        ("100", "JPY", 100),
        ("1.005", "KWD", 1005),
        (7, "CNY", 700),
        ("1e2", "CNY", 10_000),
    ],
)
def test_amounts_are_read_exactly(text, currency, minor):
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "abc", "1.001", "nan", "inf", "1e30", "12,50", "１２,3"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError):
        parse_minor(text, "CNY")


@given(st.integers(-(10**12), 10**12))
def test_amounts_are_written_as_they_are_read(minor):
    assert parse_minor(format_minor(minor, "CNY"), "CNY") == minor


@given(st.integers(-(10**9), 10**9))
def test_quantities_are_written_as_they_are_read(milli):
    assert parse_milli(format_milli(milli)) == milli


def test_money_of_two_currencies_is_never_added():
    with pytest.raises(ValueError, match="CNY and USD"):
        Money(1, "CNY") + Money(1, "USD")


@pytest.mark.parametrize("wrong", [1.0, "1", True, None])
def test_money_and_points_take_ints_only(wrong):
    with pytest.raises(TypeError):
        Money(wrong, "CNY")
    with pytest.raises(TypeError):
        Points(wrong)


ROUNDED = """
    # ratio  half_up  half_down  half_even  down  up
    5/2      3        2          2          2     3
    7/2      4        3          4          3     4
    -5/2     -3       -2         -2         -2    -3
    1/3      0        0          0          0     1
    2/3      1        1          1          0     1
    -1/3     0        0          0          0     -1
    6/3      2        2          2          2     2
"""


@pytest.mark.parametrize(
    "row", [line.split() for line in ROUNDED.strip().splitlines()[1:]], ids=lambda row: row[0]
)
def test_rounding_by_name(row):
    numerator, denominator = map(int, row[0].split("/"))
    modes = ("half_up", "half_down", "half_even", "down", "up")
    found = [str(round_ratio(numerator, denominator, Rounding(mode))) for mode in modes]
    assert found == row[1:]


@given(st.integers(-(10**9), 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_shares_sum_to_the_whole(total, weights):
    if not sum(weights) and total:
        with pytest.raises(ValueError):
            share_out(total, weights)
        return
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)
    for part, weight in zip(parts, weights, strict=True):
        if sum(weights):
            assert abs(part * sum(weights) - total * weight) < sum(weights)


@given(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_steps_of_a_whole_sum_to_it_whatever_their_order(whole, steps):
    total, given_back, done = sum(steps), 0, 0
    for step in steps:
        done += step
        now = share_so_far(whole, done, total)
        assert now >= given_back
        given_back = now
    assert given_back == whole


MONTHS = [
    (date(2026, 1, 31), 1, date(2026, 2, 28)),
    (date(2024, 1, 31), 1, date(2024, 2, 29)),
    (date(2026, 3, 15), -3, date(2025, 12, 15)),
    (date(2026, 5, 31), -3, date(2026, 2, 28)),
    (date(2026, 12, 1), 1, date(2027, 1, 1)),
]


@pytest.mark.parametrize(("day", "months", "expected"), MONTHS)
def test_months_are_calendar_months(day, months, expected):
    assert add_months(day, months) == expected


def test_windows_start_at_midnight_of_the_shop():
    zone = ZoneInfo("Asia/Shanghai")
    # 23:30 UTC on the 9th is already the 10th in Shanghai.
    at = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    assert months_before(at, 3, zone) == datetime(2025, 12, 9, 16, 0, tzinfo=UTC)
    assert start_of_day(date(2026, 3, 10), zone).astimezone(UTC) == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
    assert quarter_start(date(2026, 5, 20)) == date(2026, 4, 1)

"""The way along a plan, worked by hand and in general."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.review.plans import Plan, standing

# A year from 38.0 % to 51.3 %; and one where less is better.
UP = Plan("repurchase_90", 3800, 5130, date(2026, 3, 1), date(2027, 2, 28))
DOWN = Plan("high_value_churn", 2200, 1650, date(2026, 3, 1), date(2027, 2, 28))

STORY = """
    # plan  day         value  way    notch  planned  ahead  off
    up      2026-02-28  3800   0      0      3800     0      no
    up      2026-11-18  4760   0.722  0.721  4758.3   1.7    no
    up      2026-11-18  4530   0.549  0.721  4758.3   -228.3 no   # 4.8 % of the planned value
    up      2026-11-18  4520   0.541  0.721  4758.3   -238.3 yes  # 5.008 %
    up      2027-02-28  5130   1      1      5130     0      no
    up      2028-01-01  5000   0.902  1      5130     -130   no
    down    2026-11-18  1740   0.836  0.721  1803.7   63.7   no
    down    2026-11-18  1900   0.545  0.721  1803.7   -96.3  yes
"""


@pytest.mark.parametrize("row", [line.split("#")[0].split() for line in STORY.strip().splitlines()[1:]])
def test_where_a_value_stands(row):
    plan, day, value, way, notch, planned, ahead, off = row
    found = standing(UP if plan == "up" else DOWN, Fraction(value), date.fromisoformat(day))
    assert (f"{float(found.way):.3f}", f"{float(found.notch):.3f}") == (
        f"{float(way):.3f}",
        f"{float(notch):.3f}",
    )
    assert round(float(found.planned), 1) == float(planned)
    assert round(float(found.ahead), 1) == float(ahead)
    assert found.off == (off == "yes")


def test_the_deviation_is_how_far_behind():
    assert standing(UP, Fraction(9999), date(2026, 11, 18)).deviation == 0
    assert standing(UP, Fraction(2565), date(2027, 2, 28)).deviation == Fraction(1, 2)


values = st.integers(min_value=0, max_value=10_000)


@given(
    ends=st.lists(values, min_size=2, max_size=2, unique=True),
    length=st.integers(min_value=1, max_value=800),
    passed=st.integers(min_value=-50, max_value=900),
    value=values,
)
def test_right_is_always_good(ends, length, passed, value):
    start = date(2026, 1, 1)
    plan = Plan("x", ends[0], ends[1], start, start + timedelta(days=length))
    day = start + timedelta(days=passed)
    found = standing(plan, Fraction(value), day)
    assert 0 <= found.notch <= 1
    assert min(ends) <= found.planned <= max(ends)
    # In front of the notch on the track means ahead of the plan in words, whichever direction is good.
    assert (found.way > found.notch) == (found.ahead > 0)
    assert (found.way == found.notch) == (found.ahead == 0)
    assert not (found.off and found.ahead >= 0)

"""Where windows begin and what they lose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laoke.engine.tiering import Anchors, Span, Window

SHANGHAI = ZoneInfo("Asia/Shanghai")
MEMBER = Anchors(date(2024, 2, 29), date(2026, 1, 5), date(2025, 12, 31))

STARTS = [
    (Window(months=3), "2026-02-15"),
    (Window(days=90), "2026-02-14"),
    (Window(days=90, span=Span.LAST_DAYS), "2026-02-15"),
    (Window(days=1, span=Span.LAST_DAYS), "2026-05-15"),
    (Window(span=Span.CALENDAR_MONTH), "2026-05-01"),
    (Window(span=Span.CALENDAR_QUARTER), "2026-04-01"),
    (Window(span=Span.CALENDAR_YEAR), "2026-01-01"),
    (Window(span=Span.MEMBERSHIP_YEAR), "2026-02-28"),
    (Window(span=Span.SINCE_TIER), "2026-01-06"),
    (Window(span=Span.PERIOD), "2026-01-01"),
]


@pytest.mark.parametrize(("window", "day"), STARTS, ids=[str(number) for number in range(len(STARTS))])
def test_a_window_begins_at_midnight_of_its_first_day(window, day):
    at = datetime(2026, 5, 15, 18, 30, tzinfo=SHANGHAI)
    assert window.start(at, SHANGHAI, MEMBER) == datetime.fromisoformat(f"{day}T00:00:00+08:00")
    assert window.of_member == (window.span in (Span.MEMBERSHIP_YEAR, Span.SINCE_TIER, Span.PERIOD))


def test_an_anniversary_that_is_to_come_this_year_has_last_year_s_window():
    window = Window(span=Span.MEMBERSHIP_YEAR)
    day = datetime(2026, 2, 27, 12, tzinfo=UTC)
    assert window.start(day, UTC, MEMBER) == datetime(2025, 2, 28, tzinfo=UTC)
    first = Anchors(date(2026, 2, 1), date(2026, 2, 1), None)
    assert window.start(day, UTC, first) == datetime(2026, 2, 1, tzinfo=UTC)


def test_the_window_of_a_member_is_not_known_without_the_member():
    with pytest.raises(ValueError, match="for each member"):
        Window(span=Span.SINCE_TIER).start(datetime(2026, 1, 1, tzinfo=UTC), UTC)


@given(
    st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    st.one_of(
        st.integers(1, 24).map(lambda months: Window(months=months)),
        st.integers(1, 800).map(lambda days: Window(days=days)),
        st.integers(1, 800).map(lambda days: Window(days=days, span=Span.LAST_DAYS)),
    ),
)
def test_what_was_done_counts_through_its_last_day_and_not_after(day, window):
    last = window.last_day_of(day)
    done = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    def counts(today: date) -> bool:
        return window.start(datetime(today.year, today.month, today.day, 23, tzinfo=UTC), UTC) <= done

    assert counts(last)
    assert not counts(last + timedelta(days=1))


BEFORE = [
    (Window(months=3), "2026-10-01"),
    (Window(days=31), "2026-12-01"),
    (Window(span=Span.CALENDAR_MONTH), "2026-12-01"),
    (Window(span=Span.CALENDAR_QUARTER), "2026-10-01"),
    (Window(span=Span.CALENDAR_YEAR), "2026-01-01"),
]


@pytest.mark.parametrize(("window", "day"), BEFORE, ids=[str(number) for number in range(len(BEFORE))])
def test_a_review_judges_the_window_that_ended_before_its_day(window, day):
    new_year = datetime(2027, 1, 1, tzinfo=SHANGHAI)
    assert window.start_before(new_year, SHANGHAI) == datetime.fromisoformat(f"{day}T00:00:00+08:00")


def test_windows_of_the_calendar_end_for_everybody_at_once():
    today = date(2026, 11, 22)
    ends = [
        Window(span=span).end(today)
        for span in (Span.CALENDAR_MONTH, Span.CALENDAR_QUARTER, Span.CALENDAR_YEAR, Span.LIFETIME)
    ]
    assert ends == [date(2026, 12, 1), date(2027, 1, 1), date(2027, 1, 1), None]


SOUND = [
    (Window(), False),
    (Window(months=1, days=1), False),
    (Window(months=-1), False),
    (Window(months=1, span=Span.LAST_DAYS), False),
    (Window(days=1, span=Span.LIFETIME), False),
    (Window(span=Span.LIFETIME), True),
    (Window(days=7), True),
]


@pytest.mark.parametrize(("window", "sound"), SOUND, ids=[str(number) for number in range(len(SOUND))])
def test_a_window_has_the_length_its_span_needs(window, sound):
    assert window.sound is sound

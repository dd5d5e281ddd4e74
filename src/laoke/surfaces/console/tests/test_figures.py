"""How figures are written in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation

from laoke.surfaces.console.naming import face
from laoke.surfaces.console.templatetags import figures


@pytest.mark.parametrize(
    ("minor", "full", "chinese", "english"),
    [
        (None, "--", "--", "--"),
        (0, "¥0.00", "¥0", "¥0"),
        (123_450, "¥1,234.50", "¥1,234", "¥1,234"),
        (-5, "−¥0.05", "−¥0", "−¥0"),
        (999_999, "¥9,999.99", "¥10,000", "¥10,000"),
        (12_345_678, "¥123,456.78", "¥12.3 万", "¥123.5K"),
        (1_234_567_890_12, "¥1,234,567,890.12", "¥12.3 亿", "¥1.23B"),
    ],
)
def test_money(minor, full, chinese, english):
    assert figures.money(minor) == full
    with translation.override("zh-hans"):
        assert figures.money_short(minor) == chinese
    with translation.override("en"):
        assert figures.money_short(minor) == english


def test_numbers_shares_and_days():
    assert figures.number(-1234567) == "−1,234,567"
    assert figures.signed(120) == "+120"
    assert figures.signed(-80) == "−80"
    assert figures.percent(0.4761) == "47.6%"
    assert figures.percent(None) == "--"
    # An instant shortly before midnight in London is the next day in the shop.
    assert figures.clock(datetime(2026, 3, 1, 23, 30, tzinfo=UTC)) == "2026-03-02 07:30"


def test_spans_say_how_far_they_reach():
    with translation.override("en"):
        assert figures.days_span(0, 14) == "0–14 days"
        assert figures.days_span(120, None) == "120+ days"
        assert figures.orders_span(2, 2) == "2 orders"
        assert figures.orders_span(None, None) == "--"


def test_tracks_stay_within_their_bed():
    assert 'width="100.0%" height="6"' in figures.track(7, 5)
    assert 'width="0.0%" height="6"' in figures.track(None, 0)
    assert 'class="notch" x="50.0%"' in figures.track(1, 4, 2)
    assert "notch" not in figures.track(1, 4)


@pytest.mark.parametrize(
    ("rungs", "faces"),
    [
        (1, "plain"),
        (2, "plain gold"),
        (3, "plain silver gold"),
        (4, "plain silver gold diamond"),
        (5, "plain silver silver gold diamond"),
    ],
)
def test_the_faces_of_ladders(rungs, faces):
    assert [face(rank, rungs) for rank in range(rungs)] == faces.split()


@pytest.mark.parametrize(
    ("written", "chinese", "english"),
    [
        ("piece", "件", "piece"),
        ("件", "件", "piece"),
        ("Boxes", "盒", "box"),
        ("kg", "kg", "kg"),
        ("打", "打", "打"),
        ("", "", ""),
    ],
)
def test_units_of_products(written, chinese, english):
    with translation.override("zh-hans"):
        assert figures.unit(written) == chinese
    with translation.override("en"):
        assert figures.unit(written) == english


@pytest.mark.parametrize(
    ("written", "chinese", "english"),
    [
        ("12 roll", "12 卷", "12 rolls"),
        ("1卷", "1 卷", "1 roll"),
        ("900 g", "900 g", "900 g"),
        ("two of a kind", "two of a kind", "two of a kind"),
        ("", "", ""),
    ],
)
def test_what_a_unit_holds(written, chinese, english):
    with translation.override("zh-hans"):
        assert figures.pack(written) == chinese
    with translation.override("en"):
        assert figures.pack(written) == english


def test_who_acted():
    with translation.override("zh-hans"):
        assert figures.actor("system") == "系统"
        assert figures.actor("system-2") == "system-2"

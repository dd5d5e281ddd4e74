"""Goods brought back in the history: whole, partial, in the batch of their order or years later."""

from __future__ import annotations

import pytest

from laoke.surfaces.importing.tests.conftest import HEADER, ORDERS, ask, everything, reported

pytestmark = pytest.mark.django_db
TEXT = ORDERS + "    returns: negative_quantity\n"
WITH = ("gross: 原价", "gross: 原价\n  original_order: 原单\n  original_store: 原店\n  return_reason: 原因")
COLUMNS = (*HEADER, "原单", "原店", "原因")
SOLD = [
    ("A1", "2026-01-05 10:00", "S1", "card-1", "milk", "2", "30.00", "30.00", "", "", ""),
    ("A1", "2026-01-05 10:00", "S1", "card-1", "rice", "1", "10.00", "10.00", "", "", ""),
    ("A1", "2026-01-05 10:00", "S1", "card-1", "milk", "1", "15.00", "15.00", "", "", ""),
]


def back(number, quantity, product="milk", order="A1", at="2026-01-08 10:00", store="S1", origin=""):
    return (number, at, store, "card-1", product, quantity, "-15", "-15", order, origin, "坏了")


def returned():
    return ask(
        "select r.return_no, r.returned_minor, r.refunded_minor, r.points_clawed_back, r.reason "
        "from purchases_orderreturn r order by r.returned_at, r.return_no"
    )


def test_part_of_an_order_comes_back_with_its_points(bring, rows_file):
    outcome = bring(rows_file([*SOLD, back("R1", "-1"), back("R1", "-1", "rice")], COLUMNS), TEXT, WITH)
    assert (outcome.added, outcome.returns, outcome.report) == (1, 1, None)
    assert returned() == [("R1", 2500, 2500, 25, "坏了")]
    assert ask("select balance from points_account") == [(30,)]


def test_what_stands_on_two_lines_comes_back_from_one_after_the_other(bring, rows_file):
    rows = [*SOLD, back("R1", "-1"), back("R2", "-2", at="2026-01-09 10:00")]
    assert bring(rows_file(rows, COLUMNS), TEXT, WITH).returns == 2
    assert ask("select line_no, returned_milli from purchases_orderline order by line_no") == [
        (1, 2000),
        (2, 0),
        (3, 1000),
    ]
    assert ask("select balance from points_account") == [(10,)]


def test_a_later_file_brings_back_what_an_earlier_one_sold(bring, rows_file):
    bring(rows_file(SOLD, COLUMNS), TEXT, WITH)
    later = rows_file([back("R1", "-2"), back("R2", "-1", at="2026-01-09 10:00")], COLUMNS, "later.csv")
    outcome = bring(later, TEXT, WITH)
    assert (outcome.added, outcome.returns, outcome.report) == (0, 2, None)
    before = everything()
    assert bring(later, TEXT, WITH).returns == 0
    assert everything() == before
    assert ask("select line_no, returned_milli from purchases_orderline order by line_no") == [
        (1, 2000),
        (2, 0),
        (3, 1000),
    ]


def test_goods_come_back_in_another_store_and_by_a_mixed_receipt(bring, rows_file):
    rows = [
        *SOLD,
        ("B1", "2026-01-08 10:00", "S2", "card-1", "tea", "1", "8", "8", "", "", ""),
        back("B1", "-1", store="S2", origin="S1"),
    ]
    outcome = bring(rows_file(rows, COLUMNS), TEXT, WITH)
    assert (outcome.added, outcome.returns, outcome.report) == (2, 1, None)
    assert returned() == [("B1", 1500, 1500, 15, "坏了")]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (back("R1", "-4"), "quantity", "more comes back than is left of order A1"),
        (back("R1", "-1", order="A9"), "original_order", "there is no order A9 in that store"),
        (back("R1", "-1", order=""), "original_order", "the order they were bought with is not named"),
        (back("R1", "-1", product="tea"), "product", "order A1 has no line of this product"),
        (back("R1", "-1", at="2026-01-04 10:00"), "placed_at", "come back before order A1 sold them"),
        (back("R1", "-1", origin="S9"), "original_order", "there is no order A1 in that store"),
    ],
)
def test_what_cannot_come_back_is_told(bring, rows_file, row, field, reason):
    sold = [*SOLD, ("A2", "2026-01-05 10:00", "S1", "", "tea", "1", "8", "8", "", "", "")]
    outcome = bring(rows_file([*sold, row], COLUMNS), TEXT, WITH)
    assert (outcome.added, outcome.returns) == (2, 0)
    told = {entry[2]: entry[3] for entry in reported(outcome)}
    assert reason in told[field]
    assert ask("select sum(returned_milli) from purchases_orderline") == [(0,)]


def test_a_dry_run_tells_the_same_of_returns(bring, rows_file):
    rows = [*SOLD, back("R1", "-1"), back("R2", "-3", at="2026-01-09 10:00")]
    before = everything()
    outcome = bring(rows_file(rows, COLUMNS), TEXT, WITH, dry_run=True)
    assert [(entry[1], entry[2]) for entry in reported(outcome)] == [("6", "quantity")]
    assert everything() == before

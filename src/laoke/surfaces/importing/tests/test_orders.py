"""Orders: from rows to points, lots, tiers; what cannot be used is told and the rest goes in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.surfaces.importing.errors import ImportRunning, WrongCurrency
from laoke.surfaces.importing.tests.conftest import HEADER, NOW, ORDERS, ask, everything, places, reported

pytestmark = pytest.mark.django_db
GOOD = [
    ("A1", "2026-01-05 10:00", "S1", "card-1", "milk", "2", "25.00", "30.00"),
    ("A1", "2026-01-05 10:00", "S1", "card-1", "rice", "0.456", "9.99", "9.99"),
    ("A2", "2026-01-06 11:30", "S1", "", "milk", "1", "15", "15"),
    ("A1", "2026-01-07 09:15", "S2", "card-2", "milk", "1", "15.00", "15.00"),
]


def test_orders_go_in_as_if_they_had_been_live(bring, rows_file, scored):
    outcome = bring(rows_file(GOOD))
    assert (outcome.rows, outcome.things, outcome.added, outcome.lines) == (4, 3, 3, 4)
    assert outcome.created == {"stores": 2, "channels": 1, "products": 2, "members": 2}
    assert outcome.report is None
    assert ask(
        "select s.code, o.order_no, o.placed_at, o.items_minor, o.discount_minor, o.total_minor, o.points_earned, "
        "o.source from purchases_order o join purchases_store s on s.id = o.store_id order by o.placed_at"
    ) == [
        ("S1", "A1", datetime(2026, 1, 5, 2, tzinfo=UTC), 3999, 500, 3499, 34, "import"),
        ("S1", "A2", datetime(2026, 1, 6, 3, 30, tzinfo=UTC), 1500, 0, 1500, 0, "import"),
        ("S2", "A1", datetime(2026, 1, 7, 1, 15, tzinfo=UTC), 1500, 0, 1500, 15, "import"),
    ]
    assert ask(
        "select p.sku, l.quantity_milli, l.unit_price_minor, l.gross_minor, l.discount_minor, l.net_minor "
        "from purchases_orderline l join purchases_product p on p.id = l.product_id order by l.order_id, l.line_no"
    )[:2] == [("milk", 2000, 1500, 3000, 500, 2500), ("rice", 456, 2191, 999, 0, 999)]
    assert ask("select accrued_at, expires_at, points, remaining from points_lot order by accrued_at") == [
        (datetime(2026, 1, 5, 2, tzinfo=UTC), datetime(2027, 1, 5, 16, tzinfo=UTC), 34, 34),
        (datetime(2026, 1, 7, 1, 15, tzinfo=UTC), datetime(2027, 1, 7, 16, tzinfo=UTC), 15, 15),
    ]
    assert ask("select registered_at from members_member order by 1") == [
        (datetime(2026, 1, 5, 2, tzinfo=UTC),),
        (datetime(2026, 1, 7, 1, 15, tzinfo=UTC),),
    ]
    assert scored == [date(2026, 7, 1)]


def test_a_second_run_adds_nothing(bring, rows_file):
    file = rows_file(GOOD)
    bring(file)
    before = everything()
    outcome = bring(file)
    assert (outcome.things, outcome.known, outcome.added, outcome.lines, outcome.created) == (3, 3, 0, 0, {})
    assert everything() == before


def test_a_longer_file_adds_what_is_new(bring, rows_file):
    bring(rows_file(GOOD[:2]))
    outcome = bring(rows_file(GOOD))
    assert (outcome.known, outcome.added) == (1, 2)
    assert ask("select count(*) from members_member") == [(2,)]


def test_a_dry_run_finds_the_same_and_leaves_nothing(bring, rows_file, home, scored):
    bad = [("B1", "2026-01-05 10:00", "S1", "card-1", "milk", "1", "abc", "3")]
    before = everything()
    outcome = bring(rows_file([*GOOD, *bad]), dry_run=True)
    assert (outcome.things, outcome.known, outcome.added, outcome.left_out) == (3, 0, 0, 1)
    assert everything() == before
    assert scored == []
    assert places(outcome) == [("6", "paid"), ("6", "order_no")]
    assert [path.name for path in (home / "imports").iterdir()] == [outcome.report.name]


def test_one_bad_line_leaves_its_order_out_and_the_others_go_in(bring, rows_file):
    rows = [*GOOD, ("A2", "2026-01-06 11:30", "S1", "", "milk", "-1", "15", "15")]
    outcome = bring(rows_file(rows))
    assert (outcome.added, outcome.left_out) == (2, 1)
    assert reported(outcome) == [
        (
            "orders.csv",
            "4",
            "order_no",
            "order A2 is left out as a whole, because rows of it cannot be used",
            "A2",
        ),
        (
            "orders.csv",
            "6",
            "quantity",
            "is below zero; if these are returns, say so with the columns (returns: negative_quantity)",
            "-1",
        ),
    ]
    assert ask("select order_no from purchases_order order by placed_at") == [("A1",), ("A1",)]


@pytest.mark.parametrize(
    ("place", "value", "field", "reason"),
    [
        (0, "", "order_no", "is empty"),
        (0, "x" * 65, "order_no", "is longer than the 64"),
        (0, "a\tb", "order_no", "cannot be printed"),
        (1, "yesterday", "placed_at", "is not a point in time"),
        (1, "2026-01-05", "placed_at", "has no time of day"),
        (1, "1989-12-31 10:00", "placed_at", "lies before 1990"),
        (1, "2026-07-01 12:01", "placed_at", "lies after the day"),
        (1, "9999999-01-01 00:00", "placed_at", "is not a point in time"),
        (2, "", "store", "is empty"),
        (3, "x" * 41, "member", "40"),
        (4, "s" * 61, "product", "is longer than the 60"),
        (5, "0", "quantity", "is zero"),
        (5, "1.2345", "quantity", "has more decimals"),
        (5, "1000001", "quantity", "is larger than anything"),
        (5, "NaN", "quantity", "is not a number"),
        (6, "-0.01", "paid", "is below zero"),
        (6, "1.001", "paid", "has more decimals than are kept (2)"),
        (6, "1.0000001", "paid", "is not a number"),
        (6, "999999999999", "paid", "is larger than anything"),
        (6, "1e400", "paid", "is not a number"),
        (7, "24.99", "paid", "more is due for the line than its value"),
        (7, "-1", "gross", "is below zero"),
    ],
)
def test_every_mistake_is_told_with_its_place(bring, rows_file, place, value, field, reason):
    row = list(GOOD[0])
    row[place] = value
    outcome = bring(rows_file([row, GOOD[2]]))
    told = {entry[2]: entry for entry in reported(outcome) if entry[3].find("left out as a whole") < 0}
    assert told[field][:3] == ("orders.csv", "2", field)
    assert reason in told[field][3]
    assert ask("select order_no from purchases_order") == [("A2",)]
    # Who is a member never stands in a report.
    assert not any("card-1" in cell for entry in reported(outcome) for cell in entry)


@pytest.mark.parametrize("thing", ["members", "products", "stores", "channels"])
def test_what_is_unknown_is_refused_unless_it_may_be_made(bring, rows_file, thing):
    outcome = bring(rows_file(GOOD[:1]), ORDERS, (f"{thing}: create", f"{thing}: reject"))
    (first, _) = reported(outcome)
    assert first[2] == thing.removesuffix("s")
    assert f"no such {thing.removesuffix('s')}" in first[3]
    assert ask("select count(*) from purchases_order") == [(0,)]


def test_sql_and_html_in_names_stay_plain_text(bring, rows_file):
    name = "'; drop table purchases_order; --"
    script = "<script>alert(1)</script>"
    rows = [(name, "2026-01-05 10:00", script, "Robert'); --", "{{7*7}}", "1", "5", "5")]
    bring(rows_file(rows))
    assert ask("select order_no from purchases_order") == [(name,)]
    assert ask("select code, name from purchases_store") == [(script, script)]
    assert ask("select sku from purchases_product") == [("{{7*7}}",)]
    assert ask("select value_masked from members_identity")[0][0] != "Robert'); --"


def test_reasons_are_told_in_the_language_of_the_shop(bring, rows_file):
    row = list(GOOD[0])
    row[5] = "0"
    with translation.override("zh-hans"):
        outcome = bring(rows_file([row]))
    assert outcome.report is not None
    header, entry, _left_out = outcome.report.read_text(encoding="utf-8-sig").splitlines()
    assert header == "文件,行号,文件中的列,字段,问题,代码,原值"
    assert entry == "orders.csv,2,数量,数量,为零；每一行都要有数量,not-positive,0"


def test_a_formula_in_the_report_is_harmless(bring, rows_file):
    rows = [("=cmd|' /C calc'!A0", "2026-01-05 10:00", "S1", "", "milk", "=1+1", "5", "5")]
    outcome = bring(rows_file(rows))
    assert [entry[4] for entry in reported(outcome)] == ["'=1+1", "'=cmd|' /C calc'!A0"]


def test_rows_of_one_order_must_agree_or_the_first_wins(bring, rows_file):
    rows = [GOOD[0], ("A1", "2026-01-05 10:05", "S1", "card-9", "rice", "1", "9", "9")]
    outcome = bring(rows_file(rows))
    assert [entry[1:4] for entry in reported(outcome)] == [
        ("2", "order_no", "order A1 is left out as a whole, because rows of it cannot be used"),
        (
            "3",
            "member",
            "the rows of one order differ here; the first row can be made to count (headers: first)",
        ),
        (
            "3",
            "placed_at",
            "the rows of one order differ here; the first row can be made to count (headers: first)",
        ),
    ]
    assert ask("select count(*) from purchases_order") == [(0,)]
    outcome = bring(rows_file(rows), ORDERS + "    headers: first\n")
    assert (outcome.added, outcome.lines) == (1, 2)
    assert ask("select placed_at from purchases_order") == [(datetime(2026, 1, 5, 2, tzinfo=UTC),)]


def test_an_order_that_is_in_with_another_amount_is_told(bring, rows_file):
    bring(rows_file(GOOD))
    changed = [("A2", "2026-01-06 11:30", "S1", "", "milk", "1", "14", "15")]
    outcome = bring(rows_file(changed))
    assert (outcome.known, outcome.added) == (1, 0)
    assert reported(outcome)[0][3] == "order A2 is in already, with another amount; it was left as it is"
    assert ask("select total_minor from purchases_order where order_no = 'A2'") == [(1500,)]


def test_points_expire_and_tiers_are_reviewed_up_to_the_day(bring, rows_file, scored):
    ladder = {
        "tiers": [
            {"code": "basic"},
            {"code": "gold", "needs": [{"metric": "spend", "months": 3, "at_least": 10000}]},
        ],
    }
    programme.apply(SYSTEM, {"ladder": ladder}, at=NOW)
    rows = [
        ("A1", "2025-02-01 10:00", "S1", "card-1", "milk", "1", "60", "60"),
        ("A2", "2025-03-01 10:00", "S1", "card-1", "milk", "1", "60", "60"),
        ("A3", "2025-12-01 10:00", "S1", "card-1", "milk", "1", "5", "5"),
    ]
    outcome = bring(rows_file(rows), as_of=date(2026, 2, 10))
    assert ask("select to_tier, at, cause from tiers_tierchange order by id")[1:] == [
        ("gold", datetime(2025, 3, 1, 2, tzinfo=UTC), "threshold_reached"),
        ("basic", datetime(2025, 6, 30, 16, tzinfo=UTC), "review_downgraded"),
    ]
    assert outcome.points_expired == 60  # the lot of 1 February 2025, a year and a day later
    assert ask("select balance, earned_total, expired_total from points_account") == [(65, 125, 60)]
    assert outcome.as_of == date(2026, 2, 10)
    assert scored == [date(2026, 2, 10)]


def test_orders_after_the_day_are_refused(bring, rows_file):
    outcome = bring(rows_file(GOOD), as_of=date(2026, 1, 6))
    assert (outcome.added, outcome.left_out) == (2, 1)
    assert places(outcome) == [("5", "placed_at"), ("5", "order_no")]


def test_a_row_is_an_order_where_the_log_has_no_numbers(bring, rows_file):
    text = """
        laoke-mapping: 1
        kind: orders
        currency: CNY
        each_row_is_an_order: true
        time: { zone: America/New_York, day_at: "12:00" }
        columns:
          order_no: [customer, day]
          placed_at: day
          store: { value: web }
          channel: { value: web }
          member: customer
          product: { value: cd }
          product_name: { value: Compact disc }
          quantity: discs
          paid: amount
        member: { kind: shop_account, issuer: old }
        unknown: { members: create, products: create, stores: create, channels: create }
    """
    rows = [("7", "2026-01-05", "2", "20.00"), ("7", "2026-01-05", "1", "9"), ("8", "2026-01-05", "1", "9")]
    file = rows_file(rows, ("customer", "day", "discs", "amount"))
    assert bring(file, text).added == 3
    assert bring(file, text).added == 0
    assert ask("select order_no, placed_at, total_minor from purchases_order order by 1") == [
        ("7-2026-01-05-1", datetime(2026, 1, 5, 17, tzinfo=UTC), 2000),
        ("7-2026-01-05-2", datetime(2026, 1, 5, 17, tzinfo=UTC), 900),
        ("8-2026-01-05-1", datetime(2026, 1, 5, 17, tzinfo=UTC), 900),
    ]
    assert ask("select name, price_minor from purchases_product") == [("Compact disc", 900)]


def test_sums_cases_bounds_and_rows_to_skip(bring, rows_file):
    text = """
        laoke-mapping: 1
        kind: orders
        currency: CNY
        money: minor
        numbers: { thousands: "," }
        columns:
          order_no: no
          placed_at: at
          store: { value: S1 }
          channel: { value: pos }
          product: sku
          quantity:
            cases:
              - when: { sku: [fuel, 95] }
                use: { column: amount, divided_by: 1000 }
            otherwise: { column: amount, at_least: 1 }
          paid: { plus: [received], minus: [{ column: coupon, empty: 0 }], at_least: 0 }
          gross: { plus: [received, off] }
        time: { format: "%d.%m.%Y %H:%M" }
        skip:
          - { amount: 0, received: { less_than: 1 } }
          - { sku: [deposit] }
        unknown: { products: create, stores: create, channels: create }
    """
    header = ("no", "at", "sku", "amount", "received", "coupon", "off")
    rows = [
        ("1", "05.01.2026 10:00", "fuel", "12345", "2,950", "", "0"),
        ("1", "05.01.2026 10:00", "milk", "0", "100", "150", "20"),
        ("1", "05.01.2026 10:00", "tea", "0", "0", "", "0"),
        ("1", "05.01.2026 10:00", "deposit", "1", "300", "", "0"),
        ("1", "05.01.2026 10:00", "95", "500", "10", "", "0"),
    ]
    outcome = bring(rows_file(rows, header), text)
    assert (outcome.rows_skipped, outcome.added, outcome.lines) == (2, 1, 3)
    assert ask(
        "select p.sku, l.quantity_milli, l.gross_minor, l.net_minor from purchases_orderline l "
        "join purchases_product p on p.id = l.product_id order by line_no"
    ) == [("fuel", 12345, 2950, 2950), ("milk", 1000, 120, 0), ("95", 500, 10, 10)]


@pytest.mark.parametrize(
    "huge", ["9999999999999", "-9999999999999", "999999999999.99999", "1e30", "-1e30", "1e-30"]
)
def test_no_number_is_too_much_for_the_arithmetic(bring, rows_file, huge):
    text = ORDERS.replace(
        "paid: 实付", "paid: { plus: [实付, 原价, { column: 数量, times: 999999999 }], minus: [原价] }"
    )
    row = list(GOOD[2])
    row[5] = row[6] = row[7] = huge
    outcome = bring(rows_file([row, GOOD[3]]), text, ("gross: 原价", "discount: 原价"))
    assert ("2", "order_no") in places(outcome)


def test_another_currency_is_refused_with_what_to_do(bring, rows_file):
    with pytest.raises(WrongCurrency, match="LAOKE_CURRENCY=USD"):
        bring(rows_file(GOOD), ORDERS, ("currency: CNY", "currency: USD"))


def test_the_currency_of_a_row_is_checked(bring, rows_file):
    rows = [(*GOOD[0], "CNY"), (*GOOD[2], "EUR")]
    outcome = bring(
        rows_file(rows, (*HEADER, "币种")), ORDERS, ("paid: 实付", "paid: 实付\n  currency: 币种")
    )
    assert outcome.added == 1
    assert places(outcome) == [("3", "currency"), ("3", "order_no")]


def test_two_imports_at_once_are_refused(bring, rows_file):
    import psycopg
    from django.db import connection

    from laoke.surfaces.importing.run import _LOCK

    with psycopg.connect(**_reach(connection)) as other:
        other.execute("select pg_advisory_lock(%s)", [_LOCK])
        with pytest.raises(ImportRunning):
            bring(rows_file(GOOD))
        # The server lets go of a closed connection's locks in its own time.
        other.execute("select pg_advisory_unlock(%s)", [_LOCK])
    assert bring(rows_file(GOOD)).added == 3


def _reach(connection) -> dict[str, object]:
    info = connection.connection.info
    return {
        "host": info.host, "port": info.port, "dbname": info.dbname, "user": info.user, "password": info.password
    }  # fmt: skip


def test_a_history_older_than_what_is_known_is_judged_as_of_its_own_time(bring, rows_file):
    bring(rows_file([("N1", "2026-05-01 10:00", "S1", "card-1", "milk", "1", "10", "10")]))
    outcome = bring(
        rows_file([("O1", "2025-05-01 10:00", "S1", "card-1", "milk", "1", "20", "20")], name="old.csv")
    )
    assert outcome.added == 1
    assert outcome.points_expired == 20
    assert ask("select balance from points_account") == [(10,)]

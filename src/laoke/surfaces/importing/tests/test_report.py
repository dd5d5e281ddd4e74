"""The report: in the words of whoever reads it, with what stood there, masked where it is personal, never a formula."""

from __future__ import annotations

import csv
import io

import pytest

from laoke.surfaces.importing import Kind
from laoke.surfaces.importing.fields import FIELDS
from laoke.surfaces.importing.labels import HINTS, LABELS
from laoke.surfaces.importing.mapping import ImportMapping
from laoke.surfaces.importing.masks import mask
from laoke.surfaces.importing.problems import SENTENCES, Problem, code
from laoke.surfaces.importing.report import speak
from laoke.surfaces.importing.tests.conftest import ORDERS

pytestmark = pytest.mark.django_db


def entries(tmp_path, *rows):
    path = tmp_path / "entries"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def read(path, language, kind=Kind.MEMBERS):
    text = "".join(speak(path, kind, language))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_it_is_said_in_the_language_of_the_reader(tmp_path):
    path = entries(tmp_path, ("a.csv", 4, "手机", "phone", int(Problem.TOO_LONG), "40", "138 **** 6789"))
    assert read(path, "en") == [
        ["File", "Row", "Column in the file", "Field", "What is wrong", "Code", "Value"],
        [
            "a.csv",
            "4",
            "手机",
            "Phone number",
            "is longer than the 40 characters that fit",
            "too-long",
            "138 **** 6789",
        ],
    ]
    assert read(path, "zh-hans") == [
        ["文件", "行号", "文件中的列", "字段", "问题", "代码", "原值"],
        ["a.csv", "4", "手机", "手机号", "超过可容纳的 40 个字符", "too-long", "138 **** 6789"],
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "＝1+1",
        "＋cmd",
        "－2",
        "＠x",
        "\t=1+1",
        "\r\n=1+1",
        " =1",
        "+-5",
        "--5",
    ],
)
def test_no_cell_is_a_formula(tmp_path, cell):
    path = entries(tmp_path, (cell, 4, cell, "", int(Problem.REFUSED), cell, cell))
    (row,) = read(path, "en")[1:]
    for place in (0, 2, 4, 6):
        assert row[place].startswith("'"), row


@pytest.mark.parametrize("cell", ["-5", "+5", "-5.25", "12", "plain", "a=b"])
def test_numbers_and_words_stay_as_they_are(tmp_path, cell):
    path = entries(tmp_path, ("a.csv", 4, "x", "tags", int(Problem.TOO_LONG), "40", cell))
    assert read(path, "en")[1][6] == cell


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phone", "138123456789", "138 **** 6789"),
        ("phone", "12345", "**** 5"),
        ("name", "王小明", "王*明"),
        ("name", "Ann Lee", "A*** L***"),
        ("email", "ann@x", "a***@x"),
        ("email", "@x", "****"),
        ("email", "no address", "**** ress"),
        ("card", "VIP-88442211", "**** 2211"),
        ("birth_date", "1990/13/45", "****/**/**"),
        ("gender", "保密", "保密"),
        ("gender", "13812345678", "**** 5678"),
        ("home_store", "S99", "S99"),
        ("nothing", "x", "x"),
        ("phone", "", ""),
    ],
)
def test_what_is_personal_is_masked(field, value, shown):
    assert mask(ImportMapping(Kind.MEMBERS, {}), field, value) == shown


def test_the_member_of_an_order_is_masked_by_what_it_is():
    assert (
        mask(ImportMapping(Kind.ORDERS, {}, member_kind="phone"), "member", "13812345678") == "138 **** 5678"
    )
    assert mask(ImportMapping(Kind.ORDERS, {}, member_kind="card"), "member", "A1") == "****"


def test_the_report_of_the_command_names_columns_and_shows_values(bring, rows_file):
    rows = [("A1", "2026-01-05 10:00", "S1", "card-1", "milk", "x", "5", "5")]
    outcome = bring(rows_file(rows))
    assert outcome.report is not None
    lines = list(csv.reader(io.StringIO(outcome.report.read_text(encoding="utf-8-sig"))))
    assert lines[1:] == [
        [
            "orders.csv", "2", "数量", "Quantity",
            "is not a number of at most five decimals, or a part of a sum is empty", "not-a-number", "x",
        ],
        [
            "orders.csv", "2", "单号", "Order number",
            "order A1 is left out as a whole, because rows of it cannot be used", "order-left-out", "A1",
        ],
    ]  # fmt: skip


def test_every_problem_and_field_has_words():
    for problem in Problem:
        assert SENTENCES[problem]
        assert code(problem) == problem.name.lower().replace("_", "-")
    names = {each.name for fields in FIELDS.values() for each in fields}
    assert names <= set(LABELS)
    assert {name.rpartition(".")[2] for name in HINTS} <= names


def test_unknown_codes_are_counted_with_their_rows(bring, rows_file):
    rows = [
        (f"A{number}", "2026-01-05 10:00", store, "", "milk", "1", "5", "5")
        for number, store in enumerate(["S1", "S9", "S9", "S8", "S9"])
    ]
    bring(rows_file([rows[0]]))
    outcome = bring(rows_file(rows), dry_run=True)
    assert outcome.unknown == []
    outcome = bring(rows_file(rows), ORDERS, ("stores: create, ", ""), dry_run=True)
    (told,) = outcome.unknown
    assert (told.what, told.count, told.rows, told.codes) == ("stores", 2, 4, (("S9", 3), ("S8", 1)))
    assert outcome.as_json()["unknown"][0]["what"] == "stores"

"""Files: CSV in the encodings of China, XLSX, Parquet; several at once; broken ones are refused in a sentence."""

# ruff: noqa: DTZ001 (cells of a sheet have no zone)
from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from laoke.surfaces.importing.errors import BadMapping, BadSource, UnknownColumn
from laoke.surfaces.importing.tests.conftest import HEADER, ORDERS, ask, everything, reported

pytestmark = pytest.mark.django_db
ROW = ("A1", "2026-01-05 10:00", "一店", "card-1", "牛奶", "2", "25.00", "30.00")
FACTS = [("A1", "一店", "牛奶", 2000, 2500)]
LOOK = (
    "select o.order_no, s.code, p.sku, l.quantity_milli, l.net_minor from purchases_orderline l "
    "join purchases_order o on o.id = l.order_id join purchases_store s on s.id = o.store_id "
    "join purchases_product p on p.id = l.product_id"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_are_found_out(bring, rows_file, encoding):
    bring(rows_file([ROW], encoding=encoding))
    assert ask(LOOK) == FACTS


def test_a_declared_encoding_that_is_wrong_is_told_with_its_line(bring, rows_file):
    file = rows_file([ROW], encoding="gb18030")
    with pytest.raises(BadSource, match=r"orders.csv: is not utf-8 in line 1"):
        bring(file, ORDERS + "    file: { encoding: utf-8 }\n")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_are_found_out(bring, tmp_path, delimiter):
    file = tmp_path / "orders.txt"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows([HEADER, ROW])
    bring(file)
    assert ask(LOOK) == FACTS


def test_quoted_line_breaks_and_rows_of_another_width(bring, rows_file, tmp_path):
    file = tmp_path / "orders.csv"
    lines = [
        ",".join(HEADER),
        'A1,2026-01-05 10:00,一店,"card-1",牛奶,2,25.00,30.00',
        "",
        "A2,2026-01-05 10:00,一店",
        'A3,2026-01-05 11:00,"一\n店",card-1,牛奶,1,2,3',
        "A4,2026-01-05 12:00,一店,,牛奶,1,2,3,4",
        "A5,2026-01-05 12:00,二店,,牛奶,1,2,",
    ]
    file.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    outcome = bring(file)
    assert (outcome.rows, outcome.added) == (5 + 1, 2)
    assert [row[1:] for row in reported(outcome)] == [
        ("4", "", "the row has another number of cells than the header: 3 / 8", ""),
        ("5", "store", "holds characters that cannot be printed", "一 店"),
        ("5", "order_no", "order A3 is left out as a whole, because rows of it cannot be used", "A3"),
        ("6", "", "the row has another number of cells than the header: 9 / 8", ""),
    ]


def test_a_workbook(bring, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["A1", datetime(2026, 1, 5, 10), "一店", 12345, "牛奶", 2, 10.1 + 14.9, 30])
    book.active.append([None] * 8)
    book.active.append(["A2", datetime(2026, 1, 6), "一店", None, "牛奶", 1.5, "x", 0.1 + 0.2])
    book.save(tmp_path / "orders.xlsx")
    outcome = bring(tmp_path / "orders.xlsx")
    assert (outcome.rows, outcome.rows_skipped, outcome.added) == (3, 1, 1)
    assert ask(LOOK) == FACTS
    assert [row[1:3] for row in reported(outcome)] == [("4", "paid"), ("4", "order_no")]
    assert [row[4] for row in reported(outcome)] == ["x", "A2"]


def test_a_sheet_by_its_name(bring, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["something else"])
    book.create_sheet("订单").append(HEADER)
    book["订单"].append(ROW)
    book.save(tmp_path / "orders.xlsx")
    with pytest.raises(BadSource, match=r"has no sheet 'x'. Its sheets are 'Sheet', '订单'"):
        bring(tmp_path / "orders.xlsx", ORDERS + "    file: { sheet: x }\n")
    assert bring(tmp_path / "orders.xlsx", ORDERS + "    file: { sheet: 订单 }\n").added == 1


def test_parquet_keeps_its_types(bring, tmp_path):
    table = pa.table(
        {
            "单号": pa.array([10, 11], pa.int64()),
            "时间": pa.array([datetime(2026, 1, 5, 10), datetime(2026, 1, 5, 11)], pa.timestamp("us")),
            "门店": ["一店", "一店"],
            "会员": ["card-1", None],
            "商品": ["牛奶", "牛奶"],
            "数量": pa.array([2.0, 0.1 + 0.2], pa.float64()),
            "实付": pa.array([Decimal("25.00"), Decimal("0.99")], pa.decimal128(9, 2)),
            "原价": pa.array([30.0, 0.99], pa.float64()),
        }
    )
    pq.write_table(table, tmp_path / "or[d]ers'1.parquet")
    outcome = bring(tmp_path / "or[d]ers'1.parquet")
    assert (outcome.added, outcome.report) == (2, None)
    assert ask(LOOK + " order by 1") == [("10", "一店", "牛奶", 2000, 2500), ("11", "一店", "牛奶", 300, 99)]


def test_an_instant_with_an_offset_means_what_it_says(bring, rows_file):
    rows = [(*ROW[:1], "2026-01-05T10:00:00+00:00", *ROW[2:]), ("A2", "2026-01-05 10:00:00.5Z", *ROW[2:])]
    bring(rows_file(rows), ORDERS + "    time: { zone: America/New_York }\n")
    found = ask(
        "select to_char(placed_at at time zone 'UTC', 'MM-DD HH24:MI:SS.MS') from purchases_order order by 1"
    )
    assert found == [("01-05 10:00:00.000",), ("01-05 10:00:00.500",)]


def test_several_files_of_several_kinds_are_one(bring, rows_file, tmp_path):
    first = rows_file([ROW], encoding="gb18030", name="a.csv")
    book = openpyxl.Workbook()
    book.active.append(HEADER[::-1])
    book.active.append(("A1", "2026-01-05 10:00", "一店", "card-1", "大米", "1", "5", "5")[::-1])
    book.save(tmp_path / "b.xlsx")
    outcome = bring([first, tmp_path / "b.xlsx"])
    assert (outcome.added, outcome.lines) == (1, 2)


def test_the_same_file_twice_is_refused(bring, rows_file):
    with pytest.raises(BadSource, match=r"b.csv: has the same content as a.csv"):
        bring([rows_file([ROW], name="a.csv"), rows_file([ROW], name="b.csv")])


def test_a_column_that_is_not_there_is_named_with_those_that_are(bring, rows_file):
    before = everything()
    with pytest.raises(UnknownColumn) as error:
        bring(rows_file([ROW]), ORDERS, ("paid: 实付", "paid: { plus: [实付, 运费] }"))
    assert error.value.detail == (
        "columns.paid.plus[1]: orders.csv has no column '运费'. "
        "Its columns are '单号', '时间', '门店', '会员', '商品', '数量', '实付', '原价'"
    )
    assert everything() == before


def test_a_used_column_that_is_there_twice_is_refused(bring, rows_file):
    with pytest.raises(BadMapping, match="several columns '实付'"):
        bring(rows_file([(*ROW, "1")], (*HEADER, "实付")))


def _zip(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("o.xlsx", b"PK\x03\x04 broken", "is damaged, or no workbook"),
        ("o.xlsx", b"", "is damaged, or no workbook"),
        ("o.xlsx", _zip(("hello.txt", b"hello")), "is damaged, or no workbook"),
        (
            "o.xlsx",
            _zip(("xl/worksheets/sheet1.xml", b"\0" * 50_000_000)),
            "unpacks to more than can be read",
        ),
        ("o.xls", b"\xd0\xcf\x11\xe0", "is a workbook of Excel 97-2003"),
        ("o.parquet", b"PAR1 broken PAR1", "is not a readable Parquet file"),
        ("o.csv", b"", "has no header in its first row"),
        ("o.csv", b"PK\x03\x04\0\0\0\0", "is not a text file"),
        ("o.csv", b"\xff\xff\xff", "is neither UTF-8 nor GB18030"),
        ("o.csv", ",".join(HEADER).encode() + b'\n"A1,' + b"x" * 9_000_000, "row longer than 4 MiB"),
        ("o.pdf", b"%PDF", "files are told apart by their endings"),
    ],
)
def test_broken_files_are_refused_and_nothing_is_changed(bring, tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    before = everything()
    with pytest.raises((BadSource, UnknownColumn), match=reason):
        bring(tmp_path / name)
    assert everything() == before


def test_a_damaged_sheet_is_refused(bring, tmp_path):
    book = openpyxl.Workbook()
    for row in (HEADER, ROW, ROW):
        book.active.append(row)
    book.save(tmp_path / "good.xlsx")
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good:
        parts = [(name, good.read(name)) for name in good.namelist()]
    cut = [(name, data[: len(data) * 3 // 4] if "sheet1" in name else data) for name, data in parts]
    (tmp_path / "o.xlsx").write_bytes(_zip(*cut))
    with pytest.raises(BadSource, match=r"o.xlsx: is damaged"):
        bring(tmp_path / "o.xlsx")


def test_what_is_not_there_is_told(bring, tmp_path):
    with pytest.raises(BadSource, match="there is no such file"):
        bring(tmp_path / "nowhere.csv")
    with pytest.raises(BadSource, match="is not a file"):
        bring(tmp_path)

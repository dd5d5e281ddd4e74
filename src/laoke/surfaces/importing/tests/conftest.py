"""What the tests of the import share: files they write themselves, a clerk's clock, a look at what went in."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from laoke.foundation.access import SYSTEM
from laoke.surfaces.importing import Kind, Outcome, Request, run
from laoke.surfaces.importing.fields import FIELDS
from laoke.surfaces.importing.labels import label

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
TABLES = (
    "purchases_order", "purchases_orderline", "purchases_ordertender", "purchases_orderreturn", "purchases_product",
    "purchases_store", "purchases_channel", "purchases_category", "purchases_region", "members_member",
    "members_identity", "points_lot", "points_posting", "points_account", "tiers_standing", "tiers_tierchange",
    "foundation_auditentry",
)  # fmt: skip

ORDERS = """
    laoke-mapping: 1
    kind: orders
    currency: CNY
    columns:
      order_no: 单号
      placed_at: 时间
      store: 门店
      channel: { value: pos }
      member: 会员
      product: 商品
      quantity: 数量
      paid: 实付
      gross: 原价
    unknown: { members: create, products: create, stores: create, channels: create }
"""
HEADER = ("单号", "时间", "门店", "会员", "商品", "数量", "实付", "原价")


@pytest.fixture(autouse=True)
def scored(monkeypatch) -> list[date]:
    """The days as of which RFM was computed. (It reads through a connection of its own, which sees no test's data.)"""
    days: list[date] = []

    def recompute(*, as_of, now, progress=None):
        days.append(as_of)
        return {"members": 0}

    monkeypatch.setattr("laoke.segments.services.recompute", recompute)
    monkeypatch.setattr("laoke.review.figures.compute", lambda *, as_of, now: None)
    return days


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Reasons are compared word by word."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def home(tmp_path, settings) -> Path:
    """A home of the test's own, so that reports of tests do not meet."""
    from dataclasses import replace

    settings.LAOKE = replace(settings.LAOKE, home=tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def mapping(tmp_path) -> Callable[..., str]:
    """Write a mapping; answers with its path. Pairs of texts are replaced in it."""

    def write(text: str, *changes: tuple[str, str]) -> str:
        text = textwrap.dedent(text)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "mapping.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def rows_file(tmp_path) -> Callable[..., Path]:
    """Write rows as CSV; answers with the path."""

    def write(
        rows: Sequence[Sequence[object]],
        header: Sequence[str] = HEADER,
        name: str = "orders.csv",
        encoding: str = "utf-8",
    ) -> Path:
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def bring(mapping) -> Callable[..., Outcome]:
    """Import files of one kind."""

    def bring_in(
        files: Path | list[Path],
        text: str = ORDERS,
        *changes: tuple[str, str],
        kind: str = "orders",
        **more: Any,
    ) -> Outcome:
        files = files if isinstance(files, list) else [files]
        watch = more.pop("watch", None)
        now = more.pop("now", NOW)
        return run(SYSTEM, Request(Kind(kind), files, mapping(text, *changes), **more), now=now, watch=watch)

    return bring_in


def reported(outcome: Outcome) -> list[tuple[str, ...]]:
    """The rows of the report below its header: file, row, name of the field, reason, value."""
    assert outcome.report is not None
    with outcome.report.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["File", "Row", "Column in the file", "Field", "What is wrong", "Code", "Value"]
    kind = Kind(outcome.kind)
    names = {label(kind, each.name): each.name for each in FIELDS[kind]} | {"Consents": "consents", "": ""}
    return [(row[0], row[1], names[row[3]], row[4], row[6]) for row in rows]


def places(outcome: Outcome) -> list[tuple[str, str]]:
    """(row, field) of each entry of the report."""
    return [(row[1], row[2]) for row in reported(outcome)]


def everything() -> dict[str, int]:
    """Rows of every table an import writes to."""
    with connection.cursor() as cursor:
        counts = {}
        for table in TABLES:
            cursor.execute(f"select count(*) from {table}")
            counts[table] = cursor.fetchone()[0]
    return counts


def ask(query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()

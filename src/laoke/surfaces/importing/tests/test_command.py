"""The commands: what they print, and what they end with."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from laoke.surfaces.cli.main import app
from laoke.surfaces.importing.tests.conftest import HEADER, ORDERS, ask

GOOD = ("A1", "2026-01-05 10:00", "S1", "card-1", "milk", "2", "25.00", "30.00")


@pytest.fixture
def laoke(db):
    def run(*arguments: str):
        return CliRunner().invoke(app, ["import", *arguments], catch_exceptions=False)

    return run


def test_everything_went_in(laoke, rows_file, mapping):
    result = laoke("orders", str(rows_file([GOOD])), "--mapping", mapping(ORDERS))
    assert result.exit_code == 0
    first, second, *_ = result.stdout.splitlines()
    assert first == "1 rows read: 0 skipped, 0 in the report."
    assert second.startswith("1 orders went in, 0 were in already, in ")
    assert ask("select count(*) from purchases_order") == [(1,)]


def test_json_for_scripts_and_a_report_where_it_is_asked_for(laoke, rows_file, mapping, tmp_path):
    file = rows_file([GOOD, ("A2", *GOOD[1:5], "0", *GOOD[6:])])
    report = tmp_path / "bad.csv"
    result = laoke("orders", str(file), "-m", mapping(ORDERS), "--dry-run", "--report", str(report), "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["rows"], told["orders"], told["added"], told["left_out"], told["mistakes"]) == (
        2,
        1,
        0,
        1,
        2,
    )
    assert len(report.read_text(encoding="utf-8-sig").splitlines()) == 3


def test_a_refusal_is_a_sentence_and_exit_code_2(laoke, rows_file, mapping):
    text = ORDERS.replace("paid: 实付", "paid: 应付")
    result = laoke("orders", str(rows_file([GOOD])), "-m", mapping(text))
    assert result.exit_code == 2
    assert "orders.csv has no column '应付'. Its columns are '单号'" in result.stderr
    assert HEADER[0] in result.stderr


def test_a_mapping_for_something_else_is_refused(laoke, rows_file, mapping):
    result = laoke("members", str(rows_file([GOOD])), "-m", mapping(ORDERS))
    assert result.exit_code == 2
    assert "kind: is orders, but members are to be imported" in result.stderr

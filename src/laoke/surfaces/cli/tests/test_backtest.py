"""Backtests on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from laoke.surfaces.cli import backtest, moments
from laoke.surfaces.cli.session import Exit
from tests.shop import OPENING, Shop, forget, line, open_shop
from tests.test_backtest import with_costs
from tests.test_offers import off, publish

TRIED = off(20, 100)
DAYS = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture(autouse=True)
def april(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month after the opening."""
    monkeypatch.setattr(backtest, "now", lambda: OPENING + timedelta(days=30))


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    """A shop within the test's transaction."""
    yield open_shop()
    forget()


@pytest.fixture
def sold(shop: Any) -> Any:
    """Three orders: two of 139.80 and one of 12.50."""
    with_costs(shop)
    for number, (store, article, units) in enumerate(
        [("S1", "rice", 2), ("S2", "rice", 2), ("S1", "milk", 1)]
    ):
        till = shop.till(OPENING + timedelta(hours=number))
        assert till.sell(f"A{number}", None, line(article, units), store=store).status == 201
    return shop


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    """Writes a file and gives its path."""

    def write(document: Any, name: str = "offer.yaml") -> str:
        text = document if isinstance(document, str) else yaml.safe_dump(json.loads(json.dumps(document)))
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def test_an_offer_is_tried(sold, written, asked):
    found = asked("backtest", written({"offers": {"less": TRIED}}), *DAYS)
    assert (found["orders"], found["hit"]["part"], found["given_minor"]) == (3, 2, 4000)
    assert (found["before_minor"], found["after_minor"]) == (29210, 25210)
    assert [each["name"] for each in found["responses"]] == ["unchanged", "moderate", "strong"]
    assert {each["check"] for each in found["checks"]["findings"]} == {"worst_basket", "announcement"}


def test_the_report_in_words(sold, written, laoke):
    text = laoke("backtest", written({"offers": {"less": TRIED}}), *DAYS).stdout
    for line_of in (
        "less: 2026-03-01 to 2026-03-31, all stores",
        "Given to       2 orders (66.67 %)",
        "Takes off      40.00 CNY",
        "Due            292.10 CNY → 252.10 CNY",
        "Margin         83.10 CNY (28.45 %) → 43.10 CNY (17.1 %); 100 % of what is due has a known cost",
        "Before launch",
        "The worst basket",
    ):
        assert line_of in text
    assert (
        "Before launch"
        not in laoke("backtest", written({"offers": {"less": TRIED}}), *DAYS, "--no-checks").stdout
    )


def test_of_some_stores_and_with_responses_of_its_own(sold, written, asked):
    document = {"offers": {"less": TRIED}, "responses": {"strong": {"more_orders": 50}}}
    found = asked("backtest", written(document), *DAYS, "--stores", "S2")
    assert (found["stores"], found["orders"], found["given_minor"]) == (["S2"], 1, 2000)
    assert found["responses"][2]["more_orders"] == "50"


def test_one_of_several(sold, written, laoke, asked):
    file = written({"offers": {"less": TRIED, "more": off(30, 100)}})
    assert laoke("backtest", file, *DAYS).exit_code == Exit.REFUSED
    assert asked("backtest", file, *DAYS, "--offer", "more")["given_minor"] == 6000


def test_booked_orders_come_out_again(shop, laoke, asked):
    publish(less=off(20, 100))
    shop.till().sell("A", None, line("rice", 2))
    found = asked("backtest", "--live", *DAYS)
    assert (found["orders"], found["equal"], found["booked_minor"], found["differences"]) == (1, 1, 2000, 0)
    assert laoke("backtest", "--live", *DAYS).stdout.startswith("1 orders priced with offers, 1 of them")


def test_a_difference_is_told_with_its_reason(shop, laoke):
    from django.db import connection

    publish(less=off(20, 100))
    shop.till().sell("A", None, line("rice", 2))
    with connection.cursor() as cursor:
        cursor.execute("update promotions_offeruse set amount_minor = 1900")
    result = laoke("backtest", "--live", *DAYS)
    assert result.exit_code == Exit.DIFFERENCES
    assert "less: booked 19.00 CNY, now 20.00 CNY: amount" in result.stdout


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("offers: [", "offer.yaml: line 1, column 10: "),
        ({"points": {}}, "no section `offers`"),
        ({"offers": {"less": off(20, 100, stage="never")}}, "offer.yaml, line 10: offers.less.stage: "),
        (
            {"offers": {"less": TRIED}, "responses": {"strong": {"near_orders": 101}}},
            "responses.strong.near_orders",
        ),
        ({"offers": {"less": TRIED}, "responses": 3}, "takes unchanged, moderate and strong"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(shop, written, laoke, document, says):
    result = laoke("backtest", written(document))
    assert result.exit_code == Exit.REFUSED
    assert says in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--live", "offer.yaml"],
        ["nowhere.yaml"],
        ["--live", "--from", "2026-13-01"],
        ["--live", "--from", "2026-03-02", "--to", "2026-03-01"],
        ["--live", "--to", "2030-01-01"],
        ["--live", "--stores", "S9"],
    ],
)
def test_what_makes_no_sense_is_refused(shop, laoke, arguments):
    assert laoke("backtest", *arguments).exit_code == 2


def test_days_without_orders(shop, written, laoke):
    result = laoke("backtest", written({"offers": {"less": TRIED}}))
    assert result.exit_code == Exit.REFUSED
    assert "No order was placed" in result.stderr


def test_the_end_is_yesterday_in_the_shop(sold, written, asked, monkeypatch):
    # 02:00 in Shanghai on the 11th: the 10th is over.
    night: datetime = OPENING + timedelta(hours=14)
    monkeypatch.setattr(backtest, "now", lambda: night)
    found = asked("backtest", written({"offers": {"less": TRIED}}), "--no-checks")
    assert (found["first_day"], found["last_day"], found["orders"]) == ("2026-02-11", "2026-03-10", 3)
    assert moments.day("2026-03-10", night.date(), "--to").isoformat() == "2026-03-10"
    assert json.dumps(found)

"""Backtests over a public log of a grocer (see data/README): what SQL counts over the same lines by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.units import NthItem
from laoke.engine.pricing.offers import Limits, Offer
from laoke.engine.pricing.selectors import Selector
from laoke.engine.pricing.tests.build import spent
from laoke.promotions.backtest.account import Account
from laoke.promotions.backtest.evaluating import Evaluation, evaluate
from laoke.promotions.backtest.past import Past, of
from laoke.promotions.backtest.replay import Replayer

# Four weeks, without fuel (counted in thousandths of a gallon) and lines that were free.
LINES = """
    create table lines as
    select t.basket_id, t.household_id, t.transaction_timestamp as placed, t.product_id, p.department,
        t.quantity as units, round(100 * t.sales_value / t.quantity)::bigint as price
    from '{folder}/complete_journey/transactions.parquet' t
    join '{folder}/complete_journey/products.parquet' p using (product_id)
    where t.week between 30 and 33 and t.quantity between 1 and 99 and p.department not in ('FUEL', 'KIOSK-GAS')
        and t.sales_value > 0
"""


class Log(NamedTuple):
    """The orders, and the lines they were made of."""

    orders: list[Past]
    lines: duckdb.DuckDBPyConnection

    def ask(self, question: str) -> tuple[Any, ...]:
        """One row of SQL over the lines."""
        found = self.lines.execute(question).fetchone()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def log() -> Log:
    beside = Path(__file__).resolve().parents[6] / "shared" / "data"
    folder = Path(os.environ.get("LAOKE_SHARED_DATA", beside))
    if not (folder / "complete_journey" / "transactions.parquet").is_file():
        pytest.skip("the public retail logs are not here (LAOKE_SHARED_DATA)")
    connection = duckdb.connect()
    connection.execute(LINES.format(folder=folder))
    return Log(list(_orders(connection)), connection)


def _orders(connection: duckdb.DuckDBPyConnection) -> Iterator[Past]:
    rows = connection.execute(
        "select basket_id, household_id, placed, list({'sku': product_id, 'of': department, 'units': units, "
        "'price': price} order by product_id) from lines group by all order by placed, basket_id"
    ).fetchall()
    articles: dict[int, Article] = {}
    for basket_id, household, at, lines in rows:
        basket = Basket(
            tuple(
                Line(
                    number,
                    articles.setdefault(each["sku"], Article(str(each["sku"]), frozenset({each["of"]}))),
                    each["units"] * 1000,
                    each["price"],
                    cost_minor=each["price"] * 7 // 10,
                )
                for number, each in enumerate(lines, start=1)
            )
        )
        placed_at = at.replace(tzinfo=UTC)
        facts = Facts(is_member=True)
        yield of(basket_id, household, placed_at, placed_at.date(), basket, facts, 0)


def tried(log: Log, offer: Offer, *live: Offer) -> Account:
    """In parts of a thousand orders."""
    replayer = Replayer(Programme(live), Programme([*live, offer]), offer.key)
    whole = Evaluation(replayer)
    for start in range(0, len(log.orders), 1000):
        whole.add(evaluate(log.orders[start : start + 1000], replayer))
    return whole.account


BASKETS = "(select basket_id, household_id, placed, sum(units * price) as total from lines group by all)"


def test_a_threshold(log):
    found = tried(log, Offer("less", (Amount(500),), (spent(5000),)))
    hit, total = log.ask(f"select count(*) filter (where total >= 5000), sum(total) from {BASKETS}")
    assert (found.orders, found.brought.net) == (len(log.orders), total)
    assert (found.given.orders, found.given.minor) == (hit, hit * 500)
    assert hit > 1500
    members = log.ask(f"select count(distinct household_id) from {BASKETS} where total >= 5000")
    assert (len(found.members),) == members


def test_the_first_two_of_each_member_until_the_money_is_gone(log):
    found = tried(
        log, Offer("less", (Amount(500),), (spent(5000),), limits=Limits(None, 2, budget_minor=400_000))
    )
    (uses,) = log.ask(
        "select count(*) from ("
        "select row_number() over (partition by household_id order by placed, basket_id) as number "
        f"from {BASKETS} where total >= 5000) where number <= 2"
    )
    assert uses > 800
    assert (found.given.orders, found.given.minor) == (800, 400_000)
    by_day = log.lines.execute(
        "select placed::date, count(*) from ("
        "select placed, basket_id, row_number() over (order by placed, basket_id) as place from ("
        "select *, row_number() over (partition by household_id order by placed, basket_id) as number "
        f"from {BASKETS} where total >= 5000) where number <= 2) where place <= 800 group by 1"
    ).fetchall()
    assert {day: count.orders for day, count in found.by_day.items()} == dict(by_day)


def test_a_tenth_off_a_department_beside_a_threshold(log):
    produce = Selector(Is("product.category", Op.IN, frozenset({"PRODUCE"})))
    tenth = Offer("tenth", (Percent(Fraction(1, 10), target=produce),))
    less = Offer("less", (Amount(500),), (spent(5000),), stage=1)
    found = tried(log, tenth, less)
    orders, off, lost = log.ask(
        "select count(*) filter (where off > 0), sum(off)::bigint, "
        "count(*) filter (where total >= 5000 and total - off < 5000) from ("
        "select basket_id, sum(units * price) as total, "
        "coalesce(sum(floor((units * price + 5) / 10)) filter (where department = 'PRODUCE'), 0) as off "
        "from lines group by 1)"
    )
    assert (found.given.orders, found.given.minor) == (orders, off)
    assert found.pushed_out["less"].orders == lost
    assert lost > 10


def test_every_second_unit_at_half_price(log):
    found = tried(log, Offer("half", (NthItem(2, Fraction(1, 2), by_line=True),)))
    orders, off = log.ask(
        "select count(distinct basket_id) filter (where units >= 2 and price > 0), "
        "sum((units // 2) * floor((price + 1) / 2))::bigint from lines"
    )
    assert (found.given.orders, found.given.minor) == (orders, off)

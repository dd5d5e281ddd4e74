"""Backtest: past orders of a shop priced again with an offer, against none and against twenty live ones.

`python -m benchmarks.backtest`. Target: 10,000 baskets/s on 2 cores over the orders of the database, everything counted
from finding the orders to the report. They have one to nine lines, five on average; the offers are for categories,
tiers, weekdays and whole baskets, as shops have them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

NOW = datetime(2026, 1, 1, 4, tzinfo=UTC)
NAME = {"zh": "活动", "en": "Offer"}
FURNISH = (
    "insert into purchases_category (code, name, name_en) select 'C' || i, 'C', '' from generate_series(1, 200) i",
    "update purchases_product p set category_id = (select min(id) from purchases_category) + p.id % 200, "
    "cost_minor = case when p.id % 10 = 0 then null else p.price_minor * 7 / 10 end",
    "insert into purchases_orderline (order_id, line_no, product_id, quantity_milli, unit_price_minor, gross_minor, "
    "discount_minor, net_minor, points_minor, earn_base_minor) "
    "select o.id, l, p.id, q.milli, p.price_minor, q.milli * p.price_minor / 1000, 0, q.milli * p.price_minor / 1000, "
    "0, q.milli * p.price_minor / 1000 "
    "from purchases_order o cross join lateral generate_series(1, 1 + o.id % 9) l "
    "join purchases_product p on p.id = (select min(id) from purchases_product) + (o.id * 7919 + l * 104729) % 10000 "
    "cross join lateral (select 1000 * (1 + (o.id + l) % 3) as milli) q",
    "update purchases_order o set items_minor = t.gross, total_minor = t.gross, paid_minor = t.gross, "
    "placed_at = o.placed_at + (o.id % 2000000) * interval '1 second' "
    "from (select order_id, sum(gross_minor) as gross from purchases_orderline group by 1) t where t.order_id = o.id",
)


def offer(stage: str, gives: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The document of an offer."""
    return {"name": NAME, "goal": "repeat", "stage": stage, "gives": [gives], **more}


def category(number: int) -> dict[str, Any]:
    """Goods of ten categories."""
    return {"product.category": [f"C{(number * 10 + each) % 200 + 1}" for each in range(10)]}


def live() -> dict[str, Any]:
    """Twenty offers as shops have them."""
    found: dict[str, Any] = {}
    for number in range(5):
        found[f"less-{number}"] = offer("price", {"percent": {"percent": 5 + number, "of": category(number)}})
        found[f"second-{number}"] = offer(
            "item", {"nth": {"n": 2, "percent": 50, "of": category(number + 5)}}
        )
        found[f"get-{number}"] = offer(
            "item",
            {
                "buy_get": {
                    "buy": {"quantity": 2, "of": category(number + 10)},
                    "get": {"of": category(number)},
                    "percent": 30,
                }
            },
        )
    found["steps"] = offer(
        "basket",
        {"tiered": {"steps": [{"reaching": 200, "discount": 10}, {"reaching": 500, "discount": 40}]}},
    )
    found["monday"] = offer("basket", {"percent": {"percent": 3}}, when={"moment.weekday": "mon"})
    found["gold"] = offer("tier", {"percent": {"percent": 10}}, when={"member.tier": "gold"})
    found["first"] = offer("basket", {"amount": {"discount": 5}}, when={"member.orders": 0})
    found["gift"] = offer("basket", {"gift": {"skus": ["P1"]}}, when={"basket.subtotal": {"gte": 800}})
    return found


TRIED = offer(
    "coupon",
    {"amount": {"discount": 20}},
    when={"basket.subtotal": {"gte": 300, "basis": "discounted"}},
    limits={"per_member": 2},
)


def run(members: int, rounds: int) -> dict[str, Any]:
    """Measure on a fresh shop with five orders a member."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "members": members, **_measure(members, rounds)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(members: int, rounds: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import shop
        from laoke.checkout import programme
        from laoke.foundation.access import SYSTEM
        from laoke.promotions import publication
        from laoke.promotions.backtest import running
        from laoke.promotions.backtest.parallel import processors
        from laoke.promotions.backtest.reading import Period

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            shop.build(connection, members, orders=5, lines=False)
            for statement in FURNISH:
                connection.execute(statement.encode())
            connection.commit()
            connection.autocommit = True
            connection.execute("vacuum analyze")
            row = connection.execute("select count(*) from purchases_orderline").fetchone()
            assert row is not None
            lines = row[0]
        document = publication.parse({"tried": TRIED})["tried"]
        plan = running.Plan("tried", document, Period(date(2025, 1, 1), date(2026, 2, 1)), NOW)
        found: dict[str, Any] = {"lines": lines}
        for name, offers in (("no_live_offers", {}), ("twenty_live_offers", live())):
            programme.apply(SYSTEM, {"offers": offers}, at=NOW)
            before = _cpu_seconds()
            reports = [running.run(plan) for _ in range(rounds)]
            cpu = (_cpu_seconds() - before) / rounds
            alone = running.run(plan, processes=1)
            same = {replace(each, seconds=0, baskets_per_second=0) for each in (*reports, alone)}
            if len(same) != 1:
                raise AssertionError("The same orders came to something else in other processes")
            found[name] = {
                "orders": alone.orders,
                "hit_percent": alone.hit.percent,
                "seconds": [each.seconds for each in reports],
                "baskets_per_second": round(statistics.median(each.baskets_per_second for each in reports)),
                # Of our own processes, the database's not counted: says the same on a busy machine.
                "cpu_us_per_basket": round(cpu / alone.orders * 1e6, 1),
                "in_one_process": alone.baskets_per_second,
            }
        found["processes"] = processors()
        found["small_sample"] = running.run_small(plan, seconds=3).orders
        found["target_baskets_per_second"] = 10_000
        return found


def _cpu_seconds() -> float:
    """What this process and the ended ones it started have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.members, arguments.rounds), indent=1))


if __name__ == "__main__":
    main()

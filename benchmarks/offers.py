"""Offers at the till: quotes a second with 0, 20 and 500 live offers, and many who want one scarce offer at once.

`python -m benchmarks.offers`. Targets (2 cores, 10 lines a basket): with 20 live offers at least 1,500 quotes/s; with
500 p99 at most 50 ms at 16 clients; of 1,000 orders at once for an offer with a quota of 500 exactly 500 have it, no
order is lost. Rounds alternate between the three programmes.

Sketch: a quote without offers costs 0.6 ms of CPU; twenty offers that concern a basket of ten lines 0.15 ms in the
engine and about as much to write down.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks import load
from benchmarks.machine import describe
from benchmarks.serving import Serving, serving, settle

LINES, CLIENTS = 10, 16
LIVE = (0, 20, 500)
QUOTA, ORDERS, AT_ONCE = 500, 1000, 64
NAME = {"zh": "促销", "en": "Offer"}


def run(members: int, seconds: float, rounds: int) -> dict[str, Any]:
    """Measure on a fresh shop of `members` members."""
    with serving(members, lambda: _articles()) as server:
        quotes: dict[int, list[dict[str, float]]] = {live: [] for live in LIVE}
        for number in range(rounds):
            for live in LIVE:
                _publish(_offers(live))
                _load(server, members, 1.0, number)
                quotes[live].append(_load(server, members, seconds, number))
        _publish({"first": _first(QUOTA)})
        return {
            "machine": describe(),
            "lines": LINES,
            "clients": CLIENTS,
            "quotes": {
                str(live): {name: statistics.median(row[name] for row in rows) for name in rows[0]}
                for live, rows in quotes.items()
            },
            "rounds": quotes,
            "scarce": _scarce(server, members),
        }


def _articles() -> None:
    """Give the articles categories and tags, so that offers concern a part of them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "insert into purchases_category (code, name, name_en) "
            "select 'c' || i, 'c' || i, '' from generate_series(0, 199) i"
        )
        cursor.execute(
            "update purchases_product set category_id = (select min(id) from purchases_category) + id % 200, "
            "tags = array['t' || id % 10]"
        )


def _offers(live: int) -> dict[str, Any]:
    """Offers of ten kinds: of twenty every one concerns most baskets, of more the others are for single articles."""
    from laoke.promotions.documents.offers import Stage

    stages = [stage.value for stage in Stage if stage is not Stage.DELIVERY]
    found: dict[str, Any] = {}
    for place in range(live):
        if place < 20:
            of: dict[str, Any] = {"product.tag": f"t{place % 10}"}
            gives, when = _KINDS[place % 10](of)
        else:
            gives, when = {"percent": {"percent": 10, "of": {"product.sku": f"P{place * 17}"}}}, None
        document: dict[str, Any] = {
            "name": NAME, "goal": "repeat", "stage": stages[place * 5 // max(live, 20)], "gives": [gives],
        }  # fmt: skip
        found[f"offer-{place}"] = document | ({"when": when} if when else {})
    return found


def _reaching(amount: int) -> dict[str, Any]:
    return {"basket.subtotal": {"gte": amount, "basis": "discounted"}}


_KINDS: tuple[Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Any] | None]], ...] = (
    lambda of: ({"percent": {"percent": 10, "of": of}}, None),
    lambda of: ({"amount": {"discount": 20}}, _reaching(100)),
    lambda of: ({"nth": {"n": 2, "percent": 50, "of": of}}, None),
    lambda of: ({"buy_get": {"buy": {"of": of}, "get": {"of": of}, "percent": 100}}, None),
    lambda of: (
        {
            "tiered": {
                "steps": [{"reaching": 100, "discount": 20}, {"reaching": 200, "discount": 50}],
                "of": of,
            }
        },
        None,
    ),
    lambda of: ({"fixed_price": {"price": 1, "of": of, "max_quantity": 1}}, {"member.orders": 0}),
    lambda of: ({"percent": {"percent": 5, "of": of}}, {"member.tier": "basic"}),
    lambda of: ({"every": {"reaching": 100, "discount": 5, "of": of}}, None),
    lambda of: ({"gift": {"skus": ["P1"]}}, _reaching(300)),
    lambda of: ({"bundle": {"parts": [{"of": of}, {"of": {"product.tag": "t1"}}], "discount": 5}}, None),
)


def _first(quota: int) -> dict[str, Any]:
    return {
        "name": NAME, "goal": "acquire", "stage": "basket", "gives": [{"amount": {"discount": 1}}],
        "limits": {"in_total": quota},
    }  # fmt: skip


def _publish(offers: dict[str, Any]) -> None:
    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM
    from laoke.surfaces.cli.session import now

    programme.apply(SYSTEM, {"offers": offers}, at=now())


def _load(server: Serving, members: int, seconds: float, number: int) -> dict[str, float]:
    result = load.run("127.0.0.1", server.port, CLIENTS, seconds, _quotes(server, members, number))
    assert set(result.statuses) == {200}, result.statuses
    return {
        "rate": round(result.rate, 1),
        "p50_ms": round(result.percentile(0.5), 2),
        "p99_ms": round(result.percentile(0.99), 2),
    }


def _basket(chance: random.Random, members: int) -> dict[str, Any]:
    return {
        "store": f"S{chance.randrange(1, 51)}",
        "channel": "pos",
        "member": {"member_id": chance.randrange(1, members + 1)},
        "lines": [
            {"sku": f"P{chance.randrange(1, 10_001)}", "quantity": chance.randrange(1, 4)}
            for _ in range(LINES)
        ],
    }


def _quotes(server: Serving, members: int, number: int) -> Callable[[int], Iterator[bytes]]:
    def source(client: int) -> Iterator[bytes]:
        chance = random.Random(f"{number}-{client}")
        headers = {"Authorization": f"Bearer {server.key}"}
        while True:
            yield load.post("/v1/quotes", json.dumps(_basket(chance, members)).encode(), headers)

    return source


def _scarce(server: Serving, members: int) -> dict[str, Any]:
    """1,000 orders over 64 connections for an offer that 500 may have."""
    from django.db import connection

    settle()
    moment = datetime.now(UTC).isoformat()

    def source(client: int) -> Iterator[bytes]:
        chance = random.Random(client)
        for number in range(client, ORDERS, AT_ONCE):
            name = f"scarce-{number}"
            body = _basket(chance, members) | {"order_no": name, "placed_at": moment}
            headers = {"Authorization": f"Bearer {server.key}", "Idempotency-Key": name}
            yield load.post("/v1/orders", json.dumps(body).encode(), headers)

    result = load.run("127.0.0.1", server.port, AT_ONCE, 600.0, source)
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from purchases_order where order_no like 'scarce-%'")
        orders = cursor.fetchone()[0]
        cursor.execute("select count(*) from promotions_offeruse where key = 'first'")
        uses = cursor.fetchone()[0]
        cursor.execute("select sum(uses)::int from promotions_offercounter where key = 'first'")
        counted = cursor.fetchone()[0]
    return {
        "quota": QUOTA,
        "sent": ORDERS,
        "connections": AT_ONCE,
        "answers": {str(status): count for status, count in result.statuses.items()},
        "orders": orders,
        "uses": uses,
        "counted": counted,
        "orders_a_second": round(result.rate, 1),
        "redemptions_a_second": round(uses / result.seconds, 1),
    }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.members, arguments.seconds, arguments.rounds), indent=1))


if __name__ == "__main__":
    main()

"""The till under load: orders a second over HTTP beside pgbench running the same SQL, and quotes a second.

`python -m benchmarks.till --members 1000000`. Targets (2 cores): orders at least 0.35 of pgbench's rate, p99 at most
60 ms at 16 clients; quotes at least 2,000/s; both within 15 % between 10 k and 1 M members.

Rounds alternate, so that a machine whose speed drifts does not favour either side. The load generator is Python too
and takes a good part of the two cores from the server it measures; CPU per request is therefore stated besides.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.machine import describe
from benchmarks.serving import Serving, cpu, serving, settle

LINES = 5
CLIENTS = 16
PLACED_AT = "2026-02-01T10:00:00Z"


def run(members: int, seconds: float = 5.0, rounds: int = 5) -> dict[str, Any]:
    """Measure on a fresh shop of `members` members."""
    with serving(members, _prepare) as server:
        return {
            "machine": describe(),
            "members": members,
            "build_seconds": server.built_seconds,
            **_rounds(server, members, seconds, rounds),
        }


def _prepare() -> None:
    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM
    from laoke.surfaces.cli.session import now
    from laoke.surfaces.demo.loader import PROGRAMME

    programme.apply(SYSTEM, PROGRAMME, at=now())


def _rounds(server: Serving, members: int, seconds: float, rounds: int) -> dict[str, Any]:
    port, key = server.port, server.key
    script = server.home / "order.pgbench"
    script.write_text(pgbench_script(members), encoding="utf-8")
    found: dict[str, list[Any]] = {"orders": [], "pgbench": [], "quotes": []}
    for kind in ("quotes", "orders"):  # fill caches and prepare statements
        load.run("127.0.0.1", port, CLIENTS, 3.0, _requests(kind, members, key, random.Random(1)))
    for number in range(rounds):
        for kind in ("orders", "quotes"):
            settle()
            before = cpu(server.pid)
            source = _requests(kind, members, key, random.Random(f"{number}{kind}{time.time()}"))
            result = load.run("127.0.0.1", port, CLIENTS, seconds, source)
            after = cpu(server.pid)
            count = len(result.latencies_ms)
            found[kind].append(
                {
                    "rate": round(result.rate, 1),
                    "p50_ms": round(result.percentile(0.5), 2),
                    "p99_ms": round(result.percentile(0.99), 2),
                    "web_cpu_ms": round((after["web"] - before["web"]) / count * 1000, 3),
                    "database_cpu_ms": round((after["database"] - before["database"]) / count * 1000, 3),
                    "refused": sum(n for status, n in result.statuses.items() if status >= 300),
                }
            )
        settle()
        found["pgbench"].append(_pgbench(script, seconds))
    ratio = [
        round(ours["rate"] / theirs["rate"], 3)
        for ours, theirs in zip(found["orders"], found["pgbench"], strict=True)
    ]
    median = {
        kind: {name: statistics.median(each[name] for each in rows) for name in rows[0]}
        for kind, rows in found.items()
    }
    return {
        "clients": CLIENTS,
        "lines": LINES,
        "seconds_a_round": seconds,
        "orders_to_pgbench": statistics.median(ratio),
        "median": median,
        "rounds": found,
    }


def _requests(kind: str, members: int, key: str, chance: random.Random) -> Any:
    headers = {"Authorization": f"Bearer {key}"}

    def source(number: int) -> Iterator[bytes]:
        while True:
            basket: dict[str, Any] = {
                "store": f"S{chance.randrange(1, 51)}",
                "channel": "pos",
                "member": {"member_id": chance.randrange(1, members + 1)},
                "lines": [
                    {"sku": f"P{chance.randrange(1, 10_001)}", "quantity": chance.randrange(1, 4)}
                    for _ in range(LINES)
                ],
            }
            if kind == "quotes":
                yield load.post("/v1/quotes", json.dumps(basket).encode(), headers)
            else:
                name = f"{chance.getrandbits(80):x}"
                basket |= {"order_no": name, "placed_at": PLACED_AT}
                yield load.post(
                    "/v1/orders", json.dumps(basket).encode(), headers | {"Idempotency-Key": name}
                )

    return source


def pgbench_script(members: int) -> str:
    """The commit's two statements as pgbench runs them: the same text, its parameters filled from variables."""
    from laoke.checkout.members import LOCK
    from laoke.checkout.orders import WRITE

    def array(kind: str, each: str) -> str:
        return f"array[{', '.join(each.replace('#', str(i)) for i in range(1, LINES + 1))}]::{kind}[]"

    total = " + ".join(f":q{i} * (100 + :p{i})" for i in range(1, LINES + 1))
    values = {
        "member_id": ":member", "kind": "null", "issuer": "null", "blind_index": "null::bytea",
        "at": f"'{PLACED_AT}'", "now": "now()", "window_starts": "array['2025-11-01'::timestamptz]",
        "caller": "'apikey:1'", "key": "'b' || :l_order_id", "order_id": ":l_order_id",
        "order_no": "'b' || :l_order_id", "store_id": ":store", "channel_id": "1", "placed_at": f"'{PLACED_AT}'",
        "biz_date": "'2026-02-01'", "currency": "'CNY'", "items_minor": f"({total})", "discount_minor": "0",
        "total_minor": f"({total})", "points_minor": "0", "paid_minor": f"({total})", "points_redeemed": "0",
        "points_earned": f"(({total}) / 100)", "earn_base_minor": f"({total})", "delivery_status": "'done'",
        "source": "'api'", "programme_version": "1", "recorded_at": "now()",
        "line_no": array("smallint", "#"), "product_id": array("bigint", ":p#"),
        "quantity_milli": array("bigint", ":q# * 1000"), "unit_price_minor": array("bigint", "100 + :p#"),
        "line_gross_minor": array("bigint", ":q# * (100 + :p#)"), "line_discount_minor": array("bigint", "0"),
        "line_net_minor": array("bigint", ":q# * (100 + :p#)"), "line_points_minor": array("bigint", "0"),
        "line_earn_base_minor": array("bigint", ":q# * (100 + :p#)"),
        "tender_kind": "array['unspecified']", "tender_minor": f"array[{total}]::bigint[]",
        "tender_reference": "array['']", "take_lot": "array[]::bigint[]", "take_points": "array[]::int[]",
        "expires_at": "'2027-02-02'", "available_at": "null",
        "repaid": "0", "new_tier": "null", "old_tier": "'basic'", "tier_at": "null",
        "tier_cause": "null", "tier_reasons": "null", "period_date": "null", "valid_until": "null",
        "extended_from": "null", "due_date": "null", "stands": "false",
        "order_committed": "'" + json.dumps({"order_id": 1, "filler": "x" * 180}) + "'", "tier_changed": "null",
        "fingerprint": "'\\x" + "ab" * 32 + "'", "answer": "'" + "x" * 1300 + "'",
    }  # fmt: skip

    def filled(statement: Any) -> str:
        text = statement.text.decode()
        text = re.sub(r"\$(\d+)", lambda match: f"({values[statement.names[int(match[1]) - 1]]})", text)
        return " ".join(text.split())

    variables = [f"\\set member random(1, {members})", "\\set store random(1, 50)"]
    variables += [f"\\set p{i} random(1, 10000)\n\\set q{i} random(1, 3)" for i in range(1, LINES + 1)]
    return "\n".join([*variables, "begin;", f"{filled(LOCK)} \\gset l_", f"{filled(WRITE)};", "commit;", ""])


def _pgbench(script: Path, seconds: float) -> dict[str, float]:
    from django.conf import settings

    from laoke.foundation.database.programs import find_server

    target = settings.DATABASE_TARGET
    done = subprocess.run(
        [
            find_server()["pgbench"], "-n", "-M", "prepared", "-f", str(script), "-c", str(CLIENTS), "-j", "2",
            "-T", str(int(seconds)), "-h", target.host, "-p", str(target.port), "-U", target.user, target.name,
        ],
        env=os.environ | target.secrets(),
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    if rate is None:
        raise RuntimeError(f"pgbench: {done.stderr[-2000:]}")
    latency = re.search(r"latency average = ([\d.]+)", done.stdout)
    return {"rate": round(float(rate[1]), 1), "mean_ms": float(latency[1]) if latency else 0.0}


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

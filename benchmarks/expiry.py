"""The sweep of expired points beside tills that sell on: seconds of the sweep, and what an order takes meanwhile.

`python -m benchmarks.expiry --members 1000000`. Target: 1 M lots of 1 M members swept in at most 60 s on 2 cores, with
live orders at no more than twice their usual p99. Tills sell at a steady pace, as shops do, before, during and after
the sweep; a load that fills both cores would measure the queue. Sketch: a lot costs its update, a posting and its
account, about 25 µs; a batch holds its accounts for some 20 ms, and one order of hundreds meets it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.machine import describe
from benchmarks.serving import Serving, serving, settle

LINES = 5
NOW = datetime.now(UTC)
# By this instant the first of each member's two lots has expired; by the clock nothing has, so the worker that runs
# beside the tills finds nothing to sweep. What is sold meanwhile lasts a year.
NIGHT = NOW + timedelta(days=2)
DATES = """
update points_lot l
set expires_at = %s::timestamptz + case when l.id = first.id then interval '-1 day' else interval '200 days' end
from (select member_id, min(id) as id from points_lot group by 1) first where first.member_id = l.member_id
"""
SWEEP = """
import sys, time
from datetime import datetime
from laoke.surfaces.cli.session import now, ready
with ready():
    from laoke.points import expiry
    print("ready", flush=True)
    until = float(input()) + time.monotonic()
    at = datetime.fromisoformat(sys.argv[1])
    swept = expiry.expire(at=at, now=now(), advance=lambda lots: time.monotonic() < until, rest=expiry.REST)
    print(swept.lots)
"""


class Tills:
    """So many orders a second over kept connections; each is begun at its time, late or not."""

    def __init__(self, server: Serving, members: int, rate: float) -> None:
        self._server, self._members, self._rate = server, members, rate
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.taken: list[tuple[float, float]] = []  # begun, milliseconds from when it was due
        self.refused = 0
        self._threads = [threading.Thread(target=self._sell, args=(number,)) for number in range(8)]

    def __enter__(self) -> Tills:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def between(self, begun: float, ended: float) -> dict[str, float]:
        """Figures of the orders begun in a span."""
        found = sorted(ms for at, ms in self.taken if begun <= at < ended)
        if not found:
            return {"orders": 0}
        return {
            "orders": len(found),
            "p50_ms": round(found[len(found) // 2], 2),
            "p99_ms": round(found[int(len(found) * 0.99)], 2),
            "most_ms": round(found[-1], 2),
        }

    def _sell(self, number: int) -> None:
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        pause = len(self._threads) / self._rate
        due = time.perf_counter() + pause * number / len(self._threads)
        while not self._stop.is_set():
            time.sleep(max(0.0, due - time.perf_counter()))
            name = f"{chance.getrandbits(80):x}"
            body = {
                "store": f"S{chance.randrange(1, 51)}",
                "channel": "pos",
                "member": {"member_id": chance.randrange(1, self._members + 1)},
                "lines": [{"sku": f"P{chance.randrange(1, 10_001)}", "quantity": 1} for _ in range(LINES)],
                "order_no": name,
                "placed_at": NOW.isoformat(),
            }
            headers = {
                "Authorization": f"Bearer {self._server.key}",
                "Idempotency-Key": name,
                "Content-Type": "application/json",
            }
            connection.request("POST", "/v1/orders", json.dumps(body), headers)
            answer = connection.getresponse()
            answer.read()
            with self._lock:
                self.taken.append((due, (time.perf_counter() - due) * 1000))
                self.refused += answer.status >= 300
            due += pause


def run(members: int, rate: float, usual: float) -> dict[str, Any]:
    """Measure on a fresh shop of `members` members with two lots each, of which one has expired."""
    with serving(members, _prepare, orders=2, lines=False) as server:
        return {"machine": describe(), "members": members, **_measure(server, members, rate, usual)}


def _prepare() -> None:
    from django.db import connection

    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM
    from laoke.surfaces.cli.session import now
    from laoke.surfaces.demo.loader import PROGRAMME

    programme.apply(SYSTEM, PROGRAMME, at=now())
    with connection.cursor() as cursor:
        cursor.execute(DATES, [NIGHT])
        cursor.execute("vacuum analyze points_lot")


def _measure(server: Serving, members: int, rate: float, usual: float) -> dict[str, Any]:
    from laoke.foundation import checks
    from laoke.points import expiry
    from laoke.points.checks import CHECKS

    due = expiry.due(NIGHT)
    first, second = _sweeper(), _sweeper()
    settle()
    with Tills(server, members, rate) as tills:
        time.sleep(3)  # connections, caches
        before = time.perf_counter()
        time.sleep(usual)
        begun = time.perf_counter()
        # Stopped once between two batches and gone on with, as by a new version that is rolled out.
        swept = _sweep(first, usual / 4) + _sweep(second, 3600.0)
        ended = time.perf_counter()
        time.sleep(usual)
        after = time.perf_counter()
    left = expiry.due(NIGHT)
    if swept != due - left or left:
        raise AssertionError(f"{swept} of {due} lots were swept, {left} are left")
    settle()
    if broken := [each.name for each in checks.run(CHECKS) if each.broken]:
        raise AssertionError(f"the books do not hold: {', '.join(broken)}")
    figures = {
        "before": tills.between(before, begun),
        "during": tills.between(begun, ended),
        "after": tills.between(ended, after),
    }
    return {
        "lots": swept,
        "seconds": round(ended - begun, 1),
        "lots_per_second": round(swept / (ended - begun)),
        "orders_a_second": rate,
        "orders": figures,
        "refused": tills.refused,
        "p99_to_usual": round(figures["during"]["p99_ms"] / figures["before"]["p99_ms"], 2),
    }


def _sweeper() -> subprocess.Popen[str]:
    """A process that sweeps as the worker does, once it is told for how long."""
    process = subprocess.Popen(
        [sys.executable, "-c", SWEEP, NIGHT.isoformat()],
        env=os.environ,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def _sweep(process: subprocess.Popen[str], seconds: float) -> int:
    """Have it sweep for so long at most; returns the lots it swept."""
    told, _ = process.communicate(f"{seconds}\n")
    return int(told)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=60.0, help="orders a second")
    parser.add_argument("--usual", type=float, default=20.0, help="seconds of selling before and after")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.members, arguments.rate, arguments.usual), indent=1))


if __name__ == "__main__":
    main()

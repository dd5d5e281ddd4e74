"""What a till asks of an account in a chain of a million members: how many points there are, and until when.

`python -m benchmarks.balance --members 1000000`. Target: 99 of 100 answers within 15 ms at 1 M members.

Measured in this process: the whole answer of `GET /v1/members/{id}/points` with sign-in, middleware and JSON, and the
reading alone. Members are taken by chance, so nearly every answer reads pages that no other did. The shop is that of
the benchmark of pages: five orders a member, whose points are partly spent, expired or taken back.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

TARGET_MS = 15.0
_WARM_UP = 50


def run(members: int, requests: int) -> dict[str, Any]:
    """Measure on the kept shop, building it first where there is none."""
    home = Path(os.environ.get("LAOKE_HOME", "var")).resolve() / "bench" / f"pages-{members}"
    os.environ.update(
        LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings", LAOKE_LOG_LEVEL="warning"
    )
    from benchmarks import pages
    from laoke.surfaces.cli.session import ready

    home.mkdir(parents=True, exist_ok=True)
    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import pages_shop

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            if not pages.has_shop(home):
                pages_shop.build(connection, members, pages.tell)
                pages.mark(home, 0)
        return {
            "machine": describe(),
            "members": members,
            "target_p99_ms": TARGET_MS,
            **_measure(pages_shop.AT, requests),
        }


def _measure(at: datetime, requests: int) -> dict[str, Any]:
    from django.conf import settings
    from django.db import connection
    from django.test import Client

    from laoke.foundation.access import SYSTEM, Scope
    from laoke.foundation.apikeys import services as apikeys
    from laoke.points import selectors

    settings.ALLOWED_HOSTS.append("testserver")
    _, key = apikeys.create(SYSTEM, "bench", [Scope.POINTS_READ.value], None, None, at=at)
    client = Client(headers={"Authorization": f"Bearer {key}"})
    with connection.cursor() as cursor:
        cursor.execute("select member_id from points_account order by random() limit %s", [requests])
        people = [row[0] for row in cursor.fetchall()]
    random.Random(7).shuffle(people)
    lots = 0

    def answer(member_id: int) -> None:
        nonlocal lots
        reply = client.get(f"/v1/members/{member_id}/points")
        assert reply.status_code == 200, reply.content
        lots += reply.json()["lots_open"]

    whole = _times(people, answer)
    return {
        "answers": len(people) - _WARM_UP,
        "lots_open_each": round(lots / len(people), 1),
        "whole_answer": whole,
        "reading": _times(people[::-1], lambda member_id: selectors.account(member_id, at)),
    }


def _times(people: list[int], ask: Callable[[int], object]) -> dict[str, float]:
    took = []
    for member_id in people:
        begun = time.perf_counter()
        ask(member_id)
        took.append((time.perf_counter() - begun) * 1000)
    took = took[_WARM_UP:]
    cuts = statistics.quantiles(took, n=1000, method="inclusive")
    return {
        "p50_ms": round(cuts[499], 2),
        "p99_ms": round(cuts[989], 2),
        "p99_9_ms": round(cuts[998], 2),
        "max_ms": round(max(took), 2),
    }


def main() -> int:
    """Run and print the result as JSON; 1 when the target is missed at full size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=5_000)
    arguments = parser.parse_args()
    result = run(arguments.members, arguments.requests)
    print(json.dumps(result, indent=1, ensure_ascii=False))
    missed = result["whole_answer"]["p99_ms"] > TARGET_MS
    return 1 if missed and arguments.members >= 1_000_000 else 0


if __name__ == "__main__":
    sys.exit(main())

"""The nightly figures end to end: lake export, all metrics of all stores and days, results stored; then once more.

`python -m benchmarks.figures --members 1000000`. Target: 1 M members / 5 M orders / 20 M lines in at most 60 s on 2
cores, and a repeat that writes nothing. Sketch: export of orders, members, moves, lots and classes 8 s; five million
purchases sorted once and read once for each of twenty measures 15 s; the figures compared and written 10 s. Lines are
not read and are left out of the build.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

AS_OF = date(2026, 1, 1)


def run(members: int) -> dict[str, Any]:
    """Measure on a fresh shop of `members` members."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "members": members, **_measure(members)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(members: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import now, ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import shop
        from laoke.review import figures

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            shop.build(connection, members, orders=5, lines=False)
        rounds = []
        for _ in range(2):
            begun = time.perf_counter()
            ends: list[tuple[str, float]] = []

            def go_on(step: str, ends: list[tuple[str, float]] = ends) -> bool:
                ends.append((step, time.perf_counter()))
                return True

            found = figures.compute(as_of=AS_OF, now=now(), go_on=go_on)
            assert found is not None
            steps = {
                step: round(end - start, 2)
                for (step, start), (_, end) in zip(ends, [*ends[1:], ("", time.perf_counter())], strict=True)
            }
            rounds.append(
                {
                    "seconds": round(time.perf_counter() - begun, 2),
                    "figures": found.figures,
                    "written": found.written,
                    "days": found.days,
                    "steps": steps,
                }
            )
        if rounds[1]["written"]:
            raise AssertionError("a repeat wrote something")
        _check(found)
    return {"rounds": rounds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _check(found: Any) -> None:
    """Hold one figure against the tables."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "with bought as (select member_id, count(*) as times from purchases_order "
            "where total_minor > returned_minor and member_id is not null "
            "and biz_date > %s - 90 and biz_date <= %s group by member_id) "
            "select count(*) filter (where times >= 2), count(*) from bought",
            [found.as_of, found.as_of],
        )
        counted = cursor.fetchone()
        cursor.execute(
            "select numerator, denominator from review_figure "
            "where store_id = 0 and metric = 'repurchase_90' and part = '' and day = %s",
            [found.as_of],
        )
        figure = cursor.fetchone()
    if figure is not None and counted != figure:
        raise AssertionError(f"{figure} figured, {counted} counted")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().members), indent=2))


if __name__ == "__main__":
    main()

"""Adjustments from a file: seconds, peak memory, and books that hold afterwards.

`python -m benchmarks.adjustments --members 1000000`. Target: 1 M rows booked in at most 60 s on 2 cores, the file read,
checked and booked. Each member holds two lots; eight rows of ten give points, two take some from both lots. Sketch: a
row costs a lot or two updates of lots, a posting, an account, an event and a row of the file: about 7 µs each.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

AT = datetime(2026, 3, 10, 4, tzinfo=UTC)


class _Watch:
    """Looks at the clock when a phase begins."""

    stop_requested = False

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}

    def phase(self, name: str, total: int = 0) -> None:
        self.begun[name] = time.perf_counter()

    def advance(self, count: int) -> None:
        pass


def run(members: int) -> dict[str, Any]:
    """Measure on a shop of `members` members, one row for each."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "members": members, **_measure(home, members)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path, members: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import shop
        from laoke.foundation import checks
        from laoke.foundation.access import SYSTEM
        from laoke.points.adjustments.checks import CHECKS
        from laoke.points.adjustments.files import adjust
        from laoke.points.checks import CHECKS as LEDGER
        from laoke.surfaces.cli.adjusting import rows_of

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            shop.build(connection, members, orders=2, lines=False)
            ids = [row[0] for row in connection.execute("select id from members_member order by id")]
        file = home / "adjust.csv"
        # In no order a database would like: 7919 is coprime to sizes of round numbers.
        with file.open("w", encoding="utf-8") as out:
            print("member_id,points,reason", file=out)
            for number in range(members):
                points = -150 if number % 5 == 0 else 50
                print(f"{ids[number * 7919 % members]},{points},补发 2026-03 活动积分", file=out)
        watch, begun = _Watch(), time.perf_counter()
        by, rows = rows_of(file)
        done = adjust(SYSTEM, file.name, rows, by=by, at=AT, watch=watch)
        ended = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if (done.booked, done.refused) != (members, []):
            raise AssertionError(f"{done.booked} of {members} rows were booked")
        if broken := [each.name for each in checks.run((*LEDGER, *CHECKS)) if each.broken]:
            raise AssertionError(f"the books do not hold: {', '.join(broken)}")
        again = time.perf_counter()
        by, rows = rows_of(file)
        if adjust(SYSTEM, file.name, rows, by=by, at=AT, watch=_Watch()).known != members:
            raise AssertionError("a repeat booked something")
        return {
            "seconds": round(ended - begun, 1),
            "seconds_checking": round(watch.begun["booking"] - begun, 1),
            "seconds_booking": round(ended - watch.begun["booking"], 1),
            "seconds_repeat": round(time.perf_counter() - again, 1),
            "peak_rss_mib": peak,
        }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().members), indent=1))


if __name__ == "__main__":
    main()

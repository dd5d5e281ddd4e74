"""The nightly computation end to end: lake export, RFM and both class systems, results stored beside the members.

`python -m benchmarks.features --members 1000000`. Target: 1 M members / 20 M lines in at most 20 s on 2 cores. The
shop has five orders a member; lines are not read by it and are left out of the build.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.machine import describe


def run(members: int, rounds: int = 3) -> dict[str, Any]:
    """Measure on a fresh shop of `members` members."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "members": members, **_measure(members, rounds)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(members: int, rounds: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import now, ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import shop
        from laoke.segments import services

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            shop.build(connection, members, orders=5, lines=False)
        found = []
        for _ in range(rounds):
            begun = time.perf_counter()
            ends: list[tuple[str, float]] = []
            summary = services.recompute(
                as_of=date(2026, 1, 1),
                now=now(),
                progress=lambda step, rows, ends=ends: ends.append((step, time.perf_counter())),  # type: ignore[misc]
            )
            starts = [begun, *(end for _, end in ends)]
            steps = {step: round(end - start, 2) for (step, end), start in zip(ends, starts, strict=False)}
            found.append({"seconds": round(time.perf_counter() - begun, 2), **steps})
            if summary["members"] != members:
                raise AssertionError(f"{summary['members']} members scored, {members} expected")
        return {
            "orders": 5 * members,
            "seconds": statistics.median(each["seconds"] for each in found),
            "rounds": found,
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.members, arguments.rounds), indent=1))


if __name__ == "__main__":
    main()

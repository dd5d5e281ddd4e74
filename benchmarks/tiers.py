"""Judging every member: a preview of a ladder, applying it, judging everybody again, and counting the movement of two
quarters; seconds and peak memory.

`python -m benchmarks.tiers --members 1000000`. Targets: preview and re-judging of 1 M members at most 60 s each on 2
cores and at most 1 GiB. Five purchases a member; the ladder mixes spend and counts, all and any, rolling, calendar and
lifetime windows. Sketch: reading 5 M purchases in order of members takes 1 µs each in the index, a member 5 µs in
Python, a move five rows of 10 µs.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import describe

if TYPE_CHECKING:
    from laoke.tiers.preview import Preview

AT = datetime(2026, 3, 10, 5, tzinfo=UTC)
ORDERS = Path(__file__).with_suffix(".sql")


def _needs(metric: str, at_least: int, **window: Any) -> dict[str, Any]:
    return {"metric": metric, "at_least": at_least, **window}


PLAIN = {
    "tiers": [
        {"code": "basic"},
        {"code": "silver", "needs": [_needs("spend", 60_000, months=3)]},
        {"code": "gold", "needs": [_needs("spend", 100_000, months=3), _needs("purchases", 2, months=3)]},
        {"code": "diamond", "needs": [_needs("spend", 150_000, months=3), _needs("purchases", 3, months=3)]},
    ]
}
MIXED = {
    "tiers": [
        {"code": "basic"},
        {"code": "silver", "needs": [_needs("spend", 65_000, months=3)]},
        {
            "code": "rose",
            "needs": [
                {"any": [_needs("spend", 90_000, months=3), _needs("spend", 400_000, window="calendar_year")]}
            ],
        },
        {
            "code": "gold",
            "needs": [
                {
                    "any": [
                        {"all": [_needs("spend", 100_000, months=3), _needs("purchases", 2, days=60)]},
                        _needs("spend", 420_000, window="lifetime"),
                    ]
                }
            ],
        },
        {
            "code": "diamond",
            "needs": [_needs("spend", 430_000, window="lifetime"), _needs("purchases", 3, months=6)],
        },
    ]
}


def run(members: int) -> dict[str, Any]:
    """Measure on a shop of `members` members."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "members": members, **_measure(members)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(members: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from benchmarks import shop
        from laoke.checkout import programme
        from laoke.foundation import checks
        from laoke.foundation.access import SYSTEM
        from laoke.tiers import ladder, movement, preview
        from laoke.tiers.checks import CHECKS

        with psycopg.connect(settings.DATABASE_TARGET.conninfo()) as connection:
            shop.build(connection, members, orders=0, lines=False)
            connection.execute(ORDERS.read_bytes())
            connection.commit()
            connection.autocommit = True
            connection.execute("vacuum analyze")
        programme.apply(SYSTEM, {"ladder": PLAIN}, at=AT)
        first, settled = _timed(lambda: preview.rejudge(SYSTEM, at=AT))
        mixed, soon = ladder.parse(MIXED), AT + timedelta(days=1)
        making, made = _timed(lambda: preview.make(SYSTEM, mixed, at=soon))
        applying, applied = _timed(lambda: preview.apply(SYSTEM, made.number, at=soon))
        again, later = _timed(lambda: preview.rejudge(SYSTEM, at=AT + timedelta(days=30)))
        repeat, nobody = _timed(lambda: preview.rejudge(SYSTEM, at=AT + timedelta(days=30)))
        begun = time.perf_counter()
        counted = movement.count(at=AT + timedelta(days=31), now=AT + timedelta(days=31))
        counting = round(time.perf_counter() - begun, 1)
        if counted is None or counted.members != members:
            raise AssertionError(f"the movement was counted of {counted and counted.members}")
        if applied.outcomes != {"as_previewed": made.up + made.down, "otherwise": 0, "stayed": 0}:
            raise AssertionError(f"applying came to {applied.outcomes}")
        if nobody.up or nobody.down:
            raise AssertionError(f"a repeat moved {nobody.up + nobody.down} members")
        if broken := [each.name for each in checks.run(CHECKS) if each.broken]:
            raise AssertionError(f"it does not hold: {', '.join(broken)}")
        return {
            "seconds_first": first,
            "moved_first": settled.up + settled.down,
            "seconds_preview": making,
            "seconds_apply": applying,
            "moved": made.up + made.down,
            "seconds_rejudge": again,
            "moved_rejudge": later.up + later.down,
            "seconds_repeat": repeat,
            "seconds_movement": counting,
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def _timed(work: Callable[[], Preview | None]) -> tuple[float, Preview]:
    begun = time.perf_counter()
    found = work()
    assert found is not None
    return round(time.perf_counter() - begun, 1), found


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    print(json.dumps(run(parser.parse_args().members), indent=1))


if __name__ == "__main__":
    main()

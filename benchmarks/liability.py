"""The month-end of points over many lots: seconds, peak memory, and a checked answer.

`python -m benchmarks.liability --lots 10000000`. Target: 10 M lots closed in at most 30 s on 2 cores, difference to the
ledger 0. Lots of 24 months; four of ten have a redemption, those older than a year have lapsed. Sketch: 18 M postings
joined to 10 M lots by two scans and a parallel hash, grouped into some thousand rows; the rest is small.
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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import describe

MONTH, AT = date(2026, 6, 1), datetime(2026, 7, 2, 4, tzinfo=UTC)
# The indexes are made after the rows, as a restore does; they play no part in a close.
BUILD = """
create temp table kept as select indexname, indexdef from pg_indexes
    where tablename in ('points_lot', 'points_posting') and indexname not like '%pkey';
do $$ declare i record; begin
    for i in select indexname from kept loop execute 'drop index ' || quote_ident(i.indexname); end loop;
end $$;
insert into points_lot (id, member_id, origin, accrued_at, expires_at, points, remaining)
select i, 1 + i % {members}, 'order', at, at + interval '1 year',
    100, case when at < '2025-06-29' then 0 when i % 10 < 4 then 40 else 100 end
from (select i, timestamptz '2024-07-01' + (i * 7919 % 1049760) * interval '1 minute' as at
    from generate_series(1::bigint, {lots}) i) rows;
insert into points_posting (member_id, kind, points, lot_id, at, recorded_at)
select member_id, 'accrual', 100, id, accrued_at, accrued_at from points_lot
union all
select member_id, 'redemption', -60, id, least(accrued_at + (id % 300) * interval '1 day', '2026-06-30 12:00Z'),
    accrued_at
from points_lot where id % 10 < 4
union all
select member_id, 'expiry', case when id % 10 < 4 then -40 else -100 end, id, expires_at, expires_at
from points_lot where remaining = 0;
insert into points_account (member_id, balance) select member_id, sum(remaining) from points_lot group by 1;
do $$ declare i record; begin
    for i in select indexdef from kept loop execute i.indexdef; end loop;
end $$;
select setval('points_lot_id_seq', {lots});
vacuum analyze points_lot;
vacuum analyze points_posting;
checkpoint
"""


def run(lots: int, rounds: int) -> dict[str, Any]:
    """Measure on a ledger of `lots` lots."""
    home = Path(tempfile.mkdtemp(prefix="laoke-bench-"))
    home.chmod(0o755)
    os.environ.update(LAOKE_HOME=str(home), DJANGO_SETTINGS_MODULE="laoke.project.settings")
    try:
        return {"machine": describe(), "lots": lots, **_measure(lots, rounds)}
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(lots: int, rounds: int) -> dict[str, Any]:
    from laoke.surfaces.cli.session import ready

    with ready(migrate=True):
        import psycopg
        from django.conf import settings

        from laoke.foundation import checks
        from laoke.foundation.access import SYSTEM
        from laoke.points.liability.checks import CHECKS
        from laoke.points.liability.services import close, reopen

        with psycopg.connect(settings.DATABASE_TARGET.conninfo(), autocommit=True) as connection:
            built = BUILD.replace("{lots}", str(lots))
            for statement in _statements(built.replace("{members}", str(max(1, lots // 10)))):
                connection.execute(statement.encode())
            held = connection.execute(
                "select sum(remaining), (select count(*) from points_posting) from points_lot"
            ).fetchone()
            assert held is not None
        seconds = []
        for _ in range(rounds):
            begun = time.perf_counter()
            closed = close(SYSTEM, MONTH, at=AT)
            seconds.append(round(time.perf_counter() - begun, 2))
            difference = closed.points_open - held[0]
            if difference or [each for each in checks.run(CHECKS) if each.broken]:
                raise AssertionError(f"the close differs from the ledger by {difference} points")
            reopen(SYSTEM, MONTH, "measured again", at=AT)
        return {
            "postings": held[1],
            "points_open": int(held[0]),
            "difference": int(difference),
            "lapsing_share": round(closed.lapsing / closed.points_open, 4),
            "seconds": statistics.median(seconds),
            "rounds": seconds,
            "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def _statements(text: str) -> list[str]:
    """Split at semicolons that end a line, but not within a block."""
    found, part = [], ""
    for line in text.strip().splitlines():
        part += line + "\n"
        if line.rstrip().endswith(";") and part.count("$$") % 2 == 0:
            found.append(part)
            part = ""
    return [*found, part]


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lots", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.lots, arguments.rounds), indent=1))


if __name__ == "__main__":
    main()

"""RFM and both class systems over a lake of a given size: seconds, peak memory, and a checked answer.

`python -m benchmarks.rfm --members 1000000` makes 5 orders and 20 lines a member, then measures. Target: 1 M members,
20 M lines in at most 20 s on 2 cores. Sketch: 5 M orders x 4 columns read once, grouped into 1 M rows (2-3 s); three
value counts and one scoring pass over 1 M rows (1-2 s). The lines are written because a real lake has them; RFM must
not read them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import ibis

from laoke.insight.lake import Lake
from laoke.insight.rfm.compute import RfmResult, compute_rfm
from laoke.insight.session import duckdb_session

AS_OF = date(2026, 6, 30)
WINDOW_DAYS = 365
HISTORY_DAYS = 540
ORDERS_PER_MEMBER = 5
LINES_PER_ORDER = 4

# A lake of a shop 18 months old: members join all along and stay for a while, some buy far more than others, one
# order in twelve is anonymous, one in forty is returned. `mix` is a hash in 0 .. n - 1, so every run is the same.
GENERATOR = f"""
create macro mix(i, salt, n) as (hash(i * 31 + salt) % n)::bigint;
create macro joined_day(member) as mix(member, 1, {HISTORY_DAYS});
create macro stay_days(member) as least(1 + mix(member, 2, {HISTORY_DAYS}), {HISTORY_DAYS} - joined_day(member));
create macro line_minor(order_id, line_no) as 300 + mix(order_id * 8 + line_no, 3, 97) * mix(order_id, 4, 90);
create macro buyer(order_id) as
    case when mix(order_id, 5, 12) > 0
    then 1 + (mix(order_id, 6, 2147483647) * mix(order_id, 6, 2147483647) // 2147483647) * $members // 2147483647
    end;
create macro order_day(order_id) as
    joined_day(coalesce(buyer(order_id), order_id))
    + mix(order_id, 7, stay_days(coalesce(buyer(order_id), order_id)));
create macro returned(order_id) as mix(order_id, 8, 40) = 0;
"""
MEMBERS = f"""
select i as member_id, date '{AS_OF - timedelta(days=HISTORY_DAYS - 1)}' + joined_day(i)::int as registered_date,
       if(mix(i, 9, 33) = 0, 'closed', 'active') as status, 1 + mix(i, 14, 40) as home_store_id
from range(1, $members + 1) as r(i)
"""
ORDERS = f"""
with numbered as (select i, date '{AS_OF - timedelta(days=HISTORY_DAYS - 1)}' + order_day(i)::int as day,
    line_minor(i, 1) + line_minor(i, 2) + line_minor(i, 3) + line_minor(i, 4) as minor
    from range(1, $members * {ORDERS_PER_MEMBER} + 1) as r(i))
select i as order_id, buyer(i) as member_id, 1 + mix(i, 10, 40) as store_id, 1 + mix(i, 11, 3) as channel_id,
       day::timestamp + to_hours(mix(i, 12, 12)) as placed_at, day as biz_date,
       (8 + mix(i, 12, 12))::smallint as biz_hour, 'CNY' as currency, minor as total_minor,
       if(returned(i), 0, minor) as net_minor,
       if(returned(i), 'returned', 'completed') as status
from numbered
"""
LINES = f"""
select i as order_id, n as line_no, buyer(i) as member_id, 1 + mix(i * 8 + n, 13, 20000) as product_id,
       1 + mix(i * 8 + n, 13, 20000) % 120 as category_id,
       date '{AS_OF - timedelta(days=HISTORY_DAYS - 1)}' + order_day(i)::int as biz_date,
       1000::bigint as quantity_milli,
       if(returned(i), 0, line_minor(i, n)) as net_minor, if(returned(i), 1000, 0)::bigint as returned_milli,
       if(returned(i), line_minor(i, n), 0) as returned_minor
from range(1, $members * {ORDERS_PER_MEMBER} + 1) as r(i), range(1, {LINES_PER_ORDER + 1}) as l(n)
"""


def generate(root: Path, members: int) -> None:
    """Write orders, lines and members of a synthetic lake of `members` members under `root`."""
    with duckdb.connect(config={"preserve_insertion_order": False, "memory_limit": "2GiB"}) as session:
        session.execute(GENERATOR.replace("$members", str(members)))
        for name, query in (("members", MEMBERS), ("orders", ORDERS), ("lines", LINES)):
            (root / name).mkdir(parents=True)
            rows = query.replace("$members", str(members))
            session.execute(f"copy ({rows}) to '{root / name / 'part-0.parquet'}' (format parquet)")


def run(
    size: int = 1_000_000, *, runs: int = 3, memory_limit: str = "2GiB", threads: int | None = None
) -> dict[str, object]:
    """Measure `size` members with 5 orders and 20 lines each.

    Returns:
        Median and all times in seconds, peak resident memory in MiB over all runs (Linux; else None), members by
        class, versions and settings; plain values for JSON.
    Raises:
        AssertionError: the answer differs from a direct count over the same files.
    """
    threads = threads or os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        started = time.perf_counter()
        generate(root, size)
        generated = time.perf_counter() - started
        _reset_peak()
        seconds: list[float] = []
        for _ in range(runs):
            with duckdb_session(
                memory_limit=memory_limit, threads=threads, temp_directory=root / "spill"
            ) as session:
                lake = Lake(session, root)
                started = time.perf_counter()
                result = compute_rfm(lake.orders(), lake.members(), as_of=AS_OF)
                seconds.append(time.perf_counter() - started)
        peak = _peak_mib()
        _check(root, result)
    return {
        "benchmark": "rfm",
        "members": size,
        "orders": size * ORDERS_PER_MEMBER,
        "lines": size * ORDERS_PER_MEMBER * LINES_PER_ORDER,
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds": [round(each, 3) for each in seconds],
        "seconds_target": 20,
        "peak_rss_mib": peak,
        "memory_limit": memory_limit,
        "threads": threads,
        "seconds_generating": round(generated, 1),
        "members_by_rfm_class": {str(k): n for k, n in result.members_by_rfm_class().items()},
        "members_by_value_class": {str(k): n for k, n in result.members_by_value_class().items()},
        "duckdb": duckdb.__version__,
        "ibis": ibis.__version__,
    }


def _check(root: Path, result: RfmResult) -> None:
    """A quick wrong answer is no answer: count again by another way."""
    with duckdb.connect() as session:
        active, spent = session.execute(
            f"""
            with active as (select member_id from '{root}/members/*.parquet' where status = 'active')
            select (select count(*) from active), sum(net_minor) from '{root}/lines/*.parquet'
            where member_id in (from active) and biz_date between ? and ?
            """,
            [AS_OF - timedelta(days=WINDOW_DAYS - 1), AS_OF],
        ).fetchall()[0]
    assert result.members == active
    for groups in (result.groups_rfm, result.groups_value):
        assert sum(group.members for group in groups) == active
        assert sum(group.monetary_minor for group in groups) == spent
    assert sum(cell.monetary_minor for cell in result.grid) == spent


def _reset_peak() -> None:
    # Making the files needs more memory than reading them; the kernel forgets its high-water mark when told to.
    control = Path("/proc/self/clear_refs")
    if control.exists():
        control.write_text("5")


def _peak_mib() -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=run.__doc__)
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory-limit", default="2GiB")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    measured = run(asked.members, runs=asked.runs, memory_limit=asked.memory_limit, threads=asked.threads)
    print(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()

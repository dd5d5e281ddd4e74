"""Computing the figures: export the lake, count, and put the result beside the old one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.checkout import programme
from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.insight.metrics.catalogue import METRICS, Reach
from laoke.review import storemonths
from laoke.review.models import FigureRun
from laoke.segments.lake import queries as lake_queries

_PACKAGE = "laoke.review"
STATES = [metric.code for metric in METRICS if metric.reach is Reach.STATE]
COLUMNS = ("store_id", "metric", "part", "day", "numerator", "denominator")


@dataclass(frozen=True, slots=True)
class Computed:
    """What one computation did. `written` counts new and changed figures, `dropped` those that are gone."""

    as_of: date
    figures: int
    written: int
    dropped: int
    days: int
    first_order: date | None


def _always(step: str) -> bool:
    return True


def compute(*, as_of: date, now: datetime, go_on: Callable[[str], bool] = _always) -> Computed | None:
    """Count every metric for every store and every kept day up to the end of `as_of`.

    All or nothing: an interrupted run leaves the old figures, a repeated one finds nothing to change.

    Args:
        go_on: told the name of each step before it begins ("export", one for each measure, "store"); False ends the
            computation.
    Returns:
        None when `go_on` ended it; nothing was changed then.
    Raises:
        LakeExportFailed, LakeSchemaMismatch: nothing was changed.
    """
    # Loading the analytics engine takes a second and 100 MB: web processes and other commands need not pay.
    from laoke.foundation.lake.export import export, home
    from laoke.insight.lake import Lake
    from laoke.insight.metrics.compute import Stopped, compute_metrics
    from laoke.insight.session import duckdb_session

    begun = time.monotonic()
    run = FigureRun.objects.create(as_of=as_of, started_at=now)
    root, config = home(), settings.LAOKE
    if not go_on("export"):
        return None
    own = {name: sql.load(_PACKAGE, f"lake_{name}") for name in ("tier_moves", "lots", "classes")}
    export(lake_queries() | own, root)
    ladder = programme.current().ladder
    with duckdb_session(
        memory_limit=f"{config.memory_mb}MiB", threads=2, temp_directory=root / "spill"
    ) as session:
        try:
            found = compute_metrics(
                Lake(session, root), as_of=as_of, tiers=[tier.code for tier in ladder.tiers], go_on=go_on
            )
        except Stopped:
            return None
        if not go_on("store"):
            return None
        with transaction.atomic(), hot_cursor() as cursor:
            draft = root / "spill" / f"figures-{run.pk}.csv"
            rows, written, dropped = _store(cursor, found, as_of, draft)
            storemonths.count_all(cursor, as_of)
            FigureRun.objects.filter(pk=run.pk).update(
                finished_at=now + timedelta(seconds=time.monotonic() - begun),
                first_order_date=found.first_order,
                rows=rows,
            )
    return Computed(as_of, rows, written, dropped, len(found.days), found.first_order)


def _store(cursor: psycopg.Cursor[Any], found: Any, as_of: date, draft: Path) -> tuple[int, int, int]:
    """Put the new figures in the place of the old ones within one transaction: a reader sees a whole set.

    The rows go through a file of text, written by the engine and read by the server; none passes through Python.
    """
    import ibis

    from laoke.insight.metrics.facts import DAY_ZERO

    figures = found.figures
    dated = figures.mutate(day=(ibis.date(DAY_ZERO) + figures.day.as_interval("D")).cast("date"))
    try:
        dated.select(*COLUMNS).to_csv(draft, header=False)
        # One computation at a time; readers go on reading what is there.
        cursor.execute("lock table review_figure in share row exclusive mode")
        cursor.execute(sql.load(_PACKAGE, "stage"))
        with (
            draft.open("rb") as rows,
            # An empty part is an empty text and not nothing; only the denominator may be nothing.
            cursor.copy(
                f"copy new_figure ({', '.join(COLUMNS)}) from stdin (format csv, force_not_null (part))"
            ) as copy,
        ):
            while block := rows.read(1 << 18):
                copy.write(block)
    finally:
        draft.unlink(missing_ok=True)
    cursor.execute("analyze new_figure")
    cursor.execute(
        sql.load(_PACKAGE, "drop_old"), {"days": list(found.days), "as_of": as_of, "states": STATES}
    )
    dropped = cursor.rowcount
    cursor.execute(sql.load(_PACKAGE, "write_new"))
    written = cursor.rowcount
    (rows_there,) = cursor.execute("select count(*) from new_figure").fetchone() or (0,)
    return rows_there, written, dropped

"""Computing what each member is like: export the lake, score, classify, and put the result beside the members."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.foundation.sql import hot_cursor
from laoke.segments import cubes
from laoke.segments.lake import queries
from laoke.segments.models import FeatureRun
from laoke.segments.policies import class_policies

COLUMNS = (
    "member_id", "as_of", "recency_days", "frequency", "monetary_minor", "orders_total", "first_purchase_date",
    "last_purchase_date", "r_score", "f_score", "m_score", "annual_minor", "annual_repurchases", "rule_rfm",
    "class_rfm", "rule_value", "class_value",
)  # fmt: skip

Progress = Callable[[str, int], None]


def recompute(*, as_of: date, now: datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Score and classify every active member at the end of the day `as_of`, replacing what was known before.

    Args:
        progress: told each step ("export", "score", "store") and the rows it handled.
    Returns:
        A summary of plain values: members, classes, breakpoints, the 5 x 5 grid.
    Raises:
        LakeExportFailed, LakeContradiction: nothing is replaced.
    """
    # Loading the analytics engine takes a second and 100 MB: web processes and other commands need not pay.
    from laoke.foundation.lake.export import export, home
    from laoke.insight.lake import Lake
    from laoke.insight.rfm.compute import compute_rfm
    from laoke.insight.session import duckdb_session

    tell = progress or (lambda step, rows: None)
    begun = time.monotonic()
    run = FeatureRun.objects.create(as_of=as_of, started_at=now)
    root = home()
    written = export(queries(), root)
    tell("export", sum(written.values()))
    config = settings.LAOKE
    rfm, value = class_policies(config.currency)
    with duckdb_session(
        memory_limit=f"{config.memory_mb}MiB", threads=2, temp_directory=root / "spill"
    ) as session:
        lake = Lake(session, root)
        found = compute_rfm(
            lake.orders(),
            lake.members(),
            lake.interactions(),
            as_of=as_of,
            rfm=rfm,
            value=value,
        )
        tell("score", found.members)
        summary = _summary(found)
        with transaction.atomic(), hot_cursor() as cursor:
            _store(cursor, found.features, root / "spill" / f"features-{run.pk}.csv")
            finished_at = now + timedelta(seconds=time.monotonic() - begun)
            FeatureRun.objects.filter(pk=run.pk).update(
                finished_at=finished_at, members=found.members, summary=summary
            )
        cubes.count_all()
        tell("store", found.members)
    return summary


def _store(cursor: psycopg.Cursor[Any], features: Any, draft: Path) -> None:
    """Replace all rows at once: a reader sees the old features or the new ones, never a mixture.

    The rows go through a file of text: written by the engine and read by the server, none of a million passes
    through Python.
    """
    try:
        features.select(*COLUMNS).to_csv(draft, header=False)
        cursor.execute("lock table segments_memberfeatures in exclusive mode")
        cursor.execute("delete from segments_memberfeatures")
        with (
            draft.open("rb") as rows,
            cursor.copy(
                f"copy segments_memberfeatures ({', '.join(COLUMNS)}) from stdin (format csv)"
            ) as copy,
        ):
            while block := rows.read(1 << 18):
                copy.write(block)
    finally:
        draft.unlink(missing_ok=True)


def _summary(found: Any) -> dict[str, Any]:
    return {
        "as_of": found.as_of.isoformat(),
        "members": found.members,
        "members_without_purchase": found.members_without_purchase,
        "breakpoints": {
            "recency_days_at_most": list(found.breakpoints.recency_days_at_most),
            "frequency_at_least": list(found.breakpoints.frequency_at_least),
            "monetary_minor_at_least": list(found.breakpoints.monetary_minor_at_least),
        },
        "grid": [
            {
                "r": cell.r_score,
                "f": cell.f_score,
                "members": cell.members,
                "monetary_minor": cell.monetary_minor,
            }
            for cell in found.grid
        ],
        "classes_rfm": {str(name): count for name, count in found.members_by_rfm_class().items()},
        "classes_value": {str(name): count for name, count in found.members_by_value_class().items()},
        "interactions_evaluated": found.interactions_evaluated,
    }

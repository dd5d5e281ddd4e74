"""The nightly computation of features and classes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.segments import services


@task("segments.recompute", at="0 4 * * *")
def recompute(at: datetime) -> None:
    """Score and classify every member as of the end of yesterday, in the programme's zone.

    All or nothing, and the same however often it runs: a repeat replaces the features by equal ones.
    """
    yesterday = at.astimezone(settings.LAOKE.zone).date() - timedelta(days=1)
    with progress.track("segments.recompute", 0, at, unit="members") as work:

        def tell(step: str, rows: int) -> None:
            work.detail["step"] = step
            work.done = rows
            work.write()

        services.recompute(as_of=yesterday, now=timezone.now(), progress=tell)

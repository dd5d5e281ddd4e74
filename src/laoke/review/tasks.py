"""The nightly computation of figures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.review import figures


# After RFM and the review of tiers, whose results it counts.
@task("review.figures", at="30 4 * * *")
def compute_figures(at: datetime) -> None:
    """Count all figures up to the end of yesterday, in the programme's zone.

    All or nothing, and the same however often it runs.
    """
    yesterday = at.astimezone(settings.LAOKE.zone).date() - timedelta(days=1)
    with progress.track("review.figures", 0, at, unit="steps") as work:

        def go_on(step: str) -> bool:
            work.detail["step"] = step
            work.advance()
            return not work.stop_requested

        found = figures.compute(as_of=yesterday, now=timezone.now(), go_on=go_on)
        if found is not None:
            work.detail |= {"figures": found.figures, "written": found.written}

"""The review of tiers, looked for every night."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.tiers import due, review


@task("tiers.review", at="40 3 * * *")
def review_tiers(at: datetime) -> None:
    """Judge the latest review day. On any other night it finds everybody judged and does nothing.

    After the sweep of points by the clock, though neither needs the other: spend decides tiers, not points.
    """
    found = due.latest(at)
    if found is None:
        return
    total = due.waiting(found.ladder, found.day)
    if not total:
        return
    detail = {"day": found.day.isoformat()}
    with progress.track("tiers.review", total, at, unit="members", detail=detail) as work:

        def advance(members: int) -> bool:
            work.advance(members)
            return not work.stop_requested

        result = review.review(found.ladder, found.day, now=timezone.now(), advance=advance)
        work.detail["moved"] = len(result.moved)

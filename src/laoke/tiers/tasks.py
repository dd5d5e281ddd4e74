"""The review of tiers, what the clock brings, and the count of who went where: looked after every night."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.tiers import clock, due, movement, review


@task("tiers.clock", at="35 3 * * *")
def bring_by_the_clock(at: datetime) -> None:
    """End periods of validity and tiers assigned whose days are over, and tiers nobody has bought for.

    Before the review, which judges by what the clock has brought until its day.
    """
    total = clock.waiting(at)
    if not total:
        return
    with progress.track("tiers.clock", total, at, unit="members") as work:

        def advance(members: int) -> bool:
            work.advance(members)
            return not work.stop_requested

        work.detail["moved"] = clock.run(at=at, advance=advance).moved


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


@task("tiers.flows", at="10 4 * * *")
def count_flows(at: datetime) -> None:
    """Count where everybody went on the ladder and would stand if judged now, for the page that shows it.

    After the clock and the review. Stopped, the next run of the same day goes on; until then the old count is shown.
    """
    with progress.track("tiers.flows", movement.to_count(at), at, unit="members") as work:

        def advance(members: int) -> bool:
            work.advance(members)
            return not work.stop_requested

        found = movement.count(at=at, now=work.now(), advance=advance)
        if found is not None:
            work.detail["day"] = found.as_of.isoformat()

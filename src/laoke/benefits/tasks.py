"""Issuing coupons to many, and the birthdays of the day: done by a worker."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from laoke.benefits.coupons import batches
from laoke.benefits.library import granting
from laoke.benefits.mall.services import lapse
from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task

DAYS_BACK = 3


@task(batches.TASK)
def issue_coupons(at: datetime, batch_id: int) -> None:
    """Issue what is left of a batch. A run that was killed is run again and goes on behind its last chunk."""
    total = batches.size_of(batch_id)
    with progress.track(batches.TASK, total, at, key=str(batch_id), unit="coupons") as work:

        def advance(places: int) -> bool:
            work.advance(places)
            return not work.stop_requested

        batch = batches.run(batch_id, work.now, advance)
        if work.stopped:
            batches.halt(batch_id, work.now())
        if batch is not None:
            work.detail |= {"issued": batch.issued, "refused": batch.refused}


@task("benefits.birthdays", at="5 0 * * *")
def grant_birthdays(at: datetime) -> None:
    """Grant what comes with the birthdays of the day. A run that was killed is run again: nobody gets twice."""
    with progress.track("benefits.birthdays", 0, at, unit="members") as work:
        today = at.astimezone(settings.LAOKE.zone).date()
        # Days on which nothing ran are made up for: whoever has theirs gets no other.
        days = [today - timedelta(days=back) for back in range(DAYS_BACK, -1, -1)]
        work.detail["granted"] = sum(granting.birthdays(day, now=work.now()) for day in days)


@task("mall.lapse", at="20 0 * * *")
def lapse_mall_orders(at: datetime) -> None:
    """Cancel what was not collected from the points mall in its time."""
    with progress.track("mall.lapse", 0, at, unit="orders") as work:
        work.detail["cancelled"] = lapse(work.now())

"""Issuing coupons to many, done by a worker."""

from __future__ import annotations

from datetime import datetime

from laoke.benefits.coupons import batches
from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task


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

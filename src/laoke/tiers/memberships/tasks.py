"""What the night does for paid memberships. The clock of tiers ends them."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.tiers.memberships import notices


@task("memberships.ending", at="20 4 * * *")
def tell_ending(at: datetime) -> None:
    """Tell members whose paid membership ends in 30 days, 7 days, one day."""
    with progress.track("memberships.ending", 0, at, unit="members") as work:

        def advance(told: int) -> bool:
            work.advance(told)
            return not work.stop_requested

        notices.tell(at=at, advance=advance)

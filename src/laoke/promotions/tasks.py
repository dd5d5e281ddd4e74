"""What happens to offers by itself."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.jobs.declare import task
from laoke.promotions import alarms


@task("promotions.alarms", at="* * * * *", tries=2)
def tell(at: datetime) -> None:
    """Tell of budgets that run low and of offers that are used up, within a minute of it."""
    alarms.tell(at)

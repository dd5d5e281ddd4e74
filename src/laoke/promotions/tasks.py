"""What happens to offers by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from laoke.foundation.jobs.declare import task
from laoke.promotions import alarms, days
from laoke.promotions.backtest import jobs


@task("promotions.alarms", at="* * * * *", tries=2)
def tell(at: datetime) -> None:
    """Tell of budgets that run low and of offers that are used up, within a minute of it."""
    alarms.tell(at)


@task("promotions.days", at="25 0 * * *")
def sum_up(at: datetime) -> None:
    """Sum up what offers gave on the days that are over, so that lists and charts need not count every use."""
    days.sum_up(at)


@task(jobs.TASK, tries=2)
def backtest(
    at: datetime,
    key: str,
    document: Mapping[str, Any],
    first_day: str,
    last_day: str,
    stores: Sequence[str] | None,
    by: str = "",
) -> None:
    """Try an offer on the orders of a period."""
    jobs.work(at, key, document, first_day, last_day, stores, by)

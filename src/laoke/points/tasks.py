"""The nightly sweep of points whose time is over."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.points import expiring, expiry, holds
from laoke.points.adjustments import requests
from laoke.points.liability import requests as month_requests


@task("points.expire", at="30 3 * * *")
def expire_points(at: datetime) -> None:
    """Expire every lot whose time was over at `at`. A lot that a till held meanwhile waits for the next night."""
    with progress.track("points.expire", expiry.due(at), at, unit="lots") as work:

        def advance(lots: int) -> bool:
            work.advance(lots)
            return not work.stop_requested

        swept = expiry.expire(at=at, now=timezone.now(), advance=advance, rest=expiry.REST)
        work.detail["points"] = swept.points


@task("points.holds", at="* * * * *")
def expire_holds(at: datetime) -> None:
    """Write down that holds are over. Rules know it without."""
    holds.expire(at=at)


@task("points.requests", at="40 3 * * *")
def lapse_requests(at: datetime) -> None:
    """Write down that the time of requests for points is over which nobody decided."""
    requests.lapse(at)


@task("points.month-end")
def end_month(at: datetime, request: int) -> None:
    """Close or reopen a month that two people agreed on."""
    month_requests.work(at, request)


@task("points.expiring", at="10 4 * * *")
def tell_ending(at: datetime) -> None:
    """Tell members which of their points end in 60, 30 and 7 days."""
    with progress.track("points.expiring", 0, at, unit="members") as work:

        def advance(notices: int) -> bool:
            work.advance(notices)
            return not work.stop_requested

        told = expiring.tell(at=at, advance=advance)
        work.detail["points"] = told.points
    expiring.forget(at)

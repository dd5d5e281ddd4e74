"""Instants that others send: their clocks drift, and some are plainly wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from laoke.kernel.errors import LaokeError

# Tills' clocks drift; more than this ahead is a wrong clock.
TOLERANCE = timedelta(minutes=5)
# Before this nothing can have happened: a device that lost its clock starts in 1970 or 1980.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class ClockInFuture(LaokeError):
    """The instant given lies ahead of the server's clock."""

    code, status, title = "clock-in-future", 422, "The time lies in the future"


class ClockInPast(LaokeError):
    """The instant given lies before any purchase can have happened."""

    code, status, title = "clock-in-past", 422, "The time lies too far in the past"


def check(instant: datetime, now: datetime) -> None:
    """Refuse an instant at which nothing that is told today can have happened.

    Raises:
        ClockInFuture, ClockInPast
    """
    if instant > now + TOLERANCE:
        raise ClockInFuture(f"{instant.isoformat()} lies ahead of the server's clock {now.isoformat()}")
    if instant < EARLIEST:
        raise ClockInPast(f"{instant.isoformat()} lies before {EARLIEST:%F}")

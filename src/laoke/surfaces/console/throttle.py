"""Guessing passwords is made slow: five attempts per account name and address, then a pause."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from laoke.foundation.sql import hot_cursor, load

ATTEMPTS = 5
PAUSE = timedelta(minutes=10)


def begin(username: str, address: str, at: datetime) -> datetime | None:
    """Count one attempt before the password is looked at, so that attempts side by side cannot slip through.

    Returns:
        None when the attempt may go on; otherwise the instant from which the next one may.
    """
    values = {"key": _key(username, address), "at": at, "until": at + PAUSE, "most": ATTEMPTS}
    with hot_cursor() as cursor:
        cursor.execute("delete from console_signinattempts where until <= %s", [at])
        row = cursor.execute(load("laoke.surfaces.console", "count_attempt"), values).fetchone()
    assert row is not None
    attempts, until = row
    return until if attempts > ATTEMPTS else None


def forget(username: str, address: str) -> None:
    """The password was right: the count starts over."""
    with hot_cursor() as cursor:
        cursor.execute("delete from console_signinattempts where key = %s", [_key(username, address)])


def _key(username: str, address: str) -> str:
    # Upper and lower case are different accounts, but the same guesser.
    told = f"{username.strip().casefold()}\0{address}"
    return salted_hmac("laoke.console.throttle", told, algorithm="sha256").hexdigest()

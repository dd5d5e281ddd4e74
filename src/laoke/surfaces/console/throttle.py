"""Guessing passwords and codes is made slow: five attempts per account and address, then a pause."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.errors import LaokeError

ATTEMPTS = 5
PAUSE = timedelta(minutes=10)


class TooManyAttempts(LaokeError):
    """A password or a code was tried too often; `retry_after` tells in how many seconds to try again."""

    code, status, title = "too-many-attempts", 429, "Too many attempts"

    def __init__(self, again_at: datetime, at: datetime) -> None:
        seconds = math.ceil((again_at - at).total_seconds())
        minutes = max(1, math.ceil(seconds / 60))
        super().__init__(
            ngettext(
                "Too many attempts. Try again in %(minutes)d minute.",
                "Too many attempts. Try again in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes},
            retry_after=seconds,
        )


def begin(username: str, address: str, at: datetime, *, kind: str = "") -> None:
    """Count one attempt before the password is looked at, so that attempts side by side cannot slip through.

    Args:
        address: empty to count over all addresses: a code has a million values, which many machines soon tried.
        kind: what is guessed, counted apart: "" the password at the door, "code", "own" within a session.
    Raises:
        TooManyAttempts: this one does not count; nothing may be looked at.
    """
    values = {"key": _key(username, address, kind), "at": at, "until": at + PAUSE, "most": ATTEMPTS}
    with hot_cursor() as cursor:
        cursor.execute("delete from console_signinattempts where until <= %s", [at])
        row = cursor.execute(load("laoke.surfaces.console", "count_attempt"), values).fetchone()
    assert row is not None
    attempts, until = row
    if attempts > ATTEMPTS:
        raise TooManyAttempts(until, at)


def forget(username: str, address: str, *, kind: str = "") -> None:
    """What was guessed was right: the count starts over."""
    with hot_cursor() as cursor:
        cursor.execute("delete from console_signinattempts where key = %s", [_key(username, address, kind)])


def _key(username: str, address: str, kind: str) -> str:
    # Upper and lower case are different accounts, but the same guesser.
    told = f"{username.strip().casefold()}\0{address}" + (f"\0{kind}" if kind else "")
    return salted_hmac("laoke.console.throttle", told, algorithm="sha256").hexdigest()

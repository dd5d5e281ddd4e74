"""When a failed message is tried again."""

from __future__ import annotations

from datetime import timedelta

MAX_ATTEMPTS = 12
_FIRST = 5.0  # seconds
_LONGEST = 3600.0


def pause_after(attempts: int, message_id: int) -> timedelta:
    """How long to wait after this many attempts: doubling from 5 s up to an hour, about 3 hours over all.

    Spread by +-20 %, fixed for a message and an attempt, so that a thousand messages which failed together on
    one broken neighbour do not come back together.
    """
    spread = 0.8 + 0.4 * ((message_id * 2_654_435_761 + attempts * 40_503) % 1000) / 999
    return timedelta(seconds=min(_FIRST * 2 ** (attempts - 1), _LONGEST) * spread)

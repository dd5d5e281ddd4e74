"""Guessing codes is made slow: who enters many that nobody knows has to wait.

Three hundred in ten minutes are far more than typing errors of a whole chain bring. A code has at least 64 bits of
chance: with ten million coupons out, a guesser at this pace would need some four million years for one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from laoke.benefits.coupons import codes
from laoke.benefits.coupons.errors import TooManyGuesses
from laoke.foundation.access import Caller
from laoke.foundation.sql import hot_cursor
from laoke.foundation.vault import vault

MOST = 300
WITHIN = timedelta(minutes=10)


def watch(caller: Caller, entered: Sequence[str], at: datetime) -> None:
    """Count the codes among these that no coupon has. Call before anything is answered about them, and outside of the
    transaction of an order: what is refused later must count too.

    Raises:
        TooManyGuesses: nothing may be said about codes now, neither yes nor no.
    """
    if not entered:
        return
    who = f"{caller.kind}:{caller.id}"
    safe = vault()
    indexes = {codes.index(safe, text) for text in entered}
    with hot_cursor() as cursor:
        row = cursor.execute(
            "select since, unknown from benefits_couponguesses where caller = %s", (who,)
        ).fetchone()
        if row is not None and row[1] >= MOST and at < row[0] + WITHIN:
            raise TooManyGuesses(math.ceil((row[0] + WITHIN - at).total_seconds()))
        found = cursor.execute(
            "select count(*) from benefits_coupon where code_index = any(%s)", (list(indexes),)
        ).fetchone()
        assert found is not None
        unknown = len(indexes) - int(found[0])
        if unknown:
            cursor.execute(
                "insert into benefits_couponguesses as g (caller, since, unknown) "
                "values (%(who)s, %(at)s, %(unknown)s) on conflict (caller) do update set "
                "since = case when g.since <= %(over)s then excluded.since else g.since end, "
                "unknown = excluded.unknown + case when g.since <= %(over)s then 0 else g.unknown end",
                {"who": who, "at": at, "unknown": unknown, "over": at - WITHIN},
            )

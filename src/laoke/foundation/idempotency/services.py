"""Commands that act once however often they are sent.

The sale has its own form of this within its one statement (checkout/sql/write_order.sql); every other command
that needs a key goes through `once`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from django.db import transaction

from laoke.foundation.access import Caller
from laoke.foundation.idempotency.errors import IdempotencyKeyReused
from laoke.foundation.sql import hot_cursor, load

# A till that was offline over a holiday still gets its first answers.
KEEP = timedelta(days=30)


class Answer(NamedTuple):
    """What the caller gets: status and JSON text; `first` is false for a repeat."""

    status: int
    body: bytes
    first: bool


class Command(NamedTuple):
    """One intent of a caller: the key it gave it, and what it asked for.

    `request` is what the key stands for, to the letter: the name of the operation, the ids in its address and
    the body as sent. The same key with another request is refused.
    """

    key: str
    request: tuple[bytes, ...]

    def fingerprint(self) -> bytes:
        """A digest of the request, 32 bytes."""
        digest = hashlib.sha256()
        for part in self.request:
            digest.update(b"%d:" % len(part) + part)
        return digest.digest()


def once(
    caller: Caller, command: Command, run: Callable[[], Mapping[str, Any]], *, at: datetime, status: int = 201
) -> Answer:
    """Run a command once per (caller, key), in one transaction with its answer; a repeat gets the first answer.

    The key is claimed first, so a twin waits for the outcome of the first; what `run` raises leaves no record, and
    the key stays free. The answer is kept for as long as the record: it must not hold personal data.

    Raises:
        IdempotencyKeyReused, and whatever `run` raises.
    """
    who = f"{caller.kind}:{caller.id}"
    fingerprint = command.fingerprint()
    with transaction.atomic(), hot_cursor() as cursor:
        claimed = cursor.execute(
            "insert into foundation_commandrecord (caller, key, fingerprint, status, answer, created_at) "
            "values (%s, %s, %s, %s, '', %s) on conflict (caller, key) do nothing",
            (who, command.key, fingerprint, status, at),
        )
        if not claimed.rowcount:
            row = cursor.execute(
                "select fingerprint, status, answer from foundation_commandrecord where caller = %s and key = %s",
                (who, command.key),
            ).fetchone()
            if row is None or bytes(row[0]) != fingerprint:
                raise IdempotencyKeyReused
            return Answer(row[1], row[2].encode(), first=False)
        body = orjson.dumps(run())
        cursor.execute(
            "update foundation_commandrecord set answer = %s where caller = %s and key = %s",
            (body.decode(), who, command.key),
        )
    return Answer(status, body, first=True)


def purge(at: datetime, *, keep: timedelta = KEEP, batch: int = 5000) -> int:
    """Delete first answers given longer than `keep` ago, in short transactions; returns how many.

    A repeat that comes later acts anew, unless something else of it is unique, as an order's number is.
    """
    gone = 0
    while True:
        with hot_cursor() as cursor:
            cursor.execute(
                load("laoke.foundation.idempotency", "purge"), {"before": at - keep, "limit": batch}
            )
            gone += cursor.rowcount
            if cursor.rowcount < batch:
                return gone

"""Handing messages to their handlers: at least once, in batches, the good ones never held up by a bad one.

The claim is committed before any handler runs. Then messages are handled in small transactions: each message in
a savepoint of its own, marked done in the same transaction that holds what its handlers wrote. A message may
reach its handlers twice (a killed worker's come back when the lease ends), but what handlers write in the
database is committed once: marking done insists on the lease.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from threading import Event as Signal

import orjson
import psycopg
from django.db import Error, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from laoke.foundation.measures import OUTBOX_HANDLED
from laoke.foundation.outbox.registry import Event, asleep, handlers_of
from laoke.foundation.outbox.schedule import MAX_ATTEMPTS, pause_after
from laoke.foundation.sql import hot_cursor, load

LEASE = timedelta(seconds=60)
KEEP_DONE = timedelta(days=7)
IDLE_SECONDS = 0.5
# Locks that handlers take are held until their transaction ends. So it ends soon: a till that waits for the
# same member waits at most about this long.
_TRANSACTION_SECONDS = 0.02

_log = logging.getLogger(__name__)
_PACKAGE = "laoke.foundation.outbox"


class LostLease(Exception):
    """A message was not ours any more when its handlers had run; their work is rolled back."""


class WorkerDied(Exception):
    """A message was taken as often as allowed and never came to an end: it may be what ends the workers."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    event: Event
    attempts: int


def dispatch_batch(
    at: datetime, limit: int = 100, *, lease: timedelta = LEASE, stop: Signal | None = None
) -> int:
    """Take up to `limit` due messages and hand them to their handlers.

    Args:
        at: the instant to act in the name of; leases and pauses count from it.
        stop: when set, the messages not yet begun are given back.
    Returns:
        How many messages were taken.
    """
    lease_until = at + lease
    claimed = _claim(at, limit, lease_until)
    taken = len(claimed)
    begun = time.monotonic()
    passed_over = asleep() if claimed else frozenset()
    while claimed:
        # Half of the lease is left for the transaction about to begin.
        if (stop and stop.is_set()) or time.monotonic() - begun > lease.total_seconds() / 2:
            _give_back(claimed, at, lease_until)
            break
        claimed = claimed[_handle_some(claimed, at, lease_until, passed_over) :]
    return taken


def _claim(at: datetime, limit: int, lease_until: datetime) -> list[_Claimed]:
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "claim"), {"at": at, "limit": limit, "lease_until": lease_until})
        rows = cursor.fetchall()
    # `returning` promises no order.
    return [
        _Claimed(Event(id, topic, orjson.loads(payload), member_id, occurred_at), attempts)
        for id, topic, payload, member_id, occurred_at, attempts in sorted(rows, key=itemgetter(0))
    ]


def _handle_some(
    claimed: Sequence[_Claimed], at: datetime, lease_until: datetime, passed_over: frozenset[str]
) -> int:
    """Handle messages from the front for one short transaction; returns how many were tried."""
    done: list[_Claimed] = []
    refused: list[tuple[_Claimed, Exception]] = []
    tried = 0
    try:
        with transaction.atomic():
            deadline = time.monotonic() + _TRANSACTION_SECONDS
            for message in claimed:
                tried += 1
                if error := _handle(message, at, passed_over):
                    refused.append((message, error))
                else:
                    done.append(message)
                if time.monotonic() > deadline:
                    break
            _finish(done, at, lease_until)
    except (Error, psycopg.Error, LostLease) as error:
        if not tried:
            raise
        # The transaction as a whole was refused (a deadlock, a constraint checked at commit, a lease or the
        # connection lost). Alone, each message shows its own result. The one that was being handled when the
        # connection broke is in neither list: it comes back when its lease ends.
        if len(done) > 1:
            for message in done:
                _handle_some([message], at, lease_until, passed_over)
        else:
            refused += [(message, error) for message in done]
        done = []
    for message, reason in refused:
        _postpone(message, reason, at, lease_until)
    OUTBOX_HANDLED.labels("done").inc(len(done))
    OUTBOX_HANDLED.labels("refused").inc(len(refused))
    return tried


def _handle(message: _Claimed, at: datetime, passed_over: frozenset[str]) -> Exception | None:
    """Run a message's handlers in a savepoint; returns what one of them raised."""
    if message.attempts > MAX_ATTEMPTS:
        return WorkerDied()
    handlers = handlers_of(message.event.topic, passed_over)
    if not handlers:
        return None
    current = ""
    try:
        with transaction.atomic():
            for name, handler in handlers:
                current = name
                handler(message.event, at)
    except Exception as error:
        if connection.needs_rollback:  # not even the savepoint could be undone: the connection is gone
            raise
        _log.warning(
            "handler failed",
            exc_info=error,
            extra={"handler": current, "topic": message.event.topic, "message_id": message.event.id},
        )
        return error
    return None


def _finish(done: Sequence[_Claimed], at: datetime, lease_until: datetime) -> None:
    if not done:
        return
    ids = [message.event.id for message in done]
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "finish"), {"ids": ids, "at": at, "lease_until": lease_until})
        if cursor.rowcount != len(ids):
            raise LostLease(
                f"{len(ids) - cursor.rowcount} of {len(ids)} messages belong to another dispatcher"
            )


def _postpone(message: _Claimed, error: Exception, at: datetime, lease_until: datetime) -> None:
    last = message.attempts >= MAX_ATTEMPTS
    with hot_cursor() as cursor:
        cursor.execute(
            load(_PACKAGE, "postpone"),
            {
                "id": message.event.id,
                "lease_until": lease_until,
                "retry_at": at + pause_after(message.attempts, message.event.id),
                "failed_at": at if last else None,
                # The type only: texts of database errors quote values, and values may be personal.
                "error": type(error).__name__,
            },
        )
    if last:
        _log.error("message given up", extra={"topic": message.event.topic, "message_id": message.event.id})


def _give_back(claimed: Sequence[_Claimed], at: datetime, lease_until: datetime) -> None:
    with hot_cursor() as cursor:
        ids = [message.event.id for message in claimed]
        cursor.execute(load(_PACKAGE, "give_back"), {"ids": ids, "at": at, "lease_until": lease_until})


def purge(at: datetime, *, keep: timedelta = KEEP_DONE, batch: int = 5000) -> int:
    """Delete messages done longer than `keep` ago, in short transactions; returns how many."""
    gone = 0
    while True:
        with hot_cursor() as cursor:
            cursor.execute(load(_PACKAGE, "purge"), {"before": at - keep, "limit": batch})
            gone += cursor.rowcount
            if cursor.rowcount < batch:
                return gone


def loop(stop: Signal, *, limit: int = 100, idle: float = IDLE_SECONDS) -> None:
    """Dispatch until `stop` is set. Outlives the database's going away: it reconnects and goes on."""
    while not stop.is_set():
        try:
            if dispatch_batch(timezone.now(), limit, stop=stop) < limit:
                stop.wait(idle)
        except (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError) as error:
            _log.warning("database away, trying again", extra={"error": type(error).__name__})
            connection.close()
            stop.wait(1.0)
        except Exception:
            # A fault of ours must not end the thread: the messages wait, the log shows it.
            _log.exception("dispatch failed")
            connection.close()
            stop.wait(1.0)
    connection.close()

"""Posting what is due: each endpoint by itself, so that a slow one holds up nobody else.

At least once: a delivery is claimed by moving it to the end of a lease, so the ones of a killed worker come back.
Receivers tell repeats by `webhook-id`.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import itemgetter
from threading import Event as Signal

import certifi
import httpx
import orjson
import psycopg
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone, translation

from laoke.foundation import vault
from laoke.foundation.measures import WEBHOOK_ATTEMPTS
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.webhooks import addresses, envelope, services
from laoke.foundation.webhooks.errors import BadWebhookUrl
from laoke.foundation.webhooks.models import WebhookDelivery, WebhookEndpoint

# After the first attempt and each later one; the example schedule of Standard Webhooks.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TIMEOUT_SECONDS = 10.0
KEEP_LOG = timedelta(days=30)
IDLE_SECONDS = 0.5
_BATCH = 10
# A batch whose every post takes the whole timeout ends within it.
_LEASE = timedelta(seconds=2 * _BATCH * TIMEOUT_SECONDS)
_AFTER_NO_ANSWER = timedelta(seconds=30)
_READ_AT_MOST = 65_536  # bytes of an answer
_KEEP_AT_MOST = 2_000  # of them, where the answer was no success: enough to see what the receiver minded
_KEEP_HEADERS = 30
_SIDE_BY_SIDE = 8
_GONE = 410

_PACKAGE = "laoke.foundation.webhooks"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Due:
    id: int
    message_id: int
    body: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Result:
    """`status` None: no answer at all."""

    status: int | None
    error: str
    headers: tuple[tuple[str, str], ...] = ()
    answer: str = ""

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver_due(at: datetime) -> int:
    """Post what is due, endpoint after endpoint; returns how many posts were tried."""
    return sum(deliver_to(endpoint_id, at) for endpoint_id in due_endpoints(at))


def due_endpoints(at: datetime) -> list[int]:
    """Ids of the active endpoints with something to send, longest waiting first."""
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "due_endpoints"), {"at": at})
        return [row[0] for row in cursor.fetchall()]


def deliver_to(endpoint_id: int, at: datetime) -> int:
    """Post one batch of an endpoint's due deliveries in order; returns how many were tried.

    An endpoint that does not answer at all ends the batch: the others would only wait for the same.
    """
    endpoint = WebhookEndpoint.objects.filter(pk=endpoint_id, active=True).first()
    if endpoint is None:
        return 0
    secrets = _signing_secrets(endpoint, at)
    lease_until = at + _LEASE
    waiting = _claim(endpoint_id, at, lease_until)
    begun = time.monotonic()
    tried = 0
    # No proxy from the environment: it would connect to addresses nobody checked.
    with httpx.Client(
        timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, verify=trusted()
    ) as client:
        for number, due in enumerate(waiting):
            now = at + timedelta(seconds=time.monotonic() - begun)
            sent = time.monotonic()
            result = _post(client, endpoint.url, due, secrets, now)
            tried += 1
            took = round((time.monotonic() - sent) * 1000)
            active = _settle(endpoint_id, due, result, lease_until, now, took)
            if not active or result.status is None:
                later = now if not active else now + _AFTER_NO_ANSWER
                _give_back(waiting[number + 1 :], later, lease_until)
                break
    return tried


@cache
def trusted() -> ssl.SSLContext:
    """The certificate authorities believed: the bundled ones, the system's and those of SSL_CERT_FILE.

    Made once: reading them takes longer than a post.
    """
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return context


def purge(at: datetime, *, keep: timedelta = KEEP_LOG) -> int:
    """Delete log lines older than `keep` that wait for nothing; returns how many."""
    gone, _ = WebhookDelivery.objects.filter(created_at__lt=at - keep, next_at=None).delete()
    return gone


def loop(stop: Signal, *, idle: float = IDLE_SECONDS) -> None:
    """Deliver until `stop` is set, several endpoints side by side, each by one thread at a time."""
    busy: dict[int, Future[int]] = {}
    pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="webhook")
    try:
        while not stop.is_set():
            try:
                _submit_due(pool, busy)
            except (Error, psycopg.Error) as error:
                _log.warning("database away, trying again", extra={"error": type(error).__name__})
                connection.close()
                stop.wait(1.0)
            stop.wait(idle if not busy else 0.02)
            busy = {endpoint_id: future for endpoint_id, future in busy.items() if not future.done()}
    finally:
        # A post under way ends within its timeout; its delivery would come back after the lease anyway.
        pool.shutdown(wait=False, cancel_futures=True)
        connection.close()


def _submit_due(pool: ThreadPoolExecutor, busy: dict[int, Future[int]]) -> None:
    for endpoint_id in due_endpoints(timezone.now()):
        if endpoint_id not in busy and len(busy) < _SIDE_BY_SIDE:
            busy[endpoint_id] = pool.submit(_deliver_in_thread, endpoint_id)


def _deliver_in_thread(endpoint_id: int) -> int:
    try:
        return deliver_to(endpoint_id, timezone.now())
    except Exception as error:
        _log.warning("delivery interrupted", exc_info=error, extra={"endpoint_id": endpoint_id})
        return 0
    finally:
        connection.close()


def _signing_secrets(endpoint: WebhookEndpoint, at: datetime) -> list[str]:
    sealed = [endpoint.secret]
    if endpoint.previous_secret is not None and endpoint.previous_until and at < endpoint.previous_until:
        sealed.append(endpoint.previous_secret)
    return [vault.unseal(bytes(secret), services.SECRET_PURPOSE) for secret in sealed]


def _claim(endpoint_id: int, at: datetime, lease_until: datetime) -> list[_Due]:
    with hot_cursor() as cursor:
        cursor.execute(
            load(_PACKAGE, "claim"),
            {"endpoint_id": endpoint_id, "at": at, "limit": _BATCH, "lease_until": lease_until},
        )
        return [_Due(*row) for row in sorted(cursor.fetchall(), key=itemgetter(0))]


def _post(client: httpx.Client, url: str, due: _Due, secrets: Sequence[str], now: datetime) -> _Result:
    try:
        with translation.override("en"):  # what is kept is translated when it is shown
            target = addresses.resolve(url, to_private=settings.LAOKE.webhooks_to_private)
        request = client.build_request(
            "POST",
            target.url,
            content=due.body.encode(),
            headers={
                **envelope.headers(due.message_id, due.body, secrets, now),
                "Host": target.host_header,
                "Content-Type": "application/json",
                "User-Agent": "Laoke-Webhooks/1",
            },
            # The connection goes to the checked address; the certificate must still be the name's.
            extensions={"sni_hostname": target.host},
        )
        response = client.send(request, stream=True)
        try:
            body = _read_some(response)
        finally:
            response.close()
    except BadWebhookUrl as error:
        return _Result(None, error.detail[:300])
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        return _Result(None, _REASONS.get(type(error), type(error).__name__))
    headers = tuple(
        (name[:100], value[:500]) for name, value in response.headers.items() if name not in _UNKEPT
    )
    if response.is_success:
        return _Result(response.status_code, "", headers[:_KEEP_HEADERS])
    # A zero byte is in no text that a database can hold.
    answer = body[:_KEEP_AT_MOST].decode("utf-8", "replace").replace("\0", "")
    return _Result(response.status_code, f"answered {response.status_code}", headers[:_KEEP_HEADERS], answer)


# What a receiver sets for browsers, or would have us prove ourselves with.
_UNKEPT = frozenset({"set-cookie", "www-authenticate", "proxy-authenticate"})


_REASONS: dict[type[Exception], str] = {
    httpx.ConnectTimeout: "no connection within 10 s",
    httpx.ReadTimeout: "no answer within 10 s",
    httpx.ConnectError: "could not connect",
    httpx.RemoteProtocolError: "the answer was not HTTP",
    socket.gaierror: "the name does not resolve",
    UnicodeError: "the name does not resolve",
}


def _read_some(response: httpx.Response) -> bytes:
    """Read the answer so that the connection can be used again, but not for ever and not everything."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    parts: list[bytes] = []
    size = 0
    try:
        for part in response.iter_raw():
            if size < _KEEP_AT_MOST:
                parts.append(part[:_KEEP_AT_MOST])
            size += len(part)
            if size > _READ_AT_MOST or time.monotonic() > deadline:
                break
    except httpx.HTTPError:
        pass  # the status has arrived; the receiver has answered
    return b"".join(parts)


def _settle(
    endpoint_id: int, due: _Due, result: _Result, lease_until: datetime, now: datetime, milliseconds: int
) -> bool:
    """Write down a result; False when the endpoint was switched off by it."""
    gone = result.status == _GONE
    last = due.attempts > len(PAUSES)
    next_at = None if result.arrived or gone or last else now + PAUSES[due.attempts - 1]
    with hot_cursor() as cursor:
        cursor.execute(
            load(_PACKAGE, "settle"),
            {
                "id": due.id,
                "lease_until": lease_until,
                "next_at": next_at,
                "delivered_at": now if result.arrived else None,
                "status": result.status,
                "error": result.error,
                "at": now,
                "milliseconds": milliseconds,
                "answer_headers": orjson.dumps(result.headers).decode().replace("\\u0000", ""),
                "answer": result.answer,
            },
        )
    WEBHOOK_ATTEMPTS.labels("arrived" if result.arrived else "failed").inc()
    if gone:
        services.disabled_by_receiver(endpoint_id, "the receiver answered 410: it wants no more events", now)
        return False
    if last and not result.arrived and not _arrived_since(endpoint_id, due.created_at):
        reason = f"nothing arrived since {due.created_at:%Y-%m-%d %H:%M} UTC; last: {result.error}"
        services.disabled_by_receiver(endpoint_id, reason, now)
        return False
    return True


def _arrived_since(endpoint_id: int, since: datetime) -> bool:
    return WebhookDelivery.objects.filter(endpoint_id=endpoint_id, delivered_at__gte=since).exists()


def _give_back(waiting: Sequence[_Due], next_at: datetime, lease_until: datetime) -> None:
    if not waiting:
        return
    with hot_cursor() as cursor:
        ids = [due.id for due in waiting]
        cursor.execute(
            load(_PACKAGE, "give_back"), {"ids": ids, "next_at": next_at, "lease_until": lease_until}
        )

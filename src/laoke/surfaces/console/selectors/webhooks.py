"""Webhook endpoints and what was sent to them, as the pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.foundation.outbox import topics
from laoke.foundation.webhooks import selectors
from laoke.foundation.webhooks.selectors import Attempt, Delivery, DeliveryStatus, Endpoint, Health
from laoke.surfaces.console.selectors.store_pages import turned
from laoke.surfaces.console.topics import error_words, reason_words, topic_words

PAGE = 50
HEALTH = timedelta(hours=24)
_LONGEST_BODY = 20_000


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """One endpoint with the last 24 hours. `topics` are words; empty: every event."""

    id: int
    name: str
    url: str
    topics: tuple[str, ...]
    codes: tuple[str, ...]
    active: bool
    reason: str
    created_at: datetime
    health: Health


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One delivery of the log. `status`: "waiting", "delivered", "given_up"."""

    id: int
    message_id: str
    topic: str
    about: str
    status: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    last_status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What the log is narrowed to: a status, or "" for all."""

    status: str = ""


@dataclass(frozen=True, slots=True)
class EndpointPage:
    """One endpoint with a page of its log."""

    endpoint: EndpointLine
    filter: LogFilter
    rows: tuple[DeliveryLine, ...]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One post and what came back."""

    at: datetime
    milliseconds: int
    status: int | None
    arrived: bool
    error: str
    headers: tuple[tuple[str, str], ...]
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One delivery: what was sent, and each post of it. `body` is laid out; `cut`: only its beginning is shown."""

    endpoint: EndpointLine
    delivery: DeliveryLine
    sent_headers: tuple[tuple[str, str], ...]
    body: str
    cut: bool
    attempts: tuple[AttemptLine, ...]


def endpoint_list(caller: Caller, at: datetime) -> tuple[EndpointLine, ...]:
    """All endpoints, oldest first.

    Raises:
        MissingScope
    """
    found = selectors.endpoints(caller)
    health = selectors.health(caller, at - HEALTH) if found else {}
    return tuple(_line(each, health) for each in found)


def endpoint_line(caller: Caller, endpoint_id: int, at: datetime) -> EndpointLine:
    """One endpoint.

    Raises:
        MissingScope, NoSuchWebhookEndpoint
    """
    return _line(selectors.endpoint(caller, endpoint_id), selectors.health(caller, at - HEALTH))


def endpoint_page(
    caller: Caller, endpoint_id: int, status: str, after: str | None, before: str | None, at: datetime
) -> EndpointPage:
    """One endpoint with its log, the newest first. A status nobody knows shows all.

    Raises:
        MissingScope, NoSuchWebhookEndpoint, BadCursor
    """
    line = endpoint_line(caller, endpoint_id, at)
    wanted = DeliveryStatus(status) if status in {*DeliveryStatus} else None
    back = paging.read(before, paging.number)
    mark = paging.read(after, paging.number) if back is None else None
    found = selectors.deliveries(
        caller, endpoint_id, wanted, mark[0] if mark else None, PAGE + 1, before=back[0] if back else None
    )
    if back is not None:
        # Read from the mark upwards: the one row too many is the newest.
        found = found[::-1]
    rows, newer, older = turned(found, PAGE, back=back is not None, started=mark is not None)
    lines = tuple(_delivery(row) for row in rows)
    return EndpointPage(
        endpoint=line,
        filter=LogFilter(wanted.value if wanted else ""),
        rows=lines,
        before=paging.write(lines[0].id) if newer and lines else None,
        after=paging.write(lines[-1].id) if older and lines else None,
    )


def delivery_page(caller: Caller, endpoint_id: int, delivery_id: int, at: datetime) -> DeliveryPage:
    """One delivery with its posts.

    Raises:
        MissingScope, NoSuchWebhookEndpoint, NoSuchWebhookDelivery
    """
    line = endpoint_line(caller, endpoint_id, at)
    delivery, attempts = selectors.delivery(caller, endpoint_id, delivery_id)
    body = _laid_out(delivery.body)
    return DeliveryPage(
        endpoint=line,
        delivery=_delivery(delivery),
        sent_headers=(
            ("content-type", "application/json"),
            ("user-agent", "Laoke-Webhooks/1"),
            ("webhook-id", delivery.message_id),
        ),
        body=body[:_LONGEST_BODY],
        cut=len(body) > _LONGEST_BODY,
        attempts=tuple(_attempt(each) for each in attempts),
    )


def topic_choices() -> list[tuple[str, str]]:
    """Every topic that is published, with words for it."""
    return [(topic.name, topic_words(topic.name)) for topic in topics.known()]


def _line(endpoint: Endpoint, health: dict[int, Health]) -> EndpointLine:
    return EndpointLine(
        id=endpoint.id,
        name=endpoint.name,
        url=endpoint.url,
        topics=tuple(topic_words(topic) for topic in endpoint.topics),
        codes=endpoint.topics,
        active=endpoint.active,
        reason=reason_words(endpoint.disabled_reason),
        created_at=endpoint.created_at,
        health=health.get(endpoint.id, Health()),
    )


def _delivery(row: Delivery) -> DeliveryLine:
    return DeliveryLine(
        id=row.id,
        message_id=row.message_id,
        topic=row.topic,
        about=topic_words(row.topic),
        status=row.status.value,
        attempts=row.attempts,
        created_at=row.created_at,
        next_at=row.next_at,
        delivered_at=row.delivered_at,
        last_status=row.last_status,
        error=error_words(row.last_error),
    )


def _attempt(attempt: Attempt) -> AttemptLine:
    return AttemptLine(
        at=attempt.at,
        milliseconds=attempt.milliseconds,
        status=attempt.status,
        arrived=attempt.status is not None and 200 <= attempt.status < 300,
        error=error_words(attempt.error),
        headers=attempt.headers,
        answer=attempt.answer,
    )


def _laid_out(body: str) -> str:
    try:
        parsed: Any = orjson.loads(body)
    except ValueError:
        return body
    return orjson.dumps(parsed, option=orjson.OPT_INDENT_2).decode()

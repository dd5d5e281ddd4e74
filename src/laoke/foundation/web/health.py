"""What watches over the processes asks: alive, ready, and the numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from functools import cache

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from laoke.foundation.access import Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.outbox import selectors as outbox
from laoke.foundation.webhooks import selectors as webhooks


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers. Says nothing about what it depends on."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served: the database answers and its migrations are applied; 503 otherwise.

    `worker_seen_seconds_ago` is for information: tills are served without a worker, messages then wait.
    """
    try:
        seen = _worker_seen(timezone.now())
        applied = _migrations_applied()
    except Error:
        connection.close()
        return JsonResponse({"ready": False, "database": "away"}, status=503)
    answer: dict[str, object] = {
        "ready": applied,
        "database": "ok",
        "migrations": "applied" if applied else "missing",
        "worker_seen_seconds_ago": None if seen is None else round(seen, 1),
    }
    return JsonResponse(answer, status=200 if applied else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics of all processes. Needs an API key with the scope metrics:read.

    Raises:
        Unauthenticated, MissingScope.
    """
    at = timezone.now()
    apikeys.authenticate(request.headers.get("Authorization"), at).require(Scope.METRICS_READ)
    counted: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        MultiProcessCollector(counted)  # type: ignore[no-untyped-call]
    looked_up = CollectorRegistry()
    looked_up.register(_Backlogs(at))
    return HttpResponse(
        generate_latest(counted) + generate_latest(looked_up), content_type=CONTENT_TYPE_LATEST
    )


class _Backlogs(Collector):
    """Numbers that lie in the database, read at the scrape. Its failure must not hide the other numbers."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            messages = outbox.backlog(self._at)
            due = webhooks.due_count(self._at)
            seen = _worker_seen(self._at)
        except Exception:
            connection.close()
            yield GaugeMetricFamily("laoke_database_up", "Whether the database answered this scrape", 0)
            return
        yield GaugeMetricFamily("laoke_database_up", "Whether the database answered this scrape", 1)
        waiting = GaugeMetricFamily(
            "laoke_outbox_backlog", "Messages in the outbox by state", labels=["state"]
        )
        waiting.add_metric(["waiting"], messages.waiting)
        waiting.add_metric(["postponed"], messages.postponed)
        waiting.add_metric(["failed"], messages.failed)
        yield waiting
        yield GaugeMetricFamily(
            "laoke_outbox_oldest_seconds", "Age of the oldest waiting message", messages.oldest_seconds
        )
        yield GaugeMetricFamily("laoke_webhook_due", "Webhook deliveries that could leave now", due)
        if seen is not None:
            yield GaugeMetricFamily("laoke_worker_seen_seconds", "Time since a worker was last seen", seen)


def _worker_seen(at: datetime) -> float | None:
    with connection.cursor() as cursor:
        cursor.execute("select max(last_heartbeat) from procrastinate_workers")
        (seen,) = cursor.fetchone()
    return None if seen is None else max(0.0, (at - seen).total_seconds())


def _migrations_applied() -> bool:
    try:
        return _applied_once()
    except _NotYet:
        return False


class _NotYet(Exception):
    pass


@cache
def _applied_once() -> bool:
    # Reading the plan takes 0.1 s. Once applied, they stay applied for this code, so only the yes is remembered.
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _NotYet
    return True

"""Every Prometheus metric of the processes. Few labels, each with few values.

When PROMETHEUS_MULTIPROC_DIR names a folder, the library keeps the numbers there, one file per process, and a
scrape of any process adds them up. The launcher sets it before Python starts and empties it at each start.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Histogram(
    "laoke_http_request_seconds",
    "Time to answer, by route, method and status",
    ["route", "method", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)
OUTBOX_HANDLED = Counter("laoke_outbox_messages", "Messages handed to their handlers", ["result"])
WEBHOOK_ATTEMPTS = Counter("laoke_webhook_attempts", "Posts to webhook endpoints", ["result"])
TASKS_RUN = Histogram(
    "laoke_task_seconds",
    "Time a background task took, by task and result",
    ["task", "result"],
    buckets=(0.01, 0.1, 1.0, 10.0, 60.0, 300.0, 1800.0),
)

"""Logs: one line per event on standard error, as text for a terminal or as JSON for a collector.

structlog and the standard library end in the same handler, so every line, of ours or of a library, carries the
request's id and passes redact.py.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

import orjson
import structlog
from structlog.types import EventDict, WrappedLogger

from laoke.foundation.web import redact

REQUEST_ID: ContextVar[str] = ContextVar("laoke_request_id", default="")

# These say at info what our own lines say better, some of them with addresses or arguments in clear.
_QUIET = ("httpx", "httpcore", "procrastinate", "psycopg.pool", "asyncio", "django.utils.autoreload")


def configure(log_format: str, log_level: str, stream: TextIO | None = None) -> None:
    """Set up logging of this process. May be called again; the last call holds.

    Args:
        log_format: "text" or "json".
        log_level: "debug", "info", "warning" or "error".
        stream: standard error unless given.
    """
    out = stream or sys.stderr
    level = getattr(logging, log_level.upper())
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        _redact,
        _stamp,
    ]
    renderer: structlog.types.Processor
    if log_format == "json":
        renderer = _as_json
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=30)
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for old in [known for known in root.handlers if getattr(known, "laoke", False)]:
        root.removeHandler(old)
    handler.laoke = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    # Django names the path of every refused request here; ours has the access log. Failures still come through.
    django_requests = logging.getLogger("django.request")
    django_requests.setLevel(logging.ERROR)
    if not any(isinstance(known, _WithoutPath) for known in django_requests.filters):
        django_requests.addFilter(_WithoutPath())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    _access.configure(out, log_format, level)


def access(request_id: str, method: str, route: str, status: int, seconds: float, problem: str) -> None:
    """The line of one request: what was asked for by its route, never the path, the query or the body."""
    _access.write(request_id, method, route, status, seconds, problem)


class _AccessLog:
    """Writes lines itself: a standard library record costs five times as much, and every request pays it."""

    def __init__(self) -> None:
        self._out: TextIO = sys.stderr
        self._json = False
        self._on = False

    def configure(self, out: TextIO, log_format: str, level: int) -> None:
        self._out, self._json, self._on = out, log_format == "json", level <= logging.INFO

    def write(
        self, request_id: str, method: str, route: str, status: int, seconds: float, problem: str
    ) -> None:
        if not self._on:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self._json:
            line = {
                "timestamp": now,
                "level": "info",
                "event": "request",
                "request_id": request_id,
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
            }
            if problem:
                line["problem"] = problem
            text = orjson.dumps(line).decode()
        else:
            text = f"{now} {method} {route} {status} {seconds * 1000:.1f} ms {request_id}"
            if problem:
                text = f"{text} {problem}"
        # One write call: lines of several threads do not mix.
        self._out.write(f"{text}\n")


class _WithoutPath(logging.Filter):
    """Django's "Internal Server Error: /path" without the path, which may hold a telephone number."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 2:
            record.args = (record.args[0], redact.HIDDEN)
        return True


def _stamp(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if request_id := REQUEST_ID.get():
        event["request_id"] = request_id
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")
    return event


def _redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    kept = {
        name: event.pop(name) for name in ("_record", "_from_structlog", "level", "logger") if name in event
    }
    clean: EventDict = {
        name: redact.text(str(value)) if name in ("event", "exception") else redact.field(name, value)
        for name, value in event.items()
    }
    return {**clean, **kept}


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


_access = _AccessLog()

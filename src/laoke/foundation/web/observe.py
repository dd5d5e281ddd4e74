"""What every request leaves behind: an id, a line in the log, a count in the metrics.

Routes are named by their pattern, never by the path: paths carry telephone numbers and order numbers, queries and
bodies carry more.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from laoke.foundation.measures import REQUESTS
from laoke.foundation.web import logs
from laoke.foundation.web.errors import Unexpected
from laoke.foundation.web.problems import problem_response
from laoke.kernel.errors import LaokeError

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_log = logging.getLogger(__name__)


class Observe:
    """Middleware, outermost: sets `request.request_id` and X-Request-ID, logs, counts, answers exceptions."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        # `labels()` takes a lock and builds strings; the children are few and stay.
        self._timers: dict[tuple[str, str, int], Any] = {}
        self._static = f"/{settings.STATIC_URL.lstrip('/')}"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _SANE_ID.fullmatch(given) else secrets.token_hex(8)
        request.request_id = request_id  # type: ignore[attr-defined]
        token = logs.REQUEST_ID.set(request_id)
        try:
            response = self._get_response(request)
        finally:
            logs.REQUEST_ID.reset(token)
        response["X-Request-ID"] = request_id
        seconds = time.perf_counter() - begun
        method = request.method if request.method in _METHODS else "OTHER"
        route = self._route(request)
        key = (route, method, response.status_code)
        timer = self._timers.get(key)
        if timer is None:
            timer = self._timers[key] = REQUESTS.labels(route, method, str(response.status_code))
        timer.observe(seconds)
        problem = getattr(response, "problem_code", "")
        logs.access(request_id, method, route, response.status_code, seconds, problem)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Refusals become their problem response; on the API, faults become a 500 that tells nothing but an id."""
        if isinstance(exception, LaokeError):
            return problem_response(request, exception)
        if not request.path_info.startswith("/v1/"):
            return None  # pages have their own error page; Django logs the fault
        _log.error("request failed", exc_info=exception)
        return problem_response(request, Unexpected(request.request_id))  # type: ignore[attr-defined]

    def _route(self, request: HttpRequest) -> str:
        match = request.resolver_match
        if match is not None:
            return f"/{match.route}"
        return "static" if request.path_info.startswith(self._static) else "unmatched"

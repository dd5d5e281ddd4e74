"""Bodies are bounded before anybody parses them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from laoke.foundation.web.errors import BodyTooLarge
from laoke.foundation.web.problems import problem_response

API_LIMIT = 1 << 20  # bytes, below /v1
OTHER_LIMIT = 10 << 20  # bytes, elsewhere
_BODYLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitBody:
    """Middleware: 413 for a body above the limit, whether it declares its length or comes in chunks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in _BODYLESS:
            return self._get_response(request)
        limit = API_LIMIT if request.path_info.startswith("/v1/") else OTHER_LIMIT
        declared = request.META.get("CONTENT_LENGTH")
        if declared and request.path_info in settings.UPLOAD_PATHS:
            # Nobody reads it before the view does, which writes it to the disk. A MiB is for the rest of the form.
            limit = (settings.LAOKE.upload_mb + 1) << 20
        if declared:
            # The server hands over no more than was declared. What is no number counts as 0 in Django.
            too_large = declared.isdecimal() and int(declared[:20]) > limit
        else:
            too_large = request.META.get("wsgi.input_terminated", False) and not _take_chunks(request, limit)
        if too_large:
            return problem_response(request, BodyTooLarge(limit))
        return self._get_response(request)


def _take_chunks(request: HttpRequest, limit: int) -> bool:
    """Read a body of undeclared length, which Django would take for empty; False when it is above the limit."""
    source = request.META["wsgi.input"]
    parts: list[bytes] = []
    size = 0
    while part := source.read(65_536):
        size += len(part)
        if size > limit:
            return False
        parts.append(part)
    request.META["CONTENT_LENGTH"] = str(size)
    request._stream = BytesIO(b"".join(parts))
    return True

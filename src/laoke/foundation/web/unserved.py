"""Refusals that come before any endpoint: below /v1 they are problem responses like all others."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from laoke.foundation.web.api import MalformedBody, NoSuchAddress
from laoke.foundation.web.errors import MethodNotAllowed
from laoke.foundation.web.problems import CONTENT_TYPE, problem_response
from laoke.kernel.errors import LaokeError


class Unserved:
    """Middleware: no such address, no such method, a request line that cannot be read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.status_code < 400 or not request.path_info.startswith("/v1/"):
            return response
        if response.get("Content-Type") == CONTENT_TYPE:
            return response
        refusal = _REFUSALS.get(response.status_code)
        if refusal is None:
            return response
        problem = problem_response(request, refusal)
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        return problem


_REFUSALS: dict[int, LaokeError] = {
    400: MalformedBody("The request cannot be read"),
    404: NoSuchAddress("Nothing is served at this address"),
    405: MethodNotAllowed(),
}

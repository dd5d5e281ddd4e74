"""Every refusal as a problem response (RFC 9457), and the page that explains its type."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext

from laoke.kernel.errors import LaokeError

CONTENT_TYPE = "application/problem+json"
_STANDARD = ("type", "title", "status", "detail", "instance")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One documented type, in English; pages translate it."""

    code: str
    status: int
    title: str
    explanation: str


def problem_response(request: HttpRequest, error: LaokeError) -> HttpResponse:
    """The refusal as `application/problem+json`; the title in the language the request asks for."""
    with translation.override(translation.get_language_from_request(request)):
        title = gettext(error.title)
    problem: dict[str, object] = {
        "type": f"/problems/{error.code}",
        "title": title,
        "status": error.status,
        "detail": error.detail,
        "instance": request.path,
    }
    problem.update((name, value) for name, value in error.extensions.items() if name not in _STANDARD)
    response = HttpResponse(
        orjson.dumps(problem, default=str), status=error.status, content_type=CONTENT_TYPE
    )
    if error.status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="laoke"'
    if "retry_after" in error.extensions:
        response["Retry-After"] = str(error.extensions["retry_after"])
    response.problem_code = error.code  # type: ignore[attr-defined]  # for the access log
    return response


def all_problem_types() -> list[ProblemType]:
    """Every type that the imported modules can answer with, by code."""
    found = {cls.code: _described(cls) for cls in _subclasses(LaokeError) if "code" in vars(cls)}
    return [found[code] for code in sorted(found)]


def index(request: HttpRequest) -> HttpResponse:
    """The list of all problem types."""
    with translation.override(_language(request)):
        types = [_translated(known) for known in all_problem_types()]
        return render(
            request, "foundation/problems.html", {"problems": types, "language": _language(request)}
        )


def page(request: HttpRequest, code: str) -> HttpResponse:
    """What one problem type means. In the language of the browser, or of ?lang=."""
    known = next((known for known in all_problem_types() if known.code == code), None)
    if known is None:
        raise Http404
    with translation.override(_language(request)):
        context = {"problem": _translated(known), "language": _language(request)}
        return render(request, "foundation/problem.html", context)


def _language(request: HttpRequest) -> str:
    wanted = request.GET.get("lang", "")
    return wanted if wanted in ("en", "zh-hans") else translation.get_language_from_request(request)


def _translated(known: ProblemType) -> ProblemType:
    return ProblemType(known.code, known.status, gettext(known.title), gettext(known.explanation))


def _described(cls: type[LaokeError]) -> ProblemType:
    return ProblemType(cls.code, cls.status, cls.title, inspect.getdoc(cls) or "")


def _subclasses(cls: type[LaokeError]) -> Iterator[type[LaokeError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _subclasses(child)

"""What pages need and the API must not pay for: session, language, forgery protection, who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from laoke.foundation.web.visitors import Sessions

# Nothing inline and nothing from elsewhere. What a page needs at all, it does without script.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",  # icons are masks in the style sheet
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

Answer = Callable[[HttpRequest], Any]


class Pages:
    """Middleware: everything outside /v1 goes through Django's own middleware for pages; the API goes straight."""

    def __init__(self, get_response: Answer) -> None:
        self._straight = get_response
        self._csrf = CsrfViewMiddleware(get_response)
        chain: Answer = get_response
        for wrap in (
            AuthenticationMiddleware,
            self._with_csrf,
            LocaleMiddleware,
            Sessions,
            XFrameOptionsMiddleware,
            GZipMiddleware,  # tokens in pages are masked anew each time, so their size tells nothing
        ):
            chain = convert_exception_to_response(wrap(chain))
        self._pages = chain

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_api(request):
            _speak(request)
            response: HttpResponse = self._straight(request)
            return response
        response = self._pages(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Django calls this for listed middleware only, and forgery protection does its work here."""
        if _is_api(request):
            return None
        return self._csrf.process_view(request, view, tuple(args), kwargs)

    def _with_csrf(self, get_response: Answer) -> CsrfViewMiddleware:
        self._csrf = CsrfViewMiddleware(get_response)
        return self._csrf


def _speak(request: HttpRequest) -> None:
    """Have refusals in the language the caller asks for, and never in that of the page this thread served before."""
    if "HTTP_ACCEPT_LANGUAGE" in request.META:
        translation.activate(translation.get_language_from_request(request))
    else:
        translation.deactivate()


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/v1/")

"""The page that shows the API, from files of its own: it works offline and lets nothing else in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Swagger

# Swagger UI sets style attributes while it draws; scripts come from files only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Docs(Swagger):
    """Swagger UI under a content security policy."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page; the description of the API is fetched by it."""
        page = super().render_page(request, api, **kwargs)
        page["Content-Security-Policy"] = _POLICY
        return page

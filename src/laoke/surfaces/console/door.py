"""The sign-in page, whichever way one came to it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# Names of fields: what is kept of a form that came too late, and one-time codes.
KEPT = "kept"
CODE = "one_time_code"


@dataclass(frozen=True, slots=True)
class Door:
    """What the sign-in page shows. `kept` is sealed; `over` tells that a session ended under somebody's hands."""

    next: str
    username: str
    username_error: str
    password_error: str
    refused: str
    sign_on: str  # what the button to the identity provider says; empty: there is none
    kept: str
    over: bool


def page(
    request: HttpRequest,
    *,
    wanted: str = "",
    username: str = "",
    username_error: str = "",
    password_error: str = "",
    refused: str = "",
    kept: str = "",
    over: bool = False,
    status: int | None = None,
) -> HttpResponse:
    """The sign-in page.

    Args:
        wanted: the path to go to afterwards.
        refused: a sentence on top, about no field.
        status: 422 when something was refused and 200 otherwise, unless told.
    """
    wrong = username_error or password_error or refused
    shown = Door(
        wanted, username, username_error, password_error, refused, sign_on_name(), kept, over or bool(kept)
    )
    response = render(
        request, "console/login.html", {"page": shown}, status=status or (422 if wrong else 200)
    )
    response["Cache-Control"] = "private, no-store"
    return response


def sign_on_name() -> str:
    """What the identity provider is called here; empty when there is none."""
    config = settings.LAOKE
    if not config.oidc_issuer:
        return ""
    return str(config.oidc_name or urlsplit(config.oidc_issuer).hostname)

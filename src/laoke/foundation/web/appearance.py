"""Language and appearance of pages: chosen by a person, remembered by the browser, known before the first pixel.

The choice is a cookie and the server writes it into `<html data-theme>`, so nothing flashes and no script is
needed. Without a choice the device decides (`prefers-color-scheme`, `Accept-Language`).
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.views.decorators.http import require_POST

from laoke.foundation.config import LANGUAGES
from laoke.foundation.staff import services as staff
from laoke.foundation.web.redirects import own_path

THEMES = ("light", "dark")
THEME_COOKIE = "laoke_theme"
_A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Look:
    """What the skeleton of every page needs. `theme` is empty when the device decides; `language` also decides
    the shapes of glyphs, as `<html lang>`."""

    theme: str
    language: str
    path: str

    @property
    def chinese(self) -> bool:
        """Whether the page is in Chinese."""
        return self.language == "zh-hans"


def appearance(request: HttpRequest) -> dict[str, Look]:
    """Context processor: `look`."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    language = translation.get_language() or settings.LANGUAGE_CODE
    return {"look": Look(theme if theme in THEMES else "", language, request.get_full_path())}


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember a language or a theme and go back; for staff who are signed in the language goes into the account."""
    response = HttpResponseRedirect(own_path(request.POST.get("next", ""), "/"))
    language, theme = request.POST.get("language"), request.POST.get("theme")
    if language in LANGUAGES:
        remember_language(response, language)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            staff.choose_language(user.pk, language)
    if theme in THEMES:
        remember(response, THEME_COOKIE, theme)
    elif theme == "auto":
        response.delete_cookie(THEME_COOKIE)
    return response


def remember_language(response: HttpResponse, language: str) -> None:
    """Have the following pages in this language."""
    remember(response, settings.LANGUAGE_COOKIE_NAME, language)


def remember(response: HttpResponse, name: str, value: str) -> None:
    """Keep a choice in a cookie that scripts cannot read, for a year."""
    response.set_cookie(
        name, value, max_age=_A_YEAR, secure=settings.LAOKE.https, httponly=True, samesite="Lax"
    )

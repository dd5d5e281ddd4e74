"""Signing in and out."""

from __future__ import annotations

import math

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from laoke.foundation.web.api import received_at
from laoke.foundation.web.appearance import remember_language
from laoke.foundation.web.redirects import own_path
from laoke.surfaces.console import throttle
from laoke.surfaces.console.pages import Visit, home


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The sign-in form. One answer for an unknown account, a wrong password and a disabled account."""
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""), "")
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(wanted or "/")
        return _form(request, wanted)
    username, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    if not username:
        return _form(request, wanted, username, username_error=_("Enter your user name."))
    if not password:
        return _form(request, wanted, username, password_error=_("Enter your password."))
    at, address = received_at(request), request.META.get("REMOTE_ADDR", "")
    again_at = throttle.begin(username, address, at)
    if again_at is not None:
        seconds = (again_at - at).total_seconds()
        minutes = max(1, math.ceil(seconds / 60))
        response = _form(
            request,
            wanted,
            username,
            password_error=ngettext(
                "Too many attempts. Try again in %(minutes)d minute.",
                "Too many attempts. Try again in %(minutes)d minutes.",
                minutes,
            )
            % {"minutes": minutes},
            status=429,
        )
        response["Retry-After"] = str(math.ceil(seconds))
        return response
    person = auth.authenticate(request, username=username, password=password)
    if person is None:
        return _form(
            request,
            wanted,
            username,
            password_error=_("User name and password do not match an active account. Check both."),
        )
    throttle.forget(username, address)
    auth.login(request, person)  # a new session key and a new token against forgery
    response = HttpResponseRedirect(wanted or home(Visit(request, "").caller))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, person.language)
    return response


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session."""
    auth.logout(request)
    return HttpResponseRedirect("/login")


def _form(
    request: HttpRequest,
    wanted: str,
    username: str = "",
    *,
    username_error: str = "",
    password_error: str = "",
    status: int = 200,
) -> HttpResponse:
    refused = username_error or password_error
    context = {
        "next": wanted,
        "username": username,
        "username_error": username_error,
        "password_error": password_error,
    }
    return render(
        request, "console/login.html", context, status=(422 if status == 200 else status) if refused else 200
    )

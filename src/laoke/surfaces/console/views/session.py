"""Signing in, by password and code or through the identity provider, and out."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation import vault
from laoke.foundation.staff import codes, sign_on
from laoke.foundation.staff import services as staff
from laoke.foundation.staff.errors import CodesNotOn, SignOnRefused, SignOnUnavailable, WrongCode
from laoke.foundation.vault import SealedDataDamaged, SealedWithOtherKey
from laoke.foundation.web.api import received_at
from laoke.foundation.web.appearance import remember_language
from laoke.foundation.web.redirects import own_path
from laoke.foundation.web.visitors import client_address
from laoke.surfaces.console import door, resume, throttle
from laoke.surfaces.console.pages import Visit, home
from laoke.surfaces.console.throttle import TooManyAttempts

# How long a sign-in may be half done: password right, code not given yet; or on the way to the provider.
HALFWAY = timedelta(minutes=10)
_PENDING = "sign-in"
_AWAY = "sign-on"
_TOKEN = "id-token"  # noqa: S105 - the name it has in the session
_SEALED = "console.id-token"


@dataclass(frozen=True, slots=True)
class CodePage:
    """The second step: a code."""

    error: str


@dataclass(frozen=True, slots=True)
class AwayPage:
    """On the way to the identity provider, to sign in or to sign out."""

    name: str
    address: str
    out: bool


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The sign-in form. One answer for an unknown account, a wrong password and a disabled account."""
    wanted = own_path(request.POST.get("next", "") or request.GET.get("next", ""), "")
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(wanted or "/")
        return door.page(request, wanted=wanted)
    username, password = request.POST.get("username", "").strip(), request.POST.get("password", "")
    again: dict[str, Any] = {
        "wanted": wanted,
        "username": username[:64],
        "kept": request.POST.get(door.KEPT, ""),
    }
    if not username:
        return door.page(request, **again, username_error=_("Enter your user name."))
    if not password:
        return door.page(request, **again, password_error=_("Enter your password."))
    at, address = received_at(request), client_address(request)
    try:
        throttle.begin(username, address, at)
    except TooManyAttempts as error:
        return _later(door.page(request, **again, password_error=error.detail, status=429), error)
    person = auth.authenticate(request, username=username, password=password)
    if person is None:
        return door.page(
            request,
            **again,
            password_error=_("User name and password do not match an active account. Check both."),
        )
    throttle.forget(username, address)
    return _next_step(request, person, wanted, again["kept"], "password")


@never_cache
@sensitive_post_parameters(door.CODE)
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in, for accounts that ask for a code."""
    at = received_at(request)
    half = request.session.get(_PENDING)
    person = _half_signed_in(half, at)
    if half is None or person is None:
        request.session.pop(_PENDING, None)
        if request.method == "POST" or half:
            return door.page(
                request,
                refused=_("Too much time has passed since the password. Sign in again."),
                kept=resume.held(request),
            )
        return HttpResponseRedirect("/login")
    if request.method != "POST":
        return _code_form(request)
    typed = request.POST.get(door.CODE, "")
    if not typed.strip():
        return _code_form(request, _("Enter the code."), 422)
    try:
        throttle.begin(person.username, "", at, kind="code")
        codes.check(person.pk, typed, at=at)
    except TooManyAttempts as error:
        return _later(_code_form(request, error.detail, 429), error)
    except WrongCode as error:
        return _code_form(request, error.detail, 422)
    except CodesNotOn:
        pass  # an owner has just switched them off
    throttle.forget(person.username, "", kind="code")
    by = f"{half['by']}, code"
    return _enter(request, person, half["next"], resume.held(request), by, half.get("token", ""))


@never_cache
@require_POST
def away(request: HttpRequest) -> HttpResponse:
    """To the identity provider. A page that leads on, not a redirect: the policy lets no form end elsewhere."""
    wanted = own_path(request.POST.get("next", ""), "")
    kept = request.POST.get(door.KEPT, "")
    if not door.sign_on_name():
        return HttpResponseRedirect("/login")
    # Here and below: loaded where somebody signs in that way; its libraries take 20 MB, and few shops do.
    from laoke.foundation.staff import oidc

    try:
        attempt, address = oidc.begin(settings.LAOKE, _callback(request))
    except SignOnUnavailable as error:
        return door.page(request, wanted=wanted, refused=error.detail, kept=kept, status=502)
    at = received_at(request)
    request.session[_AWAY] = asdict(attempt) | {"next": wanted, "until": (at + HALFWAY).isoformat()}
    # Only what is sealed by us goes into a session: nobody is signed in yet.
    if kept and resume.opened(kept, at) is not None:
        resume.put(request, kept)
    request.session.set_expiry(int(resume.HOLDS.total_seconds()))
    response = render(request, "console/away.html", {"page": AwayPage(door.sign_on_name(), address, False)})
    response["Refresh"] = f"0; url={address}"
    return response


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """From the identity provider. Whatever is wrong ends on the sign-in page, with a sentence."""
    at = received_at(request)
    left = request.session.pop(_AWAY, None)  # an answer counts once
    kept = resume.held(request)
    wanted = left["next"] if left else ""
    try:
        person, token = _sent_back(request, left, at)
    except (SignOnRefused, SignOnUnavailable) as error:
        return door.page(request, wanted=wanted, refused=error.detail, kept=kept, status=error.status)
    return _next_step(request, person, wanted, kept, "sign-on", token)


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session, and the one at the identity provider where it was opened by that and can be ended."""
    token = _unsealed(request.session.get(_TOKEN, ""))
    auth.logout(request)
    if not token or not door.sign_on_name():
        return HttpResponseRedirect("/login")
    from laoke.foundation.staff import oidc

    try:
        address = oidc.leaving(settings.LAOKE, token, request.build_absolute_uri("/login"))
    except SignOnUnavailable:
        return door.page(
            request,
            refused=_(
                "You are signed out here. The sign-in service cannot be reached, so you may still be signed in there."
            ),
        )
    if address is None:
        return HttpResponseRedirect("/login")
    response = render(request, "console/away.html", {"page": AwayPage(door.sign_on_name(), address, True)})
    response["Refresh"] = f"0; url={address}"
    return response


def _sent_back(request: HttpRequest, left: dict[str, str] | None, at: datetime) -> tuple[Any, str]:
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    lost = not left or at >= datetime.fromisoformat(left["until"])
    if left is None or lost or not compare_digest(state.encode(), left["state"].encode()):
        raise SignOnRefused(
            _("This answer of the sign-in service belongs to no sign-in of this browser. Start again here.")
        )
    if request.GET.get("error") == "access_denied":
        raise SignOnRefused(_("The sign-in was cancelled."))
    if request.GET.get("error") or not code:
        raise SignOnRefused(_("The sign-in service did not confirm the sign-in. Try again."))
    from laoke.foundation.staff import oidc

    attempt = oidc.Attempt(left["state"], left["nonce"], left["verifier"])
    arrival = oidc.finish(settings.LAOKE, attempt, code, _callback(request), at=at)
    return sign_on.person(settings.LAOKE, arrival.claims, at=at), arrival.token


def _callback(request: HttpRequest) -> str:
    return request.build_absolute_uri("/login/sign-on/back")


def _sealed(token: str) -> str:
    """An ID token as a session may keep it: it tells who somebody is."""
    return base64.b64encode(vault.seal(token, _SEALED)).decode() if token else ""


def _unsealed(kept: str) -> str:
    try:
        return vault.unseal(base64.b64decode(kept), _SEALED) if kept else ""
    except (SealedDataDamaged, SealedWithOtherKey):
        return ""  # the data key is another one since then: signing out here must work all the same


def _next_step(
    request: HttpRequest, person: Any, wanted: str, kept: str, by: str, token: str = ""
) -> HttpResponse:
    """In, or first to the code for accounts that ask for one."""
    if person.code_secret is None:
        return _enter(request, person, wanted, kept, by, _sealed(token))
    at = received_at(request)
    # Whatever the browser did before, it is nobody's session until the code is right.
    request.session.flush()
    request.session[_PENDING] = {
        "staff": person.pk,
        "hash": person.get_session_auth_hash(),  # another password meanwhile, and this counts no more
        "until": (at + HALFWAY).isoformat(),
        "next": wanted,
        "by": by,
        "token": _sealed(token),
    }
    if kept and resume.opened(kept, at) is not None:
        resume.put(request, kept)
    request.session.set_expiry(int(resume.HOLDS.total_seconds()))
    return HttpResponseRedirect("/login/code", status=303)


def _half_signed_in(half: dict[str, Any] | None, at: datetime) -> Any:
    if not half or at >= datetime.fromisoformat(half["until"]):
        return None
    person = auth.get_user_model().objects.filter(pk=half["staff"], is_active=True).first()
    if person is None or not compare_digest(person.get_session_auth_hash(), half["hash"]):
        return None
    return person


def _enter(
    request: HttpRequest, person: Any, wanted: str, kept: str, by: str, token: str = ""
) -> HttpResponse:
    at = received_at(request)
    auth.login(request, person)  # a new session key and a new token against forgery
    for passing in (_PENDING, _AWAY, _TOKEN):
        request.session.pop(passing, None)
    if token:
        request.session[_TOKEN] = token
    resume.drop(request)
    request.session.set_expiry(None)
    staff.signed_in(person, by, at=at)
    if kept and resume.opened(kept, at) is not None:
        resume.put(request, kept)
        wanted = resume.PATH
    response = HttpResponseRedirect(wanted or home(Visit(request, "").actor))
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        remember_language(response, person.language)
    return response


def _code_form(request: HttpRequest, error: str = "", status: int = 200) -> HttpResponse:
    return render(request, "console/code.html", {"page": CodePage(error)}, status=status)


def _later(response: HttpResponse, error: TooManyAttempts) -> HttpResponse:
    response["Retry-After"] = str(error.extensions["retry_after"])
    return response

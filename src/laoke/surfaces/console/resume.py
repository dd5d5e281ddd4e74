"""Nothing typed is lost when a session ends: what was posted is sealed into the sign-in form and offered again.

The server keeps nothing for whoever is not signed in; the browser carries the entries, sealed by the vault, bound to
the address they were posted to and good for half an hour. Passwords, codes and files are left out.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from laoke.foundation import vault
from laoke.foundation.staff import sessions
from laoke.foundation.vault import SealedDataDamaged, SealedWithOtherKey
from laoke.foundation.web.api import received_at
from laoke.foundation.web.redirects import own_path
from laoke.surfaces.console import door

PATH = "/resume"
HOLDS = timedelta(minutes=30)
MOST_BYTES = 150_000
_PURPOSE = "console.resume"
_SESSION = "kept"
_OURS = frozenset({"csrfmiddlewaretoken", "once", door.KEPT})
# These start, end or colour a session; there is nothing to lose in them.
_NOT_FROM = ("/login", "/logout", "/preferences")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was posted. `staff_id` is whose session it was, None when that is not known any more.

    `left_out` holds the names of fields that have to be filled in anew: passwords, codes, files.
    """

    path: str
    fields: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    staff_id: int | None
    until: datetime


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """The answer to whoever is not signed in: to the sign-in form, and from there back to where they wanted to."""
    wanted = request.get_full_path()
    if request.method == "POST":
        page = door.page(request, wanted=_back(request), kept=sealed(request), over=True, status=401)
        if "HX-Request" in request.headers:
            page["HX-Retarget"], page["HX-Reswap"] = "body", "innerHTML"
        return page
    if "HX-Request" in request.headers:
        # Part of a page was asked for; the whole of it has to go.
        wanted = own_path(urlsplit(request.headers.get("HX-Current-URL", "")).path, "/")
        return HttpResponse(status=204, headers={"HX-Redirect": _login(wanted)})
    return HttpResponseRedirect(_login(wanted))


def outdated(request: HttpRequest) -> HttpResponse | None:
    """The answer to a form whose token against forgery is old, where it is surely a form of ours; else None.

    Signing in changes the token, so every form that was open in another tab ends up here. No page of others can
    send our own origin: the browser writes that header itself.
    """
    same = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    if not same or request.path_info.startswith(_NOT_FROM):
        return None
    if not request.user.is_authenticated:
        return sign_in_first(request)
    text = sealed(request, staff_id=request.user.pk)
    if not text:
        return None
    put(request, text)
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": PATH})
    return HttpResponseRedirect(PATH, status=303)


def sealed(request: HttpRequest, *, staff_id: int | None = None) -> str:
    """What was posted, for the form to carry; empty when it is too much."""
    if request.path_info == PATH:  # the session ended once more, while the entries were looked at
        return request.POST.get(door.KEPT, "")
    if staff_id is None:
        staff_id = sessions.owner_of(request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""))
    fields, left_out = [], list(request.FILES)
    for name, values in request.POST.lists():
        if name in _OURS:
            continue
        if _is_secret(name):
            left_out += [name] if any(values) else []
        else:
            fields += [(name, value) for value in values]
    told = orjson.dumps(
        {
            "path": request.get_full_path(),
            "fields": fields,
            "left_out": left_out,
            "staff": staff_id,
            "until": received_at(request) + HOLDS,
        }
    )
    if len(told) > MOST_BYTES:
        return ""
    return base64.urlsafe_b64encode(vault.seal(told.decode(), _PURPOSE)).decode()


def opened(text: str, at: datetime) -> Kept | None:
    """What `sealed` sealed; None when there is nothing, it was tampered with, or it is too old."""
    try:
        told = orjson.loads(vault.unseal(base64.urlsafe_b64decode(text.encode()), _PURPOSE))
    except (binascii.Error, ValueError, SealedDataDamaged, SealedWithOtherKey):
        return None
    until = datetime.fromisoformat(told["until"])
    if at >= until:
        return None
    fields = tuple((name, value) for name, value in told["fields"])
    return Kept(told["path"], fields, tuple(told["left_out"]), told["staff"], until)


def put(request: HttpRequest, text: str) -> None:
    """Have the session hold what was kept, for the page that offers it again."""
    request.session[_SESSION] = text


def held(request: HttpRequest) -> str:
    """What the session holds; empty when nothing."""
    return str(request.session.get(_SESSION, ""))


def drop(request: HttpRequest) -> None:
    """Let the session hold nothing any more."""
    request.session.pop(_SESSION, None)


def _is_secret(name: str) -> bool:
    return "password" in name or "secret" in name or name == door.CODE


def _back(request: HttpRequest) -> str:
    """Where to go if nothing could be kept: the page the form stood on, where the browser tells."""
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc == request.get_host():
        return own_path(referer.path + (f"?{referer.query}" if referer.query else ""), "/")
    return "/"


def _login(wanted: str) -> str:
    return "/login" if wanted == "/" else f"/login?{urlencode({'next': wanted})}"

"""What somebody had typed when their session ended, offered again after signing in."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from laoke.foundation.web.redirects import own_path
from laoke.surfaces.console import door, resume
from laoke.surfaces.console.pages import NAVIGATION, Visit, console_page, home
from laoke.surfaces.console.resume import Kept

_CODE = re.compile(r"[a-z][a-z_:-]*\d*")
_TOKEN = re.compile(r"[A-Za-z0-9_=-]{30,}")


@dataclass(frozen=True, slots=True)
class KeptPage:
    """The entries. `title` names the page they were made on, `shown` those that a person wrote. `anybodys`: whose
    session it was is not known any more."""

    title: str
    path: str
    fields: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]
    left_out: int
    anybodys: bool
    kept: str


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("resume")
def offer(visit: Visit) -> HttpResponse:
    """Show what was kept, and on a POST send it to where it was going, or throw it away.

    Sent on by 307, so that the browser itself posts the same fields with its own, fresh tokens: the page they go to
    treats them like any others.
    """
    request = visit.request
    text = request.POST.get(door.KEPT, "") or resume.held(request)
    kept = resume.opened(text, visit.at)
    if kept is None or kept.staff_id not in (None, visit.actor.id):
        resume.drop(request)
        said = "" if kept is None else _("The entries belong to another account and were not kept for you.")
        return visit.go(home(visit.actor), said)
    if request.method == "POST":
        resume.drop(request)
        if "discard" in request.GET:
            return visit.go(home(visit.actor), _("The entries were thrown away."))
        return HttpResponseRedirect(own_path(kept.path, "/"), status=307)
    page = KeptPage(
        title=_title(kept),
        path=kept.path,
        fields=kept.fields,
        shown=tuple(value for _name, value in kept.fields if _is_written(value))[:40],
        left_out=len(kept.left_out),
        anybodys=kept.staff_id is None,
        kept=text,
    )
    return visit.show("kept", page)


def _is_written(value: str) -> bool:
    """Whether a person will recognise it: tokens, and the codes behind choices ("store:5", "zh-hans"), are no help."""
    return bool(value.strip()) and not _CODE.fullmatch(value) and not _TOKEN.fullmatch(value)


def _title(kept: Kept) -> str:
    """The name of the page in the navigation that the address lies under; empty when there is none."""
    entries = [entry for group in NAVIGATION for entry in group.entries]
    found = [
        entry for entry in entries if entry.path != "/" and kept.path.startswith(entry.path.split("?")[0])
    ]
    return str(max(found, key=lambda entry: len(entry.path)).label) if found else ""

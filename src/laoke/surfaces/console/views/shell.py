"""What belongs to the frame: the search over everything, the store to look at, notices, help."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from laoke.foundation.web.appearance import remember
from laoke.foundation.web.redirects import own_path
from laoke.surfaces.console import scoping
from laoke.surfaces.console.notices import selectors as notices
from laoke.surfaces.console.notices import services as notice_services
from laoke.surfaces.console.notices.selectors import Told
from laoke.surfaces.console.pages import SHORTCUTS_COOKIE, Visit, console_page
from laoke.surfaces.console.selectors.search import found
from laoke.surfaces.console.selectors.stores import Place, places


@dataclass(frozen=True, slots=True)
class PlacesPage:
    """The stores and regions to choose from, those that `text` names; `back` is where to go then."""

    text: str
    chosen: str
    regions: tuple[Place, ...]
    stores: tuple[Place, ...]
    total: int
    back: str


@dataclass(frozen=True, slots=True)
class NoticesPage:
    """What the account was told."""

    rows: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class HelpPage:
    """How to go about it; `back` is the page help was asked from."""

    back: str


@require_safe
@console_page("search")
def search(visit: Visit) -> HttpResponse:
    """Members, orders, pages and acts that a text may mean."""
    text = visit.request.GET.get("q", "")[:100]
    page = found(visit.caller, visit.actor, text)
    if visit.wants_part:
        return visit.part("shell/_found", page)
    return visit.show("shell/search", page)


@console_page("place")
def choose_place(visit: Visit) -> HttpResponse:
    """Choose the store or region that pages are narrowed to."""
    request = visit.request
    back = own_path(request.POST.get("back", "") or request.GET.get("back", ""), "/")
    known = places(visit.actor)
    if request.method == "POST":
        scoping.choose(request, known, request.POST.get("place", ""))
        return visit.go(back)
    text = request.GET.get("q", "").strip()[:60]
    wanted = text.casefold()
    shown = [
        place
        for place in known
        if wanted in f"{place.name.zh} {place.name.en} {place.code} {place.city}".casefold()
    ]
    now = scoping.chosen(request)
    page = PlacesPage(
        text=text,
        chosen=now.key if now else "",
        regions=tuple(place for place in shown if place.key.startswith("region")),
        stores=tuple(place for place in shown if place.key.startswith("store"))[:200],
        total=sum(place.key.startswith("store") for place in known),
        back=back,
    )
    if visit.wants_part:
        return visit.part("shell/_places", page)
    return visit.show("shell/places", page)


@console_page("notices")
def show_notices(visit: Visit) -> HttpResponse:
    """What waits under the bell; a POST marks all of it as read."""
    if visit.request.method == "POST":
        notice_services.mark_read(visit.actor.id, visit.at)
        return visit.go("/notices", _("All read."))
    return visit.show("shell/notices", NoticesPage(notices.newest(visit.actor.id)))


@require_safe
@console_page("help")
def show_help(visit: Visit) -> HttpResponse:
    """The keys, the words and where to read more."""
    return visit.show("shell/help", HelpPage(own_path(visit.request.GET.get("back", ""), "/")))


@require_POST
def choose_shortcuts(request: HttpRequest) -> HttpResponse:
    """Switch the single-key shortcuts off or on (WCAG 2.1.4)."""
    response = HttpResponseRedirect(own_path(request.POST.get("next", ""), "/help"), status=303)
    remember(response, SHORTCUTS_COOKIE, "off" if request.POST.get("shortcuts") == "off" else "on")
    return response

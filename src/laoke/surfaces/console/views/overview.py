"""The first page."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.surfaces.console.pages import Visit, console_page, home
from laoke.surfaces.console.selectors.overview import overview


@require_safe
@console_page("overview")
def show(visit: Visit) -> HttpResponse:
    """The shop at a glance; who may not see its figures goes on to the first page they may."""
    start = home(visit.caller)
    if start != "/":
        return HttpResponseRedirect(start)
    visit.caller.require(Scope.INSIGHT_READ)
    return visit.show("overview", overview(visit.caller, visit.at))

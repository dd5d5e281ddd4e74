"""The tier ladder."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.ladder import ladder_page


@require_safe
@console_page("tiers", Scope.TIERS_READ)
def show(visit: Visit) -> HttpResponse:
    """Rungs, criteria, dates and versions. The ladder is changed with `laoke programme apply`."""
    return visit.show("ladder/ladder", ladder_page(visit.caller, visit.at))

"""Rules of earning and spending."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.points_rules import points_rules_page


@require_safe
@console_page("points-rules", Scope.PROGRAMME_READ)
def show(visit: Visit) -> HttpResponse:
    """What earns, what points pay, and what that gives back. Changed with `laoke programme apply`."""
    return visit.show("points/rules", points_rules_page(visit.caller))

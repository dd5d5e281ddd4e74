"""The grid of scores and the classes of members."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from laoke.foundation.access import Scope
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.rfm import Axes, rfm_page


@require_safe
@console_page("segments", Scope.INSIGHT_READ)
def show(visit: Visit) -> HttpResponse:
    """Who the members are, by recency, frequency and amount; anything but a known pair of axes shows the first."""
    wanted = visit.request.GET.get("by", "")
    axes = Axes(wanted) if wanted in {*Axes} else Axes.RF
    return visit.show("rfm/rfm", rfm_page(visit.caller, axes, visit.at))

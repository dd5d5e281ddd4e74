"""Every movement of points, and all of them as a file."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.audit import services as audit
from laoke.surfaces.console.exports.tables import streamed
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.movements import MovementFilter, movement_rows, movements_page
from laoke.surfaces.console.selectors.store_pages import clean

_FIELDS = tuple(MovementFilter.__dataclass_fields__)


@require_safe
@console_page("movements", Scope.POINTS_READ)
def show(visit: Visit) -> HttpResponse:
    """The list, the newest first."""
    after = visit.request.GET.get("after") or None
    page = movements_page(visit.caller, _filter(visit.request.GET), after, visit.at)
    return visit.show("movements/list", page)


@require_POST
@console_page("movements", Scope.POINTS_READ)
def export(visit: Visit) -> HttpResponse:
    """The list as CSV, as long as it is, written while it is read. That it was taken is in the audit log."""
    asked = _filter(visit.request.POST)
    rows = movement_rows(visit.caller, asked)
    narrowed = {name: value for name, value in asdict(asked).items() if value}
    audit.record(visit.actor, "movements.exported", "movements", "-", at=visit.at, after=narrowed)
    day = visit.at.astimezone(settings.LAOKE.zone).date()
    answer = StreamingHttpResponse(streamed(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="laoke-points-{day:%Y-%m-%d}.csv"'
    return answer  # type: ignore[return-value]


def _filter(asked: QueryDict) -> MovementFilter:
    return MovementFilter(**{name: clean(asked.get(name, "")) for name in _FIELDS})

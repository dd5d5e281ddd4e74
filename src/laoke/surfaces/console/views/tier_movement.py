"""Where members went on the ladder, who nearly keeps a high tier, and both as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from django.conf import settings
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.jobs import services as jobs
from laoke.surfaces.console.exports.tables import streamed
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import tier_movement as pages
from laoke.surfaces.console.selectors.store_pages import clean
from laoke.surfaces.console.selectors.tier_movement import TASK, FallFilter, MovementFilter

HERE = "/tiers/movement"
_ENTRY = "tier-movement"


@require_safe
@console_page(_ENTRY, Scope.TIERS_READ)
def show(visit: Visit) -> HttpResponse:
    """The page; anything but a known way to look at it shows the first."""
    asked = _asked(visit.request.GET)
    return visit.show("tier_movement/movement", pages.tier_movement_page(visit.caller, asked, visit.at))


@require_safe
@console_page(_ENTRY, Scope.TIERS_READ)
def flows(visit: Visit) -> HttpResponse:
    """The table of flows as CSV."""
    return _file(visit, "tiers", pages.flow_rows(visit.caller, _asked(visit.request.GET)))


@require_safe
@console_page(_ENTRY, Scope.MEMBERS_READ)
def falls(visit: Visit) -> HttpResponse:
    """The members of the highest tiers who would fall."""
    visit.caller.require(Scope.TIERS_READ)
    page = pages.falls_page(
        visit.caller, _narrowed(visit.request.GET), visit.request.GET.get("after") or None
    )
    return visit.show("tier_movement/falls", page)


@require_POST
@console_page(_ENTRY, Scope.MEMBERS_READ)
def export(visit: Visit) -> HttpResponse:
    """The list of those as CSV, as long as it is, written while it is read. That it was taken is in the audit log."""
    visit.caller.require(Scope.TIERS_READ)
    asked = _narrowed(visit.request.POST)
    rows = pages.fall_rows(visit.caller, asked)
    narrowed = {name: value for name, value in asdict(asked).items() if value}
    audit.record(visit.actor, "tiers.exported", "tiers", "-", at=visit.at, after=narrowed)
    return _file(visit, "tiers-near", rows)


@require_POST
@console_page(_ENTRY, Scope.PROGRAMME_WRITE)
def count(visit: Visit) -> HttpResponse:
    """Have everything counted now instead of tonight."""
    queued = jobs.run_now(visit.actor, TASK, at=visit.at)
    said = _("It is being counted. Reload the page in a minute.")
    return visit.go(HERE, said=said if queued else _("It waits to be counted already."))


def _file(visit: Visit, name: str, rows: Iterable[Sequence[str]]) -> HttpResponse:
    day = visit.at.astimezone(settings.LAOKE.zone).date()
    answer = StreamingHttpResponse(streamed(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="laoke-{name}-{day:%Y-%m-%d}.csv"'
    return answer  # type: ignore[return-value]


def _asked(asked: QueryDict) -> MovementFilter:
    found = MovementFilter(
        **{name: clean(asked.get(name, "")) for name in MovementFilter.__dataclass_fields__}
    )
    return replace(
        found,
        by="spend" if found.by == "spend" else "",
        view="table" if found.view == "table" else "",
    )


def _narrowed(asked: QueryDict) -> FallFilter:
    return FallFilter(**{name: clean(asked.get(name, "")) for name in FallFilter.__dataclass_fields__})

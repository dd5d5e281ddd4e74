"""Who did what, when, to what, and why."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from django.conf import settings
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.views.decorators.http import require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.audit import services
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.audit import AuditFilter, audit_page, audit_rows
from laoke.surfaces.console.selectors.store_pages import clean

# A spreadsheet would take such a cell for a formula and run it.
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


@require_safe
@console_page("audit", Scope.AUDIT_READ)
def show(visit: Visit) -> HttpResponse:
    """The log."""
    asked = visit.request.GET
    page = audit_page(visit.actor, _filter(asked), asked.get("after") or None, asked.get("before") or None)
    return visit.show("audit/audit", page)


@require_POST
@console_page("audit", Scope.AUDIT_READ)
def export(visit: Visit) -> HttpResponse:
    """The log as CSV, as long as it is, written while it is read. That it was taken is in the log itself."""
    wanted = _filter(visit.request.POST)
    rows = audit_rows(visit.actor, wanted)
    narrowed = {name: value for name, value in asdict(wanted).items() if value}
    services.record(visit.actor, "audit.exported", "audit", "-", at=visit.at, after=narrowed)
    day = visit.at.astimezone(settings.LAOKE.zone).date()
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="laoke-audit-{day:%Y-%m-%d}.csv"'
    return answer  # type: ignore[return-value]


def _filter(asked: QueryDict) -> AuditFilter:
    return AuditFilter(
        **{name: clean(asked.get(name, "")) for name in ("who", "action", "kind", "id", "since", "until")}
    )


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def _lines(rows: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # or a spreadsheet would not see that it is UTF-8
    for row in rows:
        yield writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row])

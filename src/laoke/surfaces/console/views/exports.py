"""Asking for the list as a file, and getting it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import FileResponse, HttpResponse, QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Role, Scope
from laoke.surfaces.console.directory import counting
from laoke.surfaces.console.directory.columns import offered, shown
from laoke.surfaces.console.directory.counting import Count
from laoke.surfaces.console.directory.page import PATH, Asked, asked
from laoke.surfaces.console.directory.tasks import EXPORT, write_export
from laoke.surfaces.console.directory.words import sentence
from laoke.surfaces.console.exports import services as exports
from laoke.surfaces.console.exports.selectors import exports_of
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportForm(Form):
    """The kind of file and its columns."""

    kind = forms.ChoiceField(
        label=gettext_lazy("File"),
        choices=[
            ("xlsx", gettext_lazy("Excel workbook (XLSX)")),
            ("csv", gettext_lazy("Text with commas (CSV)")),
        ],
        widget=forms.RadioSelect,
        initial="xlsx",
    )
    column = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, columns: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["column"].choices = columns  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Whom the file will hold, and the form."""

    form: ExportForm
    sentence: str
    count: Count
    of: str
    back: str


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_READ)
def ask(visit: Visit) -> HttpResponse:
    """Ask for a file of all members the conditions find."""
    posted = visit.request.method == "POST"
    of = visit.request.POST.get("of", "") if posted else visit.request.GET.urlencode()
    question = asked(visit.caller, QueryDict(of), visit.at)
    chosen = [column.name for column in question.setting.layout.columns]
    choices = [(column.name, column.label) for column in offered(chosen, visit.caller)]
    if not posted:
        return _page(visit, ExportForm(initial={"column": chosen}, columns=choices), question)
    form = ExportForm(visit.request.POST, columns=choices)
    if form.is_valid():
        # The file has its columns in the order of the list.
        kind, ticked = form.cleaned_data["kind"], form.cleaned_data["column"]
        names = [name for name, _label in choices if name in ticked]

        def run() -> Mapping[str, Any]:
            export = exports.request(
                visit.actor,
                question.wanted,
                shown(names, visit.caller),
                kind,
                stores=question.setting.scene.stores,
                words=question.words,
                scene=question.setting.scene,
                language=get_language() or "zh-hans",
                later=_later,
            )
            return {"export": export.pk}

        try:
            visit.once("members.export", {"of": question.query, "kind": kind, "columns": names}, run)
        except exports.TooManyRows as error:
            form.refused(error)
        else:
            return visit.go(
                "/exports", _("The file is being written. You will find it here and under the bell.")
            )
    return _page(visit, form, question, status=422)


def _page(visit: Visit, form: ExportForm, question: Asked, *, status: int = 200) -> HttpResponse:
    page = ExportPage(
        form,
        sentence(question.wanted, question.words),
        counting.quick(question.where(), None),
        question.query,
        f"{PATH}?{question.query}" if question.query else PATH,
    )
    return visit.show("members/export", page, status=status)


def _later(export_id: int, at: datetime) -> None:
    write_export.defer(at, export_id=export_id)


@require_safe
@console_page("exports", Scope.MEMBERS_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The account's files; owners see everybody's."""
    page = exports_of(visit.actor, EXPORT, owner=_is_owner(visit))
    if visit.wants_part:
        return visit.part("exports/_list", page)
    return visit.show("exports/list", page)


@require_safe
@console_page("exports", Scope.MEMBERS_READ)
def fetch(visit: Visit, export_id: int) -> Any:
    """The file."""
    file = exports.fetch(visit.actor, export_id, visit.at, owner=_is_owner(visit))
    return FileResponse(
        file.path.open("rb"), as_attachment=True, filename=file.name, content_type=_TYPES[file.kind]
    )


@require_POST
@console_page("exports", Scope.MEMBERS_READ)
def stop(visit: Visit, export_id: int) -> HttpResponse:
    """End the writing of a file."""
    exports.stop(visit.actor, export_id, visit.at)
    return visit.go("/exports", _("Stopped."))


def _is_owner(visit: Visit) -> bool:
    person: Any = visit.request.user
    return bool(person.role == Role.OWNER.value)

"""The member list: its page, the parts that come later, the conditions to choose, its layout and its views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.surfaces.console.directory import saved
from laoke.surfaces.console.directory.choices import Choices, choices
from laoke.surfaces.console.directory.columns import DENSITIES, ROWS, Column, keep_layout, moved, offered
from laoke.surfaces.console.directory.filters import FORM_ONLY
from laoke.surfaces.console.directory.page import (
    PATH,
    MemberList,
    asked,
    count_again,
    member_list,
    setting_of,
    tabs_again,
)
from laoke.surfaces.console.directory.saved import View
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Undo, Visit, console_page


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def search(visit: Visit) -> HttpResponse:
    """The members an address asks for. What the filter form sends is rewritten as an address to share."""
    given = visit.request.GET
    if not FORM_ONLY.isdisjoint(given) or any(value == "" for name in given for value in given.getlist(name)):
        question = asked(visit.caller, given, visit.at)
        kept = [*question.misread_pairs(), question.query]
        query = "&".join(part for part in kept if part)
        return HttpResponseRedirect(f"{PATH}?{query}" if query else PATH)
    page: MemberList = member_list(visit.caller, given, visit.at)
    if visit.wants_part:
        return visit.part("members/_list", page)
    return visit.show("members/list", page)


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def rows(visit: Visit) -> HttpResponse:
    """The list with rows that were too dear for its page."""
    page = member_list(visit.caller, visit.request.GET, visit.at, patient=True)
    if visit.wants_part:
        return visit.part("members/_list", page)
    return visit.show("members/list", page)


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def count(visit: Visit) -> HttpResponse:
    """The sentence over the list with the count that was too dear for the page."""
    return visit.part("members/_sentence", count_again(visit.caller, visit.request.GET, visit.at))


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def tabs(visit: Visit) -> HttpResponse:
    """The tabs with counts that were too dear for the page."""
    return visit.part("members/_tabs", tabs_again(visit.caller, visit.request.GET, visit.at))


@dataclass(frozen=True, slots=True)
class FilterPage:
    """Every condition there is, filled with what is asked for; `sort` and `text` are kept."""

    choices: Choices
    sort: str
    text: str


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def choose(visit: Visit) -> HttpResponse:
    """The form with every condition."""
    question = asked(visit.caller, visit.request.GET, visit.at, places=True)
    page = FilterPage(choices(question, visit.caller), str(question.order), question.wanted.q)
    return visit.show("members/filter", page)


@dataclass(frozen=True, slots=True)
class LayoutPage:
    """The columns to choose from in their order, how dense, how many rows; `back` is the query string of the list.

    `at` is the column that was moved just now, and the way it went: there the next key press is expected.
    """

    columns: tuple[tuple[Column, bool], ...]
    density: str
    chosen_rows: int
    at: str
    way: str
    densities: tuple[tuple[str, Any], ...]
    rows: tuple[int, ...]
    back: str


_DENSITY_LABELS = {"normal": gettext_lazy("Normal"), "tight": gettext_lazy("Tight")}


@console_page("members", Scope.MEMBERS_READ)
def display(visit: Visit) -> HttpResponse:
    """Columns and their order, density and rows, remembered for the account.

    Without script a column is moved by sending the form with `move`, which shows it again in the other order.
    """
    request = visit.request
    if request.method != "POST":
        layout = setting_of(visit.caller, visit.at).layout
        question = asked(visit.caller, request.GET, visit.at)
        names = [column.name for column in layout.columns]
        return visit.show(
            "members/display",
            _layout_page(visit, names, names, layout.density, layout.rows, question.query),
        )
    chosen = request.POST
    ticked, order = chosen.getlist("column"), chosen.getlist("order")
    density, text = chosen.get("density", ""), chosen.get("rows", "")
    rows = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    name, _colon, way = chosen.get("move", "").partition(":")
    if way in _STEPS:
        order = moved([column.name for column in offered(order, visit.caller)], name, _STEPS[way])
        back = _known(chosen.get("of", ""))
        return visit.show(
            "members/display", _layout_page(visit, order, ticked, density, rows, back, at=name, way=way)
        )
    # The order the form was sent in holds for what is ticked.
    keep_layout(visit.caller, [*(each for each in order if each in ticked), *ticked], density, rows)
    return visit.go(_list(visit, chosen.get("of", "")))


_STEPS = {"up": -1, "down": 1}


def _layout_page(
    visit: Visit,
    order: Sequence[str],
    ticked: Sequence[str],
    density: str,
    rows: int,
    back: str,
    *,
    at: str = "",
    way: str = "",
) -> LayoutPage:
    return LayoutPage(
        columns=tuple((column, column.name in ticked) for column in offered(order, visit.caller)),
        density=density,
        chosen_rows=rows,
        at=at,
        way=way,
        densities=tuple((name, _DENSITY_LABELS[name]) for name in DENSITIES),
        rows=ROWS,
        back=back,
    )


class ViewForm(Form):
    """A name, and whether everybody sees it."""

    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), required=False)
    shared = forms.BooleanField(label=gettext_lazy("For everybody"), required=False)

    def __init__(self, *args: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_share:
            del self.fields["shared"]


@dataclass(frozen=True, slots=True)
class SaveViewPage:
    """The form, the conditions in words, and whether a search text will be left out."""

    form: ViewForm
    sentence: str
    of: str
    without_text: bool


@console_page("members", Scope.MEMBERS_READ)
def save_view(visit: Visit) -> HttpResponse:
    """Save the conditions under a name."""
    may_share = Scope.MEMBERS_WRITE in visit.actor.scopes
    if visit.request.method != "POST":
        question = asked(visit.caller, visit.request.GET, visit.at)
        return visit.show(
            "members/view_save", _save_page(visit, ViewForm(may_share=may_share), question.query)
        )
    of = visit.request.POST.get("of", "")
    form = ViewForm(visit.request.POST, may_share=may_share)
    wanted, order = saved.parsed(of)
    if form.is_valid():
        told = form.cleaned_data
        shared = bool(told.get("shared"))

        def run() -> Mapping[str, Any]:
            view = saved.save(visit.actor, told["name"], wanted, order, shared=shared, at=visit.at)
            return {"view": view}

        try:
            visit.once("view.save", {"name": told["name"], "of": of, "shared": shared}, run)
        except saved.BadView as error:
            form.refused(error)
        else:
            query = saved.query_of(wanted.without("q"), order)
            return visit.go(_list(visit, query), _("View “%(name)s” saved.") % {"name": told["name"].strip()})
    return visit.show("members/view_save", _save_page(visit, form, of), status=422)


def _save_page(visit: Visit, form: ViewForm, of: str) -> SaveViewPage:
    question = asked(visit.caller, QueryDict(of), visit.at)
    return SaveViewPage(form, question.without_text_in_words(), of, bool(question.wanted.q))


@dataclass(frozen=True, slots=True)
class ViewLine:
    """A view of one's own with the form that changes it."""

    view: View
    path: str
    form: ViewForm


@dataclass(frozen=True, slots=True)
class ViewsPage:
    """The account's views."""

    lines: tuple[ViewLine, ...]


@require_safe
@console_page("members", Scope.MEMBERS_READ)
def views(visit: Visit) -> HttpResponse:
    """The account's own views, to rename, share and delete."""
    return visit.show("members/views", _views_page(visit))


@require_POST
@console_page("members", Scope.MEMBERS_READ)
def change_view(visit: Visit, view_id: int) -> HttpResponse:
    """Rename a view, share it or stop sharing it."""
    form = ViewForm(
        visit.request.POST,
        may_share=Scope.MEMBERS_WRITE in visit.actor.scopes,
        auto_id=f"id_{view_id}_%s",
    )
    if form.is_valid():
        told = form.cleaned_data
        try:
            shared = bool(told.get("shared"))
            saved.change(visit.actor, view_id, told["name"], shared=shared, at=visit.at)
        except saved.BadView as error:
            form.refused(error)
        else:
            return visit.go("/members/views", _("View changed."))
    return visit.show("members/views", _views_page(visit, view_id, form), status=422)


@require_POST
@console_page("members", Scope.MEMBERS_READ)
def delete_view(visit: Visit, view_id: int) -> HttpResponse:
    """Delete a view; it can be taken back."""
    name = saved.delete(visit.actor, view_id, visit.at)
    return visit.go(
        "/members/views",
        _("View “%(name)s” deleted.") % {"name": name},
        undo=Undo(f"/members/views/{view_id}/restore", {}),
    )


@require_POST
@console_page("members", Scope.MEMBERS_READ)
def restore_view(visit: Visit, view_id: int) -> HttpResponse:
    """Take the deletion of a view back."""
    name = saved.restore(visit.actor, view_id, visit.at)
    return visit.go("/members/views", _("View “%(name)s” is back.") % {"name": name})


def _views_page(visit: Visit, view_id: int | None = None, wrong: ViewForm | None = None) -> ViewsPage:
    may_share = Scope.MEMBERS_WRITE in visit.actor.scopes
    lines = []
    for view in saved.own_views(visit.actor):
        form = ViewForm(
            initial={"name": view.name, "shared": view.shared},
            may_share=may_share,
            auto_id=f"id_{view.id}_%s",
        )
        shown = wrong if wrong is not None and view.id == view_id else form
        lines.append(ViewLine(view, f"{PATH}?{view.query()}", shown))
    return ViewsPage(tuple(lines))


def _list(visit: Visit, query: str) -> str:
    """The address of the list with these conditions, as far as they can be read."""
    known = _known(query)
    return f"{PATH}?{known}" if known else PATH


def _known(query: str) -> str:
    """A query string of the list as far as it can be read."""
    return saved.query_of(*saved.parsed(query))

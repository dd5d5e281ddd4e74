"""Writing coupon templates: a new one, changing one, ending one. What is sent holds at once, as a version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from laoke.benefits.coupons import documents, templates
from laoke.benefits.coupons.errors import BadTemplate, TemplateChanged, TemplateInUse
from laoke.checkout import coupon_templates
from laoke.foundation.access import Scope
from laoke.members.errors import ReasonMissing
from laoke.surfaces.console.coupons.form import TemplateForm, kind_of
from laoke.surfaces.console.coupons.words import KINDS, changes
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.offers.words import Changed
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import coupons as pages
from laoke.surfaces.console.selectors.coupons import TemplateLine, TemplateState


@dataclass(frozen=True, slots=True)
class EditorPage:
    """The form. `state` and `line` are those of the template that is changed, None for a new one; `changed` is what
    publishing would change, None until it was asked for; `conflict` says who published it meanwhile.
    """

    form: TemplateForm
    state: TemplateState | None
    line: TemplateLine | None
    copied: TemplateState | None = None
    changed: tuple[Changed, ...] | None = None
    conflict: str = ""

    @property
    def kind(self) -> Any:
        """What the kind of the template is called, which stays."""
        return None if self.state is None else KINDS[kind_of(self.state.document)]


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.PROGRAMME_WRITE)
def begin(visit: Visit) -> HttpResponse:
    """A new template, empty or as a copy of another."""
    given = visit.request.POST if visit.request.method == "POST" else visit.request.GET
    source = given.get("from", "")[: templates.LONGEST_KEY]
    copied = pages.template_state(source) if source else None
    posted = visit.request.method == "POST"
    form = TemplateForm(
        visit.request.POST if posted else None, copied=None if copied is None else copied.document
    )
    return _edit(visit, EditorPage(form, None, None, copied), None)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.PROGRAMME_WRITE)
def edit(visit: Visit, key: str) -> HttpResponse:
    """Change a template, or publish one again that has ended."""
    state = pages.template_state(key)
    posted = visit.request.method == "POST"
    form = TemplateForm(visit.request.POST if posted else None, former=state.document)
    return _edit(visit, EditorPage(form, state, pages.template_line(state)), _seen(visit))


def _edit(visit: Visit, page: EditorPage, seen: int | None) -> HttpResponse:
    form, state = page.form, page.state
    if not form.is_bound:
        return visit.show("coupons/editor", page)
    if not form.is_valid():
        return visit.show("coupons/editor", page, status=422)
    key = state.key if state else form.cleaned_data["key"]
    document = form.document()

    def run() -> dict[str, int]:
        return {"version": coupon_templates.save(visit.actor, key, document, seen=seen, at=visit.at)}

    try:
        if "preview" in visit.request.POST or (state and state.in_force and seen == state.version):
            changed = _changed(key, state, document)
            if "preview" in visit.request.POST:
                return visit.show("coupons/editor", replace(page, changed=changed))
            if not changed:
                return visit.go(_path(key), _("Nothing was changed."))
        visit.once("coupon_template.publish", {"key": key, "document": document, "seen": seen}, run)
    except BadTemplate as error:
        form.refused_document(error)
        return visit.show("coupons/editor", page, status=error.status)
    except TemplateChanged as error:
        if state is None:
            form.add_error("key", _taken(key))
            return visit.show("coupons/editor", page, status=error.status)
        return visit.show("coupons/editor", replace(page, conflict=error.detail), status=error.status)
    return visit.go(_path(key), _("Published. It holds from now on."))


def _path(key: str) -> str:
    return f"/coupons/templates/{quote(key, safe='')}"


def _changed(key: str, state: TemplateState | None, document: dict[str, Any]) -> tuple[Changed, ...]:
    """What publishing would change.

    Raises:
        BadTemplate, TemplateChanged: a new one has the key of another.
    """
    if state is None and templates.history(key):
        raise TemplateChanged(key, "")
    wanted = templates.beside(key, document, templates.current())[key]
    former = None if state is None else documents.written(state.document)
    return changes(former, documents.written(wanted))


def _taken(key: str) -> str:
    """Why a new template cannot have a key."""
    if key in templates.current().documents:
        return _("There is a template with this key already.")
    return _("A template with this key has ended. Publish it again from its page.")


def _seen(visit: Visit) -> int | None:
    """The version the form was filled on. Who sends none saw none that there is."""
    text = visit.request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class _EndForm(Form):
    error_fields = {ReasonMissing: "reason"}
    reason = forms.CharField(
        required=False,
        max_length=coupon_templates.LONGEST_REASON,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@dataclass(frozen=True, slots=True)
class EndPage:
    """The question before a template ends. `naming` are the offers that stand against it."""

    state: TemplateState
    line: TemplateLine
    form: _EndForm

    @property
    def naming(self) -> tuple[tuple[str, Any], ...]:
        """The offers that take or give its coupons, each once."""
        return tuple(dict(self.line.offers + self.line.given_by).items())


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.PROGRAMME_WRITE)
def end(visit: Visit, key: str) -> HttpResponse:
    """End a template: what that means, and then it is done."""
    state = pages.template_state(key)
    form = _EndForm(visit.request.POST if visit.request.method == "POST" else None)
    page = EndPage(state, pages.template_line(state), form)
    if not form.is_bound:
        return visit.show("coupons/end", page)
    if not form.is_valid():
        return visit.show("coupons/end", page, status=422)
    reason, seen = form.cleaned_data["reason"], _seen(visit)

    def run() -> dict[str, int]:
        return {"version": coupon_templates.end(visit.actor, key, reason, seen=seen, at=visit.at)}

    try:
        visit.once("coupon_template.end", {"key": key, "reason": reason, "seen": seen}, run)
    except (ReasonMissing, TemplateChanged, TemplateInUse) as error:
        form.refused(error)
        return visit.show("coupons/end", page, status=error.status)
    return visit.go(_path(key), _("The template has ended."))

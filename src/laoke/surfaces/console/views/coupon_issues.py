"""Issuing coupons to many: asking for it, watching it, stopping it, and the file of its codes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.benefits import tasks
from laoke.benefits.coupons import batches, issuing, lists, selectors
from laoke.benefits.coupons.errors import CannotIssue, TooManyRecipients, UnknownTemplate
from laoke.benefits.coupons.lists import Listed
from laoke.engine.conditions.documents import Language
from laoke.foundation.access import Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.kernel.errors import LaokeError
from laoke.segments import audience
from laoke.segments.recipients import VOCABULARY
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.labels import CLASSES_RFM
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import coupons as pages
from laoke.surfaces.console.templatetags.figures import clock, number

LARGEST_FILE = 8 << 20
_EVERY = [("", gettext_lazy("Any"))]


@require_safe
@console_page("coupons", Scope.COUPONS_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The issues, newest first."""
    after = visit.request.GET.get("after") or None
    return visit.show("coupons/issues", pages.batch_list(visit.actor, after))


class IssueForm(Form):
    """What is issued, and to whom: a list, all members some things hold for, or codes for nobody in particular."""

    template = forms.ChoiceField(label=gettext_lazy("Coupon"))
    name = forms.CharField(
        max_length=120,
        required=False,
        label=gettext_lazy("Name of the issue"),
        help_text=gettext_lazy("For you and your colleagues; members do not see it."),
    )
    to = forms.ChoiceField(
        label=gettext_lazy("To whom"),
        choices=(
            ("audience", gettext_lazy("Members by condition")),
            ("members", gettext_lazy("List of members")),
            ("codes", gettext_lazy("Codes in nobody's wallet")),
        ),
        initial="audience",
        widget=forms.RadioSelect,
    )
    tier = forms.ChoiceField(required=False, label=gettext_lazy("Tier"))
    rfm = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Class"),
        choices=[*_EVERY, *((code, label) for code, (label, _about) in CLASSES_RFM.items())],
    )
    tag = forms.CharField(required=False, max_length=40, label=gettext_lazy("Tag"))
    birthday = forms.BooleanField(required=False, label=gettext_lazy("Birthday in this week"))
    everybody = forms.BooleanField(
        required=False,
        label=gettext_lazy("All active members"),
        help_text=gettext_lazy("Needed when no condition is chosen."),
    )
    by = forms.ChoiceField(
        required=False,
        label=gettext_lazy("The list holds"),
        choices=(
            ("number", gettext_lazy("member numbers")),
            ("card", gettext_lazy("card numbers")),
            ("phone", gettext_lazy("phone numbers")),
        ),
    )
    listed = forms.CharField(
        required=False,
        label=gettext_lazy("Members, one a line"),
        widget=forms.Textarea(attrs={"rows": 4, "class": "inp num"}),
    )
    file = forms.FileField(
        required=False,
        label=gettext_lazy("Or a file"),
        help_text=gettext_lazy("CSV or text in UTF-8; of each line the first column is read."),
    )
    count = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=batches.MOST_CODES,
        label=gettext_lazy("How many codes"),
        widget=forms.NumberInput(attrs={"class": "inp num"}),
    )
    each = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=issuing.MOST_BY_HAND,
        initial=1,
        label=gettext_lazy("Coupons for each member"),
        widget=forms.NumberInput(attrs={"class": "inp num"}),
    )
    error_fields = {CannotIssue: "template", UnknownTemplate: "template", TooManyRecipients: "count"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = pages.template_choices(shared=True)  # type: ignore[attr-defined]
        self.fields["tier"].choices = [*_EVERY, *pages.tier_choices()]  # type: ignore[attr-defined]

    def clean_file(self) -> str:
        """The text of the file."""
        file = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(_("A list takes at most 8 MB."))
        try:
            text: str = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is not text in UTF-8.")) from None
        return text

    def clean(self) -> dict[str, Any]:
        """Each way of choosing needs its own fields."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        to = values.get("to")
        if to == "codes" and not values.get("count") and "count" not in self.errors:
            self.add_error("count", _("Say how many codes."))
        if to == "members" and not (values.get("listed") or values.get("file")) and "file" not in self.errors:
            self.add_error("listed", _("Name at least one member, or choose a file."))
        if to == "audience" and not self.condition:
            self.add_error("everybody", _("Choose a condition, or say that everybody gets one."))
        return values

    @property
    def condition(self) -> dict[str, Any]:
        """Whom the chosen conditions are about; empty when none was chosen."""
        values = self.cleaned_data
        found: dict[str, Any] = {}
        if values.get("tier"):
            found["member.tier"] = values["tier"]
        if values.get("rfm"):
            found["member.class"] = values["rfm"]
        if values.get("tag"):
            found["member.tag"] = values["tag"]
        if values.get("birthday"):
            found["member.birthday_week"] = True
        if not found and values.get("everybody"):
            found["member.known"] = True
        return found

    @property
    def chosen(self) -> Listed:
        """The members of the list and the file."""
        values = self.cleaned_data
        typed, sent = (
            lists.read(values[name].splitlines(), values["by"] or "number") for name in ("listed", "file")
        )
        return Listed(list(dict.fromkeys([*typed.members, *sent.members])), [*typed.unknown, *sent.unknown])


@dataclass(frozen=True, slots=True)
class IssuePage:
    """The form; `found` says how many it would be for, `unknown` which lines name nobody."""

    form: IssueForm
    none: bool
    found: str = ""
    unknown: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.COUPONS_ISSUE)
def ask(visit: Visit) -> HttpResponse:
    """Ask for an issue; first, how many it would be for."""
    visit.actor.require_whole_shop()
    posted = visit.request.method == "POST"
    if not posted:
        wanted = visit.request.GET.get("template", "")
        form = IssueForm(initial={"template": wanted, "each": 1, "to": "audience"})
        return visit.show("coupons/issue", _page(form))
    form = IssueForm(visit.request.POST, visit.request.FILES)
    if not form.is_valid():
        return visit.show("coupons/issue", _page(form), status=422)
    try:
        if "preview" in visit.request.POST:
            return visit.show("coupons/issue", _page(form, *_found(form, visit.at)))
        chosen = form.chosen if form.cleaned_data["to"] == "members" else None
        if chosen is not None and not chosen.members:
            form.add_error("listed", _("No line names a member. Check what the list holds."))
            return visit.show("coupons/issue", _page(form), status=422)
        asked = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        answer = visit.once("coupons.issue", asked, lambda: _ask(visit, form, chosen))
    except LaokeError as error:
        form.refused(error)
        return visit.show("coupons/issue", _page(form), status=error.status)
    said = _("The issue has begun.")
    if chosen is not None and chosen.unknown:
        said = _unknown_words(chosen)
    return visit.go(f"/coupons/issues/{answer['batch_id']}", said)


def _page(form: IssueForm, found: str = "", unknown: str = "") -> IssuePage:
    return IssuePage(form, not form.fields["template"].choices, found, unknown)  # type: ignore[attr-defined]


def _found(form: IssueForm, at: datetime) -> tuple[str, str]:
    values = form.cleaned_data
    if values["to"] == "codes":
        count = values["count"]
        return ngettext("%(n)s code", "%(n)s codes", count) % {"n": number(count)}, ""
    unknown = ""
    if values["to"] == "members":
        chosen = form.chosen
        count, unknown = len(chosen.members), _unknown_words(chosen)
    else:
        tree = Language(VOCABULARY, settings.LAOKE.currency).read(form.condition)
        count = audience.count(tree, at, settings.LAOKE.zone)
    coupons = count * (values["each"] or 1)
    members = ngettext("%(n)s member", "%(n)s members", count) % {"n": number(count)}
    words = ngettext("%(n)s coupon", "%(n)s coupons", coupons) % {"n": number(coupons)}
    return _("%(members)s, %(coupons)s") % {"members": members, "coupons": words}, unknown


def _unknown_words(chosen: Listed) -> str:
    if not chosen.unknown:
        return ""
    lines = ", ".join(map(str, chosen.unknown[:10])) + (" …" if len(chosen.unknown) > 10 else "")
    count = len(chosen.unknown)
    return ngettext("%(n)s line names nobody: %(lines)s", "%(n)s lines name nobody: %(lines)s", count) % {
        "n": number(count),
        "lines": lines,
    }


def _ask(visit: Visit, form: IssueForm, chosen: Listed | None) -> Mapping[str, Any]:
    values = form.cleaned_data
    template, name, each, at = values["template"], values["name"], values["each"] or 1, visit.at

    def later(batch_id: int) -> None:
        tasks.issue_coupons.defer(at, batch_id=batch_id)

    if chosen is not None:
        made = batches.to_members(
            visit.actor, template, chosen.members, each=each, name=name, at=at, later=later
        )
    elif values["to"] == "audience":
        made = batches.to_audience(
            visit.actor, template, form.condition, each=each, name=name, at=at, later=later
        )
    else:
        made = batches.of_codes(visit.actor, template, values["count"], name=name, at=at, later=later)
    return {"batch_id": made.pk}


@require_safe
@console_page("coupons", Scope.COUPONS_READ)
def show(visit: Visit, batch_id: int) -> HttpResponse:
    """How far an issue is, and who got nothing."""
    work = jobs.of(batches.TASK, str(batch_id))
    page = pages.batch_page(visit.actor, batch_id, silent=work is not None and work.state == "failed")
    if visit.wants_part:
        return visit.part("coupons/_issue", page)
    return visit.show("coupons/issue_page", page)


@require_POST
@console_page("coupons", Scope.COUPONS_ISSUE)
def stop(visit: Visit, batch_id: int) -> HttpResponse:
    """End an issue before its end."""
    visit.actor.require_whole_shop()
    batches.stop(visit.actor, batch_id, at=visit.at)
    return visit.go(f"/coupons/issues/{batch_id}", _("Stopped. What was issued stays."))


@require_POST
@console_page("coupons", Scope.COUPONS_ISSUE)
def resume(visit: Visit, batch_id: int) -> HttpResponse:
    """Go on with an issue."""
    visit.actor.require_whole_shop()
    batches.resume(
        visit.actor,
        batch_id,
        at=visit.at,
        later=lambda number: tasks.issue_coupons.defer(visit.at, batch_id=number),
    )
    return visit.go(f"/coupons/issues/{batch_id}", _("It goes on in a moment."))


@dataclass(frozen=True, slots=True)
class ExportPage:
    """The question before the codes leave."""

    batch: pages.BatchPage


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.COUPONS_REVEAL)
def export(visit: Visit, batch_id: int) -> HttpResponse:
    """The codes of an issue as a file; written down in the audit trail before the first of them leaves."""
    visit.actor.require_whole_shop()
    if visit.request.method != "POST":
        page = pages.batch_page(visit.actor, batch_id, silent=False)
        return visit.show("coupons/export", ExportPage(page))
    rows = selectors.export(visit.actor, batch_id, at=visit.at)
    # Words are looked up now: the lines are written when the language of the page is gone.
    head = [_("Code"), _("State"), _("Member"), _("Until before"), _("Coupon")]
    states = {state: str(label) for state, (label, _tone) in pages.STATES.items()}
    answer = StreamingHttpResponse(_lines(head, states, rows), content_type="text/csv; charset=utf-8")
    day = visit.at.astimezone(settings.LAOKE.zone)
    answer["Content-Disposition"] = f'attachment; filename="coupons-{batch_id}-{day:%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer  # type: ignore[return-value]


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def _lines(head: list[str], states: Mapping[str, str], rows: Iterator[selectors.CodeRow]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # or a spreadsheet would not see that it is UTF-8
    yield writer.writerow(head)
    for coupon_id, code, member_id, state, until in rows:
        yield writer.writerow([code, states[state], member_id or "", clock(until), coupon_id])

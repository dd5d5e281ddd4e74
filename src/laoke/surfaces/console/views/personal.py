"""A person's data: a look in clear, a copy for the person, forgetting. Each with a reason, each recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from laoke.foundation.access import Scope
from laoke.members import selectors as members
from laoke.members import services
from laoke.members.errors import MemberErased, ReasonMissing
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import State, state_of
from laoke.surfaces.console.selectors.member.words import FIELDS
from laoke.surfaces.console.views.traits import ActPage, WhyForm

SECONDS = 30
_SHOWN = ("name", "phone", "email", "birth_date")
_OTHER = "other"
REASONS = (
    ("identity", gettext_lazy("The member is on the phone: verifying who it is")),
    ("delivery", gettext_lazy("Delivery")),
    ("complaint", gettext_lazy("Complaint")),
    (_OTHER, gettext_lazy("Another reason")),
)


class RevealForm(Form):
    """Why somebody has to see it."""

    why = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=(("", gettext_lazy("Please choose")), *REASONS),
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    note = forms.CharField(
        required=False,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )
    error_fields = {ReasonMissing: "note"}

    def clean(self) -> dict[str, Any]:
        """Another reason needs its words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("why") == _OTHER and len(values.get("note", "")) < 2:
            self.add_error("note", _("Say which reason."))
        return values

    @property
    def reason(self) -> str:
        """What the audit trail says."""
        note, why = self.cleaned_data["note"], self.cleaned_data["why"]
        if why == _OTHER:
            return str(note)
        words = str(dict(REASONS)[why])
        return f"{words}{_(': ')}{note}" if note else words


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form before the look."""

    head: Head
    form: RevealForm
    seconds: int


@dataclass(frozen=True, slots=True)
class ClearPage:
    """The values, in clear. Never kept anywhere: the page masks itself, and no address shows it again."""

    head: Head
    seconds: int
    values: tuple[tuple[Any, tuple[str, ...]], ...]


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("found")
@console_page("members", Scope.MEMBERS_REVEAL)
def reveal(visit: Visit, member_id: int) -> HttpResponse:
    """Name, phones, e-mail and birthday in clear for half a minute, in the answer itself."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    posted = visit.request.method == "POST"
    form = RevealForm(visit.request.POST if posted else None)
    if not posted or not form.is_valid():
        return visit.show("member/reveal", AskPage(head, form, SECONDS), status=422 if posted else 200)
    try:
        found = members.reveal_fields(
            caller=visit.actor, member_id=member_id, fields=_SHOWN, reason=form.reason, at=visit.at
        )
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("member/reveal", AskPage(head, form, SECONDS), status=422)
    page = ClearPage(head, SECONDS, tuple((FIELDS[name], found[name]) for name in _SHOWN))
    response = visit.show("member/revealed", page)
    # For browsers without script; with it, the page masks itself.
    response["Refresh"] = f"{SECONDS}; url=/members/{member_id}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("data", "body")
@console_page("members", Scope.MEMBERS_REVEAL)
def export(visit: Visit, member_id: int) -> HttpResponse:
    """Everything kept of the person as JSON, for the person to read. Accounts limited to stores make none."""
    services.require_export(visit.actor)
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    form = WhyForm(visit.request.POST or None)
    back = f"/members/{member_id}"
    page = ActPage(
        head,
        _("Export the person's data"),
        _(
            "A JSON file with everything kept of this person, in clear: for the person who asked for it. "
            "The export is recorded."
        ),
        form,
        _("Download"),
        f"{back}/export",
        back,
    )
    if visit.request.method != "POST":
        return visit.show("member/export", page)
    if form.is_valid():
        try:
            data = services.export_person(
                caller=visit.actor, member_id=member_id, at=visit.at, reason=form.cleaned_data["reason"]
            )
        except ReasonMissing as error:
            form.refused(error)
        else:
            body = orjson.dumps(data, option=orjson.OPT_INDENT_2)
            response = HttpResponse(body, content_type="application/json; charset=utf-8")
            response["Content-Disposition"] = f'attachment; filename="member-{member_id}.json"'
            return response
    return visit.show("member/export", page, status=422)


class EraseForm(WhyForm):
    """The number once more, so that nobody is forgotten by a slip."""

    number = forms.CharField(
        required=False,
        label=gettext_lazy("Type the member number"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "inp num"}),
    )
    field_order = ("reason", "number")

    def __init__(self, member_id: int, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self._member_id = member_id

    def clean_number(self) -> str:
        """The very number."""
        typed = str(self.cleaned_data["number"]).strip()
        if typed != str(self._member_id):
            raise forms.ValidationError(
                _("This is not %(id)s, the number of this member.") % {"id": self._member_id}
            )
        return typed


@dataclass(frozen=True, slots=True)
class ErasePage:
    """What goes and what stays, with numbers."""

    head: Head
    form: EraseForm
    identities: int
    tags: int
    points: int
    orders: int
    consents: int


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERS_ERASE)
def erase(visit: Visit, member_id: int) -> HttpResponse:
    """Forget the person. It cannot be undone, so the page says what goes and what stays."""
    posted = visit.request.method == "POST"
    try:
        state = state_of(visit.actor, member_id, visit.at)
    except MemberErased:
        if posted:  # the second of two clicks
            return visit.go("/members")
        raise
    form = EraseForm(member_id, visit.request.POST if posted else None)
    if posted and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            visit.once(
                "members.erase",
                {"member": member_id, "reason": reason},
                lambda: {
                    "erased": services.erase_person(
                        caller=visit.actor, member_id=member_id, reason=reason, at=visit.at
                    )
                },
            )
        except ReasonMissing as error:
            form.refused(error)
        else:
            return visit.go("/members", _("Member %(id)s is erased.") % {"id": member_id})
    return visit.show("member/erase", _erase_page(visit, state, form), status=422 if posted else 200)


def _erase_page(visit: Visit, state: State, form: EraseForm) -> ErasePage:
    return ErasePage(
        head=head_of(visit.actor, state),
        form=form,
        identities=len(state.identities),
        tags=len(state.tags),
        points=sum(row[1] for row in state.lots),
        orders=state.orders,
        consents=len(state.consents),
    )

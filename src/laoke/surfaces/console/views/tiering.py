"""Giving a member a tier that was not earned, and taking it back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from laoke.engine.tiering import How
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.naming import tier_name
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member.head import head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import named
from laoke.surfaces.console.views.traits import ActPage
from laoke.tiers import assigning, lasting
from laoke.tiers import selectors as tiers

_REASON: dict[str, Any] = {
    "label": gettext_lazy("Reason"),
    "max_length": 300,
    "widget": forms.Textarea(attrs={"rows": 3}),
    "help_text": gettext_lazy("Goes into the audit trail. Leave out personal data."),
}


class AssignForm(Form):
    """Which tier, how and until when."""

    tier = forms.ChoiceField(label=gettext_lazy("Tier"))
    how = forms.ChoiceField(
        label=gettext_lazy("How it is given"),
        widget=forms.RadioSelect,
        choices=(
            (How.TRIAL.value, gettext_lazy("on trial: once for each tier, 30 days unless a day is given")),
            (How.INVITATION.value, gettext_lazy("by invitation: the member keeps what is better")),
            (How.MANUAL.value, gettext_lazy("set by hand: up or down")),
        ),
        initial=How.TRIAL.value,
    )
    until = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Without one it stays until it is taken back."),
    )
    reason = forms.CharField(**_REASON)

    def refused(self, error: LaokeError) -> None:
        """What stands against it stands at the field it is about."""
        if isinstance(error, ReasonMissing):
            self.add_error("reason", error.detail)
            return
        field = {"day_passed": "until", "no_end": "until", "assigned_otherwise": "how", "tried_before": "how"}
        self.add_error(field.get(str(error.extensions.get("reason")), "tier"), error.detail)


class RemoveForm(Form):
    """Why."""

    reason = forms.CharField(**_REASON)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.TIERS_ASSIGN)
def assign(visit: Visit, member_id: int) -> HttpResponse:
    """Give the member a tier that was not earned."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    form = AssignForm(visit.request.POST or None)
    form.fields["tier"].choices = [  # type: ignore[attr-defined]
        (tier.code, named(tier_name(tier))) for tier in reversed(tiers.ladder().tiers)
    ]
    path = f"/members/{member_id}"
    about = _("Afterwards the member has what was earned by then, or had before if that is better.")
    page = ActPage(head, _("Give a tier"), about, form, _("Give"), f"{path}/tier", path)
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if form.is_valid():
        values = form.cleaned_data
        how, until = How(values["how"]), values["until"]
        if until is None and how is How.TRIAL:
            until = assigning.last_day(assigning.TRIAL_DAYS, visit.at)
        try:
            visit.once(
                "members.tier",
                {"member": member_id, **values, "until": str(until)},
                lambda: {
                    "tier": assigning.assign(
                        visit.actor,
                        member_id,
                        values["tier"],
                        how=how,
                        until=until,
                        reason=values["reason"],
                        at=visit.at,
                    ).tier
                },
            )
        except LaokeError as error:
            form.refused(error)
        else:
            return visit.go(path, _("The tier was given."))
    return visit.show("member/act", page, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.TIERS_ASSIGN)
def remove(visit: Visit, member_id: int) -> HttpResponse:
    """Take back a tier that was given."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    form = RemoveForm(visit.request.POST or None)
    path, found = f"/members/{member_id}", tiers.lasting_of(member_id)
    told = lasting.says(found, tiers.ladder()) if found.assigned else ()
    about = named(told[0]) if told else _("The member has no tier that was assigned.")
    page = ActPage(
        head,
        _("Take back a given tier"),
        about,
        form,
        _("Take back"),
        f"{path}/tier/remove",
        path,
        grave=True,
    )
    if visit.request.method != "POST":
        return visit.show("member/act", page)
    if form.is_valid():
        values = form.cleaned_data
        try:
            visit.once(
                "members.tier.remove",
                {"member": member_id, **values},
                lambda: {
                    "tier": assigning.remove(
                        visit.actor, member_id, reason=values["reason"], at=visit.at
                    ).tier
                },
            )
        except LaokeError as error:
            form.add_error("reason", error.detail)
        else:
            return visit.go(path, _("The tier was taken back."))
    return visit.show("member/act", page, status=422)

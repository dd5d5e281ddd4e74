"""The benefit library, and the benefits of one member: using one, and undoing that."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.benefits.library import selectors, using
from laoke.benefits.library.errors import UnknownBenefitUse
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import MemberMerged
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import benefits as pages
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import named
from laoke.surfaces.console.views.traits import ActPage


@require_safe
@console_page("benefits", Scope.BENEFITS_READ)
def show(visit: Visit) -> HttpResponse:
    """What each tier has, how it is taken up, and what it costs. Changed with `laoke programme apply`."""
    return visit.show("benefits/library", pages.library_page(visit.actor, visit.at))


@require_safe
@console_page("members", Scope.BENEFITS_READ)
def show_member(visit: Visit, member_id: int) -> HttpResponse:
    """What a member may use now, why not the rest, and what was used."""
    mark = visit.request.GET.get("after") or None
    try:
        page = pages.member_page(visit.actor, member_id, mark, visit.at)
    except MemberMerged as merged:
        return HttpResponseRedirect(f"/members/{merged.extensions['kept_id']}/benefits")
    return visit.show("member/benefits", page)


class UseForm(Form):
    """How much is used, and what with."""

    units = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=using.MOST_UNITS,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "inp num"}),
    )
    reference = forms.CharField(
        label=gettext_lazy("Order or receipt"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("If it goes with one."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True, slots=True)
class UsePage:
    """The form, and how the benefit stands."""

    head: Head
    benefit: pages.Now
    form: UseForm


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.BENEFITS_USE)
def use(visit: Visit, member_id: int, benefit: str) -> HttpResponse:
    """See what there is to use, and use it."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    posted = visit.request.method == "POST"
    form = UseForm(visit.request.POST if posted else None)
    page = UsePage(head, pages.one_now(member_id, benefit, visit.at), form)
    if not posted or not form.is_valid():
        return visit.show("benefits/use", page, status=422 if posted else 200)
    units, reference = form.cleaned_data["units"], form.cleaned_data["reference"]
    here = visit.caller.stores
    store_id = next(iter(here)) if here is not None and len(here) == 1 else None
    try:
        visit.once(
            "benefits.use",
            {"member": member_id, "benefit": benefit, "units": units, "reference": reference},
            lambda: {
                "use": using.use(
                    visit.actor,
                    member_id,
                    benefit,
                    units,
                    store_id=store_id,
                    reference=reference,
                    at=visit.at,
                ).use_id
            },
        )
    except LaokeError as error:
        form.refused(error)
        return visit.show("benefits/use", page, status=error.status)
    return visit.go(
        f"/members/{member_id}/benefits", _("%(name)s was used.") % {"name": named(page.benefit.name)}
    )


class UndoForm(Form):
    """Why a use is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.BENEFITS_USE)
def undo(visit: Visit, member_id: int, use_id: int) -> HttpResponse:
    """Take a use back, with everything it brought."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    found = selectors.use(use_id)
    if found.member_id != head.id:
        raise UnknownBenefitUse
    posted = visit.request.method == "POST"
    form = UndoForm(visit.request.POST if posted else None)
    back = f"/members/{member_id}/benefits"
    name = named(pages.benefit_name(found.benefit))
    page = ActPage(
        head,
        _("Undo the use of %(name)s") % {"name": name},
        _("Quota, stock and budget are as before, and what it brought is taken back."),
        form,
        _("Undo the use"),
        f"{back}/uses/{use_id}/undo",
        back,
    )
    if not posted or not form.is_valid():
        return visit.show("member/act", page, status=422 if posted else 200)
    reason = form.cleaned_data["reason"]
    try:
        visit.once(
            "benefits.undo",
            {"use": use_id, "reason": reason},
            lambda: {"changed": using.undo(visit.actor, use_id, reason=reason, at=visit.at)},
        )
    except LaokeError as error:
        form.refused(error)
        return visit.show("member/act", page, status=error.status)
    return visit.go(back, _("The use of %(name)s was undone.") % {"name": name})

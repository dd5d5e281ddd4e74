"""Paid membership: how plans go, and recording what a member paid, gave notice of, or gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.engine.memberships import Refund
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import MemberMerged
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.money_field import MoneyField
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import memberships as pages
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.templatetags.figures import money, named
from laoke.surfaces.console.views.traits import ActPage
from laoke.tiers.memberships import plans, refunds, services
from laoke.tiers.memberships.records import Notice

_REASON: dict[str, Any] = {
    "label": gettext_lazy("Reason"),
    "max_length": 300,
    "widget": forms.Textarea(attrs={"rows": 2}),
    "help_text": gettext_lazy("Goes into the audit trail. Leave out personal data."),
}


class PaymentForm(Form):
    """What was paid, and under which reference."""

    paid = MoneyField(label=gettext_lazy("Paid"), help_text=gettext_lazy("What the member paid."))
    reference = forms.CharField(
        label=gettext_lazy("Reference of the payment"),
        max_length=64,
        help_text=gettext_lazy("A payment recorded twice under the same reference counts once."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def refused(self, error: LaokeError) -> None:
        """What stands against it stands at the field it is about."""
        field = {"reference_taken": "reference", "amount": "paid"}.get(str(error.extensions.get("reason")))
        self.add_error(field if field in self.fields else None, error.detail)


class SellForm(PaymentForm):
    """Which plan, and whether it is tried first."""

    plan = forms.ChoiceField(label=gettext_lazy("Plan"))
    trial = forms.BooleanField(label=gettext_lazy("Begin with the trial"), required=False)
    field_order = ("plan", "trial", "paid", "reference")


class CancelForm(Form):
    """Why."""

    reason = forms.CharField(required=False, **_REASON)


class RefundForm(Form):
    """Under which reference the money goes back, and why."""

    reference = forms.CharField(
        label=gettext_lazy("Reference of the refund"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expected = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(**_REASON)

    def refused(self, error: LaokeError) -> None:
        """What stands against it stands at the field it is about."""
        taken = error.extensions.get("reason") == "reference_taken"
        self.add_error("reference" if taken else None, error.detail)


@require_safe
@console_page("memberships", Scope.TIERS_READ)
def show(visit: Visit) -> HttpResponse:
    """How plans go, and everybody who has or had one. Plans are changed with `laoke programme apply`."""
    asked = visit.request.GET
    wanted = pages.MembershipFilter(asked.get("plan", ""), asked.get("state", ""))
    return visit.show(
        "memberships/list",
        pages.memberships_page(visit.caller, wanted, asked.get("after") or None, visit.at),
    )


@require_safe
@console_page("members", Scope.TIERS_READ)
def show_member(visit: Visit, member_id: int) -> HttpResponse:
    """What a member has and had, with every payment."""
    try:
        page = pages.member_page(visit.actor, member_id, visit.at)
    except MemberMerged as merged:
        return HttpResponseRedirect(f"/members/{merged.extensions['kept_id']}/memberships")
    return visit.show("member/memberships", page)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.MEMBERSHIPS_SELL)
def sell(visit: Visit, member_id: int) -> HttpResponse:
    """Record that the member paid for a plan, or begins its trial."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    form = SellForm(visit.request.POST or None)
    form.fields["plan"].choices = [  # type: ignore[attr-defined]
        (plan.code, f"{named(pages.plan_name(plan, plan.code))} · {money(plan.price_minor)}")
        for plan in plans.in_force().plans.values()
        if plan.on_sale
    ]
    back = f"/members/{member_id}/memberships"
    about = _("Money is taken elsewhere; this records it. The tier comes at once.")
    page = ActPage(head, _("Record a paid membership"), about, form, _("Record"), f"{back}/sell", back)
    if visit.request.method != "POST" or not form.is_valid():
        return visit.show("member/act", page, status=200 if visit.request.method != "POST" else 422)
    values = form.cleaned_data

    def run() -> Mapping[str, Any]:
        paid = Notice(values["paid"], values["reference"])
        done = services.start(
            visit.actor, member_id, values["plan"], paid, trial=values["trial"], at=visit.at
        )
        return {"membership": done.membership_id}

    try:
        visit.once("memberships.sell", {"member": member_id, **values}, run)
    except LaokeError as error:
        form.refused(error)
        return visit.show("member/act", page, status=error.status)
    return visit.go(back, _("The membership has begun."))


@dataclass(frozen=True, slots=True)
class DeedPage:
    """What is done with a membership: the question, and what would come back where it is given up."""

    head: Head
    line: pages.Line
    what: str
    title: str
    about: str
    button: str
    form: Form
    back: str
    refund: Refund | None = None
    why: str = ""

    @property
    def grave(self) -> bool:
        """Whether it cannot be taken back."""
        return self.what == "refund"


_Deed = tuple[DeedPage, Callable[[], Mapping[str, Any]], str]


def _why(reason: str | None) -> str:
    if reason is None:
        return ""
    return {
        "over": _("Every day that was paid has begun."),
        "free": _("Nothing was paid for the days that are left."),
        "benefits": _("The benefits used cost as much as would come back."),
        "no_refunds": _("The plan gives nothing back."),
    }[reason]


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("memberships", Scope.MEMBERSHIPS_SELL)
def act(visit: Visit, membership_id: int, what: str) -> HttpResponse:
    """Renew a membership, or let it end on its last day."""
    if what not in _DEEDS:
        raise Http404
    return _done(visit, membership_id, _DEEDS[what])


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("memberships", Scope.MEMBERSHIPS_REFUND)
def refund(visit: Visit, membership_id: int) -> HttpResponse:
    """See what would come back, and give the membership up."""
    return _done(visit, membership_id, _refunding)


def _done(visit: Visit, membership_id: int, deed: Callable[[Visit, Head, pages.Line], _Deed]) -> HttpResponse:
    head, line = pages.one_line(visit.actor, membership_id, visit.at)
    page, run, said = deed(visit, head, line)
    posted = visit.request.method == "POST"
    if not posted or not page.form.is_valid():
        return visit.show("memberships/act", page, status=422 if posted else 200)
    try:
        visit.once(f"memberships.{page.what}", {"membership": membership_id, **page.form.cleaned_data}, run)
    except LaokeError as error:
        page.form.refused(error)
        return visit.show("memberships/act", page, status=error.status)
    return visit.go(page.back, said)


def _renewing(visit: Visit, head: Head, line: pages.Line) -> _Deed:
    plan = plans.in_force().plans.get(line.view.plan)
    form = PaymentForm(
        visit.request.POST or None, initial={"paid": plan.price_minor} if plan is not None else None
    )

    def run() -> Mapping[str, Any]:
        paid = Notice(form.cleaned_data["paid"], form.cleaned_data["reference"])
        return {"until": str(services.renew(visit.actor, line.view.membership_id, paid, at=visit.at).until)}

    about = _("Another term follows the days that are paid; after the end, it begins today.")
    page = DeedPage(head, line, "renew", _("Renew"), about, _("Renew"), form, _back(line))
    return page, run, _("The membership was renewed.")


def _cancelling(visit: Visit, head: Head, line: pages.Line) -> _Deed:
    form = CancelForm(visit.request.POST if visit.request.method == "POST" else None)

    def run() -> Mapping[str, Any]:
        reason = form.cleaned_data["reason"]
        done = services.cancel(visit.actor, line.view.membership_id, reason=reason, at=visit.at)
        return {"through": str(done.through)}

    about = _("It lasts to its last day and is not renewed any more. Renewing takes this back.")
    page = DeedPage(
        head, line, "cancel", _("Cancel at the end"), about, _("Cancel at the end"), form, _back(line)
    )
    return page, run, _("The membership ends on its last day.")


def _refunding(visit: Visit, head: Head, line: pages.Line) -> _Deed:
    found = refunds.refund_now(line.view.membership_id, visit.at)
    form = RefundForm(visit.request.POST or None, initial={"expected": found.minor})

    def run() -> Mapping[str, Any]:
        values = form.cleaned_data
        done = refunds.give_up(
            visit.actor,
            line.view.membership_id,
            values["reference"],
            expected_minor=values["expected"],
            reason=values["reason"],
            at=visit.at,
        )
        return {"minor": done.refund_minor}

    about = _(
        "It ends at once with its tier, and gifts that were not used go back. Pay the money back elsewhere."
    )
    page = DeedPage(
        head,
        line,
        "refund",
        _("Refund and end"),
        about,
        _("Refund and end"),
        form,
        _back(line),
        found,
        _why(found.reason),
    )
    said = _("The membership has ended; %(money)s go back.") % {"money": money(found.minor)}
    return page, run, said


def _back(line: pages.Line) -> str:
    return f"/members/{line.view.member_id}/memberships"


_DEEDS: Mapping[str, Callable[[Visit, Head, pages.Line], _Deed]] = {
    "renew": _renewing,
    "cancel": _cancelling,
}

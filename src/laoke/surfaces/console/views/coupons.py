"""Coupons: the templates, one coupon, finding one by its code, revealing, transferring and revoking; the wallet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from laoke.benefits.coupons import guesses, issuing, selectors, wallet
from laoke.benefits.coupons.errors import (
    CannotIssue,
    CannotRevoke,
    CannotTransfer,
    TooManyGuesses,
    UnknownCoupon,
)
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing, UnknownMember
from laoke.members.normal.person import checked_reason
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import coupons as pages
from laoke.surfaces.console.selectors import merging
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.merging import Choice
from laoke.surfaces.console.views.traits import WhyForm


@require_safe
@console_page("coupons", Scope.COUPONS_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The templates."""
    return visit.show("coupons/list", pages.template_list(visit.actor))


@require_safe
@console_page("coupons", Scope.COUPONS_READ)
def show_template(visit: Visit, key: str) -> HttpResponse:
    """One template with its issues."""
    return visit.show("coupons/template", pages.template_page(visit.actor, key))


class FindForm(Form):
    """A code as somebody reads it out. It travels in the body: addresses are kept in histories and logs."""

    code = forms.CharField(
        max_length=64,
        label=pgettext_lazy("of a coupon", "Code"),
        help_text=gettext_lazy("Capitals, spaces and hyphens do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "inp num", "autofocus": True}),
        error_messages={"required": gettext_lazy("Enter the code.")},
    )
    error_fields = {UnknownCoupon: "code", TooManyGuesses: "code"}


@dataclass(frozen=True, slots=True)
class FindPage:
    """The form."""

    form: FindForm


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
@console_page("coupons", Scope.COUPONS_READ)
def find(visit: Visit) -> HttpResponse:
    """Find a coupon by its code."""
    posted = visit.request.method == "POST"
    form = FindForm(visit.request.POST if posted else None)
    if not posted or not form.is_valid():
        return visit.show("coupons/find", FindPage(form), status=422 if posted else 200)
    text = form.cleaned_data["code"]
    try:
        guesses.watch(visit.actor, [text], visit.at)
        found = selectors.with_code(text, visit.at)
    except (UnknownCoupon, TooManyGuesses) as error:
        form.refused(error)
        return visit.show("coupons/find", FindPage(form), status=error.status)
    return visit.go(f"/coupons/{found.coupon_id}")


@require_safe
@console_page("coupons", Scope.COUPONS_READ)
def show(visit: Visit, coupon_id: int) -> HttpResponse:
    """One coupon and what happened to it."""
    return visit.show("coupons/coupon", pages.coupon_page(visit.actor, coupon_id, visit.at))


@dataclass(frozen=True, slots=True)
class AskPage:
    """A question before an act on one coupon; `code` is what was revealed."""

    coupon: pages.CouponPage
    form: WhyForm
    code: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("code")
@console_page("coupons", Scope.COUPONS_REVEAL)
def reveal(visit: Visit, coupon_id: int) -> HttpResponse:
    """The code in full, in the answer itself, with a reason."""
    page = pages.coupon_page(visit.actor, coupon_id, visit.at)
    posted = visit.request.method == "POST"
    form = WhyForm(visit.request.POST if posted else None)
    if not posted or not form.is_valid():
        return visit.show("coupons/reveal", AskPage(page, form), status=422 if posted else 200)
    try:
        reason = checked_reason(form.cleaned_data["reason"])
        code = selectors.reveal(visit.actor, coupon_id, reason=reason, at=visit.at)
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("coupons/reveal", AskPage(page, form), status=error.status)
    return visit.show("coupons/reveal", AskPage(page, form, code))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.COUPONS_ISSUE)
def revoke(visit: Visit, coupon_id: int) -> HttpResponse:
    """Take a coupon out of use, with a reason."""
    page = pages.coupon_page(visit.actor, coupon_id, visit.at)
    posted = visit.request.method == "POST"
    form = WhyForm(visit.request.POST if posted else None)
    if not posted or not form.is_valid():
        return visit.show("coupons/revoke", AskPage(page, form), status=422 if posted else 200)
    try:
        reason = checked_reason(form.cleaned_data["reason"])
        wallet.revoke(visit.actor, coupon_id, reason=reason, at=visit.at)
    except (ReasonMissing, CannotRevoke) as error:
        form.refused(error)
        return visit.show("coupons/revoke", AskPage(page, form), status=error.status)
    return visit.go(f"/coupons/{coupon_id}", _("The coupon is revoked."))


@dataclass(frozen=True, slots=True)
class TransferPage:
    """Choosing who gets a coupon, then the question whether it is right. `refused` says why nobody could have it,
    `mistake` why the chosen one cannot.
    """

    coupon: pages.CouponPage
    form: WhyForm
    refused: str = ""
    text: str = ""
    choices: tuple[Choice, ...] = ()
    to: Head | None = None
    mistake: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("coupons", Scope.COUPONS_ISSUE)
def transfer(visit: Visit, coupon_id: int) -> HttpResponse:
    """Put a coupon into another member's wallet: choose who, see it, do it with a reason."""
    coupon = pages.coupon_page(visit.actor, coupon_id, visit.at)
    posted = visit.request.method == "POST"
    given = visit.request.POST if posted else visit.request.GET
    form = WhyForm(visit.request.POST if posted else None)
    page = TransferPage(coupon, form)
    to, page = _receiver(visit, page, given.get("to", ""))
    if not posted or to is None:
        page = _pickable(visit, page, given.get("q", "")[:100])
        return visit.show("coupons/transfer", page, status=409 if posted else 200)
    before = coupon.line.view.member_id
    try:
        form.is_valid()
        reason = checked_reason(form.cleaned_data["reason"])

        def run() -> dict[str, Any]:
            return {"from": wallet.transfer(visit.actor, coupon_id, to, reason=reason, at=visit.at)}

        before = visit.once("coupons.transfer", {"coupon": coupon_id, "to": to, "reason": reason}, run)[
            "from"
        ]
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("coupons/transfer", page, status=error.status)
    except CannotTransfer as error:
        # Nothing to fill in would help.
        return visit.show(
            "coupons/transfer", replace(page, to=None, refused=error.detail), status=error.status
        )
    return visit.go(f"/members/{before}/coupons", _("The coupon is in the other wallet now."))


def _pickable(visit: Visit, page: TransferPage, text: str) -> TransferPage:
    """The page with who may be chosen, or why nobody may."""
    coupon_id = page.coupon.line.view.coupon_id
    try:
        wallet.check_transfer(coupon_id, visit.at)
    except CannotTransfer as error:
        return replace(page, to=None, refused=error.detail)
    if page.to is not None:
        return page
    found = merging.found(visit.actor, text, page.coupon.line.view.member_id)
    return replace(page, text=text, choices=found)


def _receiver(visit: Visit, page: TransferPage, text: str) -> tuple[int | None, TransferPage]:
    """The member whose number was chosen, or why it cannot be."""
    if not text:
        return None, page
    try:
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise UnknownMember
        to = head_of(visit.actor, state_of(visit.actor, int(text), visit.at))
        if to.id == page.coupon.line.view.member_id and visit.request.method != "POST":
            raise CannotTransfer("same_member")
        if to.status != "active":
            raise CannotTransfer("member_not_active")
    except LaokeError as error:
        return None, replace(page, mistake=error.detail)
    return to.id, replace(page, to=to)


@require_safe
@console_page("members", Scope.COUPONS_READ)
def show_wallet(visit: Visit, member_id: int) -> HttpResponse:
    """The coupons of a member."""
    asked = visit.request.GET
    state = asked.get("state", "")
    page = pages.wallet(
        visit.actor,
        member_id,
        state if state in pages.STATES else "",
        asked.get("after") or None,
        visit.at,
    )
    return visit.show("member/coupons", page)


class GiveForm(Form):
    """What a member gets, and why."""

    template = forms.ChoiceField(label=gettext_lazy("Coupon"))
    quantity = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=issuing.MOST_BY_HAND,
        initial=1,
        widget=forms.NumberInput(attrs={"class": "inp num"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )
    error_fields = {CannotIssue: "template", ReasonMissing: "reason"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["template"].choices = pages.template_choices(shared=False)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class GivePage:
    """The form."""

    head: Head
    form: GiveForm
    none: bool


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.COUPONS_ISSUE)
def give(visit: Visit, member_id: int) -> HttpResponse:
    """Issue coupons to one member."""
    head = head_of(visit.actor, state_of(visit.actor, member_id, visit.at))
    posted = visit.request.method == "POST"
    form = GiveForm(visit.request.POST if posted else None)
    none = not form.fields["template"].choices  # type: ignore[attr-defined]
    if not posted or not form.is_valid():
        return visit.show("coupons/give", GivePage(head, form, none), status=422 if posted else 200)
    template, quantity = form.cleaned_data["template"], form.cleaned_data["quantity"]
    try:
        reason = checked_reason(form.cleaned_data["reason"])

        def run() -> dict[str, Any]:
            made = issuing.give(visit.actor, member_id, template, quantity, reason=reason, at=visit.at)
            return {"coupons": [each.coupon_id for each in made]}

        asked = {"member": member_id, "template": template, "quantity": quantity, "reason": reason}
        visit.once("coupons.give", asked, run)
    except LaokeError as error:
        form.refused(error)
        return visit.show("coupons/give", GivePage(head, form, none), status=error.status)
    return visit.go(f"/members/{member_id}/coupons", _("The coupons are in the wallet."))

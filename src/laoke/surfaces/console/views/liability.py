"""What points are worth on the books: a closed month, closing and reopening by two people, the months to come."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.staff import selectors as staff
from laoke.kernel.errors import LaokeError
from laoke.kernel.money import minor_digits
from laoke.members.errors import ReasonMissing
from laoke.points import policy
from laoke.points.liability import requests, selectors
from laoke.points.liability import services as month_end
from laoke.points.liability.errors import MonthNotClosed
from laoke.points.liability.forecasting import Change
from laoke.points.liability.requests import Act
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.notices import services as notices
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.liability import (
    ACCOUNTS,
    CAUSES,
    OPEN,
    asked_now,
    forecast_page,
    liability_page,
    others_who_may_close,
)
from laoke.surfaces.console.templatetags.figures import clock, currency_sign

HERE = "/points/liability"
READ, ACT = Scope.POINTS_LIABILITY, Scope.POINTS_CLOSE


class _ReopenForm(Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it is reopened"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Stands with the close and in the audit log."),
        error_messages={"required": gettext_lazy("Say why.")},
    )
    error_fields = {ReasonMissing: "reason"}


class _RefuseForm(Form):
    note = forms.CharField(
        label=gettext_lazy("Why not"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Whoever asked reads it."),
        error_messages={"required": gettext_lazy("Say why.")},
    )
    error_fields = {ReasonMissing: "note"}


class _ForecastForm(Form):
    valid_months = forms.IntegerField(
        label=gettext_lazy("New points valid for (months)"),
        required=False,
        min_value=1,
        max_value=240,
        widget=forms.NumberInput(attrs={"class": "inp num", "inputmode": "numeric"}),
        help_text=gettext_lazy("Empty: as the rules say. Points that members hold keep their date."),
    )
    earn_percent = forms.IntegerField(
        label=gettext_lazy("Points issued, against now (%)"),
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.NumberInput(attrs={"class": "inp num", "inputmode": "numeric"}),
        help_text=gettext_lazy("150: one and a half times as many."),
    )
    worth = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal("10000000"),
        widget=forms.NumberInput(attrs={"class": "inp num", "inputmode": "decimal", "step": "0.01"}),
        help_text=gettext_lazy("All points, also those that members hold."),
    )
    ahead = forms.TypedChoiceField(
        label=gettext_lazy("Months ahead"),
        required=False,
        coerce=int,
        choices=((12, "12"), (24, "24"), (36, "36")),
    )

    def __init__(self, points: int, data: Any = None) -> None:
        super().__init__(data)
        self.fields["worth"].label = _("What %(points)s points settle (%(sign)s)") % {
            "points": points,
            "sign": currency_sign(),
        }

    def change(self) -> Change:
        """What is tried."""
        values = self.cleaned_data
        worth = values.get("worth")
        percent = values.get("earn_percent")
        return Change(
            values.get("valid_months"),
            100 if percent is None else percent,
            None
            if worth is None
            else int((worth * 10 ** minor_digits(settings.LAOKE.currency)).to_integral_value()),
        )


@dataclass(frozen=True, slots=True)
class ClosePage:
    """The month to be closed, and how many others may let it pass."""

    month: date
    others: int
    form: Any
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _AskedPage:
    asked: Any


@dataclass(frozen=True, slots=True)
class RefusePage:
    """A request that is not let pass."""

    request_id: int
    month: date
    act: str
    asked_by: str
    form: Any


@require_safe
@console_page("liability", READ)
def show(visit: Visit) -> HttpResponse:
    """A closed month, the newest unless one is named."""
    asked = visit.request.GET
    page = liability_page(
        visit.actor,
        visit.at,
        _month(asked.get("month", "")),
        as_table=asked.get("view", ""),
        all_cohorts=asked.get("months") == "all",
        narrowed=visit.caller.stores is not None,
    )
    return visit.show("liability/liability", page)


@require_safe
@console_page("liability", READ)
def state(visit: Visit) -> HttpResponse:
    """The box of the open request, for the page that waits for it. Once it is done the whole page is shown anew."""
    asked = asked_now(visit.actor)
    if asked is None or asked.view.state not in OPEN:
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    return visit.part("liability/_asked", _AskedPage(asked))


@require_safe
@console_page("liability", READ)
def entries(visit: Visit) -> HttpResponse:
    """The journal entries of a closed month as CSV: two lines each, debit and credit."""
    close = selectors.closed_month(visit.actor, _month(visit.request.GET.get("month", "")))
    digits = minor_digits(settings.LAOKE.currency)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            _("Voucher"),
            _("Accounting month"),
            _("Booked"),
            _("Summary"),
            _("Account"),
            _("Account code"),
            _("Debit"),
            _("Credit"),
            _("Currency"),
        ]
    )
    for number, entry in enumerate(close.entries, 1):
        amount = f"{Decimal(entry.amount_minor).scaleb(-digits):.{digits}f}"
        for account, debit in ((entry.debit, True), (entry.credit, False)):
            writer.writerow(
                [
                    f"LP-{close.month:%Y%m}-{number:02d}",
                    f"{close.month:%Y-%m}",
                    clock(entry.at),
                    CAUSES[entry.cause],
                    ACCOUNTS[account],
                    account,
                    amount if debit else "",
                    "" if debit else amount,
                    settings.LAOKE.currency,
                ]
            )
    # Spreadsheets take a file for UTF-8 only when it begins with the mark.
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="points-{close.month:%Y-%m}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("liability", ACT)
def close(visit: Visit) -> HttpResponse:
    """Ask for the next month to be closed."""
    month = selectors.next_month(at=visit.at)
    others = others_who_may_close(visit.actor)
    if visit.request.method != "POST":
        return visit.show("liability/close", ClosePage(month, others, None, _why_not(month, visit)))
    # Somebody else may have closed it while the form was open.
    wanted = _month(visit.request.POST.get("month", "")) or month
    try:
        visit.once(
            "liability.close",
            {"month": wanted.isoformat()},
            lambda: _ask(visit, Act.CLOSE, wanted, ""),
        )
    except LaokeError as error:
        page = ClosePage(wanted, others, None, error.detail)
        return visit.show("liability/close", page, status=error.status)
    return visit.go(HERE, said=_("Asked for. Somebody else has to let it pass."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("liability", ACT)
def reopen(visit: Visit) -> HttpResponse:
    """Ask for the newest closed month to be reopened."""
    newest = selectors.closed_month(visit.actor, None).month
    posted = visit.request.method == "POST"
    form = _ReopenForm(visit.request.POST if posted else None)
    status = 200
    if posted:
        status = 422
        wanted = _month(visit.request.POST.get("month", "")) or newest
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                visit.once(
                    "liability.reopen",
                    {"month": wanted.isoformat(), "reason": reason},
                    lambda: _ask(visit, Act.REOPEN, wanted, reason),
                )
            except LaokeError as error:
                form.refused(error)
                status = error.status
            else:
                return visit.go(HERE, said=_("Asked for. Somebody else has to let it pass."))
    page = ClosePage(newest, others_who_may_close(visit.actor), form)
    return visit.show("liability/reopen", page, status=status)


@require_POST
@console_page("liability", ACT)
def approve(visit: Visit, request_id: int) -> HttpResponse:
    """Let a request pass."""
    visit.once(
        "liability.approve",
        {"request": request_id},
        lambda: {"request": requests.approve(visit.actor, request_id, at=visit.at).pk},
    )
    return visit.go(HERE, said=_("Let pass. It is being done now."))


@require_POST
@console_page("liability", ACT)
def withdraw(visit: Visit, request_id: int) -> HttpResponse:
    """Take one's own request back."""
    requests.withdraw(visit.actor, request_id, at=visit.at)
    return visit.go(HERE, said=_("Taken back."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("liability", ACT)
def refuse(visit: Visit, request_id: int) -> HttpResponse:
    """Do not let a request pass, and say why."""
    found = selectors.request(visit.actor, request_id)
    posted = visit.request.method == "POST"
    form = _RefuseForm(visit.request.POST if posted else None)
    status = 200
    if posted:
        status = 422
        if form.is_valid():
            try:
                row = requests.refuse(visit.actor, request_id, form.cleaned_data["note"], at=visit.at)
            except LaokeError as error:
                form.refused(error)
                status = error.status
            else:
                if row.asked_kind == "staff":
                    told = {"month": f"{row.month:%Y-%m}", "by": row.decided_by}
                    notices.tell(row.asked_id, "liability.refused", told, visit.at, path=HERE)
                return visit.go(HERE, said=_("Refused."))
    page = RefusePage(request_id, found.month, found.act, found.asked_by, form)
    return visit.show("liability/refuse", page, status=status)


@require_safe
@console_page("liability", READ)
def forecast(visit: Visit) -> HttpResponse:
    """The months to come, and what a change of the rules would make of them."""
    asked = visit.request.GET
    tried = any(name in asked for name in ("valid_months", "earn_percent", "worth", "ahead"))
    form = _ForecastForm(policy.in_force().spend.points, asked if tried else None)
    change, ahead = Change(), 12
    if tried and form.is_valid():
        change, ahead = form.change(), form.cleaned_data["ahead"] or 12
    page = forecast_page(visit.actor, form, change, ahead)
    return visit.show("liability/forecast", page)


def _why_not(month: date, visit: Visit) -> str:
    """Why a month cannot be closed now; empty when it can."""
    try:
        month_end.could_close(month, at=visit.at)
    except LaokeError as error:
        return error.detail
    return ""


def _ask(visit: Visit, act: Act, month: date, reason: str) -> dict[str, Any]:
    row = requests.ask(visit.actor, act, month, reason, at=visit.at)
    others = [each for each in staff.holders(ACT) if each != visit.actor.id]
    told = {"month": f"{row.month:%Y-%m}", "by": row.asked_by, "act": row.act}
    notices.tell_all(others, "liability.asked", told, visit.at, path=HERE)
    return {"request": row.pk}


def _month(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise MonthNotClosed(None) from None

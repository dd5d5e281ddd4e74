"""Points given and taken by hand: the queue of those that need a second person, and everything that was done."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import Scope
from laoke.members.errors import ReasonMissing
from laoke.points.adjustments import requests
from laoke.points.adjustments.errors import AdjustmentDecided, OwnAdjustment, UnknownAdjustment
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import adjustments as pages
from laoke.surfaces.console.templatetags.figures import signed
from laoke.surfaces.console.views.adjusting import Effect, effect_of, short_of

_HERE = "adjustments"
_QUEUE = "/points/adjustments"


class RefuseForm(Form):
    """Why a request is not let pass."""

    note = forms.CharField(
        required=False,
        label=gettext_lazy("Reason"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Whoever asked reads it. Leave out personal data."),
    )
    error_fields = {ReasonMissing: "note"}


@dataclass(frozen=True, slots=True)
class DecidePage:
    """One request and what it would do; `refused` says why it cannot be decided like this."""

    line: pages.Line
    effect: Effect | None
    form: RefuseForm
    refused: str = ""


@require_safe
@console_page(_HERE, Scope.POINTS_READ)
def show(visit: Visit) -> HttpResponse:
    """Those that wait, the oldest first; or those that are done, the newest first."""
    done = visit.request.GET.get("which") == "done"
    after = visit.request.GET.get("after") or None
    return visit.show(
        "adjustments/list", pages.adjustments_page(visit.actor, done=done, after=after, at=visit.at)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, Scope.POINTS_APPROVE)
def approve(visit: Visit, number: int) -> HttpResponse:
    """See what it does, and let it pass: it is booked at once."""
    line = pages.adjustment_line(visit.actor, number, visit.at)
    page = DecidePage(line, effect_of(visit, line.view.member_id, line.view.points, alone=True), RefuseForm())
    if visit.request.method != "POST":
        return visit.show("adjustments/approve", page)
    try:
        visit.once(
            "adjustments.approve",
            {"number": number},
            lambda: requests.approve(visit.actor, number, at=visit.at),
        )
    except (AdjustmentDecided, OwnAdjustment, InsufficientPoints) as error:
        why = short_of(error) if isinstance(error, InsufficientPoints) else error.detail
        return visit.show(
            "adjustments/approve", DecidePage(line, None, RefuseForm(), why), status=error.status
        )
    return visit.go(_QUEUE, _("%(points)s points are booked.") % {"points": signed(line.view.points)})


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, Scope.POINTS_APPROVE)
def refuse(visit: Visit, number: int) -> HttpResponse:
    """Say why, and refuse it."""
    line = pages.adjustment_line(visit.actor, number, visit.at)
    posted = visit.request.method == "POST"
    form = RefuseForm(visit.request.POST if posted else None)
    if not posted or not form.is_valid():
        return visit.show("adjustments/refuse", DecidePage(line, None, form), status=422 if posted else 200)
    note = form.cleaned_data["note"]
    try:
        visit.once(
            "adjustments.refuse",
            {"number": number, "note": note},
            lambda: requests.refuse(visit.actor, number, note, at=visit.at),
        )
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("adjustments/refuse", DecidePage(line, None, form), status=error.status)
    except (AdjustmentDecided, OwnAdjustment) as error:
        return visit.show(
            "adjustments/refuse", DecidePage(line, None, form, error.detail), status=error.status
        )
    return visit.go(_QUEUE, _("The request is refused."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, Scope.POINTS_ADJUST)
def withdraw(visit: Visit, number: int) -> HttpResponse:
    """Take one's own request back."""
    line = pages.adjustment_line(visit.actor, number, visit.at)
    if not line.view.own:
        raise UnknownAdjustment
    page = DecidePage(line, None, RefuseForm())
    if visit.request.method != "POST":
        return visit.show("adjustments/withdraw", page)
    try:
        visit.once(
            "adjustments.withdraw",
            {"number": number},
            lambda: requests.withdraw(visit.actor, number, at=visit.at),
        )
    except AdjustmentDecided as error:
        return visit.show(
            "adjustments/withdraw", DecidePage(line, None, RefuseForm(), error.detail), status=error.status
        )
    return visit.go(_QUEUE, _("The request is taken back."))

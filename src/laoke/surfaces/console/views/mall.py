"""The points mall: what there is, and orders to hand out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.benefits.mall import services
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors import mall as pages

_HERE = "mall"
_QUEUE = "/mall/orders"


@require_safe
@console_page(_HERE, Scope.BENEFITS_READ)
def show(visit: Visit) -> HttpResponse:
    """Items with what is left of them, and funds. Changed with `laoke programme apply`."""
    return visit.show("mall/items", pages.mall_page(visit.caller, visit.at))


@require_safe
@console_page(_HERE, Scope.BENEFITS_READ)
def show_orders(visit: Visit) -> HttpResponse:
    """What waits to be made ready or collected, at the stores of the account."""
    return visit.show("mall/orders", pages.orders_page(visit.caller, visit.request.GET.get("after") or None))


class ActForm(Form):
    """Why, where something is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Goes into the audit trail. Leave out personal data."),
    )


@dataclass(frozen=True, slots=True)
class Act:
    """What is done with an order, in words."""

    title: Any
    about: Any
    button: Any
    said: Any
    grave: bool = False


ACTS = {
    "ready": Act(
        gettext_lazy("Ready to be collected?"),
        gettext_lazy("The goods lie at the store, and the member is told that they can be collected."),
        gettext_lazy("It is ready"),
        gettext_lazy("The order can be collected."),
    ),
    "collect": Act(
        gettext_lazy("Hand it out?"),
        gettext_lazy("The goods go to the member now. This cannot be taken back."),
        gettext_lazy("Handed out"),
        gettext_lazy("The order was collected."),
    ),
    "cancel": Act(
        gettext_lazy("Cancel the order?"),
        gettext_lazy("The points go back with their old expiry, and the pieces to the stock."),
        gettext_lazy("Cancel the order"),
        gettext_lazy("The order is cancelled, and its points are back."),
        grave=True,
    ),
}


@dataclass(frozen=True, slots=True)
class ActPage:
    """The question, with the order it is about."""

    line: pages.OrderLine
    what: str
    act: Act
    form: ActForm
    back: str


@require_http_methods(["GET", "HEAD", "POST"])
@console_page(_HERE, Scope.BENEFITS_USE)
def act(visit: Visit, order_id: int, what: str) -> HttpResponse:
    """Make an order ready, hand it out, or cancel it."""
    if what not in ACTS:
        raise Http404
    line = pages.one_order(visit.actor, order_id)
    posted = visit.request.method == "POST"
    form = ActForm(visit.request.POST if posted else None)
    back = _QUEUE if line.row.store_id is not None else f"/members/{line.row.member_id}/benefits"
    page = ActPage(line, what, ACTS[what], form, back)
    if not posted or not form.is_valid():
        return visit.show("mall/act", page, status=422 if posted else 200)
    reason = form.cleaned_data["reason"]

    def run() -> dict[str, Any]:
        if what == "cancel":
            row = services.cancel(visit.actor, order_id, reason=reason, at=visit.at)
        else:
            row = (services.ready if what == "ready" else services.collect)(
                visit.actor, order_id, at=visit.at
            )
        return {"state": row.state}

    try:
        visit.once("mall.act", {"order": order_id, "act": what, "reason": reason}, run)
    except LaokeError as error:
        form.refused(error)
        return visit.show("mall/act", page, status=error.status)
    return visit.go(back, str(page.act.said))

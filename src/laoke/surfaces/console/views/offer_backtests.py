"""Trying an offer on all orders of some days: asked for, watched, stopped; what was found stays on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from laoke.foundation.access import Caller, Scope
from laoke.promotions import publication
from laoke.promotions import selectors as promotions
from laoke.promotions.backtest import jobs
from laoke.promotions.backtest.jobs import Ran, Result, Tried
from laoke.promotions.documents.offers import Fault, OfferDocument, read_offer
from laoke.promotions.language import language
from laoke.purchases.selectors import stores_by_code
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.offers import OfferLine, line
from laoke.surfaces.console.selectors.stores import Place, places
from laoke.surfaces.console.templatetags.figures import named
from laoke.surfaces.console.views.offer_tests import WEEKS, BacktestPage, document_of, findings
from laoke.surfaces.console.views.offers import path_of

# Two years: a year and the one before it.
MOST_DAYS = 732


class _PeriodForm(Form):
    first_day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    places = forms.MultipleChoiceField(
        label=gettext_lazy("Stores"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: all of them."),
    )

    def __init__(self, there: Sequence[Place], today: date, data: Any = None) -> None:
        self.today = today
        first = today - timedelta(weeks=WEEKS)
        super().__init__(data, initial={"first_day": first, "last_day": today - timedelta(days=1)})
        self.fields["places"].choices = [(each.key, named(each.name)) for each in there]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The days are in order, not in the future and not too many."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("first_day"), values.get("last_day")
        if first is None or last is None:
            return values
        if last < first:
            self.add_error("last_day", _("The last day is before the first one."))
        elif last > self.today:
            self.add_error("last_day", _("These days are not over yet."))
        elif (last - first).days >= MOST_DAYS:
            self.add_error("first_day", _("At most two years are replayed at once."))
        return values


@dataclass(frozen=True, slots=True)
class Run:
    """One that is under way or ended without a result. `share` of its orders; `words` say how it ended."""

    state: str
    done: int
    total: int
    seconds_left: float | None
    started_at: datetime
    tried: Tried
    stores: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Found:
    """The newest result: of which days and stores, when, by whom; `older`: of another text than the present one."""

    ended_at: datetime
    tried: Tried
    stores: tuple[str, ...] | None
    older: bool
    panel: BacktestPage


@dataclass(frozen=True, slots=True)
class WholePage:
    """The page. `elsewhere`: the newest result is of stores that are not the reader's.

    `live`: something is going on that is worth asking for again.
    """

    offer: OfferLine
    form: _PeriodForm
    run: Run | None
    waiting: bool
    found: Found | None
    elsewhere: bool
    problem: str
    may_act: bool

    @property
    def live(self) -> bool:
        """Whether one waits or runs."""
        return self.waiting or (self.run is not None and self.run.state == "running")


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_READ)
def show(visit: Visit, key: str) -> HttpResponse:
    """The form for days and stores, what is under way, and what was found last. A form that is sent starts one."""
    offer = line(promotions.offer(key, visit.at))
    there = places(visit.caller)
    today = visit.at.astimezone(settings.LAOKE.zone).date()
    form = _PeriodForm(there, today, visit.request.POST if visit.request.method == "POST" else None)
    if visit.request.method != "POST":
        page = _page(visit, offer, form)
        if visit.wants_part:
            return visit.part("offers/_whole", page)
        return visit.show("offers/backtest_whole", page)
    visit.actor.require(Scope.PROGRAMME_WRITE)
    document = _readable(key)
    if document is None or not form.is_valid():
        return visit.show("offers/backtest_whole", _page(visit, offer, form), status=422)
    values = form.cleaned_data
    first_day, last_day = values["first_day"], values["last_day"]
    stores = _stores(visit.caller, there, values["places"])

    def run() -> dict[str, Any]:
        return {"queued": jobs.start(visit.actor, key, document, first_day, last_day, stores, at=visit.at)}

    asked = {
        "key": key,
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "stores": stores,
    }
    told = visit.once("offer.backtest", asked, run)
    said = (
        _("The backtest begins in a moment.")
        if told["queued"]
        else _("A backtest of this offer waits already.")
    )
    return visit.go(f"{path_of(key)}/backtest/whole", said)


@require_POST
@console_page("offers", Scope.PROGRAMME_WRITE)
def stop(visit: Visit, key: str) -> HttpResponse:
    """End the one that is under way; what was found before it stays."""
    promotions.offer(key, visit.at)
    jobs.stop(visit.actor, key, at=visit.at)
    return visit.go(f"{path_of(key)}/backtest/whole", _("It stops after the batch in hand."))


def _page(visit: Visit, offer: OfferLine, form: _PeriodForm) -> WholePage:
    ran = jobs.latest(offer.key)
    document = _readable(offer.key)
    result = None if ran is None else ran.result
    elsewhere = result is not None and not may_see(visit.caller, result.tried)
    return WholePage(
        offer,
        form,
        _run(visit.caller, ran),
        jobs.is_waiting(offer.key),
        None if result is None or elsewhere else _found(visit.caller, offer, result, document),
        elsewhere,
        ""
        if document
        else _("The draft is not finished yet: what is to be done stands above the sentences."),
        Scope.PROGRAMME_WRITE in visit.actor.scopes,
    )


def _run(caller: Caller, ran: Ran | None) -> Run | None:
    """What is under way, or broke off: a result that is there says itself how it ended."""
    if ran is None or ran.state == "done":
        return None
    return Run(
        ran.state,
        ran.done,
        ran.total,
        ran.seconds_left,
        ran.started_at,
        ran.tried,
        _called(caller, ran.tried.stores),
    )


def _found(caller: Caller, offer: OfferLine, result: Result, document: OfferDocument | None) -> Found:
    now = None if document is None else publication.written(document)
    problem = "" if result.report else _("No order was placed in these days and stores.")
    return Found(
        result.ended_at,
        result.tried,
        _called(caller, result.tried.stores),
        now != result.tried.document,
        findings(offer, result.report, problem),
    )


def _called(caller: Caller, codes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if codes is None:
        return None
    names = {each.code: named(each.name) for each in places(caller) if each.key.startswith("store:")}
    return tuple(names.get(code, code) for code in codes)


def may_see(caller: Caller, tried: Tried) -> bool:
    """Whether all orders of these stores are the caller's to see."""
    if caller.stores is None:
        return True
    if tried.stores is None:
        return False
    known = stores_by_code()
    return all(code in known and known[code].id in caller.stores for code in tried.stores)


def _stores(caller: Caller, there: Sequence[Place], chosen: Sequence[str]) -> list[str] | None:
    """The codes of what was ticked; None for all stores there are."""
    if not chosen and caller.stores is None:
        return None
    ids = frozenset().union(*(each.stores for each in there if each.key in chosen or not chosen))
    return sorted(each.code for each in there if each.key.startswith("store:") and each.stores <= ids)


def _readable(key: str) -> OfferDocument | None:
    try:
        return read_offer(document_of(key), language())
    except Fault:
        return None

"""Offers: the list, the calendar, one offer, and what can be done with it as it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing
from laoke.promotions import drafts, life, publication
from laoke.promotions import selectors as promotions
from laoke.promotions.documents.offers import Fault
from laoke.promotions.errors import DraftExists, UnknownOffer
from laoke.promotions.states import OfferState
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.offers.form import BEARERS, GOALS
from laoke.surfaces.console.offers.starts import STARTS
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.offers import (
    OfferFilter,
    OfferLine,
    line,
    month,
    offer_list,
    offer_page,
)

LONGEST = 100


def path_of(key: str) -> str:
    """The address of an offer."""
    return f"/offers/{key}"


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show_all(visit: Visit) -> HttpResponse:
    """The list."""
    asked = visit.request.GET
    state = asked.get("state", "")
    wanted = OfferFilter(
        asked.get("q", "").replace("\0", "")[:LONGEST].strip(),
        state if state in set(OfferState) else "",
        asked.get("goal", "") if asked.get("goal") in GOALS else "",
        asked.get("bearer", "") if asked.get("bearer") in BEARERS else "",
    )
    page = asked.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    return visit.show("offers/list", offer_list(visit.caller, wanted, number, visit.at))


@require_safe
@console_page("offer-calendar", Scope.PROGRAMME_READ)
def show_month(visit: Visit) -> HttpResponse:
    """The calendar of a month; of this one unless another is asked for."""
    today = visit.at.astimezone(settings.LAOKE.zone).date()
    try:
        first = date.fromisoformat(f"{visit.request.GET.get('month', '')[:7]}-01")
    except ValueError:
        first = today.replace(day=1)
    if not 2000 < first.year < 2999:
        first = today.replace(day=1)
    return visit.show("offers/calendar", month(visit.caller, first, visit.at))


@require_safe
@console_page("offers", Scope.PROGRAMME_READ)
def show(visit: Visit, key: str) -> HttpResponse:
    """One offer."""
    before = visit.request.GET.get("before", "")
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    return visit.show("offers/offer", offer_page(visit.caller, key, visit.at, number))


class _NewForm(Form):
    error_fields = {DraftExists: "key", Fault: "key"}
    zh = forms.CharField(max_length=LONGEST, label=gettext_lazy("Chinese name"))
    en = forms.CharField(
        max_length=LONGEST,
        label=gettext_lazy("English name"),
        help_text=gettext_lazy("For receipts in English."),
    )
    key = forms.CharField(
        max_length=publication.LONGEST_KEY,
        label=pgettext_lazy("of an offer", "Key"),
        help_text=gettext_lazy(
            "Letters, digits and hyphens, such as member-week. It cannot be changed later."
        ),
    )
    goal = forms.ChoiceField(label=gettext_lazy("Goal"), choices=list(GOALS.items()))
    start = forms.ChoiceField(
        label=gettext_lazy("Begin with"),
        choices=[(name, start.label) for name, start in STARTS.items()],
        widget=forms.RadioSelect,
    )

    def clean_key(self) -> str:
        """A key that nobody has: published offers are changed, not begun."""
        key: str = self.cleaned_data["key"].strip()
        publication.check_key(key)
        return key


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form for a new offer; `copied` is the offer it copies."""

    form: _NewForm
    copied: OfferLine | None


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_WRITE)
def begin(visit: Visit) -> HttpResponse:
    """A draft of a new offer, from one of the usual mechanics or from another offer."""
    copied = _copied(visit)
    data = visit.request.POST if visit.request.method == "POST" else None
    initial = {"start": next(iter(STARTS)), "goal": "repeat"}
    if copied is not None:
        initial |= {"zh": copied.name.zh, "en": copied.name.en, "goal": copied.row.goal}
    form = _NewForm(data, initial=initial)
    if copied is not None:
        del form.fields["start"]
    if data is None:
        return visit.show("offers/new", NewPage(form, copied))
    try:
        valid = form.is_valid()
    except Fault:
        form.add_error("key", _("A key has 1 to 64 letters, digits and hyphens."))
        valid = False
    if not valid:
        return visit.show("offers/new", NewPage(form, copied), status=422)
    values = form.cleaned_data
    if publication.newest_of(values["key"]) is not None:
        form.add_error("key", _("There is an offer with this key already."))
        return visit.show("offers/new", NewPage(form, copied), status=409)
    text = publication.last_text(copied.key) if copied is not None else dict(STARTS[values["start"]].document)
    if copied is not None and not text and (draft := promotions.draft(copied.key)) is not None:
        text = dict(draft.document)
    document = {"name": {"zh": values["zh"], "en": values["en"]}, "goal": values["goal"]}
    document |= {name: value for name, value in text.items() if name not in document and name != "paused"}

    def run() -> dict[str, Any]:
        drafts.begin(visit.actor, values["key"], document, at=visit.at)
        return {"key": values["key"]}

    try:
        visit.once("offer.begin", values, run)
    except LaokeError as error:
        form.refused(error)
        return visit.show("offers/new", NewPage(form, copied), status=error.status)
    return visit.go(f"{path_of(values['key'])}/edit")


def _copied(visit: Visit) -> OfferLine | None:
    key = visit.request.GET.get("from", "") or visit.request.POST.get("from", "")
    if not key:
        return None
    return line(promotions.offer(key[: publication.LONGEST_KEY], visit.at))


@require_http_methods(["POST"])
@console_page("offers", Scope.PROGRAMME_WRITE)
def open_draft(visit: Visit, key: str) -> HttpResponse:
    """Begin to change a published offer, or go on with its draft."""
    if publication.newest_of(key) is None and promotions.draft(key) is None:
        raise UnknownOffer(key)
    drafts.begin(visit.actor, key, at=visit.at)
    return visit.go(f"{path_of(key)}/edit")


@dataclass(frozen=True, slots=True)
class Act:
    """What can be done with a running offer: how it is called, what it means, and whether a reason is needed."""

    title: Any
    about: Any
    button: Any
    said: Any
    run: Callable[..., int]
    needs_reason: bool = False
    danger: bool = False


ACTS: Mapping[str, Act] = {
    "pause": Act(
        gettext_lazy("Pause the offer"),
        gettext_lazy("From now on it gives nothing. Quotes that were given still hold for 15 minutes."),
        gettext_lazy("Pause"),
        gettext_lazy("The offer is paused."),
        life.pause,
    ),
    "resume": Act(
        gettext_lazy("Go on with the offer"),
        gettext_lazy("From now on it gives again what was published last."),
        gettext_lazy("Go on"),
        gettext_lazy("The offer goes on."),
        life.resume,
    ),
    "end": Act(
        gettext_lazy("End the offer"),
        gettext_lazy(
            "It ends for good. Quotes that were given still hold for 15 minutes. To announce it again, write a new "
            "draft of it."
        ),
        gettext_lazy("End the offer"),
        gettext_lazy("The offer has ended."),
        life.end,
        danger=True,
    ),
    "stop": Act(
        gettext_lazy("Stop the offer in an emergency"),
        gettext_lazy(
            "Within two seconds no till gives it any more. Quotes with it are not honoured: their orders are refused, "
            "and cashiers have to tell shoppers why."
        ),
        gettext_lazy("Stop now"),
        gettext_lazy("The offer is stopped in every store."),
        life.stop,
        needs_reason=True,
        danger=True,
    ),
}


class _ReasonForm(Form):
    error_fields = {ReasonMissing: "reason"}
    reason = forms.CharField(
        max_length=life.LONGEST_REASON,
        required=False,
        label=pgettext_lazy("why something is done", "Reason"),
        help_text=gettext_lazy("It stands in the audit log."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@dataclass(frozen=True, slots=True)
class ActPage:
    """An act that waits to be confirmed."""

    offer: OfferLine
    act: Act
    form: _ReasonForm


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("offers", Scope.PROGRAMME_WRITE)
def act(visit: Visit, key: str, name: str) -> HttpResponse:
    """Pause, go on, end, stop: what it means, and then it is done."""
    chosen = ACTS.get(name)
    if chosen is None:
        raise Http404
    offer = line(promotions.offer(key, visit.at))
    form = _ReasonForm(visit.request.POST if visit.request.method == "POST" else None)
    form.fields["reason"].required = chosen.needs_reason
    page = ActPage(offer, chosen, form)
    if visit.request.method != "POST":
        return visit.show("offers/act", page)
    if not form.is_valid():
        return visit.show("offers/act", page, status=422)
    reason = form.cleaned_data["reason"]
    try:
        visit.once(
            f"offer.{name}",
            {"key": key, "reason": reason},
            lambda: {"version": chosen.run(visit.actor, key, reason, at=visit.at)},
        )
    except ReasonMissing as error:
        form.refused(error)
        return visit.show("offers/act", page, status=error.status)
    return visit.go(path_of(key), chosen.said)

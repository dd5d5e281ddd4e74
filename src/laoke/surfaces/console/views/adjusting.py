"""Giving a member points by hand, or taking some, with a look at what it does first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members.errors import ReasonMissing
from laoke.points import services as points
from laoke.points.adjustments import allowance, requests
from laoke.points.adjustments.errors import AboveLimit
from laoke.points.errors import BadAdjustment
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import state_of
from laoke.surfaces.console.selectors.member.statement import last_day
from laoke.surfaces.console.templatetags.figures import number, signed

_OTHER = "other"
REASONS = (
    ("goodwill", gettext_lazy("Goodwill after a complaint")),
    ("missed", gettext_lazy("Purchase without the member's card")),
    ("mistake", gettext_lazy("Mistake at the till")),
    ("promised", gettext_lazy("Promised in a campaign")),
    ("misuse", gettext_lazy("Points got by misuse")),
    (_OTHER, gettext_lazy("Another reason")),
)


class AdjustForm(Form):
    """How many points, and why."""

    points = forms.IntegerField(
        label=gettext_lazy("Points"),
        min_value=-points.LARGEST,
        max_value=points.LARGEST,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "class": "inp num"}),
        help_text=gettext_lazy("100 gives a hundred, −100 takes a hundred."),
        error_messages={
            "required": gettext_lazy("Enter how many points."),
            "invalid": gettext_lazy("A whole number, with − in front to take points."),
        },
    )
    why = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=(("", gettext_lazy("Please choose")), *REASONS),
        error_messages={"required": gettext_lazy("Choose a reason.")},
    )
    note = forms.CharField(
        required=False,
        label=gettext_lazy("Note"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Order number, ticket … It stands in the statement. Leave out personal data."),
    )
    error_fields = {BadAdjustment: "points", InsufficientPoints: "points", ReasonMissing: "note"}

    def __init__(self, member_id: int, data: Mapping[str, Any] | None = None) -> None:
        if data is not None:
            copied: Any = data.copy()  # type: ignore[attr-defined]
            # Minus signs come from phones and spreadsheets in other shapes than the one Python reads.
            copied["points"] = (
                str(data.get("points", "")).replace("−", "-").replace("－", "-").replace("+", "")
            )
            data = copied
        super().__init__(data)
        self.fields["points"].widget.attrs |= {
            "hx-post": f"/members/{member_id}/points/preview",
            "hx-trigger": "input changed delay:250ms",
            "hx-include": "closest form",
            "hx-target": "#effect",
            "hx-sync": "this:replace",
        }

    def clean(self) -> dict[str, Any]:
        """Another reason needs its words."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("why") == _OTHER and len(values.get("note", "")) < 2 and "note" not in self.errors:
            self.add_error("note", _("Say which reason."))
        if values.get("points") == 0:
            self.add_error("points", _("Zero changes nothing."))
        return values

    @property
    def reason(self) -> str:
        """What the statement and the audit trail say."""
        note, why = self.cleaned_data["note"], self.cleaned_data["why"]
        if why == _OTHER:
            return str(note)
        words = str(dict(REASONS)[why])
        return f"{words}{_(': ')}{note}" if note else words

    def refused(self, error: LaokeError) -> None:
        """Points that are not there are told in the language of the page."""
        if isinstance(error, InsufficientPoints):
            self.add_error("points", short_of(error))
        elif isinstance(error, AboveLimit):
            self.add_error("points", forms.ValidationError(error.detail, code="above-limit"))
        else:
            super().refused(error)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the adjustment would do. `refused` says why it would not go through; then the rest is nothing. `review` says
    why a second person has to let it pass; empty when none has to."""

    refused: str = ""
    review: str = ""
    before: int = 0
    after: int = 0
    debt: int = 0
    repaid: int = 0
    last_day: date | None = None
    taken: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AdjustPage:
    """The form with what it would do, None before points are named."""

    head: Head
    available: int
    form: AdjustForm
    effect: Effect | None


def short_of(error: InsufficientPoints) -> str:
    """How many there are."""
    return _("Only %(available)s points can be taken.") % {
        "available": number(int(str(error.extensions["available"])))
    }


def effect_of(visit: Visit, member_id: int, amount: int | None, *, alone: bool = False) -> Effect | None:
    """What an adjustment by so many points would do now. `alone`: whoever looks need not ask anybody."""
    if not amount:
        return None
    try:
        found = points.preview(member_id, amount, at=visit.at)
    except InsufficientPoints as error:
        return Effect(refused=short_of(error))
    except BadAdjustment as error:
        return Effect(refused=error.detail)
    return Effect(
        review="" if alone else _review(visit, amount),
        before=found.available_before,
        after=found.available,
        debt=found.debt,
        repaid=found.repaid,
        last_day=last_day(found.expires_at) if found.expires_at else None,
        taken=tuple((last_day(each.expires_at), each.points) for each in found.taken),
    )


def _review(visit: Visit, amount: int) -> str:
    try:
        allowance.check(visit.actor, amount, at=visit.at)
    except AboveLimit as error:
        return error.detail
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("members", Scope.POINTS_ADJUST)
def adjust(visit: Visit, member_id: int) -> HttpResponse:
    """Name the points, see what they do, and give or take them once."""
    state = state_of(visit.actor, member_id, visit.at)
    head = head_of(visit.actor, state)
    posted = visit.request.method == "POST"
    form = AdjustForm(member_id, visit.request.POST if posted else None)
    available = sum(row[1] for row in state.lots)
    if not posted:
        return visit.show("member/adjust", AdjustPage(head, available, form, None))
    status = 422
    valid = form.is_valid()
    amount: int = form.cleaned_data.get("points") or 0
    looks = "preview" in visit.request.POST
    if looks:
        # Whoever only looks at what the points do needs no reason for it.
        for name in ("why", "note"):
            form.errors.pop(name, None)
    if valid and not looks:
        review = "review" in visit.request.POST
        act = requests.ask_once if review else points.apply
        asked = {"member": member_id, "points": amount, "reason": form.reason, "review": review}
        try:
            visit.once(
                "points.adjust",
                asked,
                lambda: act(visit.actor, member_id, amount, form.reason, at=visit.at),
            )
        except LaokeError as error:
            form.refused(error)
            status = error.status
        else:
            said = _("%(points)s points wait for a second person.") if review else _("%(points)s points.")
            return visit.go(f"/members/{member_id}", said % {"points": signed(amount)})
    # What is wrong with the points stands at them; the preview need not say it once more.
    above = form.has_error("points", "above-limit")
    effect = None if "points" in form.errors and not above else effect_of(visit, member_id, amount)
    page = AdjustPage(head, available, form, effect)
    return visit.show("member/adjust", page, status=200 if form.is_valid() else status)


@require_POST
@console_page("members", Scope.POINTS_ADJUST)
def preview(visit: Visit, member_id: int) -> HttpResponse:
    """What the points typed so far would do, or what is wrong with them, for the form that is open."""
    state_of(visit.actor, member_id, visit.at)
    form = AdjustForm(member_id, visit.request.POST)
    form.is_valid()
    if visit.request.POST.get("points", "").strip() and (wrong := form.errors.get("points")):
        return visit.part("member/_effect", Effect(refused=" ".join(map(str, wrong))))
    return visit.part("member/_effect", effect_of(visit, member_id, form.cleaned_data.get("points")))

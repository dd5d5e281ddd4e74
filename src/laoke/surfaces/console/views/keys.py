"""API keys: who holds which, new ones, and their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from laoke.foundation.access import Caller, Scope
from laoke.foundation.apikeys import services
from laoke.foundation.apikeys.errors import ScopesBeyondOwn, ScopesOfWholeShop
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.keys import (
    GRAVE,
    KeyLine,
    key_line,
    key_list,
    scope_choices,
    store_choices,
)


@require_safe
@console_page("keys", Scope.API_KEYS)
def show_all(visit: Visit) -> HttpResponse:
    """The list, without any secret."""
    return visit.show("keys/list", key_list(visit.actor, visit.at))


class _KeyForm(Form):
    name = forms.CharField(
        max_length=100,
        label=pgettext_lazy("of a thing", "Name"),
        help_text=gettext_lazy("What uses the key, such as: tills of the store Tianlin."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one thing it may do.")},
    )
    reach = forms.ChoiceField(
        label=gettext_lazy("For which stores"),
        widget=forms.RadioSelect,
        choices=(("all", gettext_lazy("All stores")), ("some", gettext_lazy("Only the stores chosen below"))),
        initial="all",
    )
    stores = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Stores"),
        widget=forms.SelectMultiple(attrs={"size": "6"}),
        help_text=gettext_lazy("Hold Ctrl to choose several. Orders of other stores are refused."),
    )
    last_day = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy(
            "It stops working at the end of this day. Empty: it works until it is revoked."
        ),
    )
    error_fields = {ScopesOfWholeShop: "scopes"}

    def __init__(self, caller: Caller, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = today
        self._limited = caller.stores is not None
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            choice for _label, choices in scope_choices(caller) for choice in choices
        ]
        self.fields["stores"].choices = store_choices(caller)  # type: ignore[attr-defined]

    def clean_last_day(self) -> date | None:
        """A day that is not over."""
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < self._today:
            raise forms.ValidationError(_("This day is over. Choose today or a later one."))
        return day

    def clean(self) -> dict[str, Any]:
        """Some stores need to be named; a limited account cannot make a key for all of them."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("reach") == "some" and not values.get("stores") and "stores" not in self.errors:
            self.add_error("stores", _("Choose at least one store, or give it all stores."))
        if values.get("reach") == "all" and self._limited:
            self.add_error("reach", _("Your own account is limited to stores: choose among them."))
        return values


@dataclass(frozen=True, slots=True)
class _NewPage:
    """The form; its boxes in groups, each (value, words, chosen, grave)."""

    form: _KeyForm
    groups: tuple[tuple[Any, tuple[tuple[str, Any, bool, bool], ...]], ...]


@dataclass(frozen=True, slots=True)
class _MadePage:
    """The key as it was made. `secret` is None when this form was sent before: it is shown once and kept nowhere."""

    line: KeyLine
    secret: str | None


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("secret", "made")
@console_page("keys", Scope.API_KEYS)
def create(visit: Visit) -> HttpResponse:
    """The form; after it the key, in the answer itself: no address shows it again."""
    today = visit.at.astimezone(settings.LAOKE.zone).date()
    if visit.request.method != "POST":
        return visit.show("keys/new", _page(visit, _KeyForm(visit.actor, today)))
    form = _KeyForm(visit.actor, today, visit.request.POST)
    if not form.is_valid():
        return visit.show("keys/new", _page(visit, form), status=422)
    values = form.cleaned_data
    stores = [int(store) for store in values["stores"]] if values["reach"] == "some" else None
    # Not part of the kept answer: a secret belongs in no table.
    made: list[str] = []

    def make() -> dict[str, Any]:
        info, secret = services.create(
            visit.actor,
            values["name"],
            values["scopes"],
            stores,
            _end_of(values["last_day"]),
            at=visit.at,
        )
        made.append(secret)
        return {"prefix": info.prefix}

    try:
        answer = visit.once("apikey.create", values, make)
    except (ScopesBeyondOwn, ScopesOfWholeShop) as error:
        form.refused(error)
        return visit.show("keys/new", _page(visit, form), status=error.status)
    line = key_line(visit.actor, answer["prefix"], visit.at)
    return visit.show("keys/made", _MadePage(line, made[0] if made else None))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("keys", Scope.API_KEYS)
def revoke(visit: Visit, prefix: str) -> HttpResponse:
    """What ends with the key, and its end."""
    line = key_line(visit.actor, prefix, visit.at)
    if visit.request.method != "POST":
        return visit.show("keys/revoke", line)
    services.revoke(visit.actor, prefix, at=visit.at)
    return visit.go("/settings/keys", _("The key %(name)s is revoked.") % {"name": line.name})


def _page(visit: Visit, form: _KeyForm) -> _NewPage:
    chosen = set(form["scopes"].value() or ())
    return _NewPage(
        form,
        tuple(
            (label, tuple((value, words, value in chosen, value in GRAVE) for value, words in choices))
            for label, choices in scope_choices(visit.actor)
        ),
    )


def _end_of(day: date | None) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1), time.min, settings.LAOKE.zone)

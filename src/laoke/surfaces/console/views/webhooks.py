"""Webhooks: endpoints, their secrets, and the log of what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from laoke.foundation.access import Scope
from laoke.foundation.audit import selectors as audit
from laoke.foundation.audit.selectors import Entry
from laoke.foundation.webhooks import services
from laoke.foundation.webhooks.errors import BadWebhookUrl
from laoke.surfaces.console.forms import Form, Seen
from laoke.surfaces.console.pages import Undo, Visit, console_page
from laoke.surfaces.console.selectors.webhooks import (
    EndpointLine,
    delivery_page,
    endpoint_line,
    endpoint_list,
    endpoint_page,
    topic_choices,
)


@dataclass(frozen=True, slots=True)
class _ListPage:
    """All endpoints."""

    rows: tuple[EndpointLine, ...]


@dataclass(frozen=True, slots=True)
class _FormPage:
    """A form for one endpoint, `line` None for a new one. `meanwhile`: who saved it while the form was open."""

    form: _EndpointForm
    line: EndpointLine | None
    topics: tuple[tuple[str, str, bool], ...]
    current: dict[str, Any] | None
    meanwhile: Entry | None = None


@dataclass(frozen=True, slots=True)
class _SecretPage:
    """A signing secret, shown now and never again; None when this form was sent before."""

    line: EndpointLine
    secret: str | None
    rotated: bool


class _EndpointForm(Form, Seen):
    error_fields = {BadWebhookUrl: "url"}

    name = forms.CharField(
        max_length=100,
        label=pgettext_lazy("of a thing", "Name"),
        help_text=gettext_lazy("Who receives it, such as: CRM."),
    )
    url = forms.CharField(
        max_length=500,
        label=gettext_lazy("Address"),
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy("Starts with https:// and answers within 10 seconds."),
    )
    which = forms.ChoiceField(
        label=gettext_lazy("Which events"),
        widget=forms.RadioSelect,
        choices=(
            ("all", gettext_lazy("Every event, also those that come with later versions")),
            ("some", gettext_lazy("Only the events chosen below")),
        ),
        initial="all",
    )
    topics = forms.MultipleChoiceField(
        required=False, label=gettext_lazy("Events"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].choices = topic_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Some events need to be named."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("which") == "some" and not values.get("topics") and "topics" not in self.errors:
            self.add_error("topics", _("Choose at least one event, or send every event."))
        return values

    def wanted(self) -> list[str]:
        """The topics asked for; none: all of them."""
        return list(self.cleaned_data["topics"]) if self.cleaned_data["which"] == "some" else []


@require_safe
@console_page("webhooks", Scope.WEBHOOKS)
def show_all(visit: Visit) -> HttpResponse:
    """All endpoints."""
    return visit.show("webhooks/list", _ListPage(endpoint_list(visit.actor, visit.at)))


@require_safe
@console_page("webhooks", Scope.WEBHOOKS)
def show(visit: Visit, endpoint_id: int) -> HttpResponse:
    """One endpoint with its log."""
    asked = visit.request.GET
    page = endpoint_page(
        visit.actor,
        endpoint_id,
        asked.get("status", ""),
        asked.get("after") or None,
        asked.get("before") or None,
        visit.at,
    )
    return visit.show("webhooks/endpoint", page)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("secrets")
@console_page("webhooks", Scope.WEBHOOKS)
def create(visit: Visit) -> HttpResponse:
    """A new endpoint; after the form its signing secret, in the answer itself."""
    if visit.request.method != "POST":
        return visit.show("webhooks/form", _form_page(_EndpointForm(), None, None))
    form = _EndpointForm(visit.request.POST)
    if not form.is_valid():
        return visit.show("webhooks/form", _form_page(form, None, None), status=422)
    values = form.cleaned_data
    secrets: list[str] = []  # not part of the kept answer: a secret belongs in no table in clear

    def make() -> dict[str, Any]:
        endpoint, secret = services.create_endpoint(
            visit.actor, values["name"], values["url"], form.wanted(), at=visit.at
        )
        secrets.append(secret)
        return {"endpoint": endpoint.id}

    try:
        answer = visit.once("webhook.create", values, make)
    except BadWebhookUrl as error:
        form.refused(error)
        return visit.show("webhooks/form", _form_page(form, None, None), status=error.status)
    line = endpoint_line(visit.actor, answer["endpoint"], visit.at)
    return visit.show("webhooks/secret", _SecretPage(line, secrets[0] if secrets else None, rotated=False))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("webhooks", Scope.WEBHOOKS)
def change(visit: Visit, endpoint_id: int) -> HttpResponse:
    """Another name, address or choice of events."""
    line = endpoint_line(visit.actor, endpoint_id, visit.at)
    current = _current(line)
    if visit.request.method != "POST":
        return visit.show("webhooks/form", _form_page(_EndpointForm(initial=current), line, current))
    form = _EndpointForm(visit.request.POST)
    if not form.is_valid():
        return visit.show("webhooks/form", _form_page(form, line, current), status=422)
    if form.changed_meanwhile(current):
        theirs = audit.newest("webhook", endpoint_id)
        return visit.show("webhooks/form", _form_page(form, line, current, theirs), status=409)
    values = form.cleaned_data

    def save() -> dict[str, Any]:
        services.update_endpoint(
            visit.actor,
            endpoint_id,
            name=values["name"],
            url=values["url"],
            topics=form.wanted(),
            active=line.active,
            at=visit.at,
        )
        return {}

    try:
        visit.once("webhook.change", values | {"endpoint": endpoint_id}, save)
    except BadWebhookUrl as error:
        form.refused(error)
        return visit.show("webhooks/form", _form_page(form, line, current), status=error.status)
    return visit.go(f"/settings/webhooks/{endpoint_id}", _("The endpoint is saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("webhooks", Scope.WEBHOOKS)
def switch(visit: Visit, endpoint_id: int) -> HttpResponse:
    """Switch it off, with what that means, or on again."""
    line = endpoint_line(visit.actor, endpoint_id, visit.at)
    if visit.request.method != "POST":
        return visit.show("webhooks/switch", line)
    active = visit.request.POST.get("active") == "on"

    def save() -> dict[str, Any]:
        services.update_endpoint(
            visit.actor,
            endpoint_id,
            name=line.name,
            url=line.url,
            topics=line.codes,
            active=active,
            at=visit.at,
        )
        return {}

    visit.once("webhook.switch", {"endpoint": endpoint_id, "active": active}, save)
    path = f"/settings/webhooks/{endpoint_id}"
    said = _("The endpoint is switched on.") if active else _("The endpoint is switched off.")
    return visit.go(path, said, undo=Undo(f"{path}/switch", {"active": "" if active else "on"}))


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("secrets")
@console_page("webhooks", Scope.WEBHOOKS)
def rotate(visit: Visit, endpoint_id: int) -> HttpResponse:
    """A new signing secret beside the old one."""
    line = endpoint_line(visit.actor, endpoint_id, visit.at)
    if visit.request.method != "POST":
        return visit.show("webhooks/rotate", line)
    secrets: list[str] = []

    def renew() -> dict[str, Any]:
        secrets.append(services.rotate_secret(visit.actor, endpoint_id, at=visit.at)[1])
        return {}

    visit.once("webhook.rotate", {"endpoint": endpoint_id}, renew)
    return visit.show("webhooks/secret", _SecretPage(line, secrets[0] if secrets else None, rotated=True))


@require_POST
@console_page("webhooks", Scope.WEBHOOKS)
def test(visit: Visit, endpoint_id: int) -> HttpResponse:
    """A test event for this endpoint alone."""

    def send() -> dict[str, Any]:
        services.send_test(visit.actor, endpoint_id, at=visit.at)
        return {}

    visit.once("webhook.test", {"endpoint": endpoint_id}, send)
    said = _("A test event is on its way. It appears in the log within a second or two.")
    return visit.go(f"/settings/webhooks/{endpoint_id}", said)


@require_http_methods(["GET", "HEAD", "POST"])
@console_page("webhooks", Scope.WEBHOOKS)
def remove(visit: Visit, endpoint_id: int) -> HttpResponse:
    """Remove it with its log; that cannot be taken back."""
    if visit.request.method != "POST":
        return visit.show("webhooks/remove", endpoint_line(visit.actor, endpoint_id, visit.at))
    services.delete_endpoint(visit.actor, endpoint_id, at=visit.at)
    return visit.go("/settings/webhooks", _("The endpoint is removed."))


@require_safe
@console_page("webhooks", Scope.WEBHOOKS)
def show_delivery(visit: Visit, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """One delivery: what was sent, and each attempt with what came back."""
    return visit.show("webhooks/delivery", delivery_page(visit.actor, endpoint_id, delivery_id, visit.at))


@require_POST
@console_page("webhooks", Scope.WEBHOOKS)
def redeliver(visit: Visit, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """Send it once more."""

    def send() -> dict[str, Any]:
        services.redeliver(visit.actor, endpoint_id, delivery_id, at=visit.at)
        return {}

    visit.once("webhook.redeliver", {"endpoint": endpoint_id, "delivery": delivery_id}, send)
    return visit.go(f"/settings/webhooks/{endpoint_id}/deliveries/{delivery_id}", _("It is sent once more."))


def _current(line: EndpointLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "url": line.url,
        "which": "some" if line.codes else "all",
        "topics": list(line.codes),
    }


def _form_page(
    form: _EndpointForm,
    line: EndpointLine | None,
    current: dict[str, Any] | None,
    meanwhile: Entry | None = None,
) -> _FormPage:
    chosen = set(form["topics"].value() or ())
    boxes = tuple((name, words, name in chosen) for name, words in topic_choices())
    return _FormPage(form, line, boxes, current, meanwhile)

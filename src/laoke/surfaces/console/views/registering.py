"""Registering a member at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from laoke.foundation.access import Scope
from laoke.foundation.audit import services as audit
from laoke.kernel.errors import LaokeError
from laoke.members import services
from laoke.members.errors import BadTag, IdentityMissing, IdentityTaken
from laoke.members.types import ConsentInput, IdentityInput
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.labels import CHANNELS, PURPOSES
from laoke.surfaces.console.member_fields import (
    SOURCES,
    BirthDateField,
    GenderField,
    HomeStoreField,
    LanguageField,
    TagsField,
    taken,
)
from laoke.surfaces.console.pages import Visit, console_page

_KINDS = ("phone", "card", "email")
_MORE = ("email", "language", "tags")


class RegisterForm(Form):
    """One new member."""

    phone = forms.CharField(
        required=False,
        label=gettext_lazy("Phone"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(
        required=False,
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    card = forms.CharField(
        required=False,
        label=gettext_lazy("Card number"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("A phone, a card or an e-mail address is enough."),
    )
    email = forms.CharField(
        required=False,
        label=gettext_lazy("E-mail"),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    birth_date = BirthDateField(label=gettext_lazy("Date of birth"))
    gender = GenderField()
    language = LanguageField()
    home_store = HomeStoreField()
    tags = TagsField(label=gettext_lazy("Tags"), help_text=gettext_lazy("Several with commas between them."))
    agreed = forms.MultipleChoiceField(
        required=False,
        choices=[(f"{channel}:{purpose}", "") for channel in CHANNELS for purpose in PURPOSES],
    )
    source = forms.ChoiceField(
        required=False, label=gettext_lazy("How this was said"), choices=SOURCES, initial=SOURCES[0][0]
    )
    error_fields = {IdentityMissing: "phone", BadTag: "tags"}


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """The form; `channels` are rows of boxes for consents: label, icon, (value, words, ticked).

    `more` and `agreed` say whether the folded parts are open: what was filled in there, or is wrong, is not hidden.
    """

    form: RegisterForm
    more: bool
    agreed: bool
    channels: tuple[tuple[Any, str, tuple[tuple[str, Any, bool], ...]], ...]
    purposes: tuple[Any, ...]


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@console_page("members", Scope.MEMBERS_WRITE)
def register(visit: Visit) -> HttpResponse:
    """The form, and one member however often it is sent."""
    posted = visit.request.method == "POST"
    form = RegisterForm(visit.request.POST if posted else None)
    home: Any = form.fields["home_store"]
    home.offer(visit.actor)
    birth: Any = form.fields["birth_date"]
    birth.today = visit.at.astimezone(settings.LAOKE.zone).date()
    if not posted or not form.is_valid():
        return visit.show("member/register", _page(form), status=422 if posted else 200)
    values = form.cleaned_data

    def run() -> Mapping[str, Any]:
        member_id = services.register(
            caller=visit.actor,
            at=visit.at,
            identities=[IdentityInput(kind, values[kind]) for kind in _KINDS if values[kind]],
            name=values["name"] or None,
            birth_date=values["birth_date"],
            gender=values["gender"],
            language=values["language"],
            home_store_id=int(values["home_store"]) if values["home_store"] else None,
            tags=values["tags"],
            consents=[
                ConsentInput(channel, purpose, True, values["source"] or SOURCES[0][0])
                for channel, purpose in (each.split(":") for each in values["agreed"])
            ],
        )
        audit.record(visit.actor, "member.registered", "member", member_id, at=visit.at)
        return {"member_id": member_id}

    try:
        done = visit.once("members.register", values, run)
    except IdentityTaken as error:
        form.add_error(str(error.extensions["kind"]), taken(error, visit.actor, visit.at))
    except LaokeError as error:
        form.refused(error)
    else:
        return visit.go(f"/members/{done['member_id']}", _("The member is registered."))
    return visit.show("member/register", _page(form), status=422)


def _page(form: RegisterForm) -> RegisterPage:
    ticked = set(form.data.getlist("agreed")) if form.is_bound else set()  # type: ignore[attr-defined]
    return RegisterPage(
        form,
        any(form[name].data or form[name].errors for name in _MORE),
        bool(ticked or form["agreed"].errors or form["source"].errors),
        tuple(
            (
                label,
                icon,
                tuple(
                    (f"{code}:{purpose}", words, f"{code}:{purpose}" in ticked)
                    for purpose, words in PURPOSES.items()
                ),
            )
            for code, (label, icon) in CHANNELS.items()
        ),
        tuple(PURPOSES.values()),
    )

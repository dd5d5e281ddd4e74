"""Editing what is known of a member, with somebody else perhaps doing the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from laoke.foundation.access import Scope
from laoke.kernel.errors import LaokeError
from laoke.members import services
from laoke.members.errors import MemberChanged
from laoke.members.types import ProfileChanges
from laoke.surfaces.console.forms import Form
from laoke.surfaces.console.labels import GENDERS
from laoke.surfaces.console.member_fields import (
    LANGUAGES,
    BirthDateField,
    GenderField,
    HomeStoreField,
    LanguageField,
)
from laoke.surfaces.console.pages import Visit, console_page
from laoke.surfaces.console.selectors.member.editing import Base, Edit, base_of, edits_since
from laoke.surfaces.console.selectors.member.head import Head
from laoke.surfaces.console.selectors.member.words import FIELDS

_PLAIN = ("gender", "language", "home_store")
_MINE, _THEIRS = "mine", "theirs"


class EditForm(Form):
    """What is known of a member. Name and birthday are masked: what is typed replaces them, nothing keeps them."""

    name = forms.CharField(
        required=False,
        label=gettext_lazy("New name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    no_name = forms.BooleanField(required=False, label=gettext_lazy("Remove the name"))
    birth_date = BirthDateField(label=gettext_lazy("New date of birth"))
    no_birth_date = forms.BooleanField(required=False, label=gettext_lazy("Remove the birthday"))
    gender = GenderField()
    language = LanguageField()
    home_store = HomeStoreField()

    def clean(self) -> dict[str, Any]:
        """A new value and none at all exclude each other."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for field in ("name", "birth_date"):
            if values.get(field) and values.get(f"no_{field}"):
                self.add_error(field, _("Either type a new one or take it away."))
        return values


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed. `choice` is which one is kept when saved as it stands."""

    name: str
    label: Any
    theirs: str
    mine: str
    choice: str


@dataclass(frozen=True, slots=True)
class EditPage:
    """The form. `edits` are changes by others since it was opened; `kept` names fields of theirs that stay."""

    head: Head
    base: Base
    form: EditForm
    edits: tuple[Edit, ...]
    clashes: tuple[Clash, ...]
    kept: tuple[tuple[Any, str], ...]


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@console_page("members", Scope.MEMBERS_WRITE)
def edit(visit: Visit, member_id: int) -> HttpResponse:
    """The form, and saving what was changed in it: the rest stays as others may have made it meanwhile."""
    state, head, base = base_of(visit.actor, member_id, visit.at)
    posted = visit.request.POST if visit.request.method == "POST" else None
    initial = {name: getattr(base, name) for name in _PLAIN}
    form = EditForm(posted, initial=initial)
    language, home, birth = (
        cast(Any, form.fields[name]) for name in ("language", "home_store", "birth_date")
    )
    language.keep(state.language)
    home.offer(visit.actor, state.home_store_id)
    birth.today = visit.at.astimezone(settings.LAOKE.zone).date()
    if posted is None:
        return visit.show("member/edit", EditPage(head, base, form, (), (), ()))
    if not form.is_valid():
        shown = EditPage(head, _base_shown(posted, base), form, (), (), ())
        return visit.show("member/edit", shown, status=422)
    mine = _mine(form.cleaned_data, posted)
    mine = {name: value for name, value in mine.items() if posted.get(f"keep_{name}") != _THEIRS}
    try:
        asked = {"member": member_id, **mine}
        visit.once("members.edit", asked, lambda: _save(visit, member_id, _version(posted), mine))
    except MemberChanged:
        head, base = base_of(visit.actor, member_id, visit.at)[1:]
        return _clash(visit, EditPage(head, base, form, (), (), ()), mine)
    except LaokeError as error:
        form.refused(error)
        return visit.show("member/edit", EditPage(head, base, form, (), (), ()), status=error.status)
    return visit.go(f"/members/{member_id}", _("Saved.") if mine else _("Nothing was changed."))


def _mine(values: Mapping[str, Any], posted: Mapping[str, str]) -> dict[str, Any]:
    """What the person changed, against what they were shown."""
    mine: dict[str, Any] = {
        name: values[name] for name in _PLAIN if values[name] != posted.get(f"was_{name}", values[name])
    }
    if values["name"] or values["no_name"]:
        mine["name"] = values["name"]
    if values["birth_date"] or values["no_birth_date"]:
        mine["birth_date"] = values["birth_date"]
    return mine


def _save(visit: Visit, member_id: int, version: int, mine: Mapping[str, Any]) -> Mapping[str, Any]:
    changes = {name: value for name, value in mine.items() if name != "home_store"}
    if "home_store" in mine:
        changes["home_store_id"] = int(mine["home_store"]) if mine["home_store"] else None
    now = services.update(
        caller=visit.actor,
        member_id=member_id,
        changes=cast(ProfileChanges, changes),
        expected_version=version,
        at=visit.at,
    )
    return {"version": now}


def _clash(visit: Visit, page: EditPage, mine: Mapping[str, Any]) -> HttpResponse:
    """Theirs beside mine. The form goes on from what is there now: sent once more it lays mine on top."""
    posted, base, form = visit.request.POST, page.base, page.form
    edits = edits_since(page.head.id, _since(posted, base.at))
    touched = {name for one in edits for name in one.fields}
    touched |= {name for name in _PLAIN if posted.get(f"was_{name}", "") != getattr(base, name)}
    clashes = tuple(
        Clash(
            name,
            _label(name),
            _written(form, name, _theirs(base, name)),
            _written(form, name, value),
            _MINE,
        )
        for name, value in mine.items()
        if name in touched
    )
    kept = tuple(
        (_label(name), _written(form, name, _theirs(base, name))) for name in sorted(touched - set(mine))
    )
    data = posted.copy()
    for name in _PLAIN:
        if name not in mine:  # theirs goes into the form where nothing was typed over it
            data[name] = getattr(base, name)
    form.data = data
    shown = EditPage(page.head, base, form, edits, clashes, kept)
    return visit.show("member/edit", shown, status=409)


def _label(name: str) -> Any:
    return FIELDS["home_store_id" if name == "home_store" else name]


def _theirs(base: Base, name: str) -> str:
    return base.birthday if name == "birth_date" else str(getattr(base, name))


def _written(form: EditForm, name: str, value: Any) -> str:
    if name == "gender":
        return str(GENDERS.get(value, "")) or "–"
    if name == "language":
        return str(dict(LANGUAGES).get(value, value)) or "–"
    if name == "home_store":
        choices = cast(Any, form.fields["home_store"]).choices
        return str(dict(choices).get(str(value), "–"))
    return str(value or "–")


def _version(posted: Mapping[str, str]) -> int:
    text = posted.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _since(posted: Mapping[str, str], fallback: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(posted.get("was_at", ""))
    except ValueError:
        return fallback
    return at if at.tzinfo is not None else fallback


def _base_shown(posted: Mapping[str, str], base: Base) -> Base:
    """What the form was filled on, so that a mistake in a field does not hide what others did meanwhile."""
    return Base(
        version=_version(posted),
        at=_since(posted, base.at),
        gender=posted.get("was_gender", base.gender),
        language=posted.get("was_language", base.language),
        home_store=posted.get("was_home_store", base.home_store),
        name=base.name,
        birthday=base.birthday,
    )

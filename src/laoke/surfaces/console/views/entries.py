"""Adding and changing one entry of the reference data: one flow for stores, regions, channels, products, categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.forms import Field
from django.http import HttpResponse
from django.utils.translation import gettext as _

from laoke.foundation.audit import selectors as audit
from laoke.kernel.errors import LaokeError
from laoke.purchases.services import BadReference
from laoke.surfaces.console.forms import Form, Seen
from laoke.surfaces.console.pages import Undo, Visit


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Somebody else saved the entry while the form was open; `theirs` are labels with the values now."""

    who: str
    at: datetime | None
    theirs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A form for one entry. `current` are the values it was filled on, None for a new one."""

    title: str
    about: str
    form: Form
    button: str
    up: tuple[str, str]  # where it leads back to: name and address
    current: Mapping[str, Any] | None
    meanwhile: Meanwhile | None = None


class EntryForm(Form, Seen):
    """A form whose fields are called as the services call them."""


class Save(Protocol):
    """Write the cleaned values; whatever it refuses names its field."""

    def __call__(self, values: Mapping[str, Any], /) -> object: ...


def edit(
    visit: Visit,
    *,
    kind: str,
    key: str,
    form_class: type[EntryForm],
    current: Mapping[str, Any] | None,
    page: Callable[[EntryForm, Meanwhile | None], EntryPage],
    save: Save,
    done: str,
    said: str,
) -> HttpResponse:
    """Show the form, or save what it brings and go on to `done`.

    Args:
        kind, key: what the audit trail calls the entry; `key` "" for a new one.
        current: the entry as it is, by field; None for a new one.
    """
    if visit.request.method != "POST":
        return visit.show("stores/entry", page(form_class(initial=dict(current or {})), None))
    form = form_class(visit.request.POST, initial=dict(current or {}))
    if not form.is_valid():
        return visit.show("stores/entry", page(form, None), status=422)
    if current is not None and form.changed_meanwhile(current):
        return visit.show("stores/entry", page(form, _meanwhile(form, kind, key, current)), status=409)
    values = {name: value for name, value in form.cleaned_data.items() if name != "seen"}
    try:
        visit.once(f"{kind}.save", values | {"key": key}, lambda: {"saved": bool(save(values)) or True})
    except BadReference as error:
        field = str(error.extensions.get("field", ""))
        form.add_error(field if field in form.fields else None, error.mend)
        return visit.show("stores/entry", page(form, None), status=error.status)
    except LaokeError as error:
        form.refused(error)
        return visit.show("stores/entry", page(form, None), status=error.status)
    return visit.go(done, said)


def taken(field: str) -> BadReference:
    """The code of a new entry is somebody else's: saving would change that one."""
    return BadReference(
        field, _("There is an entry with this code already. Choose another one, or edit that one.")
    )


def _meanwhile(form: EntryForm, kind: str, key: str, current: Mapping[str, Any]) -> Meanwhile:
    entry = audit.newest(kind, key)
    theirs = tuple(
        (str(form.fields[name].label), _written(form.fields[name], value))
        for name, value in current.items()
        if name in form.fields and form.cleaned_data.get(name) != value
    )
    return Meanwhile(entry.actor if entry else "", entry.at if entry else None, theirs)


def _written(field: Field, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(field.prepare_value(value) or "–")


def switched(visit: Visit, path: str, said: str, *, active: bool) -> HttpResponse:
    """After switching an entry off or on: say so and offer the way back."""
    undo = Undo(f"{path}/switch", {"active": "" if active else "on"})
    return visit.go(path, said, undo=undo)

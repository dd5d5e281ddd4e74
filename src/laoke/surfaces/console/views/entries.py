"""Adding and changing one entry of the reference data: one flow for stores, regions, channels, products, categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.forms import Field
from django.http import HttpResponse
from django.utils.translation import gettext as _

from laoke.foundation.audit import selectors as audit
from laoke.kernel.errors import LaokeError
from laoke.purchases import entries
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
    """A form for one entry. `current` are the values it was filled on, None for a new one; `edit` puts them in."""

    title: str
    about: str
    form: Form
    button: str
    up: tuple[str, str]  # where it leads back to: name and address
    meanwhile: Meanwhile | None = None
    current: Mapping[str, Any] | None = None


class _Changed(Exception):
    """The entry is not what the form was filled on; nothing is saved."""

    def __init__(self, now: Mapping[str, Any]) -> None:
        super().__init__()
        self.now = now


class EntryForm(Form, Seen):
    """A form whose fields are called as the services call them."""


class Save(Protocol):
    """Write the cleaned values; whatever it refuses names its field. An entry that exists is locked by then."""

    def __call__(self, values: Mapping[str, Any], /) -> object: ...


def edit(
    visit: Visit,
    *,
    kind: str,
    key: str,
    form_class: type[EntryForm],
    read: Callable[[], Mapping[str, Any]] | None,
    page: Callable[[EntryForm, Meanwhile | None], EntryPage],
    save: Save,
    done: str,
    said: str,
) -> HttpResponse:
    """Show the form, or save what it brings and go on to `done`.

    Args:
        kind, key: what the audit trail calls the entry; `key` "" for a new one.
        read: gives the entry as it is, by field; None for a new one.
        page: the form in its page, without the values it was filled on.
    """
    current = read() if read else None
    if visit.request.method != "POST":
        fresh = replace(page(form_class(initial=dict(current or {})), None), current=current)
        return visit.show("stores/entry", fresh)
    form = form_class(visit.request.POST, initial=dict(current or {}))

    def again(status: int, meanwhile: Meanwhile | None = None) -> HttpResponse:
        return visit.show("stores/entry", replace(page(form, meanwhile), current=current), status=status)

    if not form.is_valid():
        return again(422)
    values = {name: value for name, value in form.cleaned_data.items() if name != "seen"}

    def run() -> Mapping[str, Any]:
        if read is not None:
            entries.lock(kind, key)
            now = read()
            if form.changed_meanwhile(now):
                raise _Changed(now)
        save(values)
        return {"saved": True}

    try:
        visit.once(f"{kind}.save", values | {"key": key}, run)
    except _Changed as changed:
        current = changed.now
        return again(409, _meanwhile(form, kind, key, current))
    except BadReference as error:
        field = str(error.extensions.get("field", ""))
        form.add_error(field if field in form.fields else None, error.mend)
        return again(error.status)
    except LaokeError as error:
        form.refused(error)
        return again(error.status)
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

"""The steps of an import from the console. Each moves it from a named state and from no other, so a step that is
asked for twice is taken once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.jobs import progress
from laoke.surfaces.importing import mapping as mappings
from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.forming import choices as forms
from laoke.surfaces.importing.forming import guessing
from laoke.surfaces.importing.forming.choices import Choices
from laoke.surfaces.importing.glance import UNSURE_ENCODING, Glance, form_of, glance
from laoke.surfaces.importing.models import FileImport, SavedMapping
from laoke.surfaces.importing.uploads import folders
from laoke.surfaces.importing.uploads.errors import (
    BadMappingName,
    FilesGone,
    ImportMoved,
    MappingNameInUse,
    MappingNameTaken,
    NotYourImport,
    UnknownImport,
    UploadRefused,
)
from laoke.surfaces.importing.uploads.receiving import Received

State = FileImport.State
TASK = "imports.work"
UNDER_WAY = (State.CHECK_WAITS, State.CHECKING, State.WAITS, State.RUNNING)
# What an import of each kind does, so what whoever starts one must be allowed to do. Orders bring members,
# products and stores along, members bring stores.
SCOPES = {
    Kind.ORDERS: (Scope.ORDERS_WRITE, Scope.MEMBERS_WRITE, Scope.PRODUCTS_WRITE, Scope.STORES_WRITE),
    Kind.MEMBERS: (Scope.MEMBERS_WRITE, Scope.STORES_WRITE),
    Kind.PRODUCTS: (Scope.PRODUCTS_WRITE,),
    Kind.STORES: (Scope.STORES_WRITE,),
}


@dataclass(frozen=True, slots=True)
class Written:
    """How a file is to be read, as far as the form changes it. Empty: found out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def may_import(caller: Caller, kind: Kind) -> bool:
    """Whether an account may import files of a kind. One limited to stores may not: files know no such limit."""
    return caller.stores is None and all(scope in caller.scopes for scope in SCOPES[kind])


def require(caller: Caller, kind: Kind) -> None:
    """Raise NotYourImport unless `may_import`."""
    if not may_import(caller, kind):
        raise NotYourImport(kind.value)


def begin(
    caller: Caller, kind: Kind, folder: str, received: Sequence[Received], *, language: str, at: datetime
) -> int:
    """Look at what was received and make an import of it; returns its number.

    Raises:
        NotYourImport, UploadRefused: the caller removes the folder then.
    """
    require(caller, kind)
    if not received:
        raise UploadRefused(_("Choose at least one file."))
    files: list[dict[str, Any]] = []
    looks: list[Glance] = []
    for number, each in enumerate(received, start=1):
        name = each.name or "?"
        path = folders.place(folder, each.stored)
        try:
            stored = f"{number}.{form_of(path)}"
            path = path.rename(folders.place(folder, stored))
            look = glance(path)
        except BadSource as error:
            raise UploadRefused(BadSource(Path(name), error.mend, **error.values).detail, name) from None
        files.append({"name": name, "stored": stored, "size": each.size, "form": look.form})
        looks.append(look)
    _fit_together(files, looks)
    choices = guessed(kind, looks[0])
    folders.keep_look(folder, looks)
    row = FileImport.objects.create(
        staff_id=caller.id,
        staff_name=caller.label,
        language=language,
        kind=kind.value,
        folder=folder,
        files=files,
        choices=choices.as_json(),
        mapping=forms.compose(choices, settings.LAOKE.currency),
        created_at=at,
    )
    record(
        caller,
        "import.uploaded",
        "import",
        row.pk,
        at=at,
        after={"kind": kind.value, "files": len(files), "bytes": sum(each.size or 0 for each in received)},
    )
    return row.pk


def guessed(kind: Kind, look: Glance) -> Choices:
    """How a file is read as far as its names and contents say."""
    choices = guessing.guess(kind, look.columns, look.rows, zone=settings.LAOKE.time_zone)
    return replace(choices, encoding=look.encoding) if UNSURE_ENCODING in look.notes else choices


def _fit_together(files: Sequence[Mapping[str, Any]], looks: Sequence[Glance]) -> None:
    for file, look in zip(files, looks, strict=True):
        name = file["name"]
        if guessing.looks_headless(look.columns):
            raise UploadRefused(
                _(
                    "%(file)s: the first row holds values, not names of columns. Put a row with names above it."
                )
                % {"file": name},
                name,
            )
        if not look.rows:
            raise UploadRefused(
                _("%(file)s: there is no row below the names of columns.") % {"file": name}, name
            )
        if look.form != looks[0].form or set(look.columns) != set(looks[0].columns):
            raise UploadRefused(
                _(
                    "%(file)s has another form or other columns than %(first)s. Send files of one form together."
                )
                % {"file": name, "first": files[0]["name"]},
                name,
            )


def looks(row: FileImport) -> list[Glance]:
    """What was seen of the files of an import.

    Raises:
        FilesGone
    """
    try:
        return folders.kept_look(row.folder)
    except OSError:
        raise FilesGone from None


def look_again(row: FileImport, written: Written) -> list[Glance]:
    """Look at the files as they are to be read, if that is not how they were looked at.

    Raises:
        FilesGone, UploadRefused
    """
    before = looks(row)
    chosen = row.choices or {}
    same = (
        Written(chosen.get("encoding", ""), chosen.get("delimiter", ""), chosen.get("sheet", "")) == written
    )
    if same:
        return before
    found = []
    for file in row.files:
        path = folders.place(row.folder, file["stored"])
        if not path.exists():
            raise FilesGone
        try:
            found.append(
                glance(path, encoding=written.encoding, delimiter=written.delimiter, sheet=written.sheet)
            )
        except BadSource as error:
            raise UploadRefused(
                BadSource(Path(file["name"]), error.mend, **error.values).detail, file["name"]
            ) from None
    folders.keep_look(row.folder, found)
    return found


def own(caller: Caller, import_id: int) -> FileImport:
    """An import whose rows the caller may see: its own.

    Raises:
        UnknownImport, NotYourImport.
    """
    row = known(caller, import_id)
    if row.staff_id != caller.id:
        raise UnknownImport
    return row


def known(caller: Caller, import_id: int) -> FileImport:
    """An import of a kind the caller may import.

    Raises:
        UnknownImport, NotYourImport.
    """
    row = FileImport.objects.filter(pk=import_id).first()
    if row is None:
        raise UnknownImport
    require(caller, Kind(row.kind))
    return row


def keep_choices(
    caller: Caller,
    import_id: int,
    written: Written,
    fill: Callable[[Glance], Choices],
    *,
    as_of: date | None = None,
) -> FileImport:
    """Keep how the form is filled, whether or not it is complete.

    Args:
        written: how the files are to be read; they are looked at again if that has changed.
        fill: makes the choices, given what was seen of the first file.
    Raises:
        UnknownImport, NotYourImport, ImportMoved, FilesGone, UploadRefused.
    """
    row = own(caller, import_id)
    look = look_again(row, written)[0]
    choices = replace(fill(look), encoding=written.encoding, delimiter=written.delimiter, sheet=written.sheet)
    text = forms.compose(choices, settings.LAOKE.currency)
    _move(row.pk, (State.MAPPING,), State.MAPPING, choices=choices.as_json(), mapping=text, as_of=as_of)
    row.refresh_from_db()
    return row


def keep_text(caller: Caller, import_id: int, text: str, *, as_of: date | None = None) -> FileImport:
    """Keep a mapping that was written as text, whether or not it can be read.

    Raises:
        UnknownImport, NotYourImport, ImportMoved.
    """
    row = own(caller, import_id)
    clean = text.replace("\r\n", "\n").replace("\0", "")
    _move(row.pk, (State.MAPPING,), State.MAPPING, choices=None, mapping=clean, as_of=as_of)
    row.refresh_from_db()
    return row


def readable(row: FileImport, seen: Sequence[Glance] | None = None) -> mappings.ImportMapping:
    """The mapping of an import, held against the columns of its files, `seen` already or looked up.

    Raises:
        BadMapping, UnknownColumn, FilesGone.
    """
    mapping = mappings.parse(row.mapping, Kind(row.kind))
    for file, look in zip(row.files, seen or looks(row), strict=True):
        mappings.require(Path(file["name"]), look.columns, {named.name: named for named in mapping.named()})
    return mapping


def start_check(caller: Caller, import_id: int, *, at: datetime) -> None:
    """Queue the dry run.

    Raises:
        UnknownImport, NotYourImport, ImportMoved, FilesGone, BadMapping, UnknownColumn.
    """
    row = own(caller, import_id)
    readable(row)
    _require_files(row)
    with transaction.atomic():
        _move(
            row.pk,
            (State.MAPPING, State.CHECKED, State.FAILED),
            State.CHECK_WAITS,
            check_outcome=None,
            failure="",
            stop_requested=False,
            started_at=at,
            ended_at=None,
        )
        folders.keep_mapping(row.folder, row.mapping)
        _defer(row.pk, at)


def add_unknown(caller: Caller, import_id: int, what: str, *, at: datetime) -> None:
    """After a trial run: have the stores (or products, ...) that nobody knows made by the import, and try it again.

    Raises:
        UnknownImport, NotYourImport, FilesGone; ImportMoved: it is at another step, or its mapping was written by hand.
    """
    row = own(caller, import_id)
    if row.choices is None or what not in forms.CREATABLE[Kind(row.kind)]:
        raise ImportMoved
    chosen = forms.from_json(row.choices)
    choices = replace(chosen, create=tuple(dict.fromkeys((*chosen.create, what))))
    with transaction.atomic():
        _move(
            row.pk,
            (State.CHECKED,),
            State.CHECKED,
            choices=choices.as_json(),
            mapping=forms.compose(choices, settings.LAOKE.currency),
        )
        start_check(caller, import_id, at=at)


def map_again(caller: Caller, import_id: int) -> None:
    """Go back to the columns after a dry run or a failure that left nothing behind.

    Raises:
        UnknownImport, NotYourImport, ImportMoved, FilesGone.
    """
    row = own(caller, import_id)
    _require_files(row)
    _move(row.pk, (State.CHECKED, State.FAILED, State.MAPPING), State.MAPPING, failure="")


def start(caller: Caller, import_id: int, *, at: datetime) -> None:
    """Queue the import after its dry run, or again after it was stopped or failed.

    Raises:
        UnknownImport, NotYourImport, ImportMoved, FilesGone.
    """
    row = known(caller, import_id)
    _require_files(row)
    if row.check_outcome is None:
        raise ImportMoved
    with transaction.atomic():
        _move(
            row.pk,
            (State.CHECKED, State.STOPPED, State.FAILED),
            State.WAITS,
            failure="",
            stop_requested=False,
            started_at=at,
            ended_at=None,
        )
        record(caller, "import.started", "import", row.pk, at=at, after={"kind": row.kind})
        _defer(row.pk, at)


def stop(caller: Caller, import_id: int, *, at: datetime) -> None:
    """Have the work end after the batch in hand; one that still waits ends at once.

    Raises:
        UnknownImport, NotYourImport, ImportMoved.
    """
    row = known(caller, import_id)
    with transaction.atomic():
        record(caller, "import.stopped", "import", row.pk, at=at)
        if _moved(row.pk, (State.WAITS,), State.STOPPED, ended_at=at, another_runs=False):
            return
        if _moved(row.pk, (State.CHECK_WAITS,), State.MAPPING):
            return
        running = FileImport.objects.filter(pk=row.pk, state__in=(State.CHECKING, State.RUNNING))
        if not running.update(stop_requested=True):
            raise ImportMoved
        progress.request_stop(TASK, str(row.pk))


def discard(caller: Caller, import_id: int, *, at: datetime) -> None:
    """Remove the files of an import that is not under way. What went in stays in.

    Raises:
        UnknownImport, NotYourImport, ImportMoved.
    """
    row = known(caller, import_id)
    before = (State.MAPPING, State.CHECKED, State.STOPPED, State.FAILED)
    with transaction.atomic():
        _move(row.pk, before, State.DISCARDED, ended_at=at, files_gone_at=at)
        record(caller, "import.discarded", "import", row.pk, at=at)
    if row.folder:  # after seven days it is gone already
        folders.remove(row.folder)


def save_mapping(
    caller: Caller, import_id: int, name: str, *, at: datetime, replace_own: bool = False
) -> tuple[str, bool]:
    """Keep the mapping of an import under a name. Returns the name, and whether one of that name was replaced.

    Args:
        replace_own: replace what the caller keeps under that name; somebody else's is never replaced.
    Raises:
        UnknownImport, NotYourImport, BadMapping, BadMappingName, MappingNameTaken; MappingNameInUse: the caller keeps
        another under that name.
    """
    row = own(caller, import_id)
    mappings.parse(row.mapping, Kind(row.kind))
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    if not 1 <= len(clean) <= 60:
        raise BadMappingName
    kept = {"text": row.mapping, "choices": row.choices, "saved_at": at}
    with transaction.atomic():
        there, new = SavedMapping.objects.select_for_update().get_or_create(
            kind=row.kind, name=clean, defaults=kept | {"saved_by": caller.label}
        )
        if there.saved_by != caller.label:
            raise MappingNameTaken(clean, there.saved_by)
        replaced = not new and there.text != row.mapping
        if replaced and not replace_own:
            raise MappingNameInUse(clean, there.saved_at)
        if not new:
            SavedMapping.objects.filter(pk=there.pk).update(**kept)
        record(
            caller, "mapping.saved", "mapping", clean, at=at, after={"kind": row.kind, "replaced": replaced}
        )
    return clean, replaced


def use_mapping(caller: Caller, import_id: int, source: str) -> FileImport:
    """Read the file with a mapping that was kept, "saved:5", or as its names and contents suggest, "guess".

    Raises:
        UnknownImport, NotYourImport, ImportMoved, FilesGone, UploadRefused.
    """
    row = own(caller, import_id)
    kind = Kind(row.kind)
    form, _colon, name = source.partition(":")
    if form == "guess":
        return keep_choices(caller, import_id, Written(), lambda look: guessed(kind, look), as_of=row.as_of)
    number = int(name) if name.isdecimal() and len(name) < 19 else None
    found = SavedMapping.objects.filter(pk=number, kind=row.kind).first() if number is not None else None
    if form != "saved" or found is None:
        raise UnknownImport
    if found.choices:
        kept = forms.from_json(found.choices)
        written = Written(kept.encoding, kept.delimiter, kept.sheet)
        return keep_choices(caller, import_id, written, lambda _look: kept, as_of=row.as_of)
    return keep_text(caller, import_id, found.text, as_of=row.as_of)


def saved(caller: Caller, mapping_id: int) -> SavedMapping:
    """A kept mapping of a kind the caller may import.

    Raises:
        UnknownImport, NotYourImport.
    """
    row = SavedMapping.objects.filter(pk=mapping_id).first()
    if row is None:
        raise UnknownImport
    require(caller, Kind(row.kind))
    return row


def forget_mapping(caller: Caller, mapping_id: int, *, at: datetime) -> str:
    """Remove a kept mapping; returns its name.

    Raises:
        UnknownImport, NotYourImport.
    """
    row = saved(caller, mapping_id)
    with transaction.atomic():
        row.delete()
        record(caller, "mapping.removed", "mapping", row.name, at=at, after={"kind": row.kind})
    return row.name


def forget_old(at: datetime) -> None:
    """Remove what is older than seven days, and uploads that were broken off a day ago."""
    old = FileImport.objects.filter(created_at__lt=at - folders.KEEP).exclude(state__in=UNDER_WAY)
    for row in old.exclude(folder=""):
        folders.remove(row.folder)
        unfinished = row.state in (State.MAPPING, State.CHECKED, State.STOPPED, State.FAILED)
        old.filter(pk=row.pk).update(
            folder="",
            state=State.DISCARDED if unfinished and row.outcome is None else row.state,
            files_gone_at=row.files_gone_at or at,
        )
    folders.sweep(folders.BROKEN_OFF, known=set(FileImport.objects.values_list("folder", flat=True)))


def _require_files(row: FileImport) -> None:
    if row.files_gone_at is not None or not all(
        folders.place(row.folder, file["stored"]).exists() for file in row.files
    ):
        raise FilesGone


def _defer(import_id: int, at: datetime) -> None:
    # Only here: the task calls services of this package.
    from laoke.surfaces.importing.tasks import work

    work.defer(at, import_id=import_id)


def _moved(import_id: int, before: Sequence[str], to: str, **values: Any) -> bool:
    rows = FileImport.objects.filter(pk=import_id, state__in=before)
    return rows.update(state=to, **values) > 0


def _move(import_id: int, before: Sequence[str], to: str, **values: Any) -> None:
    if not _moved(import_id, before, to, **values):
        raise ImportMoved

"""Asking for files, writing them, giving them out, and clearing them away after a week."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor, load
from laoke.foundation.vault import vault
from laoke.kernel.errors import LaokeError
from laoke.kernel.money import minor_digits
from laoke.surfaces.console.directory import counting
from laoke.surfaces.console.directory.bulk import PURPOSE
from laoke.surfaces.console.directory.columns import BY_NAME, Column
from laoke.surfaces.console.directory.conditions import Scene, where
from laoke.surfaces.console.directory.filters import Filter
from laoke.surfaces.console.directory.night import since_newest
from laoke.surfaces.console.directory.rows import MemberLine, lines
from laoke.surfaces.console.directory.saved import parsed
from laoke.surfaces.console.directory.vocabulary import Vocabulary, scopes_of, vocabulary
from laoke.surfaces.console.directory.walking import Order, walk
from laoke.surfaces.console.directory.words import language_name, sentence
from laoke.surfaces.console.exports.models import Export
from laoke.surfaces.console.exports.tables import (
    MOST_XLSX_ROWS,
    Cell,
    CsvTable,
    Head,
    Shown,
    Table,
)
from laoke.surfaces.console.templatetags.figures import currency_sign, named

KEEP = timedelta(days=7)
KINDS = ("xlsx", "csv")
_FORGET = timedelta(days=30)
_CHUNK = 2000
_LONGEST_NAME = 80
# Registered last first: an order that nothing changes while a file is being written.
_ORDER = Order("joined")


class TooManyRows(LaokeError):
    """A list too long for a worksheet."""

    code, status, title = "too-many-rows", 422, "Too many rows for a worksheet"

    def __init__(self) -> None:
        super().__init__(
            _("A worksheet holds %(most)s members at most. Choose CSV, or narrow the filter.")
            % {"most": f"{MOST_XLSX_ROWS:,}"},
            field="kind",
        )


class UnknownExport(LaokeError):
    """No export has this number, or it is somebody else's, or its file is gone."""

    code, status, title = "unknown-export", 404, "No such file"

    def __init__(self) -> None:
        super().__init__(
            _("This file does not exist, is gone after seven days, or somebody else asked for it.")
        )


class ExportBeyondAccount(LaokeError):
    """A file holds more than the account that wants it may see today: other stores, or columns of another role."""

    code, status, title = "export-beyond-account", 403, "The file holds more than you may see"

    def __init__(self) -> None:
        super().__init__(
            _(
                "This file was made with stores or columns that your account may no longer see. Ask for a new one: "
                "it will hold what you may see today."
            )
        )


class ExportExpired(LaokeError):
    """The file was deleted: it is kept for seven days."""

    code, status, title = "export-expired", 410, "The file was deleted"

    def __init__(self) -> None:
        super().__init__(
            _("Files are deleted after seven days. Ask for this one again on the list of members.")
        )


@dataclass(frozen=True, slots=True)
class File:
    """A file to be sent: where it lies, and what it is called."""

    path: Path
    name: str
    kind: str


def folder() -> Path:
    """Where exports lie."""
    return Path(settings.LAOKE.home) / "exports"


@transaction.atomic
def request(
    actor: Caller,
    wanted: Filter,
    columns: Sequence[Column],
    kind: str,
    *,
    stores: Sequence[int] | None,
    words: Vocabulary,
    scene: Scene,
    language: str,
    later: Callable[[int, datetime], object],
) -> Export:
    """Ask for a file of all members a filter finds, with these columns; `later(export id, at)` leaves it to a worker.

    Raises:
        TooManyRows, MissingScope.
    """
    actor.require(Scope.MEMBERS_READ)
    found = where(wanted, words, scene)
    expected = counting.quick(found, None).members
    # An estimate may be wrong by half: near the limit it is worth counting.
    near = kind == "xlsx" and expected > MOST_XLSX_ROWS // 2
    if near and counting.exactly(found, MOST_XLSX_ROWS) > MOST_XLSX_ROWS:
        raise TooManyRows
    shown = replace(wanted, q="")
    export = Export.objects.create(
        staff_id=actor.id,
        actor=actor.label,
        name=(sentence(shown, words) or _("Members"))[:_LONGEST_NAME],
        kind="xlsx" if kind == "xlsx" else "csv",
        language=language,
        columns=[column.name for column in columns],
        query_sealed=vault().seal(wanted.query(), PURPOSE),
        stores=None if stores is None else list(stores),
        state=Export.WAITING,
        rows=expected,
        at=scene.at,
    )
    told = {"filter": shown.query(), "kind": export.kind, "columns": export.columns}
    audit.record(actor, "export.requested", "export", export.pk, at=scene.at, after=told)
    later(export.pk, scene.at)
    return export


def write(export_id: int, progress: Callable[[int], bool], now: Callable[[], datetime]) -> Export | None:
    """Write the file of an export that waits, from the beginning; None when there is nothing to do.

    The file appears whole or not at all: a run that is killed leaves a draft, which the next one writes anew.

    Args:
        progress: told after each part how many rows it had; says whether to end early, with nothing decided.
    """
    export = Export.objects.filter(pk=export_id, state__in=(Export.WAITING, Export.RUNNING)).first()
    if export is None:
        return None
    Export.objects.filter(pk=export_id).update(state=Export.RUNNING)
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(export)
    try:
        with translation.override(export.language):
            rows = _write_table(export, draft, progress)
    except Exception:
        draft.unlink(missing_ok=True)
        raise
    if rows is None:
        draft.unlink(missing_ok=True)
        return None
    size = draft.stat().st_size
    draft.chmod(0o600)
    with transaction.atomic():
        locked = Export.objects.select_for_update().get(pk=export_id)
        if locked.state != Export.RUNNING:
            draft.unlink(missing_ok=True)
            return None
        draft.replace(_path(locked))
        locked.state, locked.rows, locked.bytes, locked.ended_at = Export.READY, rows, size, now()
        locked.save()
    return locked


def size_of(export_id: int) -> int:
    """How many rows an export is expected to have, 0 for an unknown one."""
    return Export.objects.filter(pk=export_id).values_list("rows", flat=True).first() or 0


def fail(export_id: int, at: datetime, *, state: str = Export.FAILED) -> Export | None:
    """Say that an export could not be written, or was stopped; gives it when it had not ended otherwise."""
    with transaction.atomic():
        export = (
            Export.objects.select_for_update()
            .filter(pk=export_id, state__in=(Export.WAITING, Export.RUNNING))
            .first()
        )
        if export is not None:
            export.state, export.ended_at = state, at
            export.save()
            _draft(export).unlink(missing_ok=True)
    return export


def fail_orphans(at: datetime) -> list[Export]:
    """End what no worker will write any more, its runs having been given up; gives what ended so."""
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.surfaces.console", "orphaned_exports")).fetchall()
    return [failed for (export_id,) in rows if (failed := fail(export_id, at)) is not None]


def stop(actor: Caller, export_id: int, at: datetime) -> None:
    """End the writing of a file; what has ended already stays as it is.

    Raises:
        UnknownExport.
    """
    with transaction.atomic():
        # Under lock: the worker may be ending the file at this moment, and whoever comes second sees the other's end.
        export = _own(actor, export_id, owner=False, lock=True)
        if export.state in (Export.WAITING, Export.RUNNING):
            export.state, export.ended_at = Export.STOPPED, at
            export.save()
            audit.record(actor, "export.stopped", "export", export_id, at=at)


def fetch(actor: Caller, export_id: int, at: datetime, *, owner: bool) -> File:
    """The file, to be sent to whoever asked for it or to an owner; written down in the audit trail.

    What the file holds is held against what the account may see today, not when the file was asked for.

    Raises:
        UnknownExport, ExportBeyondAccount, ExportExpired.
    """
    export = _own(actor, export_id, owner=owner)
    if not within_account(export, actor):
        raise ExportBeyondAccount
    if export.state == Export.GONE or (export.ended_at is not None and export.ended_at + KEEP <= at):
        raise ExportExpired
    path = _path(export)
    if export.state != Export.READY or not path.is_file():
        raise UnknownExport
    audit.record(actor, "export.downloaded", "export", export_id, at=at, after={"rows": export.rows})
    stamp = f"{export.at.astimezone(settings.LAOKE.zone):%Y-%m-%d}"
    return File(path, f"members-{stamp}-{export.pk}.{export.kind}", export.kind)


def within_account(export: Export, actor: Caller) -> bool:
    """Whether an account may see today all that a file holds: its stores, its columns, and what its filter asked."""
    if actor.stores is not None and (export.stores is None or not actor.stores.issuperset(export.stores)):
        return False
    wanted, _order = parsed(vault().unseal(export.query_sealed, PURPOSE))
    columns = {BY_NAME[name].scope for name in export.columns if name in BY_NAME}
    return actor.scopes.issuperset({Scope.MEMBERS_READ} | columns | scopes_of(wanted))


def purge(at: datetime) -> None:
    """Delete files a week after they were written, with whatever broken-off runs left, and forget exports after a
    month."""
    Export.objects.filter(state=Export.READY, ended_at__lt=at - KEEP).update(state=Export.GONE)
    Export.objects.filter(at__lt=at - _FORGET).delete()
    # The folder was made by the first file that was written.
    for path in folder().iterdir() if folder().is_dir() else ():
        number = path.name.removeprefix(".").partition(".")[0]
        if number.isascii() and number.isdigit():
            # Asked for each file: one that is ready by now was a draft a moment ago.
            wanted = (Export.WAITING, Export.RUNNING, Export.READY)
            if not Export.objects.filter(pk=int(number), state__in=wanted).exists():
                path.unlink(missing_ok=True)


def _own(actor: Caller, export_id: int, *, owner: bool, lock: bool = False) -> Export:
    rows = Export.objects.select_for_update() if lock else Export.objects.all()
    export = (rows if owner else rows.filter(staff_id=actor.id)).filter(pk=export_id).first()
    if export is None:
        raise UnknownExport
    return export


def _path(export: Export) -> Path:
    return folder() / f"{export.pk}.{export.kind}"


def _draft(export: Export) -> Path:
    return folder() / f".{export.pk}.{export.kind}"


def _write_table(export: Export, draft: Path, progress: Callable[[int], bool]) -> int | None:
    """The rows written; None when it ended early."""
    columns = [BY_NAME[name] for name in export.columns if name in BY_NAME]
    heads = [
        Head(_("Member number"), Shown.NUMBER),
        Head(_("Name")),
        *(head for column in columns for head in _heads(column)),
    ]
    table: Table
    if export.kind == "xlsx":
        from laoke.surfaces.console.exports.workbooks import XlsxTable

        table = XlsxTable(
            draft,
            heads,
            _("Members"),
            sign=currency_sign(),
            digits=minor_digits(settings.LAOKE.currency),
        )
    else:
        table = CsvTable(draft, heads)
    written = 0
    try:
        for part in _members(export):
            for line in part:
                table.write(
                    [line.id, line.name, *(cell for column in columns for cell in _cells(column, line))]
                )
            written += len(part)
            if progress(len(part)) or _stopped(export.pk):
                return None
    finally:
        table.close()
    return written


def _stopped(export_id: int) -> bool:
    return not Export.objects.filter(pk=export_id, state=Export.RUNNING).exists()


def _members(export: Export) -> Iterator[tuple[MemberLine, ...]]:
    wanted, _order = parsed(vault().unseal(export.query_sealed, PURPOSE))
    stores = None if export.stores is None else tuple(export.stores)
    reader = Caller(
        kind="staff",
        id=export.staff_id,
        label=export.actor,
        scopes=frozenset({Scope.MEMBERS_READ}),
        stores=None if stores is None else frozenset(stores),
    )
    words = vocabulary(reader, places=True)
    since = since_newest()
    scene = Scene(export.at, settings.LAOKE.zone, settings.LAOKE.currency, since, stores)
    found = where(wanted, words, scene)
    after: str | None = None
    while True:
        walked = walk(found, _ORDER, since, limit=_CHUNK, after=after)
        if walked.ids:
            yield lines(walked.ids, words, since, scene.today)
        after = walked.after
        if after is None:
            return


def _heads(column: Column) -> tuple[Head, ...]:
    match column.name:
        case "rfm":
            return tuple(Head(text, Shown.NUMBER) for text in (_("R"), _("F"), _("M")))
        case "spend":
            return (Head(f"{column.label} ({settings.LAOKE.currency})", Shown.MONEY),)
        case "points":
            return (Head(str(column.label), Shown.COUNT),)
        case "last" | "joined":
            return (Head(str(column.label), Shown.DAY),)
    return (Head(str(column.label)),)


def _cells(column: Column, line: MemberLine) -> tuple[Cell, ...]:
    zone = settings.LAOKE.zone
    match column.name:
        case "tier":
            return (named(line.tier.name),)
        case "points":
            return (line.points,)
        case "rfm":
            return line.scores or (None, None, None)
        case "spend":
            return (_units(line.spend_minor),)
        case "last":
            return (line.last_date,)
        case "class":
            return (_text(line.class_rfm),)
        case "value":
            return (_text(line.class_value),)
        case "tags":
            return (_("; ").join(line.tags),)
        case "store":
            return (named(line.store) if line.store.zh else "",)
        case "joined":
            return (line.joined_at.astimezone(zone).date(),)
        case "birthday":
            return ("" if line.birthday is None else f"{line.birthday[0]:02}-{line.birthday[1]:02}",)
        case "language":
            return (language_name(line.language) if line.language else "",)
        case "status":
            return (str(line.status_label),)
        case "phone" | "card":
            return (getattr(line, column.name),)
    raise AssertionError(column.name)


def _text(label: object) -> str:
    return "" if label is None else str(label)


def _units(minor: int | None) -> Decimal | None:
    return None if minor is None else Decimal(minor).scaleb(-minor_digits(settings.LAOKE.currency))

"""What the member list leaves to the background: files, and changes to more members than fit in a request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
from django.db import OperationalError

from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task
from laoke.surfaces.console.directory import bulk, saved
from laoke.surfaces.console.directory.models import BulkAct
from laoke.surfaces.console.exports import services as exports
from laoke.surfaces.console.exports.models import Export
from laoke.surfaces.console.notices.services import tell

BULK, EXPORT = "console.bulk", "console.export"


@task(EXPORT)
def write_export(at: datetime, export_id: int) -> None:
    """Write a file somebody asked for, and tell them. A repeat begins anew and ends with one file."""
    with progress.track(EXPORT, exports.size_of(export_id), at, key=str(export_id), unit="members") as work:
        try:
            export = exports.write(export_id, _reporting(work), work.now)
        except (OperationalError, psycopg.OperationalError):
            raise  # the database is away: the queue tries again
        except Exception:
            failed = exports.fail(export_id, work.now())
            if failed is not None:
                tell(failed.staff_id, "export.failed", {"name": failed.name}, work.now(), path="/exports")
            raise
        if work.stopped:
            exports.fail(export_id, work.now(), state=Export.STOPPED)
        if export is not None and export.state == Export.READY:
            told = {"name": export.name, "rows": f"{export.rows:,}"}
            tell(export.staff_id, "export.ready", told, work.now(), path="/exports")


@task(BULK)
def go_on_with_bulk(at: datetime, act_id: int) -> None:
    """Change many members, or take that back; goes on where an earlier run ended."""
    with progress.track(BULK, bulk.size_of(act_id), at, key=str(act_id), unit="members") as work:
        act = bulk.go_on(act_id, _reporting(work), work.now)
        if work.stopped and act is not None:
            act = bulk.halt(act_id, work.now()) or act
        if act is not None and act.state in (BulkAct.DONE, BulkAct.STOPPED):
            _tell_of(act, "bulk.undo_stopped" if act.undo_at else "bulk.done", work.now())


def end_orphans(at: datetime) -> None:
    """Say of files and acts that no worker will go on with that they broke off, and tell whoever asked for them."""
    for act in bulk.fail_orphans(at):
        _tell_of(act, "bulk.failed", at)
    for export in exports.fail_orphans(at):
        tell(export.staff_id, "export.failed", {"name": export.name}, at, path="/exports")


def _tell_of(act: BulkAct, kind: str, at: datetime) -> None:
    # The notice is read in the language of the reader: it keeps what was done as a code.
    told = {
        "kind": act.kind,
        "word": act.word,
        "done": f"{act.changed:,}",
        "failed": f"{act.failed:,}",
        "undone": f"{act.undone:,}",
        "left": f"{act.changed - act.undone:,}",
        "why": act.failure,
    }
    tell(act.staff_id, kind, told, at, path=f"/members/bulk/{act.pk}")


@task("console.purge-lists", at="25 3 * * *")
def purge(at: datetime) -> None:
    """Delete files after a week, deleted views after a day, what acts on many were asked for after a month."""
    exports.purge(at)
    saved.purge(at)
    bulk.purge(at)


def _reporting(work: progress.Tracked) -> Callable[[int], bool]:
    def report(count: int) -> bool:
        work.advance(count)
        return work.stop_requested

    return report

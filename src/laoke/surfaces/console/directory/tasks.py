"""What the member list leaves to the background: files, and changes to more members than fit in a request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import psycopg
from django.db import OperationalError
from django.utils.translation import gettext as _

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
            bulk.halt(act_id, work.now())
        if act is not None and act.state in (BulkAct.DONE, BulkAct.STOPPED):
            told = {"name": act.word or _("Block"), "done": f"{act.changed:,}", "failed": f"{act.failed:,}"}
            tell(act.staff_id, "bulk.done", told, work.now(), path=f"/members/bulk/{act_id}")


@task("console.purge-lists", at="25 3 * * *")
def purge(at: datetime) -> None:
    """Delete files after a week, deleted views after a day, acts and their outcomes after a month."""
    exports.purge(at)
    saved.purge(at)
    bulk.purge(at)


def _reporting(work: progress.Tracked) -> Callable[[int], bool]:
    def report(count: int) -> bool:
        work.advance(count)
        return work.stop_requested

    return report

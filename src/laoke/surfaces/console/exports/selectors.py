"""The files an account asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from laoke.foundation.access import Caller
from laoke.foundation.jobs import selectors as jobs
from laoke.surfaces.console.exports.models import Export
from laoke.surfaces.console.exports.services import KEEP, within_account

MOST = 50
STATES: dict[str, tuple[Any, str]] = {
    Export.WAITING: (_("Waiting"), "wait"),
    Export.RUNNING: (_("Being written"), "run"),
    Export.READY: (_("Ready"), "done"),
    Export.STOPPED: (_("Stopped"), "pause"),
    Export.FAILED: (_("Could not be written"), "stop"),
    Export.GONE: (_("Deleted after seven days"), "pause"),
}


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A file. `done` of `rows` are written while it is under way; `until` is when a ready one is deleted.

    `beyond`: it holds more than the account may see today, so it is not given out.
    """

    id: int
    name: str
    kind: str
    state: str
    state_label: Any
    tone: str
    rows: int
    done: int
    bytes: int
    at: datetime
    until: datetime | None
    by: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class ExportList:
    """The account's files, newest first; for owners those of everybody. `under_way`: the page looks again soon."""

    rows: tuple[ExportRow, ...]
    under_way: bool
    everybody: bool


def exports_of(actor: Caller, task: str, *, owner: bool) -> ExportList:
    """The newest files. `task` is the name their progress is kept under."""
    found = Export.objects.all() if owner else Export.objects.filter(staff_id=actor.id)
    rows = []
    for export in found.order_by("-at", "-pk")[:MOST]:
        label, tone = STATES[export.state]
        running = jobs.of(task, str(export.pk)) if export.state == Export.RUNNING else None
        rows.append(
            ExportRow(
                id=export.pk,
                name=export.name,
                kind=export.kind,
                state=export.state,
                state_label=label,
                tone=tone,
                rows=export.rows,
                done=running.done if running else 0,
                bytes=export.bytes,
                at=export.at,
                until=_until(export),
                by="" if export.staff_id == actor.id else export.actor,
                beyond=export.state == Export.READY and not within_account(export, actor),
            )
        )
    under_way = any(row.state in (Export.WAITING, Export.RUNNING) for row in rows)
    return ExportList(tuple(rows), under_way, owner)


def _until(export: Export) -> datetime | None:
    return export.ended_at + KEEP if export.state == Export.READY and export.ended_at else None

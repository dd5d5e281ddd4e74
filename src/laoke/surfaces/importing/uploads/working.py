"""The work of an import from the console, in the worker: the dry run and the import itself.

It may be repeated at any point. The state says what is to be done, the import goes on where it stopped, and a wish to
stop is kept with the import, so that the death of a worker does not make it forgotten.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller
from laoke.foundation.audit.services import record
from laoke.foundation.jobs import progress
from laoke.foundation.jobs.progress import Tracked
from laoke.kernel.errors import LaokeError
from laoke.surfaces.console.notices import services as notices
from laoke.surfaces.importing.errors import BadSource, ImportRunning
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.models import FileImport
from laoke.surfaces.importing.outcome import Outcome
from laoke.surfaces.importing.run import Request, run
from laoke.surfaces.importing.uploads import folders
from laoke.surfaces.importing.uploads.services import SCOPES, TASK

State = FileImport.State
_UNITS = {"reading": "bytes"}
_log = logging.getLogger(__name__)


class _Watched:
    """Tells the page how far it is, and hears what the page asks."""

    def __init__(self, work: Tracked) -> None:
        self._work = work

    def phase(self, name: str, total: int = 0) -> None:
        """A new stretch of work."""
        self._work.phase(name, total, _UNITS.get(name, name if total else ""))

    def advance(self, count: int) -> None:
        """So much more is done."""
        self._work.advance(count)

    @property
    def stop_requested(self) -> bool:
        """Whether a person asked to stop, or the worker ends."""
        return self._work.stop_requested


def perform(import_id: int, at: datetime) -> None:
    """Do what the state of an import asks for; nothing when it asks for nothing."""
    row = FileImport.objects.filter(pk=import_id).first()
    if row is None or row.state not in (State.CHECK_WAITS, State.CHECKING, State.WAITS, State.RUNNING):
        return
    dry_run = row.state in (State.CHECK_WAITS, State.CHECKING)
    if row.stop_requested:
        _end(row, State.MAPPING if dry_run else State.STOPPED)
        return
    FileImport.objects.filter(pk=row.pk).update(
        state=State.CHECKING if dry_run else State.RUNNING, another_runs=False
    )
    with (
        translation.override(row.language),
        progress.track(TASK, 0, timezone.now(), key=str(row.pk), detail={"dry_run": dry_run}) as work,
    ):
        _perform(row, work, at, dry_run=dry_run)


def _perform(row: FileImport, work: Tracked, at: datetime, *, dry_run: bool) -> None:
    names = {file["stored"]: file["name"] for file in row.files}
    report = folders.place(row.folder, folders.CHECK_REPORT if dry_run else folders.REPORT)
    request = Request(
        Kind(row.kind),
        [folders.place(row.folder, file["stored"]) for file in row.files],
        str(folders.keep_mapping(row.folder, row.mapping)),
        dry_run=dry_run,
        as_of=row.as_of,
        report=report,
        names=names,
        tracked=False,
        spoken=False,
    )
    caller = Caller(
        "staff", row.staff_id, row.staff_name, frozenset(scope.value for scope in SCOPES[Kind(row.kind)])
    )
    try:
        outcome = run(caller, request, now=at, watch=_Watched(work))
    except ImportRunning:
        # The command line is at it. The queue asks again in a moment, as often as it takes.
        FileImport.objects.filter(pk=row.pk).update(
            state=State.CHECK_WAITS if dry_run else State.WAITS, another_runs=True
        )
        work.put_off()
    except LaokeError as error:
        _fail(row, _in_their_names(error, names).detail)
    except (OperationalError, InterfaceError):
        raise  # the database went away: the queue tries again
    except Exception:
        _log.exception("an import failed", extra={"import_id": row.pk})
        _fail(
            row,
            _("Something went wrong that should not. The log of the worker says what; import %(id)s.")
            % {"id": row.pk},
        )
    else:
        _conclude(row, caller, outcome, work, dry_run=dry_run)


def _conclude(row: FileImport, caller: Caller, outcome: Outcome, work: Tracked, *, dry_run: bool) -> None:
    told = _plain(outcome)
    if outcome.interrupted:
        if work.interrupted:
            return  # the process ends, and the queue has this run again
        if dry_run:
            _end(row, State.MAPPING)
        else:
            # Who was stopped before anything was counted leaves the counts of an earlier run alone.
            _end(row, State.STOPPED, **({"outcome": told} if outcome.things else {}))
        return
    if dry_run:
        folders.keep_unknown(row.folder, outcome.unknown)
        _end(row, State.CHECKED, check_outcome=told)
        _tell(work, outcome, outcome.things - outcome.known)
        return
    now = timezone.now()
    _end(row, State.DONE, outcome=told, files_gone_at=now)
    folders.remove_files(row.folder, [file["stored"] for file in row.files])
    added = gone_in(row.check_outcome or {}, told)
    _tell(work, outcome, added)
    record(
        caller,
        "import.done",
        "import",
        row.pk,
        at=now,
        after={"kind": row.kind, "added": added, "rows_bad": outcome.rows_bad},
    )
    notices.tell(
        row.staff_id,
        "import.done",
        {"name": row.files[0]["name"], "added": added, "left_out": outcome.left_out or outcome.rows_bad},
        now,
        path=f"/imports/{row.pk}",
    )


def _tell(work: Tracked, outcome: Outcome, added: int) -> None:
    """Leave with the work what the page of the import says of it, so that nobody counts it another way."""
    work.phase("", outcome.rows, "rows")
    work.done = outcome.rows
    work.detail |= {"added": added, "rows_bad": outcome.rows_bad}


def gone_in(check: dict[str, Any], outcome: dict[str, Any]) -> int:
    """How many went in by the import as a whole: runs before an interruption are known to the last one."""
    earlier = outcome["known"] - check.get("known", outcome["known"])
    return int(outcome["added"] + max(0, earlier))


def _fail(row: FileImport, sentence: str) -> None:
    _end(row, State.FAILED, failure=sentence)
    notices.tell(
        row.staff_id,
        "import.failed",
        {"name": row.files[0]["name"]},
        timezone.now(),
        path=f"/imports/{row.pk}",
    )


def _end(row: FileImport, state: str, **values: Any) -> None:
    FileImport.objects.filter(pk=row.pk).update(
        state=state, stop_requested=False, ended_at=timezone.now(), **values
    )


def _in_their_names(error: LaokeError, names: dict[str, str]) -> LaokeError:
    if not isinstance(error, BadSource):
        return error
    values = {
        key: names.get(value, value) if isinstance(value, str) else value
        for key, value in error.values.items()
    }
    called = names.get(str(error.extensions["file"]), str(error.extensions["file"]))
    return BadSource(Path(called), error.mend, **values)


def _plain(outcome: Outcome) -> dict[str, Any]:
    """The outcome without places on this machine and without anything that stood in the rows."""
    told = outcome.as_json() | {"kinds": [asdict(kind) for kind in outcome.kinds], "things": outcome.things}
    told["unknown"] = [
        {"what": each.what, "count": each.count, "rows": each.rows} for each in outcome.unknown
    ]
    told["rfm_members"] = (outcome.rfm or {}).get("members")
    return {name: value for name, value in told.items() if name != "report"}

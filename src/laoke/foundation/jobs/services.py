"""Keeping the queue of background tasks in order."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.jobs.declare import declared_tasks
from laoke.foundation.jobs.models import TaskFailure
from laoke.foundation.jobs.progress import request_stop
from laoke.foundation.sql import load
from laoke.foundation.web import redact
from laoke.kernel.errors import LaokeError

# Workers report every 10 s; after three missed reports one is taken for dead.
SILENT = timedelta(seconds=30)
KEEP_ENDED = timedelta(days=7)
# A job that ended its worker this often is not started again.
MAX_DEATHS = 5
_PACKAGE = "laoke.foundation.jobs"
_LONGEST_ERROR = 500
_log = logging.getLogger(__name__)


class NotGivenUp(LaokeError):
    """Only a run that was given up can be tried again by hand: this one waits, is under way, or is gone."""

    code, status, title = "not-given-up", 409, "Nothing to try again"

    def __init__(self) -> None:
        super().__init__(
            _("This run was not given up, or somebody has started it again already. Reload the page.")
        )


class UnknownTask(LaokeError):
    """No task of this name runs by a schedule."""

    code, status, title = "unknown-task", 404, "No such task"

    def __init__(self, name: str) -> None:
        super().__init__(_("No task that runs by a schedule is called %(name)s.") % {"name": name[:60]})


class NotRunning(LaokeError):
    """The work that should stop has ended already."""

    code, status, title = "not-running", 409, "Nothing runs that could be stopped"

    def __init__(self) -> None:
        super().__init__(_("This work has ended already. Reload the page to see how."))


def note_failure(job_id: int, name: str, error: BaseException, at: datetime) -> None:
    """Keep what a failed try said, without personal data. When the database is what failed, nothing is kept."""
    told = f"{type(error).__name__}: {redact.text(str(error))}".strip(": ")[:_LONGEST_ERROR]
    try:
        TaskFailure.objects.update_or_create(
            job_id=job_id, defaults={"name": name, "error": told.replace("\0", ""), "at": at}
        )
    except DatabaseError:
        _log.warning("failure not kept", extra={"task_name": name, "job_id": job_id})


def retry(caller: Caller, job_id: int, *, at: datetime) -> str:
    """Have a run that was given up tried once more; returns the name of its task.

    Raises:
        MissingScope, NotGivenUp.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "select task_name from procrastinate_jobs where id = %s and status = 'failed' for update",
                [job_id],
            )
            row = cursor.fetchone()
        if row is None:
            raise NotGivenUp
        app.job_manager.retry_job_by_id(job_id, at)
        record(caller, "job.retried", "job", row[0], at=at, after={"job": job_id})
    return str(row[0])


def run_now(caller: Caller, name: str, *, at: datetime) -> bool:
    """Queue a run of a scheduled task; False when one waits already.

    Raises:
        MissingScope, UnknownTask.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    task = next((one for one in declared_tasks() if one.name == name and one.schedule), None)
    if task is None:
        raise UnknownTask(name)
    with transaction.atomic():
        queued = task.defer(at)
        if queued:
            record(caller, "job.started", "job", name, at=at)
    return queued


def stop(caller: Caller, name: str, key: str, *, at: datetime) -> None:
    """Ask long work to end after the batch in hand.

    Raises:
        MissingScope, NotRunning.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    with transaction.atomic():
        if not request_stop(name, key):
            raise NotRunning
        record(caller, "job.stopped", "job", name, at=at, after={"key": key} if key else None)


def sweep_stalled(at: datetime) -> int:
    """Queue again what was running in workers that are gone; returns how many jobs.

    procrastinate leaves this to its users: a job of a killed worker stays `doing` for ever, and with its lock it
    would hold up every later run of its task.
    """
    swept = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(load(_PACKAGE, "stalled"), {"heard_before": at - SILENT})
            rows = cursor.fetchall()
        for job_id, task_name, attempts in rows:
            if attempts + 1 >= MAX_DEATHS:
                with connection.cursor() as cursor:
                    cursor.execute("select procrastinate_finish_job_v1(%s, 'failed', false)", [job_id])
                _log.error("task given up", extra={"task_name": task_name, "job_id": job_id})
                continue
            app.job_manager.retry_job_by_id(job_id, at)
            _log.warning("task started again", extra={"task_name": task_name, "job_id": job_id})
            swept += 1
    return swept


def purge_ended(at: datetime, *, keep: timedelta = KEEP_ENDED, batch: int = 2000) -> int:
    """Delete jobs that ended longer than `keep` ago, in short transactions; returns how many."""
    gone = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(load(_PACKAGE, "purge"), {"before": at - keep, "limit": batch})
            deleted: int = cursor.rowcount
        gone += deleted
        if deleted < batch:
            TaskFailure.objects.filter(at__lt=at - keep).delete()
            return gone

"""Keeping the queue of background tasks in order."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from procrastinate.contrib.django import app

from laoke.foundation.sql import load

# Workers report every 10 s; after three missed reports one is taken for dead.
SILENT = timedelta(seconds=30)
KEEP_ENDED = timedelta(days=7)
# A job that ended its worker this often is not started again.
MAX_DEATHS = 5
_PACKAGE = "laoke.foundation.jobs"
_log = logging.getLogger(__name__)


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
            return gone

"""The console's own housekeeping."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.access import Scope
from laoke.foundation.jobs.declare import task
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.directory import tasks as tasks  # files and changes to many members
from laoke.surfaces.console.notices import services as notices


@task("console.purge", at="20 3 * * *")
def purge(at: datetime) -> None:
    """Forget old notices."""
    notices.purge(at)


@task("console.watch", at="*/10 * * * *")
def watch(at: datetime) -> None:
    """Tell whoever minds the machinery of tasks that were given up since the last look, and end what they were at."""
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.surfaces.console", "given_up")).fetchall()
    for job, name, tries in rows:
        told = {"name": name, "tries": tries, "job": job}
        notices.tell_holders(Scope.WEBHOOKS, "job.given_up", told, at, path="/jobs")
    tasks.end_orphans(at)

"""Imports in the background, and the forgetting of their files."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.jobs.declare import task
from laoke.surfaces.importing.uploads import services, working


@task(services.TASK)
def work(at: datetime, import_id: int) -> None:
    """The dry run or the import of one upload. One at a time: each may take half of the memory there is."""
    working.perform(import_id, at)


@task("imports.forget", at="50 3 * * *")
def forget(at: datetime) -> None:
    """Remove uploaded files that are older than seven days, and uploads that were broken off."""
    services.forget_old(at)

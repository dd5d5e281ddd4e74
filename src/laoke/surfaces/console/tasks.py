"""The console's own housekeeping."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.jobs.declare import task
from laoke.foundation.sql import hot_cursor


@task("console.purge", at="20 3 * * *")
def purge(at: datetime) -> None:
    """Delete sessions that are over: signing out by closing the browser leaves them behind."""
    with hot_cursor() as cursor:
        cursor.execute("delete from django_session where expire_date < %s", [at])

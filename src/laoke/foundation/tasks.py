"""The foundation's own housekeeping."""

from __future__ import annotations

from datetime import datetime

from laoke.foundation.idempotency import services as idempotency
from laoke.foundation.jobs import services as jobs
from laoke.foundation.jobs.declare import task
from laoke.foundation.outbox import dispatch as outbox
from laoke.foundation.staff import sessions
from laoke.foundation.webhooks import delivery as webhooks


# Not alone: were the sweep itself killed, its lock would keep every later sweep from running.
@task("foundation.sweep-stalled", at="* * * * *", tries=1, alone=False)
def sweep_stalled(at: datetime) -> None:
    """Queue again what killed workers left behind."""
    jobs.sweep_stalled(at)


@task("foundation.purge", at="10 3 * * *")
def purge(at: datetime) -> None:
    """Delete what is done and old: handled messages, ended jobs, the webhook log, first answers, ended sessions."""
    outbox.purge(at)
    webhooks.purge(at)
    jobs.purge_ended(at)
    idempotency.purge(at)
    sessions.purge(at)

"""Holding the books against their identities, every night and when somebody asks."""

from __future__ import annotations

import logging
from datetime import datetime

from django.utils import timezone

from laoke.checkout.checks import CHECKS
from laoke.checkout.proposing import drafts
from laoke.checkout.proposing import services as proposing
from laoke.foundation import checks
from laoke.foundation.jobs import progress
from laoke.foundation.jobs.declare import task

_log = logging.getLogger(__name__)


@task("checkout.check", at="50 4 * * *", tries=2)
def check(at: datetime) -> None:
    """What `laoke check` does. The names of identities that do not hold stand in the row of progress and in the log."""
    with progress.track("checkout.check", len(CHECKS), at, unit="checks") as work:
        found = checks.run(CHECKS, told=lambda _check: setattr(work, "done", work.done + 1))
        work.done = len(CHECKS)
        broken = [each.name for each in found if each.broken]
        work.detail["broken"] = broken
    if broken:
        _log.error("identities do not hold", extra={"identities": broken})


@task("checkout.proposal")
def carry_out(at: datetime, proposal: int) -> None:
    """Apply a change of the programme that two people agreed on."""
    proposing.work(at, proposal)


@task("checkout.trial")
def try_out(at: datetime, revision: int) -> None:
    """Judge everybody by the draft of the ladder. Nobody is moved."""
    # As of when it runs: purchases made while it waited count.
    drafts.work(max(at, timezone.now()), revision)

"""The draft of the ladder: saved, discarded, tried by a worker on every member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from laoke.checkout import programme
from laoke.checkout.proposing.errors import DraftChanged, NoDraft, NothingProposed, NotTried, ProposalWaiting
from laoke.checkout.proposing.models import Draft, Proposal
from laoke.checkout.proposing.services import LADDER, propose
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.jobs import progress
from laoke.kernel.errors import LaokeError
from laoke.tiers import ladder as ladders
from laoke.tiers import preview as previews

TASK = "checkout.trial"
OPEN = (Proposal.State.WAITING, Proposal.State.APPROVED)


@dataclass(frozen=True, slots=True)
class DraftView:
    """The draft as it stands. `preview`: what it comes to; None while nobody looked, or a worker does (`trying`).

    `broke_off`: the last try came to nothing. `misfit`: what of offers and benefits did not fit it when it was tried,
    so that it cannot be proposed; each with its place.
    """

    ladder: Ladder
    revision: int
    edited_at: datetime
    edited_by: str
    preview: int | None
    trying: bool
    broke_off: bool
    misfit: tuple[str, ...]


def current() -> DraftView | None:
    """The draft, if there is one."""
    row = Draft.objects.filter(section=LADDER).first()
    return None if row is None else _view(row)


@transaction.atomic
def save(caller: Caller, document: Mapping[str, Any], *, revision: int | None, at: datetime) -> DraftView:
    """Keep a ladder as the draft. What the one before was seen to come to is forgotten where it differs.

    Args:
        revision: of the draft that was changed; 0: of none, the ladder in force was; None: whatever there is.
    Raises:
        MissingScope, BadPolicy.
        ProposalWaiting: a change waits or is being made; the draft stays as it was proposed.
        DraftChanged: it is not at `revision` any more.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    ladder = ladders.parse(document)
    row = _mine(revision)
    written = ladders.to_document(ladder)
    if row is None:
        row = Draft.objects.create(section=LADDER, document=written, edited_at=at, edited_by=caller.label)
        audit.record(caller, "ladder.draft_begun", "draft", LADDER, at=at)
    elif row.document != written:
        row.document, row.revision = written, row.revision + 1
        row.edited_at, row.edited_by = at, caller.label
        row.preview, row.tried_at, row.broke_off, row.misfit = None, None, False, ""
        row.save()
    return _view(row)


@transaction.atomic
def discard(caller: Caller, *, revision: int | None = None, at: datetime) -> None:
    """Forget the draft.

    Raises:
        MissingScope, ProposalWaiting, DraftChanged, NoDraft.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    row = _mine(revision)
    if row is None:
        raise NoDraft
    row.delete()
    audit.record(caller, "ladder.draft_discarded", "draft", LADDER, at=at)


@transaction.atomic
def try_it(caller: Caller, *, at: datetime) -> None:
    """Have a worker judge everybody by the draft. Nobody is moved. That offers or benefits do not fit it is noted.

    Raises:
        MissingScope, NoDraft, ProposalWaiting.
        NothingProposed: it is the ladder in force.
    """
    from laoke.checkout.tasks import try_out

    caller.require(Scope.PROGRAMME_WRITE)
    row = _mine(None)
    if row is None:
        raise NoDraft
    if row.document == ladders.to_document(programme.current().ladder):
        raise NothingProposed
    row.misfit = _misfit(row.document, at)
    row.preview, row.tried_at, row.broke_off = None, at, False
    row.tried_kind, row.tried_id, row.tried_by = caller.kind, caller.id, caller.label
    row.save()
    try_out.defer(at, revision=row.revision)


def propose_it(caller: Caller, reason: str, *, preview: int, at: datetime) -> Proposal:
    """Propose the draft as it was tried.

    Args:
        preview: what the proposer has seen of it.
    Raises:
        NoDraft, and what `propose` raises.
        NotTried: nobody has tried it as it stands.
        DraftChanged: what it comes to was found anew meanwhile.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    draft = current()
    if draft is None:
        raise NoDraft
    if draft.preview is None:
        raise NotTried
    if draft.preview != preview:
        raise DraftChanged
    return propose(caller, preview, reason, at=at)


def work(at: datetime, revision: int) -> None:
    """What the worker does to try a draft. A try that is stopped, or of a draft changed meanwhile, leaves nothing."""
    rows = Draft.objects.filter(section=LADDER, revision=revision, tried_at__isnull=False)
    row = rows.first()
    if row is None or row.tried_id is None:
        return
    caller = Caller(row.tried_kind, row.tried_id, row.tried_by, frozenset({Scope.PROGRAMME_WRITE.value}))
    with progress.track(TASK, previews.everybody(), at, unit="members") as tracked:

        def advance(members: int) -> bool:
            tracked.done += members
            return not tracked.stop_requested and rows.exists()

        try:
            found = previews.make(caller, ladders.parse(row.document), at=at, advance=advance)
        except Exception:
            rows.update(tried_at=None, broke_off=True)
            raise
        if found is not None:
            rows.update(preview=found.number, tried_at=None)
        elif not tracked.interrupted:
            rows.update(tried_at=None, broke_off=True)


def _misfit(document: Mapping[str, Any], at: datetime) -> str:
    try:
        programme.plan({LADDER: document}, at=at)
    except LaokeError as error:
        return error.detail
    return ""


def _mine(revision: int | None) -> Draft | None:
    if Proposal.objects.filter(section=LADDER, state__in=OPEN).exists():
        raise ProposalWaiting
    row = Draft.objects.select_for_update().filter(section=LADDER).first()
    if revision is not None and revision != (row.revision if row else 0):
        raise DraftChanged
    return row


def _view(row: Draft) -> DraftView:
    return DraftView(
        ladders.parse(row.document),
        row.revision,
        row.edited_at,
        row.edited_by,
        row.preview,
        row.tried_at is not None,
        row.broke_off,
        tuple(filter(None, row.misfit.split("; "))),
    )

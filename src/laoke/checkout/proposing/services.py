"""Changing the ladder: one person proposes what was previewed, another lets it pass, a worker applies it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from laoke.checkout import programme
from laoke.checkout.proposing.errors import (
    NothingProposed,
    OwnProposal,
    ProposalChanged,
    ProposalDecided,
    ProposalWaiting,
    UnknownProposal,
)
from laoke.checkout.proposing.models import Draft, Proposal
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.jobs import progress
from laoke.kernel.errors import LaokeError
from laoke.members.normal.person import checked_reason
from laoke.tiers import preview as previews

TASK = "checkout.proposal"
LADDER = "ladder"
# What stands as the problem of a proposal that a fault of the software ended.
UNFORESEEN = "internal-error"
State = Proposal.State


def propose(caller: Caller, preview: int, reason: str, *, at: datetime) -> Proposal:
    """Propose the ladder of a preview as it stands there; what it comes to is part of the proposal.

    Raises:
        MissingScope, ReasonMissing, UnknownPreview.
        NothingProposed: the ladder is the one it was previewed under, or was applied.
        BadPolicy, Fault: offers or benefits do not fit the ladder.
        ProposalWaiting: another change of the ladder waits or is being made.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    why = checked_reason(reason)
    found = previews.of(preview)
    if found.state != "ready" or not previews.changes(preview):
        raise NothingProposed
    programme.plan({LADDER: found.document}, at=at)
    try:
        with transaction.atomic():
            row = Proposal.objects.create(
                section=LADDER,
                preview=preview,
                digest=previews.digest(preview),
                reason=why,
                state=State.WAITING,
                asked_at=at,
                asked_kind=caller.kind,
                asked_id=caller.id,
                asked_by=caller.label,
            )
            _audit(caller, "proposal.asked", row, at, why)
    except IntegrityError:
        raise ProposalWaiting from None
    return row


@transaction.atomic
def approve(caller: Caller, number: int, *, at: datetime) -> Proposal:
    """Let a proposal pass: a worker applies it as soon as it can, in the name of the caller.

    Raises:
        MissingScope, UnknownProposal, ProposalDecided.
        OwnProposal: the caller proposed it.
        ProposalChanged: the preview is not what was proposed; the proposal goes on waiting.
    """
    from laoke.checkout.tasks import carry_out

    row = _waiting(caller, number)
    if _is_of(row, caller):
        raise OwnProposal
    if previews.digest(row.preview) != row.digest:
        raise ProposalChanged
    _decide(row, caller, State.APPROVED, "", at)
    _audit(caller, "proposal.approved", row, at, row.reason)
    carry_out.defer(at, proposal=row.pk)
    return row


@transaction.atomic
def refuse(caller: Caller, number: int, note: str, *, at: datetime) -> Proposal:
    """Do not let a proposal pass, and say why.

    Raises:
        MissingScope, UnknownProposal, ProposalDecided, OwnProposal, ReasonMissing.
    """
    why = checked_reason(note)
    row = _waiting(caller, number)
    if _is_of(row, caller):
        raise OwnProposal
    _decide(row, caller, State.REFUSED, why, at)
    _audit(caller, "proposal.refused", row, at, why)
    return row


@transaction.atomic
def withdraw(caller: Caller, number: int, *, at: datetime) -> Proposal:
    """Take one's own proposal back.

    Raises:
        MissingScope, UnknownProposal, ProposalDecided.
    """
    row = _waiting(caller, number)
    if not _is_of(row, caller):
        raise UnknownProposal
    _decide(row, caller, State.WITHDRAWN, "", at)
    _audit(caller, "proposal.withdrawn", row, at, "")
    return row


def work(at: datetime, number: int) -> None:
    """What the worker does for an approved proposal. A repeat goes on where its process stopped, or finds it done.

    Nobody stops it by hand: half of the members would stand by the old ladder.
    """
    row = Proposal.objects.filter(pk=number, state=State.APPROVED).first()
    if row is None or row.decided_id is None:
        return
    approver = Caller(
        row.decided_kind, row.decided_id, row.decided_by, frozenset({Scope.PROGRAMME_WRITE.value})
    )
    total = previews.to_apply(row.preview)
    with progress.track(TASK, total, at, unit="members", detail={"preview": row.preview}) as tracked:

        def advance(members: int) -> bool:
            tracked.done += members
            return not (tracked.stop_requested and tracked.interrupted)

        try:
            # Once applying has begun the ladder holds, and the members have to follow.
            if previews.of(row.preview).state == "ready" and previews.digest(row.preview) != row.digest:
                raise ProposalChanged
            applied = previews.apply(
                approver,
                row.preview,
                at=at,
                advance=advance,
                check=lambda ladder: programme.plan_ladder(ladder, at=at),
            )
        except LaokeError as refused:
            row.problem = tracked.detail["problem"] = refused.code
            _end(row, State.FAILED, tracked.now())
        except Exception:
            # Once the ladder holds the members have to follow, so the queue tries again. Before that nothing is
            # changed, and what nobody foresaw is not waited for.
            if previews.of(row.preview).state == "ready":
                row.problem = UNFORESEEN
                _end(row, State.FAILED, tracked.now())
            raise
        else:
            if applied.state != "applied":
                return  # the process is stopping: the queue runs it again
            _end(row, State.DONE, tracked.now())
            Draft.objects.filter(section=row.section, preview=row.preview).delete()


def _end(row: Proposal, state: State, at: datetime) -> None:
    row.state, row.ended_at = state, at
    row.save(update_fields=["state", "ended_at", "problem"])


def _waiting(caller: Caller, number: int) -> Proposal:
    caller.require(Scope.PROGRAMME_WRITE)
    row = Proposal.objects.select_for_update().filter(pk=number).first()
    if row is None:
        raise UnknownProposal
    if row.state != State.WAITING:
        raise ProposalDecided
    return row


def _is_of(row: Proposal, caller: Caller) -> bool:
    return (row.asked_kind, row.asked_id) == (caller.kind, caller.id)


def _decide(row: Proposal, caller: Caller, state: State, note: str, at: datetime) -> None:
    row.state, row.note, row.decided_at = state, note, at
    row.decided_kind, row.decided_id, row.decided_by = caller.kind, caller.id, caller.label
    row.save()


def _audit(caller: Caller, action: str, row: Proposal, at: datetime, reason: str) -> None:
    audit.record(caller, action, "proposal", row.pk, at=at, after={"preview": row.preview}, reason=reason)

"""Proposed changes of the ladder, as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.checkout.proposing.errors import UnknownProposal
from laoke.checkout.proposing.models import Proposal
from laoke.checkout.proposing.services import LADDER
from laoke.foundation.access import Caller, Scope


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal. `own`: the reader proposed it. `problem`: code of what refused it at the end."""

    number: int
    preview: int
    reason: str
    state: str
    asked_at: datetime
    asked_by: str
    decided_at: datetime | None
    decided_by: str
    note: str
    ended_at: datetime | None
    problem: str
    own: bool

    @property
    def open(self) -> bool:
        """Whether it waits for a decision or is being done."""
        return self.state in ("waiting", "approved")


def newest(caller: Caller) -> ProposalView | None:
    """The newest proposal of the ladder, decided or not.

    Raises:
        MissingScope
    """
    caller.require(Scope.TIERS_READ)
    row = Proposal.objects.filter(section=LADDER).order_by("-id").first()
    return None if row is None else _view(row, caller)


def one(caller: Caller, number: int) -> ProposalView:
    """A proposal.

    Raises:
        MissingScope, UnknownProposal
    """
    caller.require(Scope.TIERS_READ)
    row = Proposal.objects.filter(section=LADDER, pk=number).first()
    if row is None:
        raise UnknownProposal
    return _view(row, caller)


def _view(row: Proposal, caller: Caller) -> ProposalView:
    return ProposalView(
        row.pk,
        row.preview,
        row.reason,
        row.state,
        row.asked_at,
        row.asked_by,
        row.decided_at,
        row.decided_by,
        row.note,
        row.ended_at,
        row.problem,
        (row.asked_kind, row.asked_id) == (caller.kind, caller.id),
    )

"""Reading the ladder and where a member stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Ladder
from laoke.foundation import generations
from laoke.members.errors import UnknownMember
from laoke.tiers import ladder as ladders
from laoke.tiers.lasting import Lasting, lasting
from laoke.tiers.models import Standing, TierChange
from laoke.tiers.progress import WayUp, way_up

# A member's moves at once; a ladder reviewed monthly makes twelve a year.
MOST_MOVES = 200


@dataclass(frozen=True, slots=True)
class MoveView:
    """One move on the ladder with its cause and what was found. `from_tier` is empty for the first."""

    from_tier: str
    to_tier: str
    at: datetime
    cause: str
    reasons: list[dict[str, Any]]
    order_id: int | None


@dataclass(frozen=True, slots=True)
class Stand:
    """A member's tier, what is missing to the next (None at the top), and the newest MOST_MOVES moves."""

    member_id: int
    tier: str
    since: datetime
    reviewed_date: date | None
    next_review: date | None
    progress: WayUp | None
    lasting: Lasting
    history: tuple[MoveView, ...]


def ladder() -> Ladder:
    """The ladder in force."""
    return ladders.at_version(generations.current(generations.PROGRAMME))


def lasting_of(member_id: int) -> Lasting:
    """Until when a member has its tier; nothing known of one that stands nowhere."""
    row = Standing.objects.filter(pk=member_id).first()
    return lasting(row, ladder()) if row else Lasting()


def stand(member_id: int, at: datetime) -> Stand:
    """Where a member stands at `at`.

    Raises:
        UnknownMember
    """
    row = Standing.objects.filter(pk=member_id).first()
    if row is None:
        raise UnknownMember
    rungs = ladder()
    moves = TierChange.objects.filter(member_id=member_id).order_by("-id")[:MOST_MOVES]
    above_lowest = rungs.rank(row.tier) > 0
    today = at.astimezone(settings.LAOKE.zone).date()
    return Stand(
        member_id=member_id,
        tier=row.tier,
        since=row.since,
        reviewed_date=row.reviewed_date,
        next_review=tiering.next_review(rungs, today) if above_lowest else None,
        progress=way_up(member_id, rungs, row.tier, at),
        lasting=lasting(row, rungs),
        history=tuple(
            MoveView(move.from_tier, move.to_tier, move.at, move.cause, move.reasons, move.order_id)
            for move in moves
        ),
    )

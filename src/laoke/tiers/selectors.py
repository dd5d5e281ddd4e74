"""Reading the ladder and where a member stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Activity, Facts, Ladder
from laoke.foundation import generations
from laoke.foundation.sql import hot_cursor
from laoke.members.errors import UnknownMember
from laoke.purchases import selectors as purchases
from laoke.tiers import ladder as ladders
from laoke.tiers.models import Standing, TierChange

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
    progress: dict[str, Any] | None
    history: tuple[MoveView, ...]


def ladder() -> Ladder:
    """The ladder in force."""
    return ladders.at_version(generations.current(generations.PROGRAMME))


def stand(member_id: int, at: datetime) -> Stand:
    """Where a member stands at `at`.

    Raises:
        UnknownMember
    """
    row = Standing.objects.filter(pk=member_id).first()
    if row is None:
        raise UnknownMember
    rungs = ladder()
    starts = [window.start(at, settings.LAOKE.zone) for window in rungs.windows]
    with hot_cursor() as cursor:
        found = purchases.activity(cursor, member_id, starts, at)
    facts = {window: Activity(*numbers) for window, numbers in zip(rungs.windows, found, strict=True)}
    moves = TierChange.objects.filter(member_id=member_id).order_by("-id")[:MOST_MOVES]
    above_lowest = rungs.rank(row.tier) > 0
    today = at.astimezone(settings.LAOKE.zone).date()
    return Stand(
        member_id=member_id,
        tier=row.tier,
        since=row.since,
        reviewed_date=row.reviewed_date,
        next_review=tiering.next_review(rungs, today) if above_lowest else None,
        progress=progress(rungs, row.tier, facts),
        history=tuple(
            MoveView(move.from_tier, move.to_tier, move.at, move.cause, move.reasons, move.order_id)
            for move in moves
        ),
    )


def progress(rungs: Ladder, tier: str, facts: Facts) -> dict[str, Any] | None:
    """What is missing to the next tier, criterion by criterion; None at the top."""
    upper = tiering.next_tier(rungs, tier)
    if upper is None:
        return None
    return {
        "next_tier": upper.code,
        "needs": [
            {
                "metric": found.metric.value,
                **({"months": found.window.months} if found.window.months else {"days": found.window.days}),
                "value": found.value,
                "at_least": found.at_least,
                "missing": found.missing,
            }
            for found in tiering.findings(upper, facts)
        ],
    }

"""Where a member stands on the ladder, how it came there, and what is missing to the next rung."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Finding, Tier
from laoke.foundation import generations
from laoke.foundation.sql import hot_cursor
from laoke.tiers import ladder as ladders
from laoke.tiers import lasting
from laoke.tiers import standing as standings
from laoke.tiers.models import Standing, TierChange
from laoke.tiers.words import Says


@dataclass(frozen=True, slots=True)
class Step:
    """One move on the ladder. `reasons` are the criteria as they were found, plain JSON values."""

    at: datetime
    from_tier: str
    to_tier: str
    cause: str
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Position:
    """A member's tier now. `missing` holds every criterion of `upper` against the facts; empty at the top."""

    tier: Tier
    since: datetime
    upper: Tier | None
    missing: tuple[Finding, ...]
    next_review: date | None
    steps: tuple[Step, ...]
    lasting: tuple[Says, ...] = ()


def position(member_id: int, at: datetime, *, steps: int = 5) -> Position | None:
    """Where a member stands at `at` by the ladder in force; None when it never stood anywhere.

    Args:
        steps: how many of the newest moves; they come oldest first.
    """
    standing = Standing.objects.filter(pk=member_id).first()
    if standing is None:
        return None
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    upper = tiering.next_tier(ladder, standing.tier)
    zone = settings.LAOKE.zone
    with hot_cursor() as cursor:
        facts = standings.facts(cursor, ladder, member_id, at)
    rows = list(TierChange.objects.filter(member_id=member_id).order_by("-at", "-id")[:steps])
    return Position(
        # A rung that the ladder in force no longer has keeps its code for a name until the next judgement.
        tier=next(
            (tier for tier in ladder.tiers if tier.code == standing.tier),
            Tier(standing.tier, standing.tier, standing.tier),
        ),
        since=standing.since,
        upper=upper,
        missing=tiering.findings(upper, facts) if upper else (),
        next_review=tiering.next_review(ladder, at.astimezone(zone).date()),
        steps=tuple(
            Step(row.at, row.from_tier, row.to_tier, row.cause, row.reasons) for row in reversed(rows)
        ),
        lasting=lasting.says(lasting.lasting(standing, ladder), ladder),
    )

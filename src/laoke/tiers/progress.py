"""What is missing to the next tier, until when that much is enough, and how an associate says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Anchors, Criterion, Ladder
from laoke.foundation.sql import hot_cursor
from laoke.tiers import standing, words


@dataclass(frozen=True, slots=True)
class WayUp:
    """Every criterion of the next tier, met or not, as plain values; and the same in a sentence.

    `until` is the last day on which what is missing now is enough; None where nothing is lost by waiting.
    """

    next_tier: str
    needs: list[dict[str, Any]]
    until: date | None
    days_left: int | None
    says: dict[str, str]


def way_up(member_id: int, ladder: Ladder, tier: str, at: datetime) -> WayUp | None:
    """The way of a member from `tier` to the next one; None at the top."""
    upper = tiering.next_tier(ladder, tier)
    if upper is None:
        return None
    zone = settings.LAOKE.zone
    with hot_cursor() as cursor:
        joined = standing.joined(cursor, ladder, member_id)
        member = Anchors(joined, joined, None) if joined else None
        starts = {need.window: need.window.start(at, zone, member) for need in upper.criteria}
        history = standing.history(cursor, ladder, member_id, min(starts.values()), at)

    def lasts(need: Criterion) -> date | None:
        return history.lasts(need, starts[need.window], at, zone)

    facts, today = history.facts(starts.items(), at), at.astimezone(zone).date()
    found = tiering.progress(ladder, tier, facts, today, lasts, member)
    assert found is not None
    return WayUp(
        next_tier=upper.code,
        needs=[
            {
                "metric": each.metric.value,
                **({"kind": each.kind} if each.kind else {}),
                **tiering.window_as_json(each.window),
                "value": each.value,
                "at_least": each.at_least,
                "missing": each.missing,
                "group": group,
            }
            for each, group in tiering.open_findings(upper, facts)
        ],
        until=found.until,
        days_left=(found.until - today).days if found.until else None,
        says=words.says(found, today, settings.LAOKE.currency)._asdict(),
    )

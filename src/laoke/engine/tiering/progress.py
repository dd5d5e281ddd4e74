"""What is missing to the next tier, and until when what is there already still counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from laoke.engine.tiering.judging import Finding, finding, next_tier
from laoke.engine.tiering.ladder import Ladder, Tier, Upgrade
from laoke.engine.tiering.metrics import AllOf, AnyOf, Criterion, Facts, Need
from laoke.engine.tiering.reviews import next_review
from laoke.engine.tiering.windows import Anchors


@dataclass(frozen=True, slots=True)
class Ways:
    """Alternatives, each a list of things missing that are needed together."""

    ways: tuple[tuple[Missing, ...], ...]


Missing = Finding | Ways

# The last day on which what a criterion counts now is still enough, or still all there while it is not enough.
Lasts = Callable[[Criterion], date | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """What is missing to `tier`, all of it needed. `until` is the last day on which that much is enough.

    None: it does not get more by waiting. Nothing missing means that the tier comes at the next review.
    """

    tier: Tier
    missing: tuple[Missing, ...]
    until: date | None


def progress(
    ladder: Ladder, current: str, facts: Facts, today: date, lasts: Lasts, member: Anchors | None = None
) -> Progress | None:
    """What is missing to the next tier; None at the top.

    Args:
        member: needed where the ladder looks at years of the membership.
    """
    upper = next_tier(ladder, current)
    if upper is None:
        return None
    needs = (*upper.needs, *upper.active)
    ends = [_until(need, today, lasts, member) for need in upper.criteria]
    if ladder.upgrade is Upgrade.AT_REVIEW:
        # A review judges the time before its day.
        day = next_review(ladder, today)
        ends.append(day - timedelta(days=1) if day else None)
    return Progress(upper, missing(upper.code, needs, facts), min((day for day in ends if day), default=None))


def missing(tier: str, needs: Iterable[Need], facts: Facts) -> tuple[Missing, ...]:
    """What is missing to all of some needs; empty when they hold."""
    lacking: list[Missing] = []
    for need in needs:
        if need.holds(facts):
            continue
        if isinstance(need, Criterion):
            lacking.append(finding(tier, need, facts))
        elif isinstance(need, AllOf):
            lacking.extend(missing(tier, need.needs, facts))
        else:
            lacking.append(_ways(tier, need, facts))
    return tuple(lacking)


def _ways(tier: str, need: AnyOf, facts: Facts) -> Missing:
    ways = tuple(missing(tier, (part,), facts) for part in need.needs)
    if len(ways) == 1 and len(ways[0]) == 1:
        return ways[0][0]
    return Ways(ways)


def _until(need: Criterion, today: date, lasts: Lasts, member: Anchors | None) -> date | None:
    end = need.window.end(today, member)
    return end - timedelta(days=1) if end else lasts(need)

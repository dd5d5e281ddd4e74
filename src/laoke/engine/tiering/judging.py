"""Holding facts against a ladder: which tier they reach, and the move that follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from laoke.engine.tiering.ladder import Downgrade, Fall, Ladder, Tier, Upgrade
from laoke.engine.tiering.metrics import Criterion, Facts, Metric, Need, alternatives, criteria
from laoke.engine.tiering.windows import Span, Window


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion held against the facts."""

    tier: str
    metric: Metric
    window: Window
    value: int
    at_least: int
    kind: str = ""
    beyond: bool = False

    @property
    def met(self) -> bool:
        """Whether the threshold is reached."""
        return not self.missing

    @property
    def missing(self) -> int:
        """How much is missing to the threshold; 0 when met."""
        return max(0, self.at_least + self.beyond - self.value)

    def as_json(self) -> dict[str, object]:
        """Plain values for the record of a change."""
        return {
            "tier": self.tier,
            "metric": self.metric.value,
            "window": window_as_json(self.window),
            "value": self.value,
            "at_least": self.at_least,
            "met": self.met,
            **({"kind": self.kind} if self.kind else {}),
        }


def window_as_json(window: Window) -> dict[str, object]:
    """A window as ladder documents and records name it."""
    if window.span is Span.ROLLING:
        return {"months": window.months} if window.months else {"days": window.days}
    if window.span is Span.LAST_DAYS:
        return {"last_days": window.days}
    return {"window": window.span.value}


@dataclass(frozen=True, slots=True)
class Move:
    """A change of tier with its cause and what was found."""

    from_tier: str
    to_tier: str
    cause: str
    findings: tuple[Finding, ...]


def finding(tier: str, need: Criterion, facts: Facts) -> Finding:
    """One criterion against the facts."""
    return Finding(tier, need.metric, need.window, need.value(facts), need.at_least, need.kind, need.beyond)


def findings(tier: Tier, facts: Facts) -> tuple[Finding, ...]:
    """Every criterion of a tier against the facts."""
    return found(tier, tier.needs, facts) + found(tier, tier.active, facts)


def open_findings(tier: Tier, facts: Facts) -> tuple[tuple[Finding, int | None], ...]:
    """Every criterion of a tier against the facts, as `findings`, each with the number of the group of which one part
    is enough; None for one that is needed.
    """
    told = (*alternatives(tier.needs), *((need, None) for need in tier.active))
    return tuple((finding(tier.code, need, facts), group) for need, group in told)


def found(tier: Tier, needs: Iterable[Need], facts: Facts) -> tuple[Finding, ...]:
    """Every criterion of some needs against the facts."""
    return tuple(finding(tier.code, need, facts) for need in criteria(needs))


def qualified(ladder: Ladder, facts: Facts) -> Tier:
    """The highest tier that the facts reach."""
    for tier in reversed(ladder.tiers):
        if tier.holds(facts):
            return tier
    return ladder.lowest


def upgrade(ladder: Ladder, current: str, facts: Facts) -> Move | None:
    """Judge right after a purchase: up at once unless the ladder lets members rise at reviews only; never down."""
    if ladder.upgrade is Upgrade.AT_REVIEW:
        return None
    return rise(ladder, current, facts, "threshold_reached")


def review(ladder: Ladder, current: str, facts: Facts, floor: str | None = None) -> Move | None:
    """Judge at a review: up to what the member qualifies for, or down where the ladder lets reviews take tiers."""
    up = rise(ladder, current, facts, "review_upgraded")
    if up is not None or ladder.fall not in (Fall.AT_REVIEW, Fall.AT_ONCE):
        return up
    return fall(ladder, current, facts, "review_downgraded", floor)


def rise(ladder: Ladder, current: str, facts: Facts, cause: str) -> Move | None:
    """Up to the tier the facts reach, when that is higher."""
    reached = qualified(ladder, facts)
    if ladder.rank(reached.code) <= ladder.rank(current):
        return None
    return Move(current, reached.code, cause, findings(reached, facts))


def fall(ladder: Ladder, current: str, facts: Facts, cause: str, floor: str | None = None) -> Move | None:
    """Down to the tier the facts reach, or one step towards it; never below `floor`, a tier assigned."""
    now = ladder.rank(current)
    reached = ladder.rank(qualified(ladder, facts).code)
    if reached >= now:
        return None
    target = now - 1 if ladder.downgrade is Downgrade.ONE_STEP else reached
    if floor is not None:
        target = max(target, min(now, ladder.rank(floor)))
    if target == now:
        return None
    return Move(current, ladder.tiers[target].code, cause, findings(ladder.tiers[now], facts))


def next_tier(ladder: Ladder, current: str) -> Tier | None:
    """The rung above, None at the top."""
    rank = ladder.rank(current) + 1
    return ladder.tiers[rank] if rank < len(ladder.tiers) else None

"""Tiers: which one a member qualifies for, when it changes, and what is missing to the next."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import NamedTuple

from laoke.engine.policy import BadPolicy
from laoke.kernel.calendar import add_months, days_before, months_before, quarter_start


class Metric(StrEnum):
    """What is counted. Spend is money paid less money given back, in minor units, without the part settled
    with points; purchases are orders of which something was kept."""

    SPEND = "spend"
    PURCHASES = "purchases"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The stretch of time before an instant that counts: whole months, or days, in the programme's zone."""

    months: int = 0
    days: int = 0

    def start(self, at: datetime, zone: tzinfo) -> datetime:
        """First instant that counts, judged at `at`."""
        if self.months:
            return months_before(at, self.months, zone)
        return days_before(at, self.days, zone)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition of a tier: a metric in a window reaches a threshold."""

    metric: Metric
    window: Window
    at_least: int


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung: every criterion must hold. The lowest rung has none."""

    code: str
    name_zh: str
    name_en: str
    needs: tuple[Criterion, ...] = ()


class Review(StrEnum):
    """When members are judged for a downgrade."""

    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    NEVER = "never"


class Downgrade(StrEnum):
    """How far a review lets a member fall."""

    TO_QUALIFIED = "to_qualified"
    ONE_STEP = "one_step"


@dataclass(frozen=True, slots=True)
class Ladder:
    """Tiers in ascending order with the rules of moving between them."""

    tiers: tuple[Tier, ...]
    review: Review = Review.QUARTERLY
    downgrade: Downgrade = Downgrade.TO_QUALIFIED

    def __post_init__(self) -> None:
        if not self.tiers:
            raise BadPolicy("tiers", "a ladder needs at least one tier")
        codes = [tier.code for tier in self.tiers]
        if len(set(codes)) != len(codes):
            raise BadPolicy("tiers", "two tiers have the same code")
        if self.tiers[0].needs:
            raise BadPolicy(f"tiers.{codes[0]}", "the lowest tier is everybody's: it takes no criteria")
        for tier in self.tiers[1:]:
            if not tier.needs:
                raise BadPolicy(f"tiers.{tier.code}", "a tier above the lowest needs at least one criterion")
        for tier in self.tiers:
            for need in tier.needs:
                if need.at_least <= 0:
                    raise BadPolicy(f"tiers.{tier.code}", "a threshold must be above zero")
                if (need.window.months > 0) == (need.window.days > 0):
                    raise BadPolicy(f"tiers.{tier.code}", "a window is either months or days, above zero")
        for lower, upper in zip(self.tiers[1:], self.tiers[2:], strict=False):
            below = {(need.metric, need.window): need.at_least for need in lower.needs}
            for need in upper.needs:
                if need.at_least < below.get((need.metric, need.window), 0):
                    raise BadPolicy(
                        f"tiers.{upper.code}", f"asks less {need.metric} than {lower.code} below it"
                    )

    @property
    def lowest(self) -> Tier:
        """Everybody's tier."""
        return self.tiers[0]

    @property
    def windows(self) -> tuple[Window, ...]:
        """Every window that some criterion looks at, each once."""
        return tuple(sorted({need.window for tier in self.tiers for need in tier.needs}))

    def rank(self, code: str) -> int:
        """Position of a tier, 0 the lowest. A code the ladder no longer has ranks lowest."""
        return next((rank for rank, tier in enumerate(self.tiers) if tier.code == code), 0)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a member did within one window."""

    spend_minor: int = 0
    purchases: int = 0

    def value(self, metric: Metric) -> int:
        """The number a criterion compares."""
        return self.spend_minor if metric is Metric.SPEND else self.purchases

    def plus(self, spend_minor: int, purchases: int) -> Activity:
        """With one more purchase counted."""
        return Activity(self.spend_minor + spend_minor, self.purchases + purchases)


Facts = Mapping[Window, Activity]


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion held against the facts."""

    tier: str
    metric: Metric
    window: Window
    value: int
    at_least: int

    @property
    def met(self) -> bool:
        """Whether the threshold is reached."""
        return self.value >= self.at_least

    @property
    def missing(self) -> int:
        """How much is missing to the threshold; 0 when met."""
        return max(0, self.at_least - self.value)

    def as_json(self) -> dict[str, object]:
        """Plain values for the record of a change."""
        return {
            "tier": self.tier,
            "metric": self.metric.value,
            "window": {"months": self.window.months} if self.window.months else {"days": self.window.days},
            "value": self.value,
            "at_least": self.at_least,
            "met": self.met,
        }


@dataclass(frozen=True, slots=True)
class Move:
    """A change of tier with its cause and what was found."""

    from_tier: str
    to_tier: str
    cause: str
    findings: tuple[Finding, ...]


def findings(tier: Tier, facts: Facts) -> tuple[Finding, ...]:
    """Every criterion of a tier against the facts."""
    return tuple(
        Finding(
            tier.code,
            need.metric,
            need.window,
            facts.get(need.window, Activity()).value(need.metric),
            need.at_least,
        )
        for need in tier.needs
    )


def qualified(ladder: Ladder, facts: Facts) -> Tier:
    """The highest tier all of whose criteria hold."""
    for tier in reversed(ladder.tiers):
        if all(facts.get(need.window, Activity()).value(need.metric) >= need.at_least for need in tier.needs):
            return tier
    return ladder.lowest


def upgrade(ladder: Ladder, current: str, facts: Facts) -> Move | None:
    """Judge right after a purchase: up at once, never down."""
    found = qualified(ladder, facts)
    if ladder.rank(found.code) <= ladder.rank(current):
        return None
    return Move(current, found.code, "threshold_reached", findings(found, facts))


def review(ladder: Ladder, current: str, facts: Facts) -> Move | None:
    """Judge at a review date: up or down to what the member qualifies for, or one step down."""
    found = qualified(ladder, facts)
    rank, now = ladder.rank(found.code), ladder.rank(current)
    if rank > now:
        return Move(current, found.code, "review_upgraded", findings(found, facts))
    if rank == now:
        return None
    target = ladder.tiers[now - 1] if ladder.downgrade is Downgrade.ONE_STEP else found
    return Move(current, target.code, "review_downgraded", findings(ladder.tiers[now], facts))


def reviews_between(ladder: Ladder, after: date, until: date) -> Sequence[date]:
    """Review days `d` with after < d <= until. A review judges the time before its day."""
    if ladder.review is Review.NEVER:
        return []
    step = 3 if ladder.review is Review.QUARTERLY else 1
    day = quarter_start(after) if step == 3 else after.replace(day=1)
    days = []
    while day <= until:
        if day > after:
            days.append(day)
        day = add_months(day, step)
    return days


def next_review(ladder: Ladder, after: date) -> date | None:
    """The first review day later than `after`; None when the ladder never reviews."""
    days = reviews_between(ladder, after, add_months(after, 4))
    return days[0] if days else None


def next_tier(ladder: Ladder, current: str) -> Tier | None:
    """The rung above, None at the top."""
    rank = ladder.rank(current) + 1
    return ladder.tiers[rank] if rank < len(ladder.tiers) else None


# Moves that purchases and their returns cause; any other move (a review, a hand) starts from firm ground.
CLIMBING = frozenset({"threshold_reached", "return_downgraded"})


class Climb(NamedTuple):
    """One move on the ladder that purchases or returns caused. An upgrade stands at the instant of its purchase."""

    from_tier: str
    cause: str
    at: datetime


class Bought(NamedTuple):
    """A purchase as far as tiers count it: what is left of it."""

    at: datetime
    spend_minor: int
    kept: bool


class Path(NamedTuple):
    """How a member came to its tier: firm ground, and the moves since, the newest first.

    `ground_at` is None for a member who has stood on the lowest rung since the beginning.
    """

    ground_at: datetime | None
    climb: Sequence[Climb]


Starts = Callable[[datetime], Iterable[tuple[Window, datetime]]]


def withdraw(
    ladder: Ladder,
    current: str,
    path: Path,
    others: Sequence[Bought],
    returned: tuple[Bought, Bought],
    starts: Starts,
) -> Move | None:
    """Judge right after a return: a tier that only returned goods had reached is taken back.

    Every purchase since firm ground is judged again as of its own instant with what is left of them all, also those
    that brought no move because the tier was had already. The best that still holds is the member's. A tier that
    would not hold with the returned goods either (the ladder has changed since) is left to the next review.

    Args:
        others: the member's other purchases, from the longest window before firm ground on.
        returned: the purchase that goods came back of, before and after this return.
        starts: the first instant of each window that ends with an instant.
    """
    upgrades = [move.at for move in path.climb if move.cause == "threshold_reached"]
    now, base = ladder.rank(current), ladder.rank(path.climb[-1].from_tier) if path.climb else 0
    if not upgrades or now <= base:
        return None
    before, after = returned
    instants = {
        bought.at for bought in (*others, before) if path.ground_at is None or bought.at >= path.ground_at
    }
    latest_first = sorted(instants.union(upgrades), reverse=True)
    left = _best(ladder, now, _History([*others, after]), latest_first, starts)
    had = _best(ladder, now, _History([*others, before]), latest_first, starts)
    rank = max(base, left.rank)
    if rank >= now or had.rank <= rank:
        return None
    missed = findings(ladder.tiers[now], _History([*others, after]).facts(starts(had.at), had.at))
    return Move(current, ladder.tiers[rank].code, "return_downgraded", missed)


class _Reached(NamedTuple):
    rank: int
    at: datetime


def _best(
    ladder: Ladder, enough: int, history: _History, instants: Sequence[datetime], starts: Starts
) -> _Reached:
    """The highest rank at any of the instants; the search ends at `enough`."""
    best = _Reached(-1, instants[0])
    for at in instants:
        rank = ladder.rank(qualified(ladder, history.facts(starts(at), at)).code)
        if rank > best.rank:
            best = _Reached(rank, at)
            if rank >= enough:
                break
    return best


class _History:
    """Purchases in order of time, summed up so that a window costs two look-ups."""

    def __init__(self, purchases: Sequence[Bought]) -> None:
        ordered = sorted(purchases)
        self._at = [bought.at for bought in ordered]
        self._spend = list(itertools.accumulate((bought.spend_minor for bought in ordered), initial=0))
        self._count = list(itertools.accumulate((bought.kept for bought in ordered), initial=0))

    def facts(self, starts: Iterable[tuple[Window, datetime]], at: datetime) -> Facts:
        """What was done in each window that ends with `at`."""
        end = bisect_right(self._at, at)
        found = {}
        for window, start in starts:
            begin = min(bisect_left(self._at, start), end)
            found[window] = Activity(
                self._spend[end] - self._spend[begin], self._count[end] - self._count[begin]
            )
        return found

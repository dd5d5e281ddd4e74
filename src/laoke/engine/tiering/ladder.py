"""The ladder: tiers in ascending order and the rules of moving between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum
from functools import cached_property

from laoke.engine.policy import BadPolicy
from laoke.engine.tiering.metrics import Criterion, Facts, Metric, Need, criteria, hold
from laoke.engine.tiering.validity import Basis, Price, Validity
from laoke.engine.tiering.windows import Anchors, Span, Window


class Review(StrEnum):
    """When members are judged for a downgrade."""

    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    NEVER = "never"


class Upgrade(StrEnum):
    """When members rise."""

    AT_ONCE = "at_once"
    AT_REVIEW = "at_review"


class Fall(StrEnum):
    """When members fall."""

    NEVER = "never"
    AT_ONCE = "at_once"
    AT_REVIEW = "at_review"
    AT_PERIOD_END = "at_period_end"


class Downgrade(StrEnum):
    """How far a fall goes."""

    TO_QUALIFIED = "to_qualified"
    ONE_STEP = "one_step"


@dataclass(frozen=True, slots=True)
class Tier:
    """One rung: every need must hold. The lowest rung has none.

    `validity`: the tier lasts for a period; None: until something takes it. `inactive_days`: without a purchase in
    that many days the tier neither holds nor is reached. `price`: what it can be bought for; None: it is not for sale.
    """

    code: str
    name_zh: str
    name_en: str
    needs: tuple[Need, ...] = ()
    validity: Validity | None = None
    inactive_days: int = 0
    price: Price | None = None

    @property
    def active(self) -> tuple[Criterion, ...]:
        """The criterion of `inactive_days`; empty where there is none."""
        if not self.inactive_days:
            return ()
        return (Criterion(Metric.PURCHASES, Window(days=self.inactive_days, span=Span.LAST_DAYS), 1),)

    @property
    def criteria(self) -> tuple[Criterion, ...]:
        """Every criterion that reaching it looks at."""
        return (*criteria(self.needs), *self.active)

    @property
    def all_criteria(self) -> tuple[Criterion, ...]:
        """As `criteria`, with those of keeping it and of what makes it last longer."""
        if (validity := self.validity) is None:
            return self.criteria
        more = (*(validity.keep or ()), *(validity.extension.needs if validity.extension else ()))
        return (*self.criteria, *criteria(more))

    def holds(self, facts: Facts) -> bool:
        """Whether the facts reach it."""
        return hold(self.needs, facts) and hold(self.active, facts)

    def is_kept(self, facts: Facts) -> bool:
        """Whether the facts keep it at the end of a period."""
        if self.validity is None or self.validity.keep is None:
            return self.holds(facts)
        return hold(self.validity.keep, facts) and hold(self.active, facts)


@dataclass(frozen=True)
class Ladder:
    """Tiers in ascending order with the rules of moving between them.

    Raises:
        BadPolicy: it contradicts itself; with the place.
    """

    tiers: tuple[Tier, ...]
    review: Review = Review.QUARTERLY
    downgrade: Downgrade = Downgrade.TO_QUALIFIED
    upgrade: Upgrade = Upgrade.AT_ONCE
    fall: Fall = Fall.AT_REVIEW

    def __post_init__(self) -> None:
        if not self.tiers:
            raise BadPolicy("tiers", "a ladder needs at least one tier")
        codes = [tier.code for tier in self.tiers]
        if len(set(codes)) != len(codes):
            raise BadPolicy("tiers", "two tiers have the same code")
        lowest = self.tiers[0]
        if lowest.needs:
            raise BadPolicy(f"tiers.{codes[0]}", "the lowest tier is everybody's: it takes no criteria")
        if lowest.validity or lowest.inactive_days:
            raise BadPolicy(f"tiers.{codes[0]}", "the lowest tier is everybody's: it cannot be lost")
        if lowest.price:
            raise BadPolicy(f"tiers.{codes[0]}", "the lowest tier is everybody's: it is not for sale")
        for tier in self.tiers[1:]:
            _check(tier)
        for lower, upper in zip(self.tiers[1:], self.tiers[2:], strict=False):
            _check_pair(lower, upper)

    @property
    def lowest(self) -> Tier:
        """Everybody's tier."""
        return self.tiers[0]

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """Every window that some criterion looks at and that begins on one day for everybody, each once."""
        return tuple(window for window in self.all_windows if not window.of_member)

    @cached_property
    def years(self) -> tuple[Window, ...]:
        """The windows that begin with a year of the membership: that one, or none."""
        return tuple(window for window in self.all_windows if window.of_member and not window.of_tier)

    def starts(self, at: datetime, zone: tzinfo, joined: date | None = None) -> list[tuple[Window, datetime]]:
        """The windows that reaching a tier looks at, with their first instants: `windows`, then `years`.

        Args:
            joined: the day the member joined; needed where there are `years`.
        """
        member = Anchors(joined, joined, None) if joined else None
        return [(window, window.start(at, zone, member)) for window in (*self.windows, *self.years)]

    @cached_property
    def all_windows(self) -> tuple[Window, ...]:
        """Every window that some criterion looks at, each once: also those that begin on a day of the member's own."""
        return tuple(sorted({window for tier in self.tiers for window in _windows(tier)}))

    @cached_property
    def counted(self) -> frozenset[Metric]:
        """What its criteria count: of reaching a tier, of keeping it and of what makes it last longer."""
        return frozenset(need.metric for tier in self.tiers for need in tier.all_criteria)

    @cached_property
    def counts_points(self) -> bool:
        """Whether some criterion looks at points earned."""
        return Metric.POINTS_EARNED in self.counted

    @cached_property
    def counts_acts(self) -> bool:
        """Whether some criterion looks at what was done beside buying: for itself, or for the points it earned."""
        return self.counts_points or Metric.INTERACTIONS in self.counted

    @cached_property
    def timed(self) -> frozenset[str]:
        """Codes of the tiers that the clock can take: those of a period, and those lost without purchases."""
        return frozenset(tier.code for tier in self.tiers if tier.validity or tier.inactive_days)

    def rank(self, code: str) -> int:
        """Position of a tier, 0 the lowest. A code the ladder no longer has ranks lowest."""
        return next((rank for rank, tier in enumerate(self.tiers) if tier.code == code), 0)

    def tier(self, code: str) -> Tier:
        """The tier of a code; the lowest for one the ladder no longer has."""
        return self.tiers[self.rank(code)]


def _windows(tier: Tier) -> Iterator[Window]:
    yield from (need.window for need in tier.all_criteria)
    if tier.validity is not None and tier.validity.basis is Basis.PERIOD:
        yield Window(span=Span.PERIOD)


def _check(tier: Tier) -> None:
    place = f"tiers.{tier.code}"
    if not tier.needs:
        raise BadPolicy(place, "a tier above the lowest needs at least one criterion")
    _check_needs(tier.needs, place)
    if tier.inactive_days < 0:
        raise BadPolicy(place, "days without a purchase cannot be below zero")
    if tier.price and not tier.price.sound:
        raise BadPolicy(place, "a price is points above zero, for months or days")
    if (validity := tier.validity) is None:
        return
    if not validity.sound:
        raise BadPolicy(place, "a validity is months or days, above zero, or ends with a year")
    _check_needs(validity.keep or (), place)
    if validity.extension:
        _check_needs(validity.extension.needs, place)


def _check_needs(needs: tuple[Need, ...], place: str) -> None:
    for need in needs:
        if not isinstance(need, Criterion):
            if not need.needs:
                raise BadPolicy(place, "a group of criteria needs at least one")
            _check_needs(need.needs, place)
            continue
        if need.at_least <= 0:
            raise BadPolicy(place, "a threshold must be above zero")
        if not need.window.sound:
            raise BadPolicy(place, "a window is either months or days, above zero, or a whole one")
        if need.kind and need.metric is not Metric.INTERACTIONS:
            raise BadPolicy(place, "only interactions have a kind")


def _check_pair(lower: Tier, upper: Tier) -> None:
    """What both ask for outright, the higher tier must not ask less of. Alternatives are not compared."""

    def asked(tier: Tier) -> dict[tuple[Metric, Window, str], int]:
        return {
            (need.metric, need.window, need.kind): need.at_least
            for need in tier.needs
            if isinstance(need, Criterion)
        }

    below = asked(lower)
    for key, at_least in asked(upper).items():
        if at_least < below.get(key, 0):
            raise BadPolicy(f"tiers.{upper.code}", f"asks less {key[0]} than {lower.code} below it")

"""What tiers count, and the conditions on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count

from laoke.engine.tiering.windows import Window


class Metric(StrEnum):
    """What is counted.

    Spend is money paid less money given back, in minor units, without the part settled with points; purchases are
    orders of which something was kept; points available are those of now, whatever the window.
    """

    SPEND = "spend"
    PURCHASES = "purchases"
    POINTS_EARNED = "points_earned"
    POINTS_AVAILABLE = "points_available"
    INTERACTIONS = "interactions"


@dataclass(frozen=True, slots=True)
class Activity:
    """What a member did within one window. `interactions` are numbers by kind: check-in, share, survey ..."""

    spend_minor: int = 0
    purchases: int = 0
    points_earned: int = 0
    points_available: int = 0
    interactions: Mapping[str, int] = field(default_factory=dict)

    def value(self, metric: Metric, kind: str = "") -> int:
        """The number a criterion compares. Interactions without a kind are those of all kinds."""
        match metric:
            case Metric.SPEND:
                return self.spend_minor
            case Metric.PURCHASES:
                return self.purchases
            case Metric.POINTS_EARNED:
                return self.points_earned
            case Metric.POINTS_AVAILABLE:
                return self.points_available
        return self.interactions.get(kind, 0) if kind else sum(self.interactions.values())

    def plus(self, spend_minor: int, purchases: int, points_earned: int = 0) -> Activity:
        """With one more purchase counted, and the points it earns."""
        return replace(
            self,
            spend_minor=self.spend_minor + spend_minor,
            purchases=self.purchases + purchases,
            points_earned=self.points_earned + points_earned,
        )

    def with_other(self, other: Activity, sign: int = 1) -> Activity:
        """With what somebody else did, or without it; points available stay."""
        kinds = {
            kind: self.interactions.get(kind, 0) + sign * other.interactions.get(kind, 0)
            for kind in {**self.interactions, **other.interactions}
        }
        found = self.plus(sign * other.spend_minor, sign * other.purchases, sign * other.points_earned)
        return replace(found, interactions=kinds)


Facts = Mapping[Window, Activity]
NOTHING = Activity()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One condition: a metric in a window reaches a threshold, or exceeds it.

    `kind` names the interactions that count; empty: all. `beyond`: exactly the threshold is not enough.
    """

    metric: Metric
    window: Window
    at_least: int
    kind: str = ""
    beyond: bool = False

    def value(self, facts: Facts) -> int:
        """The number it compares."""
        return facts.get(self.window, NOTHING).value(self.metric, self.kind)

    def holds(self, facts: Facts) -> bool:
        """Whether it is met."""
        value = self.value(facts)
        return value > self.at_least if self.beyond else value >= self.at_least


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold."""

    needs: tuple[Need, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether it is met."""
        return all(need.holds(facts) for need in self.needs)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold."""

    needs: tuple[Need, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether it is met."""
        return any(need.holds(facts) for need in self.needs)


Need = Criterion | AllOf | AnyOf


def criteria(needs: Iterable[Need]) -> Iterator[Criterion]:
    """Every criterion of a tree, from left to right."""
    for need in needs:
        if isinstance(need, Criterion):
            yield need
        else:
            yield from criteria(need.needs)


def alternatives(needs: Iterable[Need]) -> Iterator[tuple[Criterion, int | None]]:
    """Every criterion of a tree, as `criteria` has them, with the number of the outermost group, counted from 1, of
    which one part is enough; None for one that is needed whatever else holds.
    """
    groups = count(1)

    def walk(needs: Iterable[Need]) -> Iterator[tuple[Criterion, int | None]]:
        for need in needs:
            if isinstance(need, Criterion):
                yield need, None
            elif isinstance(need, AllOf):
                yield from walk(need.needs)
            else:
                number = next(groups)
                yield from ((each, number) for each in criteria(need.needs))

    return walk(needs)


def hold(needs: Iterable[Need], facts: Facts) -> bool:
    """Whether all of them hold; none ask nothing."""
    return all(need.holds(facts) for need in needs)

"""A class system: an ordered list of rules over whole numbers, of which the first that holds gives the class.

A rule is data, so it has two readings: the Python one here, for one member and with its reasons, and the
relational one in `expressions.py`, for all members. A property test holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

# A measure is a whole number known about a member at `as_of`, or None where there is none (no purchase: no
# recency). The names are those of `MemberFeatures`, and these which follow from its dates:
DERIVED_MEASURES = ("days_since_first", "days_since_registration")


@dataclass(frozen=True, slots=True)
class Bound:
    """`at_least <= measure <= at_most`, a side open when None. A measure without value meets no bound."""

    measure: str
    at_least: int | None = None
    at_most: int | None = None

    def holds(self, value: int | None) -> bool:
        return (
            value is not None
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the bounds holds."""

    bounds: tuple[Bound, ...]


Condition = Bound | AnyOf


@dataclass(frozen=True, slots=True)
class Rule:
    """All conditions together give the class `outcome`; `name` is the stable word for the reason."""

    name: str
    outcome: str
    conditions: tuple[Condition, ...]

    def holds(self, measures: Mapping[str, int | None]) -> bool:
        return all(_holds(condition, measures) for condition in self.conditions)


def _holds(condition: Condition, measures: Mapping[str, int | None]) -> bool:
    bounds = condition.bounds if isinstance(condition, AnyOf) else (condition,)
    return any(bound.holds(measures[bound.measure]) for bound in bounds)


def first_that_holds(rules: tuple[Rule, ...], measures: Mapping[str, int | None]) -> Rule:
    """The member's rule. The last one takes whoever is left, so every member has exactly one class.

    The conditions of the last rule are what then holds by necessity: they are shown, not needed (a test goes
    through all combinations).
    """
    return next((rule for rule in rules[:-1] if rule.holds(measures)), rules[-1])


class ClassPolicy(Protocol):
    """Thresholds that make a class system."""

    def rules(self, as_of: date, *, interactions: bool) -> tuple[Rule, ...]:
        """The ordered rules at `as_of`; conditions on interactions only where these are known."""
        ...

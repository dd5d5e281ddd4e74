"""Why a member is in a class: the same rules read in Python for one member, with what they saw."""

from __future__ import annotations

from dataclasses import dataclass

from laoke.insight.rfm.features import MemberFeatures
from laoke.insight.rfm.rules import AnyOf, Bound, ClassPolicy, Condition, Rule, first_that_holds


@dataclass(frozen=True, slots=True)
class Statement:
    """A measure's value against its bounds, and whether it stays within them."""

    measure: str
    value: int | None
    at_least: int | None
    at_most: int | None
    holds: bool


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A rule that came before and did not hold, and what was missing."""

    rule: str
    outcome: str
    unmet: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The class, the rule that gave it, what made it hold, and why no earlier rule did."""

    outcome: str
    rule: str
    because: tuple[Statement, ...]
    passed_over: tuple[PassedOver, ...]
    interactions_evaluated: bool


def explain(features: MemberFeatures, policy: ClassPolicy) -> Explanation:
    """Classify one member by `policy` and say why.

    Conditions on interactions are part of the rules only where `features.interactions` is known;
    `interactions_evaluated` says whether it was.
    """
    interactions = features.interactions is not None
    rules = policy.rules(features.as_of, interactions=interactions)
    measures = features.measures()
    rule = first_that_holds(rules, measures)

    def statements(condition: Condition, holding: bool) -> list[Statement]:
        bounds = condition.bounds if isinstance(condition, AnyOf) else (condition,)
        seen = [(bound, measures[bound.measure]) for bound in bounds]
        if not holding and any(bound.holds(value) for bound, value in seen):
            return []
        return [_statement(bound, value) for bound, value in seen if bound.holds(value) == holding]

    def over(passed: Rule) -> PassedOver:
        unmet = [statement for condition in passed.conditions for statement in statements(condition, False)]
        return PassedOver(passed.name, passed.outcome, tuple(unmet))

    return Explanation(
        outcome=rule.outcome,
        rule=rule.name,
        because=tuple(s for condition in rule.conditions for s in statements(condition, True)),
        passed_over=tuple(over(passed) for passed in rules[: rules.index(rule)]),
        interactions_evaluated=interactions,
    )


def _statement(bound: Bound, value: int | None) -> Statement:
    return Statement(bound.measure, value, bound.at_least, bound.at_most, bound.holds(value))

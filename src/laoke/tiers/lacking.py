"""How far a member is from keeping its tier: the purchases and the money that are missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from laoke.engine.tiering import AllOf, Criterion, Facts, Finding, Metric, Need


class Lacking(NamedTuple):
    """What is missing: purchases, and money in minor units. `more`: something else besides."""

    purchases: int = 0
    spend_minor: int = 0
    more: bool = False

    def near(self, close_minor: int) -> bool:
        """Whether one purchase, so much money, or both are enough."""
        return not self.more and self.purchases <= 1 and self.spend_minor <= close_minor

    def _with(self, other: Lacking) -> Lacking:
        # One purchase counts in every window, and so does its money.
        return Lacking(
            max(self.purchases, other.purchases),
            max(self.spend_minor, other.spend_minor),
            self.more or other.more,
        )


def of_needs(needs: Iterable[Need], facts: Facts) -> Lacking:
    """What is missing until all of these hold; of parts of which one is enough, to the one with the least missing.

    Less is: nothing but purchases and money, then fewer purchases, then less money.
    """
    found = Lacking()
    for need in needs:
        if isinstance(need, Criterion):
            found = found._with(_of(need.metric, need.at_least + need.beyond - need.value(facts)))
        elif isinstance(need, AllOf):
            found = found._with(of_needs(need.needs, facts))
        else:
            ways = [of_needs((way,), facts) for way in need.needs]
            found = found._with(min(ways, key=lambda way: (way.more, way.purchases, way.spend_minor)))
    return found


def of_findings(findings: Iterable[Finding]) -> Lacking:
    """What is missing until all of these are met."""
    found = Lacking()
    for each in findings:
        found = found._with(_of(each.metric, each.missing))
    return found


def _of(metric: Metric, missing: int) -> Lacking:
    if missing <= 0:
        return Lacking()
    match metric:
        case Metric.PURCHASES:
            return Lacking(purchases=missing)
        case Metric.SPEND:
            return Lacking(spend_minor=missing)
    return Lacking(more=True)

"""The months to come, if members go on redeeming as they have: what is issued, redeemed, lapses, and stays open.

Redemption follows the curve. An age that too few months of issue have reached is taken to redeem as the oldest known
one before it: a forecast has to say something there. What the open points are worth does not: it counts on breakage
only where the curve does, so the first line of a forecast is the close it starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from laoke.engine.liability.curves import PARTS, Curve, Held, lapse_of
from laoke.kernel.rounding import Rounding, round_ratio


@dataclass(frozen=True, slots=True)
class Rule:
    """What is assumed of the points to come.

    Attributes:
        issued: points issued in each month.
        ends: the month in which points of a month of issue end; None: never.
        worth: so many points settle so many minor units.
    """

    issued: int
    ends: Callable[[int], int | None]
    worth: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Month:
    """One month; `open` and what follows are at its end. `settling_minor` is what is expected to be settled of it."""

    month: int
    issued: int
    redeemed: int
    lapsed: int
    open: int
    lapsing: int
    settling_minor: int


def forecast(
    curve: Curve, held: Iterable[Held], closing: int, rule: Rule, ahead: int = 12
) -> tuple[Month, ...]:
    """The closed month as it was, then `ahead` months.

    The points open at the closing keep their end, whatever the rule says; its worth holds for all.
    """
    groups = [each for each in held if each.points > 0]
    found = [_month(curve, groups, closing, rule.worth, 0, 0, 0)]
    for month in range(closing + 1, closing + 1 + ahead):
        if rule.issued > 0:
            groups.append(Held(month, rule.ends(month), rule.issued))
        redeemed = lapsed = 0
        left = []
        for each in groups:
            spent, over = _passed(curve, each, month)
            redeemed += spent
            lapsed += over
            if each.points > spent + over:
                left.append(Held(each.month, each.expires, each.points - spent - over))
        groups = left
        found.append(_month(curve, groups, month, rule.worth, rule.issued, redeemed, lapsed))
    return tuple(found)


def typical_issue(issued: Iterable[tuple[int, int]], closing: int, months: int = 12) -> int:
    """Points issued a month, on average over the last `months` up to the closing, or as many as there are.

    Args:
        issued: month of issue and points issued in it.
    """
    seen = {month: points for month, points in issued if month <= closing}
    if not seen:
        return 0
    first = max(min(seen), closing + 1 - months)
    total = sum(points for month, points in seen.items() if month >= first)
    return max(0, round_ratio(total, closing + 1 - first, Rounding.HALF_UP))


def _passed(curve: Curve, held: Held, month: int) -> tuple[int, int]:
    """Points of a group redeemed in a month, and those that lapse with it."""
    if held.expires is not None and held.expires < month:
        return 0, held.points
    spent = round_ratio(held.points * _hazard(curve, month - held.month), PARTS, Rounding.HALF_UP)
    return spent, held.points - spent if held.expires == month else 0


def _hazard(curve: Curve, age: int) -> int:
    known = (hazard for hazard in reversed(curve.hazards[: age + 1]) if hazard is not None)
    return next(known, 0)


def _month(
    curve: Curve,
    groups: list[Held],
    month: int,
    worth: tuple[int, int],
    issued: int,
    redeemed: int,
    lapsed: int,
) -> Month:
    points = sum(each.points for each in groups)
    lapsing = sum(lapse_of(curve, each, month) for each in groups)
    settling = round_ratio((points - lapsing) * worth[1], worth[0], Rounding.HALF_UP)
    return Month(month, issued, redeemed, lapsed, points, lapsing, settling)

"""Points that offers add to what a purchase earns, by offer and line, summing exactly to the points of the order.

What lines earn is counted exactly and rounded once, as without offers: an offer adds the difference that it makes to
the rounded sum. So two offers on one order never round twice, and the last line back has taken everything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from laoke.engine.policy import EarnRule
from laoke.engine.pricing.effects.turn import Earns
from laoke.kernel.rounding import round_ratio
from laoke.kernel.sharing import share_out


def extra_points(
    bases: Sequence[int], rule: EarnRule, offers: Sequence[Sequence[Earns]]
) -> list[dict[int, int]]:
    """What each offer adds.

    Args:
        bases: the earning base of each line in minor units, what points settle taken off.
        offers: in order of application; of several factors on one line the later multiplies what the earlier made.
    Returns:
        For each offer its points by the place of the line, zero left out.
    """
    factors = [Fraction(1)] * len(bases)
    so_far = _points(bases, factors, rule)
    found = []
    for earns in offers:
        mine: dict[int, int] = {}
        for more in earns:
            before = list(factors)
            for i in more.lines:
                factors[i] *= more.factor
            now = _points(bases, factors, rule)
            gained = [base * (after - then) for base, after, then in zip(bases, factors, before, strict=True)]
            _add(mine, now - so_far, gained, range(len(bases)))
            so_far = now
            _add(mine, more.bonus, [Fraction(bases[i]) for i in more.lines], more.lines)
        found.append({i: points for i, points in sorted(mine.items()) if points})
    return found


def _points(bases: Sequence[int], factors: Sequence[Fraction], rule: EarnRule) -> int:
    weighted = sum((base * factor for base, factor in zip(bases, factors, strict=True)), Fraction(0))
    return round_ratio(weighted.numerator * rule.points, weighted.denominator * rule.per_minor, rule.rounding)


def _add(mine: dict[int, int], points: int, weights: Sequence[Fraction], lines: Sequence[int]) -> None:
    """Share points by the weights of the lines; where all are zero, alike."""
    common = lcm(*(weight.denominator for weight in weights)) if weights else 1
    whole = [int(weight * common) for weight in weights]
    for i, part in zip(lines, share_out(points, whole if any(whole) else [1] * len(whole)), strict=True):
        mine[i] = mine.get(i, 0) + part

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
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.kernel.sharing import share_out

_NOTHING = Fraction(0)


def at_rate(bases: Sequence[int], rule: EarnRule) -> list[Fraction]:
    """What lines earn at one rate for everything, exactly."""
    return [Fraction(base * rule.points, rule.per_minor) for base in bases]


def extra_points(
    exact: Sequence[Fraction],
    offers: Sequence[Sequence[Earns]],
    bases: Sequence[int],
    rounding: Rounding,
    flat: Fraction = _NOTHING,
) -> list[dict[int, int]]:
    """What each offer adds.

    Args:
        exact: what each line earns without offers, not rounded.
        offers: in order of application; of several factors on one line the later multiplies what the earlier made.
        bases: the earning base of each line in minor units, what points settle taken off: a bonus goes by them.
        flat: what the purchase earns beside its lines: no offer multiplies it.
    Returns:
        For each offer its points by the place of the line, zero left out.
    """
    factors = [Fraction(1)] * len(exact)
    so_far = _points(exact, factors, flat, rounding)
    found = []
    for earns in offers:
        mine: dict[int, int] = {}
        for more in earns:
            before = list(factors)
            for i in more.lines:
                factors[i] *= more.factor
            now = _points(exact, factors, flat, rounding)
            gained = [part * (after - then) for part, after, then in zip(exact, factors, before, strict=True)]
            _add(mine, now - so_far, gained, range(len(exact)))
            so_far = now
            _add(mine, more.bonus, [Fraction(bases[i]) for i in more.lines], more.lines)
        found.append({i: points for i, points in sorted(mine.items()) if points})
    return found


def _points(
    exact: Sequence[Fraction], factors: Sequence[Fraction], flat: Fraction, rounding: Rounding
) -> int:
    whole = sum((part * factor for part, factor in zip(exact, factors, strict=True)), flat)
    return round_ratio(whole.numerator, whole.denominator, rounding)


def _add(mine: dict[int, int], points: int, weights: Sequence[Fraction], lines: Sequence[int]) -> None:
    """Share points by the weights of the lines; where all are zero, alike."""
    common = lcm(*(weight.denominator for weight in weights)) if weights else 1
    whole = [int(weight * common) for weight in weights]
    for i, part in zip(lines, share_out(points, whole if any(whole) else [1] * len(whole)), strict=True):
        mine[i] = mine.get(i, 0) + part

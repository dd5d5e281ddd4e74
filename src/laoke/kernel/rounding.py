"""Rounding an exact ratio of integers, by name."""

from __future__ import annotations

from enum import StrEnum


class Rounding(StrEnum):
    """How a value between two whole numbers becomes one of them."""

    HALF_UP = "half_up"  # halves away from zero
    HALF_DOWN = "half_down"  # halves towards zero
    HALF_EVEN = "half_even"
    DOWN = "down"  # towards zero
    UP = "up"  # away from zero


def round_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """Round `numerator / denominator` to a whole number without leaving the integers.

    Raises:
        ZeroDivisionError: a zero denominator.
    """
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    sign = -1 if numerator < 0 else 1
    whole, rest = divmod(abs(numerator), denominator)
    twice = 2 * rest
    if mode is Rounding.DOWN:
        up = False
    elif mode is Rounding.UP:
        up = rest > 0
    elif mode is Rounding.HALF_UP:
        up = twice >= denominator
    elif mode is Rounding.HALF_DOWN:
        up = twice > denominator
    else:
        up = twice > denominator or (twice == denominator and whole % 2 == 1)
    return sign * (whole + up)

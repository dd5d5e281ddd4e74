"""Rounding an exact ratio of integers, by name."""

from __future__ import annotations

from collections.abc import Callable
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


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _half_down(numerator: int, denominator: int) -> int:
    return -((denominator - 2 * numerator) // (2 * denominator))


def _down(numerator: int, denominator: int) -> int:
    return numerator // denominator


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _half_even(numerator: int, denominator: int) -> int:
    return round_ratio(numerator, denominator, Rounding.HALF_EVEN)


_ROUNDERS: dict[Rounding, Callable[[int, int], int]] = {
    Rounding.HALF_UP: _half_up,
    Rounding.HALF_DOWN: _half_down,
    Rounding.HALF_EVEN: _half_even,
    Rounding.DOWN: _down,
    Rounding.UP: _up,
}


def rounder(mode: Rounding) -> Callable[[int, int], int]:
    """The rounding of `mode` for ratios that are not negative, as a function to call many times."""
    return _ROUNDERS[mode]

"""The tax of an amount, inside it or on top of it."""

from __future__ import annotations

from collections.abc import Callable

from laoke.engine.pricing.policies import TaxMode
from laoke.kernel.rounding import Rounding, rounder

MILLION = 1_000_000

TaxOf = Callable[[int, int], int]


def tax_of(mode: TaxMode, rounding: Rounding) -> TaxOf:
    """How tax is counted: (net, rate in millionths) -> minor units."""
    rounded = rounder(rounding)

    def on_top(net: int, ppm: int) -> int:
        return rounded(net * ppm, MILLION)

    def inside(net: int, ppm: int) -> int:
        return rounded(net * ppm, MILLION + ppm)

    def none(net: int, ppm: int) -> int:
        return 0

    return {TaxMode.NONE: none, TaxMode.EXCLUSIVE: on_top, TaxMode.INCLUSIVE: inside}[mode]

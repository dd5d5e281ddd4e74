"""The thresholds of the two class systems, in whole units of the shop's currency."""

from __future__ import annotations

from laoke.insight.rfm.policy import RfmPolicy, ValueClassPolicy, ValueThresholds
from laoke.kernel.money import minor_digits


def class_policies(currency: str) -> tuple[RfmPolicy, ValueClassPolicy]:
    """The rules of R11 and of R12 with the plans' thresholds."""
    unit = 10 ** minor_digits(currency)
    value = ValueClassPolicy(
        currency=currency,
        core=ValueThresholds(5000 * unit, 4, 2),
        potential=ValueThresholds(2000 * unit, 2, 1),
        basic=ValueThresholds(500 * unit, 1, 0),
    )
    return RfmPolicy(currency=currency), value

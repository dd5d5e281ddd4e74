"""The demo's plan of the year: where its figures stood when the plan began, and where they shall be when it ends."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from laoke.foundation.access import SYSTEM
from laoke.insight.metrics.catalogue import (
    HIGH_VALUE_CHURN,
    HIGH_VALUE_SHARE,
    MONTHLY_ACTIVE,
    REPURCHASE_90,
    Metric,
)
from laoke.kernel.calendar import add_months
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.review import selectors, targets
from laoke.review.plans import Plan

_BEGAN_MONTHS_AGO = 8
# Of the baseline, in percent. Kept within what a chain of this kind could hope for.
_AIMS: tuple[tuple[Metric, int], ...] = (
    (REPURCHASE_90, 104),
    (HIGH_VALUE_SHARE, 125),
    (HIGH_VALUE_CHURN, 75),
    (MONTHLY_ACTIVE, 110),
)


def set_goals(today: date, now: datetime) -> int:
    """Put the plans in force; returns how many. A figure that was nothing when the plan began gets none."""
    start = add_months(today.replace(day=1), -_BEGAN_MONTHS_AGO)
    end = add_months(start, 12) - timedelta(days=1)
    made = 0
    for metric, percent in _AIMS:
        kept = selectors.series(metric, [selectors.WHOLE_SHOP], start - timedelta(days=7), start)
        amount = kept[-1].value.amount(metric) if kept else None
        if not amount:
            continue
        baseline = round_ratio(amount.numerator, amount.denominator, Rounding.HALF_UP)
        target = round_ratio(baseline * percent, 100, Rounding.HALF_UP)
        if target != baseline:
            targets.set_target(SYSTEM, Plan(metric.code, baseline, target, start, end), at=now)
            made += 1
    return made

"""The months to come from a closed one, under the rules in force and under changed ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings

from laoke.engine.ledger.terms import NEVER, RollingMonths, Validity
from laoke.engine.liability.curves import PARTS, Curve, Held
from laoke.engine.liability.forecast import Month, Rule, forecast, typical_issue
from laoke.foundation.access import Caller, Scope
from laoke.kernel.calendar import start_of_day
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.points import policy
from laoke.points.liability.errors import NoCurve
from laoke.points.liability.flows import first_day, number
from laoke.points.liability.selectors import close_of

MOST_MONTHS = 36


@dataclass(frozen=True, slots=True)
class Change:
    """What is tried; None leaves it as it is.

    Attributes:
        valid_months: points earned from the next month on end so many months later.
        earn_percent: so many points are issued for 100 issued now.
        worth_minor: what the points of the rate in force settle instead; those open already too.
    """

    valid_months: int | None = None
    earn_percent: int = 100
    worth_minor: int | None = None

    @property
    def is_none(self) -> bool:
        return self == Change()


@dataclass(frozen=True, slots=True)
class ForecastMonth:
    """One month; points, and at its end what is open, expected to lapse, and the liability in minor units."""

    month: date
    issued: int
    redeemed: int
    lapsed: int
    open: int
    lapsing: int
    liability_minor: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """From the closed month on, that month first. `changed` is None when nothing was to be changed.

    `issued` is what is taken to be issued a month: the average of the twelve before.
    """

    month: date
    issued: int
    worth: tuple[int, int]
    now: tuple[ForecastMonth, ...]
    changed: tuple[ForecastMonth, ...] | None


def look_ahead(caller: Caller, month: date | None, change: Change, ahead: int = 12) -> Forecast:
    """Forecast from a closed month, the newest unless one is named.

    The liability is what is expected to be settled, in the ratio the close had between the two: the price of sales is
    shared between goods and points, so points stand in the books below what they settle.

    Args:
        ahead: months, 1 to MOST_MONTHS.
    Raises:
        MissingScope, MonthNotClosed, NoCurve.
    """
    caller.require(Scope.POINTS_LIABILITY)
    close = close_of(month)
    if close.curve is None or close.held is None:
        raise NoCurve(close.month)
    curve = Curve(tuple(close.curve))
    held = [Held(issued, expires, points) for issued, expires, points in close.held]
    closing = number(close.month)
    issued = typical_issue(
        [(number(row.month), row.purchased + row.granted - row.withdrawn) for row in close.cohorts.all()],
        closing,
    )
    in_force = policy.in_force().terms.validity
    worth = (close.worth_points, close.worth_minor)
    now = forecast(curve, held, closing, Rule(issued, _ends(in_force), worth), ahead)
    ratio = (close.liability_minor, now[0].settling_minor)
    changed = None
    if not change.is_none:
        validity: Validity = RollingMonths(change.valid_months) if change.valid_months else in_force
        more = round_ratio(issued * change.earn_percent, 100, Rounding.HALF_UP)
        rule = Rule(more, _ends(validity), (worth[0], change.worth_minor or worth[1]))
        changed = tuple(_told(each, ratio) for each in forecast(curve, held, closing, rule, ahead))
    return Forecast(close.month, issued, worth, tuple(_told(each, ratio) for each in now), changed)


def _ends(validity: Validity) -> Callable[[int], int | None]:
    zone = settings.LAOKE.zone

    def ends(month: int) -> int | None:
        end = validity.ends(start_of_day(first_day(month), zone), zone)
        if end >= NEVER:
            return None
        return number((end - timedelta(microseconds=1)).astimezone(zone).date())

    return ends


def _told(found: Month, ratio: tuple[int, int]) -> ForecastMonth:
    part, whole = ratio if ratio[1] else (1, 1)
    return ForecastMonth(
        first_day(found.month),
        found.issued,
        found.redeemed,
        found.lapsed,
        found.open,
        found.lapsing,
        round_ratio(found.settling_minor * part, whole, Rounding.HALF_UP),
    )


def curve_of(caller: Caller, month: date | None) -> tuple[float | None, ...]:
    """The share redeemed at each age that a closed month was valued with; None where too few months of issue tell.

    Raises:
        MissingScope, MonthNotClosed, NoCurve.
    """
    caller.require(Scope.POINTS_LIABILITY)
    close = close_of(month)
    if close.curve is None:
        raise NoCurve(close.month)
    return tuple(None if hazard is None else hazard / PARTS for hazard in close.curve)

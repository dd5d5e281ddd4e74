"""The terms of an account of points, each a small strategy with a name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Protocol

from laoke.kernel.calendar import add_months, start_of_day
from laoke.kernel.rounding import Rounding

# Points without expiry end here: later than anything, and still a date in every time zone.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class OrderOfUse(StrEnum):
    """Which lots are used first."""

    EXPIRY = "expiry"  # what expires soonest
    AGE = "age"  # what was earned first


class Shortage(StrEnum):
    """What happens when points to be taken back are not there any more."""

    RECOVER = "recover"  # the rest becomes a debt that the next points repay
    FLOOR = "floor"  # the same, down to a floor; what lies below it is given up
    WAIVE = "waive"  # the rest is given up
    FORBID = "forbid"  # nothing is taken back: the return, or what else asked for it, is refused


class Restoration(StrEnum):
    """Where spent points come back to."""

    ORIGINAL = "original"  # to their lots; what has expired meanwhile is lost
    GRACE = "grace"  # to their lots; what has expired meanwhile comes in a lot that ends soon
    NEW = "new"  # in a new lot


class Received(StrEnum):
    """How long points live that another member gave."""

    KEEP = "keep"  # as long as they would have lived with the giver
    RESTART = "restart"  # as if earned now


class Validity(Protocol):
    """How long points live."""

    @property
    def renewed(self) -> bool:
        """Whether every use of the account starts the time anew, for all its lots."""

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """The first instant at which points earned at `at` cannot be used any more."""


@dataclass(frozen=True, slots=True)
class Forever:
    """Points that do not expire."""

    renewed: bool = False

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """Never."""
        return NEVER


@dataclass(frozen=True, slots=True)
class RollingMonths:
    """Usable through the same day of the month so many months later."""

    months: int
    renewed: bool = False

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """The start of the day after."""
        day = at.astimezone(zone).date()
        return start_of_day(add_months(day, self.months) + timedelta(days=1), zone)


@dataclass(frozen=True, slots=True)
class YearEnd:
    """Usable through 31 December, of the year of earning or so many years later."""

    years_later: int = 0
    renewed: bool = False

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """New Year."""
        first = at.astimezone(zone).date().replace(month=1, day=1)
        return start_of_day(first.replace(year=first.year + self.years_later + 1), zone)


@dataclass(frozen=True, slots=True)
class Inactivity:
    """Usable as long as the account is: every earning or spending gives all its points so many months."""

    months: int
    renewed: bool = True

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """The start of the day after, if nothing happens till then."""
        return RollingMonths(self.months).ends(at, zone)


@dataclass(frozen=True, slots=True)
class Span:
    """An exact length of time, whatever the calendar says."""

    length: timedelta
    renewed: bool = False

    def ends(self, at: datetime, zone: tzinfo) -> datetime:
        """So long after."""
        return at + self.length


@dataclass(frozen=True, slots=True)
class Terms:
    """What a programme declares about its accounts.

    `overdraft` is how far below zero spending may go, None for as far as one likes. `floor` is read with
    `Shortage.FLOOR`: how far below zero taking back may go. `pending_days` later, at the start of a day, earned points
    become available. With `expired_counts`, points of an order that expired unspent count as taken back by its
    return.
    """

    validity: Validity = RollingMonths(12)
    order_of_use: OrderOfUse = OrderOfUse.EXPIRY
    pending_days: int = 0
    overdraft: int | None = 0
    shortage: Shortage = Shortage.RECOVER
    floor: int = 0
    expired_counts: bool = True
    clawback_rounding: Rounding = Rounding.HALF_UP
    restores: bool = True
    restoration: Restoration = Restoration.GRACE
    restoration_rounding: Rounding = Rounding.HALF_UP
    undone: Restoration = Restoration.GRACE
    grace_days: int = 30
    received: Received = Received.KEEP

    def available_at(self, at: datetime, zone: tzinfo) -> datetime:
        """When points earned at `at` can be used."""
        return self.pending_until(at, zone) or at

    def pending_until(self, at: datetime, zone: tzinfo) -> datetime | None:
        """As `available_at`; None for at once."""
        if not self.pending_days:
            return None
        return start_of_day(at.astimezone(zone).date() + timedelta(days=self.pending_days), zone)

    def grace_ends(self, at: datetime, zone: tzinfo) -> datetime:
        """When points end that come back at `at` and whose lot has expired."""
        return start_of_day(at.astimezone(zone).date() + timedelta(days=self.grace_days + 1), zone)

"""The stretch of time that counts for a tier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from laoke.kernel.calendar import add_months, days_before, months_before, quarter_start, start_of_day

# Before everything that was ever bought; a day late enough that no zone shifts it out of the calendar.
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
# The year of a membership that began on 29 February begins on the 28th where there is no 29th.
_YEAR_MONTHS = 12


class Span(StrEnum):
    """How a window is bounded. Every window ends with the instant of judging."""

    ROLLING = "rolling"  # from the day so many months or days before, that day included
    LAST_DAYS = "last_days"  # so many calendar days, today the last of them
    CALENDAR_MONTH = "calendar_month"
    CALENDAR_QUARTER = "calendar_quarter"
    CALENDAR_YEAR = "calendar_year"
    MEMBERSHIP_YEAR = "membership_year"  # from the last anniversary of joining
    LIFETIME = "lifetime"
    SINCE_TIER = "since_tier"  # from the day after the tier began
    PERIOD = "period"  # from the day after the tier's period of validity began


class Anchors(NamedTuple):
    """Days of one member that windows begin at. `period` is None where the tier has no period."""

    joined: date
    tier_since: date
    period: date | None


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The stretch of time before an instant that counts, in the programme's zone.

    `months` and `days` belong to the spans that need a length; every other span is its own length.
    """

    months: int = 0
    days: int = 0
    span: Span = Span.ROLLING

    @property
    def sound(self) -> bool:
        """Whether the span has the length it needs and no other."""
        if self.months < 0 or self.days < 0:
            return False
        if self.span is Span.ROLLING:
            return (self.months > 0) != (self.days > 0)
        if self.span is Span.LAST_DAYS:
            return self.days > 0 and not self.months
        return not self.months and not self.days

    @property
    def of_member(self) -> bool:
        """Whether it begins on another day for each member."""
        return self.of_tier or self.span is Span.MEMBERSHIP_YEAR

    @property
    def of_tier(self) -> bool:
        """Whether it begins with something that happens to the member's tier."""
        return self.span in (Span.SINCE_TIER, Span.PERIOD)

    def start(self, at: datetime, zone: tzinfo, member: Anchors | None = None) -> datetime:
        """First instant that counts, judged at `at`.

        Args:
            member: needed by windows that are `of_member`.
        """
        match self.span:
            case Span.ROLLING if self.months:
                return months_before(at, self.months, zone)
            case Span.ROLLING:
                return days_before(at, self.days, zone)
            case Span.LAST_DAYS:
                return days_before(at, self.days - 1, zone)
            case Span.LIFETIME:
                return BEGINNING
        today = at.astimezone(zone).date()
        return start_of_day(self._first_day(today, member), zone)

    def start_before(self, at: datetime, zone: tzinfo, member: Anchors | None = None) -> datetime:
        """First instant that counts where the time before `at` is judged, the first instant of a day.

        On 1 January that is the calendar year that has just ended, on the anniversary of joining the year of the
        membership that has. Windows with a length count back from `at`.
        """
        whole = self.span in _WHOLE
        return self.start(at - timedelta(microseconds=1) if whole else at, zone, member)

    def end(self, today: date, member: Anchors | None = None) -> date | None:
        """The first day on which another window counts, for those that end on a day that is known.

        Args:
            member: as in `start`, of the windows that end with a year of the membership.
        """
        match self.span:
            case Span.CALENDAR_MONTH:
                return add_months(today.replace(day=1), 1)
            case Span.CALENDAR_QUARTER:
                return add_months(quarter_start(today), 3)
            case Span.CALENDAR_YEAR:
                return date(today.year + 1, 1, 1)
            case Span.MEMBERSHIP_YEAR if member:
                return next_anniversary(member.joined, today)
        return None

    def last_day_of(self, counted: date) -> date | None:
        """The last day on which something done on the day `counted` still counts; None where that has no end.

        Only spans that move with the day of judging lose what was counted day by day.
        """
        if self.span is Span.ROLLING and self.months:
            day = add_months(counted, self.months)
            # 31 January still counts on 30 April under three months: its own day of the month is the first lost.
            while add_months(day + timedelta(days=1), -self.months) <= counted:
                day += timedelta(days=1)
            return day
        if self.span is Span.ROLLING:
            return counted + timedelta(days=self.days)
        if self.span is Span.LAST_DAYS:
            return counted + timedelta(days=self.days - 1)
        return None

    def _first_day(self, today: date, member: Anchors | None) -> date:
        match self.span:
            case Span.CALENDAR_MONTH:
                return today.replace(day=1)
            case Span.CALENDAR_QUARTER:
                return quarter_start(today)
            case Span.CALENDAR_YEAR:
                return date(today.year, 1, 1)
        if member is None:
            raise ValueError(f"{self.span} begins on another day for each member")
        if self.span is Span.MEMBERSHIP_YEAR:
            return anniversary(member.joined, today)
        if self.span is Span.SINCE_TIER:
            return member.tier_since + timedelta(days=1)
        return (member.period or member.tier_since) + timedelta(days=1)


# Windows that are over when the next one begins.
_WHOLE = (Span.CALENDAR_MONTH, Span.CALENDAR_QUARTER, Span.CALENDAR_YEAR, Span.MEMBERSHIP_YEAR)


def anniversary(joined: date, today: date) -> date:
    """The last anniversary of `joined` that has come by `today`; the day itself in the first year."""
    years = max(0, today.year - joined.year)
    day = add_months(joined, years * _YEAR_MONTHS)
    return day if day <= today or not years else add_months(joined, (years - 1) * _YEAR_MONTHS)


def next_anniversary(joined: date, today: date) -> date:
    """The first anniversary of `joined` after `today`."""
    years = max(1, today.year - joined.year)
    day = add_months(joined, years * _YEAR_MONTHS)
    return day if day > today else add_months(joined, (years + 1) * _YEAR_MONTHS)

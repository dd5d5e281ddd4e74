"""Paid memberships: which days a payment covers, and what of it comes back.

Days are calendar days of the shop. A term is paid in advance; every one of its days is worth the same, and a day that
has begun is used.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from laoke.kernel.rounding import Rounding, round_ratio


class Length(NamedTuple):
    """How long a term is: months or days, one of them above zero."""

    months: int = 0
    days: int = 0

    def last(self, first: date, anchor: int) -> date:
        """The last day of a term from `first` on.

        Args:
            anchor: the day of the month on which the membership began: one of 31 January is renewed on 28 February,
                and on 31 March after that.
        """
        if not self.months:
            return first + timedelta(days=self.days - 1)
        year, month = divmod(first.year * 12 + first.month - 1 + self.months, 12)
        day = min(anchor, calendar.monthrange(year, month + 1)[1])
        return date(year, month + 1, day) - timedelta(days=1)


class Term(NamedTuple):
    """Days that were paid: from `first` through `last`, paid on a day, for what they are worth in minor units."""

    first: date
    last: date
    paid_on: date
    worth_minor: int

    @property
    def days(self) -> int:
        """How many they are."""
        return (self.last - self.first).days + 1

    def unused(self, today: date) -> int:
        """How many of them have not begun."""
        return max(0, min(self.days, (self.last - today).days))


class Then(StrEnum):
    """What comes back after the days in which everything does."""

    PRO_RATA = "pro_rata"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What comes back when a member gives up a paid membership.

    Args:
        full_days: within so many days of a payment, its own the first, all of it comes back.
        rounding: of a part of a payment.
        less_benefits: less what the benefits used cost the shop.
    """

    full_days: int = 0
    then: Then = Then.PRO_RATA
    rounding: Rounding = Rounding.DOWN
    less_benefits: bool = False


class Part(NamedTuple):
    """What comes back of one term."""

    term: Term
    unused: int
    minor: int
    full: bool


@dataclass(frozen=True, slots=True)
class Refund:
    """What comes back of a membership. `benefits_minor` is taken off for benefits used; `reason` says why nothing does:
    over, free, benefits, no_refunds.
    """

    parts: tuple[Part, ...]
    benefits_minor: int
    reason: str | None

    @property
    def unused(self) -> int:
        """How many paid days have not begun."""
        return sum(part.unused for part in self.parts)

    @property
    def minor(self) -> int:
        """How much comes back."""
        return sum(part.minor for part in self.parts) - self.benefits_minor

    @property
    def full(self) -> bool:
        """Whether all of some payment does."""
        return any(part.full for part in self.parts)


def refund(
    terms: Iterable[Term],
    today: date,
    policy: RefundTerms,
    *,
    may_be_full: bool = True,
    benefits_minor: int = 0,
) -> Refund:
    """What comes back of these terms on a day: never more than was paid, never less than nothing.

    Args:
        may_be_full: False where the member had everything back before: a plan is tried once in this way.
        benefits_minor: what the benefits used in the terms cost; counts only where the policy says so.
    """
    parts = tuple(_part(term, today, policy, may_be_full) for term in terms if term.unused(today))
    back = sum(part.minor for part in parts)
    off = min(back, benefits_minor) if policy.less_benefits else 0
    reason = None
    if back == off:
        if not parts:
            reason = "over"
        elif not any(part.term.worth_minor for part in parts):
            reason = "free"
        else:
            reason = "benefits" if off else "no_refunds"
    return Refund(parts, off, reason)


def credit(terms: Iterable[Term], today: date, rounding: Rounding = Rounding.DOWN) -> int:
    """What the days that have not begun are worth, for a dearer plan or another card of the same member."""
    return refund(terms, today, RefundTerms(rounding=rounding)).minor


def days_for(worth_minor: int, term: Term) -> int:
    """How many whole days like those of `term` a sum is worth; none where these cost nothing."""
    return worth_minor * term.days // term.worth_minor if term.worth_minor else 0


def _part(term: Term, today: date, policy: RefundTerms, may_be_full: bool) -> Part:
    unused = term.unused(today)
    full = may_be_full and (today - term.paid_on).days < policy.full_days
    if full:
        minor = term.worth_minor
    elif policy.then is Then.PRO_RATA:
        minor = round_ratio(term.worth_minor * unused, term.days, policy.rounding)
    else:
        minor = 0
    return Part(term, unused, minor, full and term.worth_minor > 0)

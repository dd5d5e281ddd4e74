"""Which review of tiers is due, and how many members it still has to judge."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Ladder, Upgrade
from laoke.foundation import generations
from laoke.kernel.calendar import add_months, start_of_day
from laoke.tiers import ladder as ladders
from laoke.tiers.models import LadderVersion, Standing


class DueReview(NamedTuple):
    """The latest review day that has come, and the ladder that judges it."""

    ladder: Ladder
    day: date


def latest(at: datetime) -> DueReview | None:
    """The review that has come last by `at`; None when there was none since the ladder was published.

    A ladder judges no review day before its own publication: a shop that turns reviews on in November must not
    find its members downgraded as of the first of October the next morning.
    """
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    today = at.astimezone(settings.LAOKE.zone).date()
    # Reviews are three months apart at most, so five months hold the last one.
    days = tiering.reviews_between(ladder, add_months(today, -5), today)
    published = LadderVersion.objects.order_by("-programme_version").values_list("published_at", flat=True)
    published_at = published.first()
    if not days or published_at is None or published_at >= start_of_day(days[-1], settings.LAOKE.zone):
        return None
    return DueReview(ladder, days[-1])


def next_day(at: datetime) -> date | None:
    """The first review day after the day of `at`; None when the ladder never reviews."""
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    return tiering.next_review(ladder, at.astimezone(settings.LAOKE.zone).date())


def passed_over(ladder: Ladder) -> str:
    """The tier whose members a review does not judge: the lowest, unless reviews lift members; empty for none."""
    return "" if ladder.upgrade is Upgrade.AT_REVIEW else ladder.lowest.code


def waiting(ladder: Ladder, day: date) -> int:
    """How many members a review of `day` has still to judge. One read over those above the lowest tier."""
    return (
        Standing.objects.exclude(tier=passed_over(ladder))
        .filter(since__lt=start_of_day(day, settings.LAOKE.zone))
        .exclude(reviewed_date__gte=day)
        .count()
    )

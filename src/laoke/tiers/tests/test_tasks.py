"""The nightly look for a review of tiers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from laoke.foundation.access import SYSTEM
from laoke.foundation.jobs import selectors
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.tiers import due, ladder
from laoke.tiers.models import Standing, TierChange
from laoke.tiers.position import position
from laoke.tiers.tasks import review_tiers

JANUARY = datetime(2026, 1, 10, 4, 0, tzinfo=UTC)
# 03:40 in Shanghai on the first of April is still March in Greenwich.
REVIEW_NIGHT = datetime(2026, 3, 31, 19, 40, tzinfo=UTC)
THE_NIGHT_BEFORE = datetime(2026, 3, 30, 19, 40, tzinfo=UTC)


def published(review: str, at: datetime) -> None:
    needs = [{"metric": "purchases", "months": 3, "at_least": 3}]
    document = {"review": review, "tiers": [{"code": "basic"}, {"code": "gold", "needs": needs}]}
    with transaction.atomic():
        ladder.publish(SYSTEM, ladder.parse(document), at=at)


@pytest.fixture
def gold(db) -> int:
    """A member in gold who has not bought since."""
    published("quarterly", JANUARY)
    member = members.register(caller=SYSTEM, at=JANUARY, identities=[IdentityInput("card", "88008213")])
    Standing.objects.filter(pk=member).update(tier="gold")
    TierChange.objects.create(
        member_id=member,
        from_tier="basic",
        to_tier="gold",
        at=JANUARY,
        cause="threshold_reached",
        reasons=[],
        recorded_at=JANUARY,
    )
    return member


def tier(member: int) -> str:
    return Standing.objects.get(pk=member).tier


def test_only_on_a_review_day_and_once(gold):
    review_tiers(THE_NIGHT_BEFORE)
    assert (tier(gold), selectors.of("tiers.review")) == ("gold", None)
    review_tiers(REVIEW_NIGHT)
    assert tier(gold) == "basic"
    moves = TierChange.objects.filter(member_id=gold).count()
    review_tiers(REVIEW_NIGHT)
    assert TierChange.objects.filter(member_id=gold).count() == moves == 3
    progress = selectors.of("tiers.review")
    assert progress is not None
    assert (progress.state, progress.done, progress.detail) == ("done", 1, {"day": "2026-04-01", "moved": 1})


def test_a_night_that_was_missed_is_made_up_for(gold):
    review_tiers(datetime(2026, 4, 19, 19, 40, tzinfo=UTC))
    assert tier(gold) == "basic"
    assert Standing.objects.get(pk=gold).reviewed_date == date(2026, 4, 1)


def test_a_ladder_judges_no_day_before_its_publication(gold):
    published("monthly", datetime(2026, 4, 2, 4, 0, tzinfo=UTC))
    later = datetime(2026, 4, 19, 19, 40, tzinfo=UTC)
    assert due.latest(later) is None
    assert due.next_day(later) == date(2026, 5, 1)
    review_tiers(later)
    assert tier(gold) == "gold"


def test_who_never_reviews_is_never_due(gold):
    published("never", JANUARY)
    assert due.latest(REVIEW_NIGHT) is None
    assert due.next_day(REVIEW_NIGHT) is None


def test_nobody_is_due_before_anything_was_published(db):
    assert due.latest(REVIEW_NIGHT) is None


def test_a_position_says_what_is_missing_and_how_it_came(gold):
    place = position(gold, REVIEW_NIGHT)
    assert place is not None
    assert (place.tier.code, place.upper, place.missing) == ("gold", None, ())
    assert [step.to_tier for step in place.steps] == ["basic", "gold"]
    review_tiers(REVIEW_NIGHT)
    place = position(gold, REVIEW_NIGHT)
    assert place is not None
    assert place.upper is not None
    assert [(found.value, found.missing) for found in place.missing] == [(0, 3)]
    assert place.steps[-1].cause == "review_downgraded"
    assert position(0, REVIEW_NIGHT) is None


def test_it_looks_every_night():
    assert (review_tiers.name, review_tiers.schedule) == ("tiers.review", "40 3 * * *")

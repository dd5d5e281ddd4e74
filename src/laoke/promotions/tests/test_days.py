"""What offers gave by day, and in all: the same before and after the night."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from laoke.foundation.access import SYSTEM
from laoke.promotions import days, publication, selectors
from laoke.promotions.models import OfferUse
from laoke.promotions.selectors import Spent, SpentOn

# Noon in Shanghai.
AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _published(db):
    publication.stopped.cache_clear()
    with transaction.atomic():
        publication.publish(SYSTEM, publication.parse({"tenth": TENTH, "other": TENTH}), at=AT)


_orders = iter(range(1, 1_000_000))


def use(at: datetime, minor: int, *, key: str = "tenth", back: int = 0) -> OfferUse:
    return OfferUse.objects.create(
        key=key,
        order_id=next(_orders),
        member_id=7,
        programme_version=1,
        amount_minor=minor,
        lines={"1": minor},
        gifts={},
        used_at=at,
        used_date=at.astimezone(settings.LAOKE.zone).date(),
        counted=False,
        returned_minor=back,
        undone_at=at if back == minor else None,
    )


def told() -> Any:
    return (
        selectors.spent(["tenth"])["tenth"],
        selectors.days("tenth", date(2026, 3, 1), date(2026, 3, 31)),
    )


def test_sums_are_the_same_before_and_after_the_night():
    first, second, third = (date(2026, 3, day) for day in (8, 9, 10))
    use(AT - timedelta(days=2), 300)
    use(AT - timedelta(days=1), 200, back=200)
    use(AT - timedelta(days=1), 100, back=30)
    # One minute before and after midnight in the shop.
    use(AT - timedelta(hours=12, minutes=1), 5)
    use(AT - timedelta(hours=11, minutes=59), 7)
    use(AT, 1, key="other")
    expected = (
        Spent(4, 300 + 70 + 5 + 7),
        (SpentOn(first, 1, 300, 0), SpentOn(second, 3, 305, 230), SpentOn(third, 1, 7, 0)),
    )
    assert told() == expected
    assert days.sum_up(AT) == 2
    assert told() == expected
    assert days.sum_up(AT) == 0
    assert selectors.spent()["other"] == Spent(1, 1)


def test_what_comes_back_later_is_seen_in_the_next_night():
    late = use(AT - timedelta(days=1), 300)
    days.sum_up(AT)
    OfferUse.objects.filter(pk=late.pk).update(returned_minor=300, undone_at=AT)
    assert days.sum_up(AT + timedelta(days=1)) == 1
    assert told() == (Spent(0, 0), (SpentOn(date(2026, 3, 9), 1, 300, 300),))


def test_days_without_uses_are_left_out_and_offers_without_any_have_given_nothing():
    assert told() == (Spent(0, 0), ())
    use(AT, 5)
    assert selectors.days("tenth", date(2026, 3, 11), date(2026, 3, 31)) == ()


def test_uses_come_in_pages_and_by_order_and_member():
    made = [use(AT + timedelta(minutes=number // 2), number).pk for number in range(1, 8)]
    seen, before = [], None
    while page := selectors.uses("tenth", before=before, limit=3):
        seen += [row.id for row in page]
        before = page[-1].id
    assert seen == sorted(made, reverse=True)
    last = OfferUse.objects.get(pk=made[-1])
    assert [row.amount_minor for row in selectors.uses_of_order(last.order_id)] == [7]
    assert [row.amount_minor for row in selectors.uses_of_member(7, limit=2)] == [7, 6]
    assert selectors.uses_of_member(8) == ()

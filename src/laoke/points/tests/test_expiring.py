"""Notices ahead of the day on which points end: whom, when, how many, and never twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.foundation.models import OutboxMessage
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import expiring, services
from laoke.points.expiring import Told
from laoke.points.models import ExpiryNotice, Lot
from laoke.points.tasks import tell_ending

# Ten past four in Shanghai; points given now end with 10 March 2027.
NIGHT = datetime(2026, 3, 9, 20, 10, tzinfo=UTC)
LAST = date(2027, 3, 10)
DAY = timedelta(days=1)


def somebody(card=88008213):
    return members.register(caller=SYSTEM, at=NIGHT, identities=[IdentityInput("card", str(card))])


def ahead(days):
    """The night `days` days before the last day."""
    return datetime(2027, 3, 9, 20, 10, tzinfo=UTC) - days * DAY


def told():
    rows = OutboxMessage.objects.filter(topic="points.expiring").order_by("id")
    return [(row.member_id, row.payload["points"], row.payload["days"], row.payload["stage"]) for row in rows]


@pytest.mark.django_db
class TestStages:
    def test_60_30_and_7_days_ahead_and_never_between(self):
        member = somebody()
        services.move(member, 50, "补发", at=NIGHT)
        for days in range(70, -3, -1):
            expiring.tell(at=ahead(days))
        assert told() == [(member, 50, 60, 60), (member, 50, 30, 30), (member, 50, 7, 7)]
        first = OutboxMessage.objects.filter(topic="points.expiring").earliest("id")
        assert first.payload == {
            "member_id": member,
            "points": 50,
            "ends_on": "2027-03-10",
            "days": 60,
            "stage": 60,
            "points_available": 50,
        }

    def test_all_that_ends_with_a_day_is_one_notice_and_each_day_one_of_its_own(self):
        member = somebody()
        services.move(member, 50, "补发", at=NIGHT)
        services.move(member, 20, "补发", at=NIGHT + timedelta(hours=3))
        services.move(member, 7, "补发", at=NIGHT + DAY)
        # The last instant that is still of the day, in Shanghai.
        lot = Lot.objects.get(points=20)
        assert (lot.expires_at, lot.remaining) == (datetime(2027, 3, 10, 16, tzinfo=UTC), 20)
        assert expiring.tell(at=ahead(30)) == Told(2, 77)
        assert told() == [(member, 70, 30, 30), (member, 7, 31, 60)]

    def test_it_tells_what_is_there_now(self):
        member = somebody()
        services.move(member, 50, "补发", at=NIGHT)
        expiring.tell(at=ahead(60))
        services.move(member, -20, "录错", at=ahead(50))
        expiring.tell(at=ahead(30))
        services.move(member, -30, "录错", at=ahead(20))
        expiring.tell(at=ahead(7))
        assert told() == [(member, 50, 60, 60), (member, 30, 30, 30)]

    def test_points_that_come_late_are_told_with_the_next_stage(self):
        member = somebody()
        services.move(member, 50, "补发", at=NIGHT)
        expiring.tell(at=ahead(30))
        late = somebody(88008214)
        for points, who in ((5, member), (9, late)):
            services.move(who, points, "补发", at=ahead(400))
            Lot.objects.filter(points=points).update(expires_at=datetime(2027, 3, 10, 16, tzinfo=UTC))
        # Who was told of the day at this stage hears of it again a week ahead; who was not, at once.
        expiring.tell(at=ahead(12))
        expiring.tell(at=ahead(5))
        assert told() == [
            (member, 50, 30, 30),
            (late, 9, 12, 30),
            (member, 55, 5, 7),
            (late, 9, 5, 7),
        ]

    def test_what_is_set_aside_is_not_counted_and_the_erased_hear_nothing(self):
        member, gone = somebody(), somebody(88008214)
        for who in (member, gone):
            services.move(who, 50, "补发", at=NIGHT)
        Lot.objects.filter(member_id=member).update(held=20)
        members.erase_person(caller=SYSTEM, member_id=gone, reason="asked for", at=NIGHT)
        expiring.tell(at=ahead(7))
        assert told() == [(member, 30, 7, 7)]
        Lot.objects.filter(member_id=member).update(held=0)

    def test_a_repeat_tells_nothing_and_a_run_that_was_stopped_goes_on(self):
        crowd = [somebody(88008000 + number) for number in range(7)]
        for member in crowd:
            services.move(member, 5, "补发", at=NIGHT)
        assert expiring.tell(at=ahead(7), batch=2, advance=lambda notices: False) == Told(2, 10)
        assert expiring.tell(at=ahead(7), batch=2) == Told(5, 25)
        assert expiring.tell(at=ahead(7), batch=2) == Told(0, 0)
        assert [row[0] for row in told()] == crowd

    def test_the_night_forgets_days_that_are_over(self):
        services.move(somebody(), 5, "补发", at=NIGHT)
        tell_ending(ahead(7))
        tell_ending(ahead(0))
        assert ExpiryNotice.objects.count() == 1
        tell_ending(ahead(-1))
        assert ExpiryNotice.objects.count() == 0
        assert len(told()) == 1
        assert (tell_ending.name, tell_ending.schedule) == ("points.expiring", "10 4 * * *")


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_each_member_once():
    crowd = [somebody(88008000 + number) for number in range(40)]
    for member in crowd:
        services.move(member, 5, "补发", at=NIGHT)

    def run(_number):
        try:
            return expiring.tell(at=ahead(7), batch=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        sums = list(pool.map(run, range(4)))
    assert sum(each.notices for each in sums) == 40
    assert sorted(row[0] for row in told()) == crowd

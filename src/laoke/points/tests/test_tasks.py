"""The nightly sweep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.foundation.jobs import selectors
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import expiry
from laoke.points.models import Account, Lot
from laoke.points.tasks import expire_points

NIGHT = datetime(2026, 3, 9, 19, 30, tzinfo=UTC)


@pytest.mark.django_db
def test_the_sweep_takes_what_was_over_at_its_instant_and_tells_how_far_it_came():
    member = members.register(caller=SYSTEM, at=NIGHT, identities=[IdentityInput("card", "88008213")])
    with connection.cursor() as cursor:
        for expires_at, points in ((NIGHT, 30), (NIGHT + timedelta(seconds=1), 40)):
            cursor.execute(
                "insert into points_lot (member_id, origin, accrued_at, expires_at, points, remaining) "
                "values (%s, 'adjustment', %s, %s, %s, %s)",
                [member, NIGHT - timedelta(days=365), expires_at, points, points],
            )
    Account.objects.filter(pk=member).update(balance=70)
    assert expiry.due(NIGHT) == 1
    expire_points(NIGHT)
    expire_points(NIGHT)
    assert sorted(Lot.objects.values_list("remaining", flat=True)) == [0, 40]
    assert Account.objects.get(pk=member).balance == 40
    progress = selectors.of("points.expire")
    assert progress is not None
    assert (progress.state, progress.unit) == ("done", "lots")


def test_it_runs_at_half_past_three_in_the_shop():
    assert (expire_points.name, expire_points.schedule) == ("points.expire", "30 3 * * *")

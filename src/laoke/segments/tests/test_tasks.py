"""The nightly computation of features."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from laoke.foundation.access import SYSTEM
from laoke.foundation.jobs import selectors
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.segments.explained import explained
from laoke.segments.models import MemberFeatures
from laoke.segments.tasks import recompute

# 04:00 in Shanghai on the tenth: yesterday is the ninth, though Greenwich is still in it.
NIGHT = datetime(2026, 3, 9, 20, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_it_scores_as_of_yesterday_and_says_why():
    member = members.register(
        caller=SYSTEM,
        at=datetime(2026, 3, 1, 4, 0, tzinfo=UTC),
        identities=[IdentityInput("card", "88008213")],
    )
    recompute(NIGHT)
    recompute(NIGHT)
    assert MemberFeatures.objects.get(pk=member).as_of == date(2026, 3, 9)
    progress = selectors.of("segments.recompute")
    assert progress is not None
    assert (progress.state, progress.done, progress.detail) == ("done", 1, {"step": "store"})
    found = explained(member)
    assert found is not None
    assert (found.rfm.outcome, found.rfm.rule) == ("new", "registered-recently")
    assert (found.value.outcome, found.value.rule) == ("dormant", "never-bought")
    assert explained(0) is None


def test_it_runs_at_four_in_the_shop():
    assert (recompute.name, recompute.schedule) == ("segments.recompute", "0 4 * * *")

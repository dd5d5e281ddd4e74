"""Consents as a story: answers are added, the newest holds."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import selectors, services
from laoke.members.errors import BadConsent
from laoke.members.models import ConsentEvent

pytestmark = pytest.mark.django_db

STORY = """
    # day         channel  purpose    said  changed  holds
    2026-03-10    sms      marketing  yes   yes      yes
    2026-03-10    sms      marketing  yes   no       yes
    2026-03-12    sms      marketing  yes   no       yes
    2026-03-14    sms      marketing  no    yes      no
    2026-03-13    sms      marketing  yes   no       no      # told late: history, not news
    2026-03-15    email    marketing  no    yes      no
    2026-03-16    sms      marketing  yes   yes      yes
"""


def test_a_story(join, clerk):
    member_id = join("card:1001")
    for line in STORY.strip().splitlines()[1:]:
        day, channel, purpose, said, changed, holds = line.split("#")[0].split()
        answer = services.record_consent(
            caller=clerk,
            member_id=member_id,
            channel=channel,
            purpose=purpose,
            granted=said == "yes",
            at=datetime.fromisoformat(f"{day}T10:00:00+08:00"),
            source="pos",
        )
        assert answer == (changed == "yes"), line
        assert selectors.has_consent(member_id, channel, purpose) == (holds == "yes"), line
    assert [(row.channel.value, row.granted) for row in selectors.consents(member_id)] == [
        ("email", False),
        ("sms", True),
    ]
    # The exact repeat on the first day added nothing, everything else is history.
    assert ConsentEvent.objects.count() == 6
    changes = OutboxMessage.objects.filter(topic="member.consent_changed").order_by("id")
    assert [(change.payload["channel"], change.payload["granted"]) for change in changes] == [
        ("sms", True),
        ("sms", False),
        ("email", False),
        ("sms", True),
    ]


def test_who_was_never_asked_has_not_agreed(join):
    member_id = join("card:1001")
    assert selectors.consents(member_id) == ()
    assert selectors.has_consent(member_id, "sms", "marketing") is False


def test_bad_words_leave_nothing(join, clerk, t0, everything):
    member_id = join("card:1001")
    before = everything()
    for channel, purpose in (("fax", "marketing"), ("sms", "spam")):
        with pytest.raises(BadConsent):
            services.record_consent(
                caller=clerk,
                member_id=member_id,
                channel=channel,
                purpose=purpose,
                granted=True,
                at=t0,
                source="pos",
            )
    assert everything() == before


def test_the_database_refuses_to_change_an_answer(join, clerk, t0):
    member_id = join("card:1001")
    services.record_consent(
        caller=clerk,
        member_id=member_id,
        channel="sms",
        purpose="marketing",
        granted=True,
        at=t0 - timedelta(days=1),
        source="pos",
    )
    with pytest.raises(DatabaseError, match="facts"), transaction.atomic():
        ConsentEvent.objects.update(granted=False)

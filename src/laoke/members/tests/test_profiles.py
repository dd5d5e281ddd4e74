"""Changing members: fields, identities, tags, blocks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from laoke.foundation.access import MissingScope
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import selectors, services
from laoke.members.errors import (
    BadMemberField,
    BadTag,
    IdentityTaken,
    LastIdentity,
    MemberChanged,
    ReasonMissing,
    UnknownMember,
)
from laoke.members.tests.spelling import identity

pytestmark = pytest.mark.django_db


def topics():
    return list(OutboxMessage.objects.order_by("id").values_list("topic", flat=True))


def test_update_sets_and_empties_fields(join, clerk, t0):
    member_id = join("card:1001", name="陈雨桐", gender="f", birth_date=date(1990, 1, 2))
    later = t0 + timedelta(hours=1)
    version = services.update(
        caller=clerk,
        member_id=member_id,
        changes={"name": "John Smith", "gender": "", "birth_date": None, "home_store_id": 5},
        expected_version=1,
        at=later,
    )
    shown = selectors.profile(member_id)
    assert version == shown.version == 2
    assert (shown.name_masked, shown.gender, shown.birthday) == ("J*** S***", "", None)
    assert (shown.home_store_id, shown.updated_at) == (5, later)
    assert [row.id for row in selectors.search("smith").rows] == [member_id]
    assert selectors.search("陈雨桐").rows == ()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.actor) == ("member.updated", str(member_id), "林晓雯")
    assert entry.after == {"fields": ["birth_date", "gender", "home_store_id", "name"]}
    assert topics() == ["member.registered", "member.updated"]


def test_update_of_a_changed_member_is_refused(join, clerk, t0, everything):
    member_id = join("card:1001")
    later = t0 + timedelta(hours=1)
    services.update(caller=clerk, member_id=member_id, changes={"name": "王伟"}, expected_version=1, at=later)
    before = everything()
    with pytest.raises(MemberChanged) as refused:
        services.update(
            caller=clerk, member_id=member_id, changes={"gender": "m"}, expected_version=1, at=later
        )
    assert refused.value.extensions == {
        "member_id": member_id,
        "version": 2,
        "changed_at": later.isoformat(),
    }
    # A repeat of the first change finds everything done, although its version is old.
    assert (
        services.update(
            caller=clerk, member_id=member_id, changes={"name": "王伟"}, expected_version=1, at=later
        )
        == 2
    )
    assert everything() == before


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"status": "erased"}, BadMemberField),
        ({"gender": "male"}, BadMemberField),
        ({"birth_date": date(1800, 1, 1)}, BadMemberField),
    ],
)
def test_bad_changes_leave_nothing(join, clerk, t0, everything, changes, error):
    member_id = join("card:1001")
    before = everything()
    with pytest.raises(error):
        services.update(caller=clerk, member_id=member_id, changes=changes, expected_version=1, at=t0)
    assert everything() == before


def test_complete_fills_gaps_only(join, clerk, t0, everything):
    member_id = join("card:1001", name="王伟")
    known = {"name": "王大伟", "gender": "m", "birth_date": date(1990, 1, 2), "language": ""}
    assert services.complete(caller=clerk, member_id=member_id, known=known, at=t0) == (
        "birth_date",
        "gender",
    )
    shown = selectors.profile(member_id)
    assert (shown.name_masked, shown.gender, shown.birthday) == ("王*", "m", (1, 2))
    before = everything()
    assert services.complete(caller=clerk, member_id=member_id, known=known, at=t0) == ()
    assert everything() == before


def test_identities_come_and_go(join, clerk, t0, everything):
    member_id, other = join("card:1001"), join("card:2002")
    new = services.add_identity(
        caller=clerk, member_id=member_id, identity=identity("phone:13800136217"), at=t0
    )
    assert selectors.find("phone", "138 0013 6217") == member_id
    before = everything()
    again = identity("phone:+8613800136217")
    assert services.add_identity(caller=clerk, member_id=member_id, identity=again, at=t0) == new
    with pytest.raises(IdentityTaken) as refused:
        services.add_identity(caller=clerk, member_id=other, identity=again, at=t0)
    assert refused.value.extensions["member_id"] == member_id
    assert everything() == before

    assert services.remove_identity(caller=clerk, member_id=member_id, identity_id=new, at=t0) is True
    assert selectors.find("phone", "13800136217") is None
    before = everything()
    assert services.remove_identity(caller=clerk, member_id=member_id, identity_id=new, at=t0) is False
    (only,) = selectors.profile(member_id).identities
    with pytest.raises(LastIdentity):
        services.remove_identity(caller=clerk, member_id=member_id, identity_id=only.id, at=t0)
    # Another member's identity is out of reach by its number.
    assert services.remove_identity(caller=clerk, member_id=other, identity_id=only.id, at=t0) is False
    assert everything() == before
    assert topics()[2:] == ["member.identity_added", "member.identity_removed"]


def test_tags(join, clerk, t0, everything):
    member_id = join("card:1001", tags=["母婴"])
    later = t0 + timedelta(days=1)
    assert services.tag(caller=clerk, member_id=member_id, tags=["母婴", "健身"], at=later) == ("健身",)
    assert [(tag.tag, tag.source, tag.added_at) for tag in selectors.profile(member_id).tags] == [
        ("母婴", "registration", t0),
        ("健身", "staff", later),
    ]
    before = everything()
    assert services.tag(caller=clerk, member_id=member_id, tags=["健身"], at=later) == ()
    with pytest.raises(BadTag):
        services.tag(caller=clerk, member_id=member_id, tags=["好", " "], at=later)
    assert everything() == before
    assert services.untag(caller=clerk, member_id=member_id, tags=["健身", "没有"], at=later) == ("健身",)
    assert [tag.tag for tag in selectors.profile(member_id).tags] == ["母婴"]
    assert services.untag(caller=clerk, member_id=member_id, tags=["健身"], at=later) == ()
    assert topics()[1:] == ["member.tagged", "member.untagged"]


def test_blocking(join, clerk, t0, everything):
    member_id = join("card:1001")
    assert services.block(caller=clerk, member_id=member_id, reason="刷单", at=t0) is True
    assert selectors.resolve({"card": "1001"}).status == "blocked"
    before = everything()
    assert services.block(caller=clerk, member_id=member_id, reason="刷单", at=t0) is False
    with pytest.raises(ReasonMissing):
        services.unblock(caller=clerk, member_id=member_id, reason=" ", at=t0)
    assert everything() == before
    assert services.unblock(caller=clerk, member_id=member_id, reason="误判", at=t0) is True
    assert selectors.resolve({"card": "1001"}).status == "active"
    assert [(e.action, e.reason) for e in AuditEntry.objects.order_by("id")] == [
        ("member.blocked", "刷单"),
        ("member.unblocked", "误判"),
    ]


CALLS = [
    lambda caller, at: services.update(caller=caller, member_id=99, changes={}, expected_version=1, at=at),
    lambda caller, at: services.complete(caller=caller, member_id=99, known={}, at=at),
    lambda caller, at: services.add_identity(
        caller=caller, member_id=99, identity=identity("card:1001"), at=at
    ),
    lambda caller, at: services.remove_identity(caller=caller, member_id=99, identity_id=1, at=at),
    lambda caller, at: services.tag(caller=caller, member_id=99, tags=["a"], at=at),
    lambda caller, at: services.untag(caller=caller, member_id=99, tags=["a"], at=at),
    lambda caller, at: services.block(caller=caller, member_id=99, reason="why", at=at),
    lambda caller, at: services.merge(caller=caller, kept_id=99, gone_id=98, reason="why", at=at),
    lambda caller, at: services.export_person(caller=caller, member_id=99, at=at),
    lambda caller, at: services.erase_person(caller=caller, member_id=99, reason="why", at=at),
    lambda caller, at: services.record_consent(
        caller=caller, member_id=99, channel="sms", purpose="marketing", granted=True, at=at, source="pos"
    ),
    lambda caller, at: selectors.reveal(caller=caller, member_id=99, field="name", reason="why", at=at),
]


@pytest.mark.parametrize("call", CALLS)
def test_every_command_knows_strangers_and_missing_members(call, clerk, stranger, t0, everything):
    before = everything()
    with pytest.raises(UnknownMember):
        call(clerk, t0)
    with pytest.raises(MissingScope):
        call(stranger, t0)
    assert everything() == before

"""The person's rights: to read everything, and to be forgotten."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from laoke.foundation.access import Caller, MissingScope, OutsideStores, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import selectors, services
from laoke.members.errors import MemberErased, MemberMerged
from laoke.members.models import ConsentEvent, Member, Merge
from laoke.members.tests.spelling import identity
from laoke.members.types import ConsentInput

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(join, clerk, t0, follower):
    """A member with a row merged into it, and one merged into that one."""
    kept = join(
        "card:HL058213",
        "phone:13800136217",
        name="陈雨桐",
        birth_date=date(1992, 2, 28),
        gender="f",
        language="en",
        home_store_id=3,
        tags=["母婴"],
        consents=[ConsentInput("sms", "marketing", True, "pos")],
    )
    middle = join("email:jane@example.com", name="Jane Chen", tags=["vip"])
    oldest = join("shop_account@shop:u77", name="陈小桐")
    follower.things = {kept: 5}
    services.merge(caller=clerk, kept_id=middle, gone_id=oldest, reason="陈小桐打来电话", at=t0)
    services.merge(caller=clerk, kept_id=kept, gone_id=middle, reason="same person", at=t0)
    return kept, middle, oldest


def test_the_export_holds_everything(person, clerk, t0):
    kept, middle, oldest = person
    told = services.export_person(caller=clerk, member_id=kept, at=t0)
    json.dumps(told)
    first, second, third = told["members"]
    assert [first["member_id"], second["member_id"], third["member_id"]] == [kept, middle, oldest]
    assert first["profile"] == {
        "status": "active",
        "name": "陈雨桐",
        "birth_date": "1992-02-28",
        "gender": "f",
        "language": "en",
        "registered_at": t0.isoformat(),
        "home_store_id": 3,
        "registered_channel_id": None,
        "updated_at": t0.isoformat(),
    }
    assert {(row["kind"], row["issuer"], row["value"]) for row in first["identities"]} == {
        ("card", "", "HL058213"),
        ("phone", "", "+8613800136217"),
        ("email", "", "jane@example.com"),
        ("shop_account", "shop", "u77"),
    }
    assert {row["tag"] for row in first["tags"]} == {"母婴", "vip"}
    assert first["consents"] == [
        {"channel": "sms", "purpose": "marketing", "granted": True, "at": t0.isoformat(), "source": "pos"}
    ]
    assert first["modules"] == {"recorder": {"things": 5}}
    assert (second["profile"]["name"], third["profile"]["name"]) == ("Jane Chen", "陈小桐")
    assert [(row["kept_id"], row["gone_id"]) for row in told["merges"]] == [(middle, oldest), (kept, middle)]
    entry = AuditEntry.objects.get(action="member.exported")
    assert (entry.object_id, entry.after) == (str(kept), {"members": [kept, middle, oldest]})


def test_refused_exports_leave_nothing(person, clerk, t0, everything):
    _, middle, _ = person
    before = everything()
    with pytest.raises(MemberMerged):
        services.export_person(caller=clerk, member_id=middle, at=t0)
    reader = Caller("staff", 8, "导购", frozenset({Scope.MEMBERS_READ}))
    with pytest.raises(MissingScope):
        services.export_person(caller=reader, member_id=middle, at=t0)
    kept = person[0]
    limited = Caller("staff", 9, "店长", frozenset({Scope.MEMBERS_REVEAL}), frozenset({3}))
    with pytest.raises(OutsideStores):
        services.export_person(caller=limited, member_id=kept, at=t0)
    assert everything() == before


def test_erasure_leaves_a_number(person, clerk, t0, follower, everything):
    kept, middle, oldest = person
    later = t0 + timedelta(days=1)
    assert services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=later) is True
    for row in Member.objects.all():
        assert (row.status, row.name_sealed, row.name_masked, row.name_tokens) == ("erased", None, "", [])
        assert (row.birth_date_sealed, row.birthday_mmdd, row.gender, row.language) == (None, None, "", "")
    stored = everything()
    assert stored["members_identity"] == stored["members_membertag"] == []
    assert all((merge.moved, merge.reason) == ({}, "") for merge in Merge.objects.all())
    assert "母婴" not in str(stored["members_merge"])
    assert ConsentEvent.objects.count() == 1
    assert [call for call in follower.calls if call[0] == "erase"] == [
        ("erase", kept, later),
        ("erase", middle, later),
        ("erase", oldest, later),
    ]
    entry = AuditEntry.objects.get(action="member.erased")
    assert (entry.object_id, entry.after, entry.reason) == (
        str(kept),
        {"merged_ids": [middle, oldest]},
        "asked to",
    )
    message = OutboxMessage.objects.get(topic="member.erased")
    assert message.payload == {"member_id": kept, "merged_ids": [middle, oldest]}


def test_a_second_erasure_does_nothing(person, clerk, t0, everything):
    kept, middle, _ = person
    services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=t0)
    before = everything()
    assert services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=t0) is False
    assert services.erase_person(caller=clerk, member_id=middle, reason="asked to", at=t0) is False
    assert everything() == before


def test_refused_erasures_leave_nothing(person, clerk, t0, follower, everything):
    kept, middle, _ = person
    before = everything()
    with pytest.raises(MemberMerged):
        services.erase_person(caller=clerk, member_id=middle, reason="asked to", at=t0)
    follower.fails = True
    with pytest.raises(RuntimeError):
        services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=t0)
    assert everything() == before


def test_erasure_cannot_be_undone(person, clerk, t0, everything):
    kept, _, _ = person
    services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=t0)
    merge_id = Merge.objects.order_by("-pk").first().pk
    before = everything()
    with pytest.raises(MemberErased):
        services.unmerge(caller=clerk, merge_id=merge_id, at=t0)
    for call in (
        lambda: services.update(
            caller=clerk, member_id=kept, changes={"name": "x"}, expected_version=3, at=t0
        ),
        lambda: services.add_identity(caller=clerk, member_id=kept, identity=identity("card:1001"), at=t0),
        lambda: services.export_person(caller=clerk, member_id=kept, at=t0),
        lambda: selectors.reveal(caller=clerk, member_id=kept, field="name", reason="why", at=t0),
    ):
        with pytest.raises(MemberErased):
            call()
    assert everything() == before


def test_who_comes_back_is_a_new_member(person, clerk, t0, join):
    kept, _, _ = person
    services.erase_person(caller=clerk, member_id=kept, reason="asked to", at=t0)
    assert join("phone:13800136217") not in person


@pytest.mark.parametrize("erase_the_kept", [True, False])
def test_an_undone_merge_keeps_the_other_person(join, clerk, t0, erase_the_kept):
    kept, other = join("card:1001", name="王伟"), join("card:2002", name="李雷")
    merge_id = services.merge(caller=clerk, kept_id=kept, gone_id=other, reason="by mistake", at=t0)
    services.unmerge(caller=clerk, merge_id=merge_id, at=t0)
    goes, stays = (kept, other) if erase_the_kept else (other, kept)
    shown = selectors.profile(stays)
    services.erase_person(caller=clerk, member_id=goes, reason="asked to", at=t0)
    assert selectors.profile(stays) == shown
    assert selectors.profile(goes).status == "erased"
    # What the mistaken merge noted of either of them is forgotten as well.
    assert Merge.objects.get().moved == {}

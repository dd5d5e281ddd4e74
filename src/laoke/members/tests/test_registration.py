"""Registering: what goes in, what is refused, and that refusals leave nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from laoke.foundation.access import MissingScope
from laoke.foundation.outbox.models import OutboxMessage
from laoke.members import selectors, services
from laoke.members.errors import (
    BadConsent,
    BadMemberField,
    BadName,
    BadPhone,
    BadTag,
    IdentityMissing,
    IdentityTaken,
)
from laoke.members.models import Identity, Member
from laoke.members.tests.spelling import identity
from laoke.members.types import ConsentInput, IdentityInput, Registration

pytestmark = pytest.mark.django_db


def test_a_whole_registration(clerk, t0, follower):
    member_id = services.register(
        caller=clerk,
        at=t0,
        identities=[IdentityInput("card", "hl058213"), IdentityInput("phone", "138 0013 6217")],
        name=" 陈雨桐 ",
        birth_date=date(1992, 2, 29),
        gender="f",
        language="zh-Hans",
        home_store_id=3,
        channel_id=2,
        consents=[ConsentInput("sms", "marketing", True, "pos")],
        tags=["母婴", "健身"],
    )
    shown = selectors.profile(member_id)
    assert shown.status == "active"
    assert shown.name_masked == "陈*桐"
    assert shown.birthday == (2, 29)
    assert (shown.gender, shown.language) == ("f", "zh-hans")
    assert (shown.home_store_id, shown.registered_channel_id) == (3, 2)
    assert (shown.registered_at, shown.registered_date) == (t0, date(2026, 3, 10))
    assert shown.version == 1
    assert sorted((view.kind.value, view.masked) for view in shown.identities) == [
        ("card", "**** 8213"),
        ("phone", "138 **** 6217"),
    ]
    assert {(tag.tag, tag.source) for tag in shown.tags} == {
        ("母婴", "registration"),
        ("健身", "registration"),
    }
    (consent,) = shown.consents
    assert (consent.channel, consent.purpose, consent.granted) == ("sms", "marketing", True)
    assert (consent.at, consent.source, consent.recorded_by) == (t0, "pos", "林晓雯")
    assert follower.calls == [("registered", (member_id,), t0)]
    message = OutboxMessage.objects.get()
    assert (message.topic, message.member_id) == ("member.registered", member_id)
    assert message.payload == {"member_id": member_id, "home_store_id": 3, "channel_id": 2}


def test_nothing_personal_is_stored_in_clear(join, everything):
    join(
        "phone:13800136217",
        "email:jane.doe@example.com",
        "card:HL058213",
        "wechat_openid@app:oXyz-9_aBcd",
        name="陈雨桐",
        birth_date=date(1992, 2, 28),
    )
    stored = str(everything())
    for secret in ("13800136217", "jane.doe", "HL058213", "oXyz", "陈雨桐", "1992"):
        assert secret not in stored


def test_the_day_counts_in_the_programmes_zone(join):
    late = datetime(2026, 3, 10, 17, 30, tzinfo=UTC)  # 01:30 on the 11th in Shanghai
    assert selectors.profile(join("card:1001", at=late)).registered_date == date(2026, 3, 11)


def test_the_same_identity_twice_in_one_registration_is_one(join):
    member_id = join("phone:13800136217", "phone:+86 138 0013 6217")
    assert len(selectors.profile(member_id).identities) == 1


def test_an_identity_of_another_issuer_is_another(join):
    assert join("wechat_openid@app1:same") != join("wechat_openid@app2:same")


REFUSALS = [
    ({"identities": ["card:1001"]}, IdentityTaken),
    ({"identities": ["card:2002", "phone:13800136217"]}, IdentityTaken),
    ({"identities": []}, IdentityMissing),
    ({"identities": ["phone:138001362"]}, BadPhone),
    ({"name": "x" * 10_000}, BadName),
    ({"gender": "x"}, BadMemberField),
    ({"language": "not a language"}, BadMemberField),
    ({"birth_date": date(2030, 1, 1)}, BadMemberField),
    ({"tags": ["x" * 41]}, BadTag),
    ({"consents": [ConsentInput("fax", "marketing", True, "pos")]}, BadConsent),
    ({"consents": [ConsentInput("sms", "marketing", True, "")]}, BadMemberField),
]


@pytest.mark.parametrize(("given", "error"), REFUSALS)
def test_a_refusal_says_why_and_leaves_nothing(join, clerk, t0, everything, given, error):
    first = join("card:1001", "phone:13800136217")
    before = everything()
    given = {"identities": ["card:3003"]} | given
    given["identities"] = [identity(each) for each in given["identities"]]
    with pytest.raises(error) as refused:
        services.register(caller=clerk, at=t0, **given)
    assert everything() == before
    if error is IdentityTaken:
        assert refused.value.extensions["member_id"] == first
        assert "13800136217" not in refused.value.detail


def test_without_the_scope_nothing_happens(stranger, t0, everything):
    before = everything()
    with pytest.raises(MissingScope):
        services.register(caller=stranger, at=t0, identities=[identity("card:1001")])
    assert everything() == before


def test_a_follower_that_fails_takes_the_registration_with_it(join, follower, everything):
    before = everything()
    follower.fails = True
    with pytest.raises(RuntimeError):
        join("card:1001")
    assert everything() == before


def test_many_rows_each_with_its_own_fate(join, clerk, t0, follower):
    existing = join("card:1001")
    follower.calls.clear()
    old = t0 - timedelta(days=400)
    rows = [
        Registration(old, (identity("card:2001"), identity("phone:13800136217")), name="王伟", tags=("新",)),
        Registration(old, (identity("card:1001"),)),
        Registration(old, (identity("phone:12"), identity("card:2002"))),
        Registration(old, (identity("card:2003"), identity("phone:138-0013-6217"))),
        Registration(old + timedelta(days=1), (identity("card:2003"),), birth_date=date(1990, 5, 4)),
        Registration(
            old, (identity("card:2004"),), consents=(ConsentInput("sms", "service", False, "import", t0),)
        ),
    ]
    result = services.register_many(caller=clerk, at=t0, rows=rows)
    first, fifth, sixth = result.member_ids
    assert result.outcomes[0] == first
    assert [(row, error.code, error.extensions["field"]) for row, error in result.refusals] == [
        (1, "identity-taken", "card"),
        (2, "bad-phone", "phone"),
        (3, "identity-taken", "phone"),
    ]
    # The fourth row lost its phone to the first, so its card was free for the fifth.
    assert result.refusals[0][1].extensions["member_id"] == existing
    assert result.refusals[2][1].extensions["member_id"] == first
    assert selectors.find("card", "2003") == fifth
    assert selectors.profile(fifth).birthday == (5, 4)
    assert selectors.profile(fifth).registered_at == old + timedelta(days=1)
    assert selectors.consents(sixth)[0].at == t0
    assert follower.calls == [("registered", (first, fifth, sixth), t0)]
    assert selectors.registered_at([first, fifth]) == {first: old, fifth: old + timedelta(days=1)}
    # History announces nothing; the one before did.
    assert OutboxMessage.objects.count() == 1


def test_a_second_run_of_the_same_rows_adds_nothing(clerk, t0, follower, everything):
    rows = [Registration(t0, (identity(f"card:{number}"),)) for number in range(1000, 1050)]
    first = services.register_many(caller=clerk, at=t0, rows=rows)
    before = everything()
    second = services.register_many(caller=clerk, at=t0, rows=rows)
    assert [error.extensions["member_id"] for _, error in second.refusals] == first.member_ids
    assert everything() == before
    assert services.register_many(caller=clerk, at=t0, rows=[]).outcomes == ()


def test_what_bulk_writes_is_what_the_models_read(clerk, t0, follower, everything):
    """COPY goes past the ORM: every column must come back as Django would have written it."""
    (member_id,) = services.register_many(
        caller=clerk, at=t0, rows=[Registration(t0, (identity("card:1001"),), name="王伟")]
    ).member_ids
    before = everything()
    row = Member.objects.get(pk=member_id)
    row.save()
    Identity.objects.get(member=row).save()
    assert everything() == before
    assert (row.birth_date_sealed, row.birthday_mmdd, row.merged_into_id) == (None, None, None)
    assert len(row.name_tokens) == 2


def test_an_instant_without_a_zone_is_a_mistake_of_the_caller(clerk, follower):
    with pytest.raises(ValueError, match="time zone"):
        services.register(caller=clerk, at=datetime(2026, 1, 1), identities=[identity("card:1001")])  # noqa: DTZ001

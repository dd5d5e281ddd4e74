"""Members over HTTP: what the edge itself decides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.models import AuditEntry, CommandRecord
from laoke.members.models import Member

PHONE = "13812346217"
PERSON = {"identities": [{"kind": "phone", "value": PHONE}], "name": "陈雨桐"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    _, key = apikeys.create(
        SYSTEM, "counter", [scope.value for scope in Scope], None, None, at=datetime.now(UTC)
    )

    def send(method: str, url: str, body: Any = None, **headers: str) -> Any:
        return Client().generic(
            method,
            f"/v1{url}",
            json.dumps(body).encode() if body is not None else b"",
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}", **headers},
        )

    return send


def test_a_repeated_registration_names_the_member_there_is(call):
    made = call("POST", "/members", PERSON).json()["member_id"]
    again = call("POST", "/members", PERSON)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/identity-taken")
    assert again.json()["member_id"] == made


def test_with_a_key_a_repeated_registration_gets_the_first_answer(call):
    first = call("POST", "/members", PERSON, **{"Idempotency-Key": "desk-1"})
    again = call("POST", "/members", PERSON, **{"Idempotency-Key": "desk-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert Member.objects.count() == 1
    # The kept answer outlives an erasure, so it holds numbers only.
    assert json.loads(CommandRecord.objects.get().answer) == first.json()
    assert set(first.json()) == {"member_id", "version"}


def test_nothing_is_shown_in_clear_but_what_is_revealed_with_a_trace(call):
    made = call("POST", "/members", PERSON).json()["member_id"]
    shown = call("GET", f"/members/{made}")
    assert PHONE not in shown.text
    assert "陈雨桐" not in shown.text
    assert shown.json()["identities"][0]["masked"] == "138 **** 6217"
    seen = call("POST", f"/members/{made}/reveal", {"field": "phone", "reason": "caller at the desk"})
    assert seen.json() == {"field": "phone", "values": ["+8613812346217"]}
    whole = call("POST", f"/members/{made}/export", {"reason": "the person asked"})
    assert whole.json()["members"][0]["profile"]["name"] == "陈雨桐"
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "apikey.created",
        "member.revealed",
        "member.exported",
    ]


@pytest.mark.parametrize("text", [PHONE, "6217", "雨桐", "陈雨桐"])
def test_a_member_is_found_by_what_is_said(call, text):
    made = call("POST", "/members", PERSON).json()["member_id"]
    found = call("POST", "/members/search", {"text": text}).json()
    assert [member["member_id"] for member in found["members"]] == [made]
    assert found["after"] is None


def test_members_come_in_pages(call):
    for number in range(5):
        person = {"identities": [{"kind": "card", "value": f"8800{number}"}]}
        assert call("POST", "/members", person).status_code == 201
    seen, after = [], None
    while True:
        page = call("GET", f"/members?limit=2{f'&after={after}' if after else ''}").json()
        seen += [member["member_id"] for member in page["members"]]
        after = page["after"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5


def test_a_member_changes_from_version_to_version(call):
    made = call("POST", "/members", PERSON | {"gender": "f"}).json()["member_id"]
    changed = call("PATCH", f"/members/{made}", {"version": 1, "name": None, "gender": ""})
    assert changed.json() == {"member_id": made, "version": 2}
    shown = call("GET", f"/members/{made}").json()
    assert (shown["name_masked"], shown["gender"]) == ("", "")
    stale = call("PATCH", f"/members/{made}", {"version": 1, "name": "王"})
    assert (stale.status_code, stale.json()["version"]) == (409, 2)


def test_the_person_goes_and_a_repeat_says_so(call):
    made = call("POST", "/members", PERSON).json()["member_id"]
    for changed in (True, False):
        answer = call("POST", f"/members/{made}/erase", {"reason": "the person asked"})
        assert answer.json() == {"changed": changed}
    assert call("POST", "/members/lookup", {"kind": "phone", "value": PHONE}).status_code == 404
    assert call("POST", "/members/lookup", {"kind": "member_id", "value": str(made)}).status_code == 410

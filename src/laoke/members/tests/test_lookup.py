"""From identifiers and search texts to members."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from laoke.foundation.sql import load
from laoke.members import selectors, services
from laoke.members.errors import BadCursor, BadIdentifier, BadPhone, MemberErased, UnknownMember
from laoke.members.selectors.search import understand

pytestmark = pytest.mark.django_db


def test_find_and_resolve(join):
    member_id = join("card:HL058213", "phone:13800136217", "wechat_openid@app:oXyz", "shop_account:u1")
    assert selectors.find("card", " hl058213") == member_id
    assert selectors.find("wechat_openid", "oXyz", "app") == member_id
    assert selectors.find("wechat_openid", "oXyz") is None
    assert selectors.find("phone", "13800136218") is None
    for identifier in (
        {"card": "HL058213"},
        {"phone": "+8613800136217"},
        {"wechat_openid": "oXyz", "issuer": "app"},
        {"shop_account": "u1"},
        {"member_id": member_id},
        {"member_id": str(member_id)},
    ):
        ref = selectors.resolve(identifier)
        assert (ref.id, ref.status, ref.version) == (member_id, "active", 1)


@pytest.mark.parametrize(
    ("identifier", "error"),
    [
        ({}, BadIdentifier),
        ({"card": "1001", "phone": "13800136217"}, BadIdentifier),
        ({"name": "陈雨桐"}, BadIdentifier),
        ({"issuer": "app"}, BadIdentifier),
        ({"member_id": 1, "issuer": "app"}, BadIdentifier),
        ({"card": "9999"}, UnknownMember),
        ({"member_id": 0}, UnknownMember),
        ({"member_id": -1}, UnknownMember),
        ({"member_id": "1; drop table"}, UnknownMember),
        ({"member_id": 10**30}, UnknownMember),
        ({"member_id": 2**63 - 1}, UnknownMember),
        ({"phone": "12"}, BadPhone),
    ],
)
def test_identifiers_that_lead_nowhere(identifier, error):
    with pytest.raises(error):
        selectors.resolve(identifier)


def test_an_erased_member_says_so(join, clerk, t0):
    member_id = join("card:1001")
    services.erase_person(caller=clerk, member_id=member_id, reason="asked to", at=t0)
    with pytest.raises(MemberErased):
        selectors.resolve({"member_id": member_id})
    with pytest.raises(UnknownMember):
        selectors.resolve({"card": "1001"})
    assert selectors.search("").rows == ()
    assert selectors.search(str(member_id)).rows == ()


@pytest.fixture
def crowd(join, t0):
    """Five members, oldest first."""
    who = [
        ("chen", ["card:HL058213", "phone:13800136217"], "陈雨桐"),
        ("wang", ["card:6217", "phone:13911112222"], "王小明"),
        ("jose", ["email:jose@example.com"], "José Álvarez"),
        ("anna", ["shop_account:a1"], "Anna 王小明"),
        ("li", ["phone:18600006217"], "李雨桐"),
    ]
    return {
        key: join(*identities, name=name, at=t0 + timedelta(hours=hour))
        for hour, (key, identities, name) in enumerate(who)
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("13800136217", "chen"),
        ("138 0013 6217", "chen"),
        ("+86 138-0013-6217", "chen"),
        ("6217", "li wang chen"),
        ("hl058213", "chen"),
        ("JOSE@example.com", "jose"),
        ("陈雨桐", "chen"),
        ("雨桐", "li chen"),
        ("小明", "anna wang"),
        ("jose", "jose"),
        ("alvarez", "jose"),
        ("ÁLVAREZ josé", "jose"),
        ("anna 小明", "anna"),
        ("雨", ""),
        ("明小", ""),
        ("alv", ""),
        ("%", ""),
        ("' or 1=1 --", ""),
        ("\ud800", "li anna jose wang chen"),
        ("  ", "li anna jose wang chen"),
        ("x" * 10_000, ""),
        ("9" * 10_000, ""),
    ],
)
def test_search(crowd, text, found):
    names = {member_id: key for key, member_id in crowd.items()}
    assert " ".join(names[row.id] for row in selectors.search(text).rows) == found


def test_search_by_number_and_what_a_row_shows(crowd, t0):
    (row,) = selectors.search(str(crowd["chen"])).rows
    assert (row.id, row.name_masked, row.status) == (crowd["chen"], "陈*桐", "active")
    assert (row.phones_masked, row.cards_masked) == (("138 **** 6217",), ("**** 8213",))
    assert row.registered_at == t0


@pytest.mark.parametrize("text", ["", "6217"])
def test_pages_show_everybody_once(crowd, text):
    whole = [row.id for row in selectors.search(text).rows]
    pages, after = [], None
    while True:
        page = selectors.search(text, limit=2, after=after)
        pages += [row.id for row in page.rows]
        if (after := page.after) is None:
            break
        assert len(page.rows) == 2
    assert pages == whole


@pytest.mark.parametrize("mark", ["", "x", "1_", "1_2_3", "9" * 18 + "_1", "1_1; drop table", "١_٢"])
def test_marks_nobody_gave_out(mark):
    with pytest.raises(BadCursor):
        selectors.search("", after=mark)


def test_a_merged_members_name_and_number_lead_to_the_kept_one(crowd, clerk, t0):
    services.merge(caller=clerk, kept_id=crowd["li"], gone_id=crowd["chen"], reason="same person", at=t0)
    services.merge(caller=clerk, kept_id=crowd["wang"], gone_id=crowd["li"], reason="same person", at=t0)
    for text in ("陈雨桐", "李雨桐", str(crowd["chen"]), "13800136217"):
        assert [row.id for row in selectors.search(text).rows] == [crowd["wang"]]
    assert selectors.resolve({"member_id": crowd["chen"]}).id == crowd["wang"]
    assert selectors.kept_id(crowd["chen"]) == crowd["wang"]


def test_a_search_reads_indexes_only(crowd):
    """With sequential scans forbidden, none may be left: every condition has its index at any size."""
    for text in ("13800136217", "6217", "陈雨桐"):
        query = understand(text)
        values = {
            "indexes": query.indexes,
            "tail": query.tail,
            "tokens": query.tokens,
            "member_id": query.member_id,
            "after_at": None,
            "after_id": None,
            "limit": 51,
        }
        with connection.cursor() as cursor:
            cursor.execute("set local enable_seqscan = off")
            cursor.execute("explain " + load("laoke.members", "search"), values)
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan" not in plan
        assert "identity_belongs_to_one_member" in plan

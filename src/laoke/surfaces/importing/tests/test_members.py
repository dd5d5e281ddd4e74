"""Members: registered once, whoever is known is left alone, and no report repeats who they are."""

from __future__ import annotations

import pytest

from laoke.members import selectors
from laoke.surfaces.importing.tests.conftest import ask, everything, reported

pytestmark = pytest.mark.django_db
TEXT = """
    laoke-mapping: 1
    kind: members
    columns:
      card: 卡号
      phone: 手机
      registered_at: 入会
      name: 姓名
      birth_date: 生日
      gender: 性别
      home_store: 门店
      tags: 标签
    words: { 男: m, 女: f }
    consents:
      - { channel: sms, purpose: marketing, granted: 短信, source: old-system }
    unknown: { stores: create }
"""
HEADER = ("卡号", "手机", "入会", "姓名", "生日", "性别", "门店", "标签", "短信")
ROWS = [
    ("10001", "13812345678", "2024-03-01", "王小明", "1990-02-28", "男", "S1", "老客；团购", "是"),
    ("10002", "13912345678", "2024-03-02 10:30", "李雷", "", "女", "", "", "N"),
    ("10003", "", "2024-03-03", "", "", "", "S1", "", ""),
]


@pytest.fixture
def members(bring, rows_file):
    def members_from(rows, *changes, **more):
        return bring(
            rows_file(rows, HEADER, "members.csv", "gb18030"), TEXT, *changes, kind="members", **more
        )

    return members_from


def test_members_go_in_once(members):
    outcome = members(ROWS)
    assert (outcome.rows, outcome.things, outcome.added, outcome.report) == (3, 3, 3, None)
    assert ask(
        "select to_char(registered_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI'), birthday_mmdd, gender, "
        "name_masked, s.code from members_member m left join purchases_store s on s.id = home_store_id order by m.id"
    ) == [
        ("2024-03-01 00:00", 228, "m", "王*明", "S1"),
        ("2024-03-02 10:30", None, "f", "李*", None),
        ("2024-03-03 00:00", None, "", "", "S1"),
    ]
    member_id = selectors.find("card", "10001")
    assert member_id == selectors.find("phone", "+86 138 1234 5678")
    assert ask("select tag from members_membertag order by 1") == [("团购",), ("老客",)]
    assert ask("select granted, source from members_consentevent order by member_id") == [
        (True, "old-system"),
        (False, "old-system"),
    ]
    assert ask("select count(*) from points_account") == [(3,)]
    before = everything()
    again = members(ROWS)
    assert (again.known, again.added) == (3, 0)
    assert everything() == before


def test_a_dry_run_finds_what_services_refuse_and_leaves_nothing(members):
    before = everything()
    rows = [*ROWS, ("10004", "12", "2024-03-01", "", "", "", "", "", "")]
    outcome = members(rows, dry_run=True)
    assert (outcome.things, outcome.added, outcome.created) == (3, 0, {})
    assert [row[1:3] for row in reported(outcome)] == [("5", "phone")]
    assert everything() == before


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (0, "1", "card"),
        (0, "9" * 501, "card"),
        (1, "1381234", "phone"),
        (2, "", "registered_at"),
        (2, "soon", "registered_at"),
        (2, "2030-01-01", "registered_at"),
        (3, "王" * 10_000, "name"),
        (4, "2024-02-30", "birth_date"),
        (4, "1850-01-01", "birth_date"),
        (4, "2025-01-01", "birth_date"),
        (5, "x", "gender"),
        (7, "t" * 41, "tags"),
        (8, "maybe", "consents"),
    ],
)
def test_every_mistake_is_told_without_saying_who(members, place, value, field):
    row = list(ROWS[0])
    row[place] = value
    outcome = members([row, ROWS[1]])
    assert (outcome.things, outcome.added) == (1, 1)
    (entry,) = reported(outcome)
    assert entry[:2] == ("members.csv", "2")
    assert entry[2] in {field, "tag" if field == "tags" else field, ""}
    personal = ("10001", "13812345678", "王王", "1990")
    assert not any(word in cell for cell in entry for word in personal)


def test_the_same_person_twice_in_the_files_is_told(members):
    rows = [
        *ROWS,
        ("10009", "139 1234 5678", "2024-05-01", "", "", "", "", "", ""),
        ("", "", "2024-05-01", *[""] * 6),
    ]
    outcome = members(rows)
    assert outcome.added == 3
    assert [row[1:3] for row in reported(outcome)] == [("5", "phone"), ("6", "")]


def test_an_unknown_store_is_told_when_it_may_not_be_made(members):
    outcome = members(ROWS, ("stores: create", "stores: reject"))
    assert outcome.added == 1
    assert [row[1:3] for row in reported(outcome)] == [("2", "home_store"), ("4", "home_store")]


def test_html_and_sql_in_a_name_stay_a_name(members):
    row = ("10001", "", "2024-03-01", "<b>'; drop table members_member; --</b>", "", "", "", "", "")
    assert members([row]).added == 1
    assert ask("select count(*) from members_member") == [(1,)]

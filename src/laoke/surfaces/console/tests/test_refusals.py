"""Refusals say in the language of the reader what is missing, and who can give it."""

from __future__ import annotations

from html import unescape

import pytest
from django.utils import translation

from laoke.foundation.access import SCOPE_LABELS, SYSTEM, MissingScope, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.staff import services as staff
from tests.shop import OPENING

from .conftest import PASSWORD
from .test_stores import words


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "This page needs the permission “Manage staff and roles”. Your role, Analyst, does not have it. "
            "An owner can give your account another role. Owners: 林禾",
        ),
        (
            "zh-hans",
            "此页面需要“管理员工与角色”权限，你的角色“数据分析”没有这项权限。"
            "负责人可以为你的账号更换角色。 负责人： 林禾",
        ),
    ],
)
def test_a_page_names_the_right_and_whoever_can_give_it(hire, language, said):
    staff.create(SYSTEM, "boss", "林禾", "owner", PASSWORD, at=OPENING)
    gone = staff.create(SYSTEM, "gone", "不在了", "owner", PASSWORD, at=OPENING)
    staff.disable(SYSTEM, gone.username, at=OPENING)
    answer = hire("analyst", language=language).get("/settings/staff")
    assert answer.status_code == 403
    page = unescape(answer.content.decode())
    assert said in " ".join(words(answer).split())
    assert "staff:manage" not in page
    assert "不在了" not in page


def test_in_a_dialog_it_is_a_dialog(hire):
    answer = hire("analyst").get("/jobs/run/points.expire", headers={"X-Laoke-Dialog": "1"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "<html" not in page
    assert '<h2 id="dialog-title">Not allowed</h2>' in page
    assert "Change the rules of the programme" in page


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        (None, "没有权限", "需要“{right}”权限（orders:write），可由负责人授予。"),  # the shop's own
        ("en", "Not allowed", "This needs the permission “{right}” (orders:write). An owner can grant it."),
        ("zh-Hans", "没有权限", "需要“{right}”权限（orders:write），可由负责人授予。"),
        ("zh-CN,en;q=0.5", "没有权限", "需要“{right}”权限（orders:write），可由负责人授予。"),
    ],
)
def test_the_api_follows_the_language_and_keeps_its_fields(shop, client, language, title, detail):
    _, key = apikeys.create(SYSTEM, "display", [Scope.STORES_READ], None, None, at=OPENING)
    headers = {"Authorization": f"Bearer {key}"} | ({"Accept-Language": language} if language else {})
    answer = client.post("/v1/orders", "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 403
    told = answer.json()
    with translation.override("en" if language == "en" else "zh-hans"):
        right = str(SCOPE_LABELS[Scope.ORDERS_WRITE])
    assert told["type"].endswith("/problems/missing-scope")
    assert told["scope"] == "orders:write"
    assert told["detail"] == detail.format(right=right)
    assert told["title"] in (title, "Not allowed")


def test_every_scope_can_be_said():
    for scope in Scope:
        with translation.override("zh-hans"):
            detail = MissingScope(scope).detail
        assert scope.value in detail
        assert str(scope.value) != detail
        assert "“" in detail

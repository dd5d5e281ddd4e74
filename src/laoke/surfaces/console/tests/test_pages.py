"""What the pages show, to whom, and with how many statements."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.members import services as members
from laoke.members.types import ConsentInput, IdentityInput
from laoke.surfaces.console.pages import NAVIGATION
from tests.shop import OPENING, line

from .conftest import Browser

NIGHTS_WORK = {
    "breakpoints": {
        "recency_days_at_most": [60, 30, 14, 7],
        "frequency_at_least": [2, 3, 5, None],
        "monetary_minor_at_least": [1, 2, 3, 4],
    },
    "interactions_evaluated": False,
}


def text(response) -> str:
    """The words of a page, tags gone and spaces joined."""
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def score(member_id, *, r, f, m, spent, rfm, value, orders=1, days=3):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_memberfeatures (member_id, as_of, recency_days, frequency, monetary_minor, "
            "orders_total, first_purchase_date, last_purchase_date, r_score, f_score, m_score, annual_minor, "
            "annual_repurchases, rule_rfm, class_rfm, rule_value, class_value) values "
            "(%s, '2026-03-09', %s, %s, %s, %s, '2026-01-01', '2026-03-06', %s, %s, %s, %s, %s, '', %s, '', %s)",
            [member_id, days, orders, spent, orders, r, f, m, spent, orders - 1, rfm, value],
        )


def computed():
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_featurerun (as_of, started_at, finished_at, members, summary) "
            "values ('2026-03-09', %s, %s, 2, %s)",
            [OPENING, OPENING, json.dumps(NIGHTS_WORK)],
        )


@pytest.fixture
def li(shop):
    """A member who bought wine twice and brought one back."""
    member_id = members.register(
        caller=SYSTEM,
        at=OPENING - timedelta(days=400),
        name="李小梅",
        identities=[IdentityInput("phone", "13812345678"), IdentityInput("card", "HL00009999")],
        home_store_id=shop.stores["S1"],
        consents=[ConsentInput("sms", "marketing", False, "pos")],
        tags=["母婴"],
    )
    till = shop.till(OPENING - timedelta(days=40))
    till.sell("A1", member_id, line("wine"))
    till.later(days=10, hours=1)
    order = till.sell("A2", member_id, line("wine", 2))
    till.later(days=1)
    till.take_back(order["order_id"], "R1", (1, "1"))
    till.sell("A3", None, line("rice"))
    return member_id


class TestMembers:
    @pytest.mark.parametrize("asked", ["13812345678", "5678", "HL00009999", "小梅"])
    def test_found_by_what_somebody_says(self, shop, li, hire, asked):
        page = text(hire().get("/members", {"q": asked}))
        assert f"found by “{asked}”: 1 member," in page
        assert "李*梅" in page
        assert "138 **** 5678" in page
        assert "**** 9999" in page
        assert "李小梅" not in page
        assert "13812345678" not in page.replace(asked, "")

    def test_nobody_found_says_what_to_try(self, shop, hire):
        browser = hire()
        assert "Nobody found" in text(browser.get("/members", {"q": "王大锤"}))
        assert "No members yet" in text(browser.get("/members"))

    def test_pages_of_fifty(self, shop, hire):
        for _ in range(51):
            shop.member()
        browser = hire()
        page = browser.get("/members").content.decode()
        assert page.count('name="ids"') == 50
        following = re.search(r'href="(/members\?after=[^"]+)"', page)[1]
        assert browser.get(following).content.decode().count('name="ids"') == 1

    def test_a_bad_page_mark_is_refused_in_the_frame(self, shop, hire):
        response = hire().get("/members", {"after": "x"})
        assert response.status_code == 400
        assert "Page mark cannot be read" in text(response)

    def test_an_account_limited_to_a_store_finds_its_members_only(self, shop, li, hire):
        here, elsewhere = (
            hire(role, store_ids=[shop.stores[code]])
            for role, code in (("store_manager", "S1"), ("associate", "S2"))
        )
        assert ": 1 member," in text(here.get("/members", {"q": "5678"}))
        assert "Nobody found" in text(elsewhere.get("/members", {"q": "5678"}))
        shop.till(OPENING).sell("B1", li, line("milk"), store="S2")
        assert ": 1 member," in text(elsewhere.get("/members", {"q": "5678"}))


class TestRoles:
    @pytest.mark.parametrize("role", list(Role))
    def test_each_role_sees_what_its_scopes_say(self, shop, li, hire, role):
        computed()
        score(li, r=5, f=2, m=4, spent=100_000, rfm="potential", value="basic", orders=2)
        browser = hire(role.value)
        scopes = ROLE_SCOPES[role]
        first = browser.get("/")
        assert first.status_code == (200 if Scope.INSIGHT_READ in scopes else 302)
        page = text(browser.get(f"/members/{li}"))
        for scope, sign in (
            (Scope.TIERS_READ, "Tier progress"),
            (Scope.POINTS_READ, "Open lots by month of expiry"),
            (Scope.ORDERS_READ, "Bought at"),
            (Scope.INSIGHT_READ, "Classes and why"),
        ):
            assert (sign in page) == (scope in scopes)
            assert (f"want of a permission: {scope.value}" in page) == (scope not in scopes)

    def test_the_navigation_holds_only_what_opens(self, shop, hire):
        page = hire("associate").get("/members").content.decode()
        assert 'href="/"' not in page
        owner = hire("owner")
        groups = set(re.findall(r'class="nav-g[^"]*" href="([^"]+)"', owner.get("/").content.decode()))
        assert groups == {group.entries[0].path for group in NAVIGATION}
        paths = {entry.path for group in NAVIGATION for entry in group.entries}
        assert {owner.get(path).status_code for path in paths} == {200}

    def test_a_missing_scope_is_named(self, shop, hire, monkeypatch):
        monkeypatch.setitem(ROLE_SCOPES, Role.FINANCE, frozenset())
        browser = hire("finance")
        for path in ("/members", "/members/1"):
            response = browser.get(path)
            assert response.status_code == 403
            assert "View members, masked" in text(response)
            assert "Finance" in text(response)
        # Somebody who may see nothing of the shop still has an account.
        assert browser.get("/").headers["Location"] == "/account"

    def test_parts_without_scope_are_not_even_read(self, shop, li, hire, monkeypatch, statements):
        monkeypatch.setitem(ROLE_SCOPES, Role.FINANCE, frozenset({Scope.MEMBERS_READ}))
        browser = hire("finance")
        with statements() as sent:
            page = text(browser.get(f"/members/{li}"))
        assert not any(
            "order_no" in each and "limit" in each and "purchase.total_minor" in each for each in sent
        )
        assert "¥" not in page
        assert "A1" not in page
        assert "Earned" not in page
        assert "Joined" not in page


class TestCost:
    def test_few_statements_a_page(self, shop, li, hire, statements):
        computed()
        score(li, r=5, f=2, m=4, spent=100_000, rfm="potential", value="basic", orders=2)
        browser = hire()
        for path in ("/", "/members", "/members?q=5678", f"/members/{li}"):
            browser.get(path)
            with statements() as sent:
                assert browser.get(path).status_code == 200
            assert len(sent) <= 12, (path, len(sent), sent)

    def test_the_api_pays_for_none_of_it(self, shop, hire, statements):
        hire()
        browser = Browser()
        with statements() as sent:
            response = browser.get("/v1/openapi.json")
        assert sent == []
        assert "Content-Security-Policy" not in response
        assert "csrftoken" not in response.cookies


class TestSafety:
    def test_nothing_inline_and_nothing_from_elsewhere(self, shop, li, hire):
        computed()
        score(li, r=5, f=2, m=4, spent=100_000, rfm="potential", value="basic", orders=2)
        browser = hire()
        for path in (
            "/",
            "/members",
            f"/members/{li}",
            "/members/999",
            "/login",
            "/problems/",
            "/problems/not-found",
        ):
            response = browser.get(path, follow=False)
            policy = response["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert response["X-Frame-Options"] == "DENY"
            page = response.content.decode()
            assert not re.search(r"<script(?! src=\"/static/)|\sstyle=|\son\w+=|<style|https?://", page), path

    def test_pages_with_members_are_not_kept(self, shop, li, hire):
        assert hire().get(f"/members/{li}")["Cache-Control"] == "private, no-store"

    def test_names_are_text(self, shop, hire):
        evil = members.register(
            caller=SYSTEM,
            at=OPENING,
            name="<img src=x onerror=alert(1)> <script>",
            identities=[IdentityInput("phone", "13912345678")],
            tags=["<svg onload=alert(2)>"],
        )
        browser = hire()
        for path in (f"/members/{evil}", "/members", "/members?q=%3Cscript%3Ealert(3)%3C/script%3E"):
            page = browser.get(path).content.decode()
            assert not re.search(r"<script(?! src=\"/static/)", page)
            assert "<img" not in page
            assert "<svg onload" not in page
            assert "李 &amp; &lt;b&gt;梅&lt;/b&gt;" in page

    def test_unknown_addresses_and_our_own_faults_have_pages(self, shop, hire, monkeypatch):
        response = hire().get("/nothing/here")
        assert response.status_code == 404
        assert "No such page" in text(response)
        browser = hire("finance")
        browser.raise_request_exception = False

        def fail(*_):
            raise RuntimeError("the cause is for the log")

        monkeypatch.setattr("laoke.surfaces.console.views.overview.overview", fail)
        response = browser.get("/")
        assert response.status_code == 500
        assert "Something went wrong on our side" in text(response)
        assert "cause is for the log" not in text(response)
        assert response["X-Request-ID"] in text(response)


class TestLanguages:
    def test_the_same_page_in_chinese(self, shop, li, hire):
        page = text(hire(language="zh-CN").get(f"/members/{li}"))
        for said in ("等级进度", "得积分", "保银卡", "负责人", "短信"):
            assert said in page

    def test_the_api_answers_in_the_language_it_is_asked_in(self, shop, hire):
        hire(language="en").get("/members")  # leaves this thread in English
        asked = Browser(language="zh-CN").get("/v1/members/1")
        assert asked.json()["title"] == "需要 API 密钥"

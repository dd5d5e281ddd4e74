"""The grid of scores: what it counts, for whom, and where its fields lead."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.db import connection

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.segments import cubes
from laoke.segments.models import Cube
from tests.shop import OPENING, line

SUMMARY = {
    "breakpoints": {
        "recency_days_at_most": [120, 60, 30, 14],
        "frequency_at_least": [2, 3, 6, None],
        "monetary_minor_at_least": [60_000, 120_000, 200_000, 400_000],
    },
    "interactions_evaluated": False,
}


def words(response) -> str:
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    body = body[body.index("<main") :] if "<main" in body else body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def score(member_id, r, f, m, spent, rfm, value, times):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_memberfeatures (member_id, as_of, recency_days, frequency, monetary_minor, "
            "orders_total, first_purchase_date, last_purchase_date, r_score, f_score, m_score, annual_minor, "
            "annual_repurchases, rule_rfm, class_rfm, rule_value, class_value) values "
            "(%s, '2026-03-09', 3, %s, %s, %s, null, null, %s, %s, %s, %s, 0, '', %s, '', %s)",
            [member_id, times, spent, times, r, f, m, spent, rfm, value],
        )


def computed(at=OPENING):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into segments_featurerun (as_of, started_at, finished_at, members, summary) "
            "values ('2026-03-09', %s, %s, 4, %s)",
            [at, at, json.dumps(SUMMARY)],
        )


@pytest.fixture
def scored(shop):
    """Four members: two in the best field, one in the worst, one who never bought; orders go back 100 days."""
    people = [
        members.register(
            caller=SYSTEM,
            at=OPENING - timedelta(days=200),
            identities=[IdentityInput("phone", f"1390000000{n}")],
            home_store_id=shop.stores["S1"] if n < 2 else None,
        )
        for n in range(4)
    ]
    shop.till(OPENING - timedelta(days=100)).sell("A1", people[2], line("wine"))
    score(people[0], 5, 5, 5, 300_000, "high_value", "core", 8)
    score(people[1], 5, 5, 4, 100_000, "potential", "basic", 1)
    score(people[2], 1, 1, 1, 50_000, "dormant", "basic", 1)
    score(people[3], None, None, None, 0, "dormant", "dormant", 0)
    computed(OPENING - timedelta(hours=7))
    return people


class TestTheGrid:
    def test_fields_say_members_spend_and_class_and_lead_to_the_members(self, scored, hire):
        page = hire().get("/segments")
        body = page.content.decode()
        assert 'href="/members?r=5&amp;f=5"' in body
        assert "R5 F5: 2 members, ¥2,000 , High value" in words(page)
        assert "R1 F1: 1 members, ¥500 , Dormant" in words(page)
        assert "4 members; 1 of them never bought" in words(page)

    def test_rows_and_columns_carry_the_breakpoints_of_the_run(self, scored, hire):
        said = words(hire().get("/segments"))
        for expected in ("R5 0–14 days", "R1 121+ days", "F1 0–1 orders", "F4 6+ orders", "F5 --"):
            assert expected in said
        assert "M5 ¥4,000 and more" in words(hire("analyst").get("/segments?by=rm"))
        assert "M1 below ¥600" in words(hire("finance").get("/segments?by=fm"))

    def test_other_axes_regroup_the_same_members(self, scored, hire):
        page = hire().get("/segments?by=rm")
        assert "R5 M5: 1 members, ¥3,000 , High value" in words(page)
        assert 'href="/members?r=5&amp;m=5"' in page.content.decode()
        assert "F5 M4: 1 members, ¥1,000 , Potential" in words(hire("analyst").get("/segments?by=fm"))

    def test_axes_nobody_knows_show_the_first(self, scored, hire):
        assert "R5 F5:" in words(hire().get("/segments", {"by": "🙂" * 2000}))

    def test_classes_with_shares_and_links(self, scored, hire):
        page = hire().get("/segments")
        body = page.content.decode()
        assert 'href="/members?rfm=high_value"' in body
        assert 'href="/members?value=core"' in body
        assert "High value 1 25.0% 66.7% ¥3,000 100.0%" in words(page)
        assert "Dormant 2 50.0% 11.1% ¥250 0.0%" in words(page)

    def test_rules_are_listed_in_the_order_they_are_tried(self, scored, hire):
        body = hire().get("/segments").content.decode()
        first, second = re.findall(r'<ol class="rules">(.*?)</ol>', body, re.S)
        assert re.findall(r"<li><b>(.*?)</b>", first) == [
            "New", "Dormant", "High value", "New", *["Potential"] * 4, *["Dormant"] * 3
        ]  # fmt: skip
        assert re.findall(r"<li><b>(.*?)</b>", second) == [
            "Core", "Potential", "Basic", "Dormant", "Dormant", "Basic"
        ]  # fmt: skip
        assert "Frequency score <span" in first.split("<li>")[3]

    def test_a_day_that_was_not_over_is_said_to_be_so(self, scored, hire):
        browser = hire()
        assert "Data to the end of 2026-03-09, calculated 2026-03-10 05:00." in words(
            browser.get("/segments")
        )
        computed(OPENING - timedelta(hours=20))
        assert "Data to 2026-03-09 16:00, when this was calculated; 2026-03-09 was not over yet." in words(
            browser.get("/segments")
        )

    def test_the_age_is_told_and_an_old_run_is_named(self, scored, hire):
        browser = hire()
        assert "That was 7 hours ago." in words(browser.get("/segments"))
        assert "has not come through" not in words(browser.get("/segments"))
        assert "has not come through" in words(browser.later(hours=30).get("/segments"))


class TestStores:
    def test_a_limited_account_sees_members_at_home_or_buying_there(self, shop, scored, hire):
        page = hire("store_manager", store_ids=[shop.stores["S1"]]).get("/segments")
        assert "3 members; 0 of them never bought" in words(page)
        assert "whose home store is one of these stores, or who bought there" in words(page)

    def test_a_store_without_members_shows_an_empty_grid(self, shop, scored, hire):
        page = hire("store_manager", store_ids=[shop.stores["S2"]]).get("/segments")
        assert "0 members" in words(page)
        assert "data-cell" not in page.content.decode()

    def test_counts_are_kept_until_the_next_run(self, shop, scored, hire):
        browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        browser.get("/segments")
        assert Cube.objects.filter(stores=[shop.stores["S1"]]).count() == 1
        score(10_000_000, 5, 5, 5, 1, "dormant", "core", 1)
        assert "3 members" in words(browser.get("/segments"))
        computed(OPENING)
        cubes.count_all()
        assert Cube.objects.filter(stores=None).count() == 1
        assert "3 members" in words(browser.get("/segments"))
        assert "5 members" in words(hire().get("/segments"))

    def test_the_night_counts_each_store_as_the_page_does(self, shop, scored):
        asked = cubes.newest([shop.stores["S1"]])
        Cube.objects.all().delete()
        cubes.count_all()
        counted = cubes.newest([shop.stores["S1"]])
        assert sorted(counted.cells, key=str) == sorted(asked.cells, key=str)


class TestWithoutFigures:
    def test_no_orders(self, shop, hire):
        assert "No orders yet" in words(hire().get("/segments"))

    def test_too_few_days_say_when_there_will_be_enough(self, shop, hire):
        shop.till(OPENING - timedelta(days=9)).sell(
            "A1", shop.member(at=OPENING - timedelta(days=9)), line("wine")
        )
        said = words(hire().get("/segments"))
        assert "there are 10 days so far, on 2026-05-29 there will be enough" in said

    def test_never_computed(self, shop, hire):
        shop.till(OPENING - timedelta(days=95)).sell(
            "A1", shop.member(at=OPENING - timedelta(days=95)), line("wine")
        )
        assert "laoke recompute rfm" in words(hire().get("/segments"))


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_every_role_may_look(self, scored, hire, role):
        browser, may = hire(role.value), Scope.INSIGHT_READ in ROLE_SCOPES[role]
        assert browser.get("/segments").status_code == (200 if may else 403)
        assert ('href="/segments"' in browser.get("/members").content.decode()) is may

    def test_strangers_sign_in_first(self, scored, browser):
        assert browser.get("/segments").headers["Location"] == "/login?next=%2Fsegments"

    def test_both_languages(self, scored, hire):
        assert "分群与 RFM" in hire(language="zh-hans").get("/segments").content.decode()

    def test_at_most_twelve_statements(self, scored, hire, statements):
        browser = hire()
        browser.get("/segments")
        with statements() as sent:
            browser.get("/segments")
        assert len(sent) <= 12, sent

"""The first page: figures against plans, the curve and its table, what needs attention, targets; for whom."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from django.db import connection

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.review import selectors as review
from laoke.review.models import TargetVersion
from laoke.review.plans import Plan
from laoke.review.targets import set_target
from laoke.surfaces.console.pages import NAVIGATION
from laoke.surfaces.console.selectors import overview as selector
from tests.shop import OPENING, line

from .conftest import Browser

# The night before the opening at noon of the tenth.
AS_OF = date(2026, 3, 9)
MONTH_AGO = AS_OF - timedelta(days=28)
PLAN = Plan("repurchase_90", 3800, 5130, date(2025, 3, 1), date(2026, 6, 30))


def text(response) -> str:
    """The words of a page, tags and data gone and spaces joined."""
    body = re.sub(r"<(svg|script).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def figure(metric, above, below=None, *, day=AS_OF, store=0, part=""):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into review_figure (store_id, metric, part, day, numerator, denominator) "
            "values (%s, %s, %s, %s, %s, %s)",
            [store, metric, part, day, above, below],
        )


def counted(at=OPENING - timedelta(hours=7), as_of=AS_OF, first=date(2025, 1, 1)):
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into review_figurerun (as_of, started_at, finished_at, first_order_date, rows) "
            "values (%s, %s, %s, %s, 1)",
            [as_of, at, at, first],
        )


@pytest.fixture
def sold(shop):
    """Somebody bought something yesterday."""
    member_id = members.register(
        caller=SYSTEM,
        at=OPENING - timedelta(days=90),
        identities=[IdentityInput("phone", "13812345678")],
        home_store_id=shop.stores["S1"],
    )
    shop.till(OPENING - timedelta(days=1)).sell("A1", member_id, line("wine"))
    return member_id


@pytest.fixture
def night(shop, sold):
    """The figures of a larger shop, as a night leaves them."""
    counted()
    for store, scale in ((0, 4), (shop.stores["S1"], 1)):
        figure("repurchase_90", 119 * scale, 250 * scale, store=store)
        figure("repurchase_90", 115 * scale, 250 * scale, store=store, day=MONTH_AGO)
        figure("high_value_share", 543_000 * scale, 1_000_000 * scale, store=store)
        figure("high_value_churn", 87 * scale, 500 * scale, store=store)
        figure("high_value_churn", 80 * scale, 500 * scale, store=store, day=MONTH_AGO)
        figure("members", 30_000 * scale, store=store)
        figure("members", 29_000 * scale, store=store, day=MONTH_AGO)
        figure("new_members_30", 900 * scale, store=store)
        figure("sales_30", 128_400_000 * scale, store=store)
        for tier, people, sales in (
            ("basic", 690, 214),
            ("silver", 200, 243),
            ("gold", 90, 331),
            ("black", 20, 212),
        ):
            figure("tier_members", people * scale, part=tier, store=store)
            figure("tier_sales_90", sales * 1000 * scale, part=tier, store=store)
        figure("class_rfm", 75 * scale, part="high_value", store=store)
        figure("class_rfm", 25 * scale, part="dormant", store=store)
        figure("class_value", 100 * scale, part="basic", store=store)
        figure("points_open", 2_000_000 * scale, store=store)
        figure("points_holders", 10_000 * scale, store=store)
        figure("points_expiring", 500_000 * scale, store=store)
        figure("expiring_holders", 5_000 * scale, store=store)


class TestFigures:
    def test_values_and_their_change_when_there_is_no_plan(self, night, hire):
        page = text(hire().get("/"))
        assert "2 stores, to the end of 2026-03-09." in page
        for said in (
            "47.6 % up 1.6 pp in 4 weeks 476 / 1,000 Set target",
            "54.3 % nothing to compare with yet Set target",
            "17.4 % up 1.4 pp in 4 weeks 348 / 2,000",
            "120.0K up 4,000 in 4 weeks 3,600 new in 30 days",
            "¥5.14M nothing to compare with yet",
            "Points outstanding 8.00M worth ¥80.0K",
            "Effective give-back 1.0%",
            "Expiring in 45 days 2.00M 20,000 members",
        ):
            assert said in page, said
        assert "-- nobody to count" in page
        assert "Furthest behind plan" not in page

    def test_more_churn_is_worse(self, night, hire):
        page = hire().get("/").content.decode()
        churn = page[page.index("?metric=high_value_churn") :]
        assert churn.index('class="d bad"') < churn.index("up 1.4 pp")

    def test_against_a_plan(self, night, hire):
        set_target(SYSTEM, PLAN, at=OPENING)
        page = text(hire().get("/"))
        # Day 374 of 487: 38 + 13.3 x 374/487 = 48.2 planned.
        assert "Plan 2025-03-01 ～ 2026-06-30. Day 374; 77% should be done." in page
        assert "47.6 % 0.6 pp behind plan Base 38.0 Target 51.3" in page
        assert "Furthest behind plan 90-day repurchase 1.3% of the planned value within 5%" in page
        assert "is 0.6 pp behind plan" not in page  # within the tolerance: nothing to deal with

    def test_far_behind_a_plan_needs_attention(self, night, hire):
        set_target(SYSTEM, Plan(PLAN.metric, 3800, 6130, PLAN.start, PLAN.end), at=OPENING)
        page = text(hire().get("/"))
        assert "90-day repurchase is 8.3 pp behind plan Target · beyond the tolerance View" in page
        assert "90-day repurchase 14.8% of the planned value over 5%" in page

    def test_tiers_and_classes(self, night, hire):
        page = text(hire().get("/"))
        assert re.search(r"Gold 9.0% 360 33.1% ¥13.2K Silver 20.0% 800 24.3% ¥9,720 Member 69.0%", page)
        assert "High value 300 75.0%" in page
        assert "Basic 400 100.0%" in page

    def test_a_store_has_its_own_figures_and_no_plan_of_the_shop(self, night, shop, hire):
        set_target(SYSTEM, PLAN, at=OPENING)
        page = text(hire("store_manager", store_ids=[shop.stores["S1"]]).get("/"))
        assert "1 store, to the end of 2026-03-09." in page
        assert "47.6 % up 1.6 pp in 4 weeks 119 / 250" in page
        assert "Counts the members whose home store is one of these stores" in page
        assert "Members are counted at their home store, sales where they were made." in page
        for unsaid in ("Base 38.0", "Set target", "behind plan", "Targets", "View all stores"):
            assert unsaid not in page
        assert "The target is for the whole shop and cannot be compared with part of it" in page

    def test_targets_do_not_vanish_without_a_word_when_a_store_is_chosen(self, night, shop, hire):
        set_target(SYSTEM, PLAN, at=OPENING)
        browser = hire()
        note = (
            "The target is for the whole shop and cannot be compared with part of it; it is not shown here."
        )
        assert note not in text(browser.get("/"))
        browser.post("/place", {"place": f"store:{shop.stores['S1']}"})
        page = text(browser.get("/"))
        assert f"{note} View all stores" in page
        assert "behind plan" not in page
        assert 'href="/overview/targets"' in browser.get("/").content.decode()
        assert 'href="/overview/targets/' not in browser.get("/").content.decode()
        assert "The whole shop at the end of 2026-03-09: 47.6%" in text(
            browser.get("/overview/targets/repurchase_90")
        )
        browser.post("/place", {"place": "", "back": "/"})
        assert "0.6 pp behind plan" in text(browser.get("/"))

    def test_no_word_of_targets_where_there_are_none(self, night, shop, hire):
        page = text(hire("store_manager", store_ids=[shop.stores["S1"]]).get("/"))
        assert "for the whole shop" not in page

    def test_the_one_named_is_beyond_its_own_tolerance(self, night, hire):
        """The churn is further behind than the repurchase, but was given more room."""
        set_target(SYSTEM, PLAN, at=OPENING)
        churn = Plan("high_value_churn", 1500, 1000, PLAN.start, PLAN.end, 5000)
        set_target(SYSTEM, churn, at=OPENING)
        page = text(hire().get("/"))
        # 15 - 5 x 374/487 = 11.2 planned, 17.4 found: 56% behind.
        assert "Furthest behind plan High-value churn 55.9% of the planned value over 50%" in page
        set_target(SYSTEM, Plan("repurchase_90", 3800, 6130, PLAN.start, PLAN.end), at=OPENING)
        set_target(SYSTEM, Plan("high_value_churn", 2200, 1600, PLAN.start, PLAN.end, 5000), at=OPENING)
        assert "Furthest behind plan 90-day repurchase 14.8%" in text(hire("finance").get("/"))

    def test_nothing_is_behind(self, night, hire):
        set_target(SYSTEM, Plan("repurchase_90", 3000, 3100, PLAN.start, PLAN.end), at=OPENING)
        assert "Furthest behind plan none behind" in text(hire().get("/"))

    def test_a_store_without_anything(self, night, shop, hire):
        page = text(hire("store_manager", store_ids=[shop.stores["S2"]]).get("/"))
        assert page.count("nobody to count") == 6
        assert "Nothing in these days" in page

    def test_too_few_days_of_orders(self, shop, sold, hire):
        counted(first=date(2026, 2, 1))
        figure("members", 4)
        page = text(hire().get("/"))
        assert "-- needs 90 days of orders; from 2026-05-01 on" in page

    def test_in_chinese(self, night, hire):
        set_target(SYSTEM, PLAN, at=OPENING)
        page = text(hire(language="zh-CN").get("/"))
        for said in (
            "计划期 2025-03-01 ～ 2026-06-30，今天是第 374 天，按计划应完成 77%。",
            "2 家门店，数据截至 2026-03-09。",
            "落后计划 0.6 个百分点 基线 38.0 目标 51.3",
            "12.0 万 较 4 周前升 4,000 30 天新增 3,600",
            "¥513.6 万",
            "200.0 万 积分 2026-04-23 前到期 积分 · 涉及 20,000 位会员",
        ):
            assert said in page, said


class TestDays:
    def test_the_curve_has_its_table(self, night, hire):
        for back in (7, 14, 42, 49):
            figure("repurchase_90", 460, 1000, day=date(2026, 3, 8) - timedelta(days=back))
        set_target(SYSTEM, PLAN, at=OPENING)
        browser = hire()
        page = browser.get("/?range=year&view=table")
        told = json.loads(
            re.search(r'<script id="trend-data"[^>]*>(.*?)</script>', page.content.decode(), re.S)[1]
        )
        assert told["points"][-1] == ["2026-03-09", 47.6]
        assert told["plan"]["end"] == ["2026-06-30", 51.3]
        assert (told["plan"]["tolerance"], told["plan"]["label"]) == (0.05, "Target 51.3%")
        assert "2026-03-09 47.6% 476 / 1,000 48.2% −0.6 pp" in text(page)
        assert "2026-03-01 46.0%" in text(page)
        assert '<div id="trend" class="chart" data-chart="trend-data" hidden>' in page.content.decode()
        sheet = browser.get("/overview/series.csv?metric=repurchase_90&range=4w").content.decode("utf-8-sig")
        rows = sheet.splitlines()
        assert rows[0] == "Day,90-day repurchase,Numerator,Denominator,Plan,Difference"
        assert rows[-1] == "2026-03-09,47.6%,476,1000,48.2%,−0.6 pp"
        assert len(rows) == 5

    def test_other_days_and_another_metric(self, night, hire):
        browser = hire()
        page = text(browser.get("/?range=custom&from=2026-01-01&to=2026-02-09&metric=members"))
        assert "2 stores, to the end of 2026-02-09." in page
        assert "116.0K" in page
        assert "Classes are kept from the day they were first computed on" in page

    @pytest.mark.parametrize(
        "asked",
        [
            "from=2026-03-09&to=2026-01-01",
            "from=x&to=",
            "from=2026-02-30&to=2026-03-01",
            "from=0001-01-01&to=9999-12-31",
            "",
        ],
    )
    def test_days_that_make_no_stretch_are_said(self, night, hire, asked):
        response = hire().get(f"/?range=custom&{asked}&metric=nonsense")
        assert response.status_code == 200
        assert "These days cannot be shown" in text(response)

    def test_hostile_parameters(self, night, hire):
        response = hire().get("/", {"range": "<b>" * 1000, "metric": "\u202e😀" * 3000, "view": "x"})
        assert response.status_code == 200
        assert "<b><b>" not in response.content.decode()


class TestAttention:
    def test_nothing_is_said_to_need_what_does_not(self, shop, sold, hire):
        counted()
        with connection.cursor() as cursor:
            cursor.execute("insert into procrastinate_workers (last_heartbeat) values (%s)", [OPENING])
        assert "Nothing needs attention" in text(hire().get("/"))

    def test_a_store_that_fell_silent(self, shop, sold, hire):
        counted()
        figure("selling_days", 14, store=shop.stores["S1"])
        figure("selling_days", 13, store=shop.stores["S2"])
        assert "二店 has sent nothing since yesterday" in text(
            hire().get("/")
        )  # the first one sold yesterday
        page = text(hire("operations", at=OPENING + timedelta(days=1)).get("/"))
        assert "2 stores have sent nothing since yesterday Stores · 一店, 二店" in page
        with connection.cursor() as cursor:
            cursor.execute("update review_figure set numerator = 12")
        assert "sent nothing" not in text(hire("finance").get("/"))

    def test_work_that_was_given_up(self, night, hire):
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into procrastinate_jobs (queue_name, task_name, status, args) "
                "values ('default', 'points.expire', 'failed', '{}')"
            )
        opens = {entry.path: entry.scope for group in NAVIGATION for entry in group.entries}
        for role in (Role.OWNER, Role.STORE_MANAGER):
            page = hire(role.value).get("/")
            may = opens.get("/jobs") in ROLE_SCOPES[role]
            assert ("1 background job was given up" in text(page)) == may
            assert ('href="/jobs"' in page.content.decode()) == may

    def test_figures_of_an_older_night(self, night, hire):
        late = hire(at=OPENING + timedelta(days=2))
        page = text(late.get("/"))
        assert "The figures are still those of 2026-03-09" in page
        assert "These figures are of 2026-03-09, counted 2026-03-10 05:00." in page

    def test_a_tier_review_that_comes(self, night, hire):
        page = text(hire(at=OPENING + timedelta(days=20)).get("/"))
        assert "The tier review is on 2026-04-01 Tiers · in 2 days" in page

    def test_links_lead_only_where_the_viewer_may_go(self, night, hire, monkeypatch):
        monkeypatch.setitem(ROLE_SCOPES, Role.AUDITOR, frozenset({Scope.INSIGHT_READ}))
        page = hire("auditor").get("/").content.decode()
        assert "points expire by" in page
        assert 'href="/members"' not in page
        assert 'href="/segments"' in page  # figures, as this page is


class TestStates:
    def test_before_the_first_order(self, db, shop, hire):
        page = text(hire().get("/"))
        assert "Three steps to the first figures" in page
        assert "2 stores and a catalogue are there." in page
        assert "A programme is in force." in page
        assert "laoke import orders" in page
        assert "Needs attention" not in page

    def test_orders_but_no_night_yet(self, shop, sold, hire):
        owner = hire()
        page = text(owner.get("/"))
        assert "The figures are not counted yet" in page
        assert "Count them now" in page
        assert "Last order 2026-03-09 12:00" in page
        assert "Count them now" not in text(hire("finance").get("/"))
        assert owner.post("/overview/count").status_code == 303
        assert "The figures are being counted" in text(owner.get("/"))
        owner.post("/overview/count")
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from procrastinate_jobs where task_name = 'review.figures'")
            assert cursor.fetchone() == (1,)

    @pytest.mark.parametrize(
        "part",
        ["_pulse", "_values", "chart", "_tiers", "_classes", "_points", "_alerts", "_freshness", "_card"],
    )
    def test_a_part_that_fails_does_not_take_the_others_with_it(self, night, hire, monkeypatch, part):
        def fail(*_args, **_named):
            raise RuntimeError("the cause is for the log")

        monkeypatch.setattr(selector, part, fail)
        response = hire().get("/")
        assert response.status_code == 200
        page = text(response)
        assert "could not be loaded" in page or "could not be read" in page
        assert "cause is for the log" not in page
        assert ("47.6 %" in page) == (part not in ("_values", "_card"))
        assert ("47.6%" in page) == (part != "chart")
        assert ("points expire by" in page) == (part not in ("_pulse", "_values", "_alerts"))

    def test_few_statements(self, night, shop, hire, statements):
        set_target(SYSTEM, PLAN, at=OPENING)
        for browser in (hire(), hire("store_manager", store_ids=[shop.stores["S1"]])):
            for path in ("/", "/overview/series.csv", "/?range=year&metric=sales_30"):
                browser.get(path)
                with statements() as sent:
                    assert browser.get(path).status_code == 200
                assert len(sent) <= 12, (path, len(sent), sent)


FORM = {"baseline": "38", "target": "51.3", "start": "2025-03-01", "end": "2026-06-30", "tolerance": "5"}


class TestTargets:
    def test_set_change_remove_and_undo(self, night, hire):
        browser = hire()
        assert "no target" in text(browser.get("/overview/targets"))
        done = browser.post("/overview/targets/repurchase_90", FORM)
        assert (done.status_code, done["Location"]) == (303, "/overview/targets")
        assert review.targets()["repurchase_90"].plan == PLAN
        listed = browser.get("/overview/targets")
        assert "47.6% 38.0% 51.3% 2025-03-01 ～ 2026-06-30 ±5% owner-1" in text(listed)
        version = re.search(r'name="version" value="(\d+)"', listed.content.decode())[1]
        browser.post("/overview/targets/repurchase_90/remove", {"version": version})
        after = browser.get("/overview/targets").content.decode()
        assert review.targets() == {}
        undo = re.search(
            r'action="(/overview/targets/repurchase_90/restore)".*?name="version" value="(\d+)"', after, re.S
        )
        browser.post(undo[1], {"version": undo[2]})
        browser.post(undo[1], {"version": undo[2]})
        assert review.targets()["repurchase_90"].plan == PLAN
        assert AuditEntry.objects.filter(object_kind="target").count() == 3

    def test_a_new_plan_starts_from_the_newest_value_and_can_be_left(self, night, hire):
        browser = hire()
        for code, value in (("repurchase_90", "47.6"), ("members", "120000"), ("sales_30", "5136000")):
            page = browser.get(f"/overview/targets/{code}").content.decode()
            assert re.search(rf'name="baseline" value="{value}"', page), code
            assert re.search(r'<input[^>]*name="target"[^>]*>', page)[0].count("value=") == 0
            assert '<a class="btn" href="/overview/targets" data-close>Cancel</a>' in page
        assert '<span class="unit">yuan</span>' in page
        # Nothing was counted of it: nothing to start from.
        page = browser.get("/overview/targets/monthly_active").content.decode()
        assert "value=" not in re.search(r'<input[^>]*name="baseline"[^>]*>', page)[0]

    def test_a_double_click_sets_once(self, night, hire):
        browser = hire()
        for _ in range(2):
            assert (
                browser.post("/overview/targets/repurchase_90", FORM | {"once": "token-1"}).status_code == 303
            )
        assert TargetVersion.objects.count() == 1

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("target", "30", "Higher is better here"),
            ("target", "100.01", "This value is out of range."),
            ("target", "51.333", "Ensure that there are no more than 2 decimal places."),
            ("target", "", "This field is required."),
            ("target", "9" * 10_000, ""),
            ("baseline", "😀", "Enter a number."),
            ("baseline", "-1", "This value is out of range."),
            ("baseline", "NaN", "Enter a number."),
            ("end", "2025-03-01", "The plan has to end after it starts."),
            ("end", "\u202e2026", "Enter a valid date."),
            ("tolerance", "50.01", "The tolerance lies between 0% and 50%."),
        ],
    )
    def test_bad_values_stand_in_their_fields_again(self, night, hire, field, value, said):
        response = hire().post("/overview/targets/repurchase_90", FORM | {field: value})
        assert response.status_code == 422
        assert said in text(response)
        assert f'id="id_{field}_error"' in response.content.decode()
        assert not TargetVersion.objects.exists()

    def test_units_of_the_metric(self, night, hire):
        browser = hire()
        browser.post("/overview/targets/sales_30", FORM | {"baseline": "1000000.50", "target": "2000000"})
        browser.post("/overview/targets/members", FORM | {"baseline": "100000", "target": "150000"})
        browser.post("/overview/targets/high_value_churn", FORM | {"baseline": "22", "target": "16.5"})
        plans = {code: (found.plan.baseline, found.plan.target) for code, found in review.targets().items()}
        assert plans == {
            "sales_30": (100_000_050, 200_000_000),
            "members": (100_000, 150_000),
            "high_value_churn": (2200, 1650),
        }
        assert 'value="1000000.5"' in browser.get("/overview/targets/sales_30").content.decode()

    def test_two_people_at_one_target(self, night, hire):
        browser, other = hire(), hire("operations")
        shown = browser.get("/overview/targets/repurchase_90").content.decode()
        seen = re.search(r'name="seen" value="(\w+)"', shown)[1]
        other.post("/overview/targets/repurchase_90", FORM | {"target": "60"})
        late = browser.post("/overview/targets/repurchase_90", FORM | {"seen": seen})
        assert late.status_code == 409
        assert "operations-1 set it 2026-03-10 12:00: from 38.0% to 60.0%" in text(late)
        assert 'value="51.3"' in late.content.decode()  # nothing typed is lost
        again = re.search(r'name="seen" value="(\w+)"', late.content.decode())[1]
        assert browser.post("/overview/targets/repurchase_90", FORM | {"seen": again}).status_code == 303
        assert review.targets()["repurchase_90"].plan == PLAN

    def test_a_removal_of_what_changed_meanwhile(self, night, hire):
        browser = hire()
        set_target(SYSTEM, PLAN, at=OPENING)
        assert (
            browser.post("/overview/targets/repurchase_90/remove", {"version": "999999"}).status_code == 409
        )
        assert browser.post("/overview/targets/repurchase_90/restore", {"version": "x"}).status_code == 422
        assert set(review.targets()) == {"repurchase_90"}

    @pytest.mark.parametrize("code", ["tier_members", "nothing"])
    def test_no_target_for_what_has_none(self, night, hire, code):
        assert hire().get(f"/overview/targets/{code}").status_code == 404

    @pytest.mark.parametrize("role", list(Role))
    def test_who_may_do_what(self, night, hire, role):
        set_target(SYSTEM, PLAN, at=OPENING)
        browser = hire(role.value)
        scopes = ROLE_SCOPES[role]
        sees, sets = Scope.INSIGHT_READ in scopes, Scope.PROGRAMME_WRITE in scopes
        assert (browser.get("/").status_code == 200) == sees
        for path in ("/overview/series.csv", "/overview/targets"):
            assert browser.get(path).status_code == (200 if sees else 403)
        assert browser.get("/overview/targets/members").status_code == (200 if sets else 403)
        before = TargetVersion.objects.count()
        for path in (
            "/overview/targets/members",
            "/overview/targets/repurchase_90/remove",
            "/overview/count",
        ):
            assert (browser.post(path, FORM | {"baseline": "1", "target": "2"}).status_code == 303) == sets, (
                path
            )
        assert (TargetVersion.objects.count() == before) == (not sets)
        if sees:
            assert ('href="/overview/targets"' in browser.get("/").content.decode()) == sets

    def test_an_account_of_some_stores_sets_none(self, night, shop, hire):
        browser = hire("operations", store_ids=[shop.stores["S1"]])
        assert browser.get("/overview/targets").status_code == 422
        assert (
            browser.post("/overview/targets/members", FORM | {"baseline": "1", "target": "2"}).status_code
            == 403
        )
        assert not TargetVersion.objects.exists()

    def test_without_a_session(self, shop):
        for path in ("/overview/targets", "/overview/series.csv", "/overview/targets/members"):
            assert Browser().get(path).status_code in (302, 303)

"""What stands around every page: the search over everything, the store looked at, notices, help, toasts."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import translation

from laoke.checkout import programme
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role
from laoke.foundation.outbox import dispatch
from laoke.foundation.webhooks import services as webhooks
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.promotions import alarms
from laoke.surfaces.console import handlers
from laoke.surfaces.console.notices import services as notices
from laoke.surfaces.console.notices.kinds import KINDS
from laoke.surfaces.console.notices.models import Notice
from laoke.surfaces.console.notices.selectors import newest
from laoke.surfaces.console.pages import NAVIGATION, Undo, Visit
from laoke.surfaces.console.places import ACTS, UNDER
from laoke.surfaces.console.tasks import watch
from tests.shop import OPENING, line

from .conftest import ROOT


def text(response):
    """What the page says, without tags and with single spaces."""
    page = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(page))


@pytest.fixture
def li(shop):
    """A member at home in S1 who bought there."""
    member = members.register(
        caller=SYSTEM, at=OPENING, name="李晓梅", identities=[IdentityInput("phone", "13912345678")],
        home_store_id=shop.stores["S1"],
    )  # fmt: skip
    shop.till(OPENING).sell("A1", member, line("milk"))
    return member


class TestSearch:
    def test_members_orders_and_pages_by_what_names_them(self, shop, li, hire):
        browser = hire()
        assert f'href="/members/{li}"' in browser.get("/search?q=5678").content.decode()
        page = browser.get("/search?q=A1").content.decode()
        order = re.search(r'href="/orders/(\d+)"', page)
        assert order
        assert 'href="/members"' in browser.get("/search?q=Members").content.decode()

    def test_nothing_found_says_what_to_try(self, shop, hire):
        page = text(hire().get("/search?q=zzz"))
        assert "Nothing found" in page
        assert "last four digits" in page

    def test_a_part_for_the_palette_has_no_frame(self, shop, li, hire):
        page = hire().get("/search?q=5678", headers={"HX-Request": "true"}).content.decode()
        assert f'href="/members/{li}"' in page
        assert "<html" not in page

    def test_a_limited_account_finds_its_own(self, shop, li, hire):
        other = hire("store_manager", store_ids=[shop.stores["S2"]])
        page = other.get("/search?q=5678").content.decode()
        assert f"/members/{li}" not in page
        assert "/orders/" not in other.get("/search?q=A1").content.decode()

    @pytest.mark.parametrize("asked", ["\u202eabc", "😀" * 100, "a" * 10_000, "\x00", "%", "'; drop table"])
    def test_any_text_may_be_asked_for(self, shop, hire, asked):
        assert hire().get("/search", {"q": asked}).status_code == 200

    @pytest.mark.parametrize("role", list(Role))
    def test_empty_it_lists_every_page_of_the_role_and_what_it_may_start(self, shop, hire, role):
        page = hire(role.value).get("/search").content.decode().partition("<main")[2]
        for group in NAVIGATION:
            for entry in group.entries:
                assert (f'href="{entry.path}"' in page) is (entry.scope in ROLE_SCOPES[role]), entry.path
        for act in ACTS:
            assert (f'href="{act.path}"' in page) is (act.scope in ROLE_SCOPES[role]), act.path

    @pytest.mark.parametrize(
        ("asked", "path"),
        [
            ("register", "/members/new"),
            ("登记", "/members/new"),
            ("审计", "/settings/audit"),
            ("AUDIT", "/settings/audit"),
            ("password", "/account/password"),
            ("webhook", "/settings/webhooks"),
            ("settings", "/jobs"),
        ],
    )
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_pages_and_acts_are_found_in_either_language(self, shop, hire, asked, path, language):
        part = hire(language=language).get("/search", {"q": asked}, headers={"HX-Request": "true"})
        assert f'href="{path}"' in part.content.decode()
        assert f'data-text="{asked}"' in part.content.decode()

    def test_accounts_limited_to_stores_start_nothing_of_the_whole_shop(self, shop, hire):
        page = hire("operations", store_ids=[shop.stores["S1"]]).get("/search").content.decode()
        assert 'href="/members/new"' in page
        for path in ("/stores/new", "/products/new", "/settings/webhooks/new", "/imports/new"):
            assert f'href="{path}"' not in page.partition("<main")[2]

    def test_every_goal_is_a_page(self, shop, hire):
        browser = hire()
        for path in [*(goal.path for _group, goal in UNDER), *(act.path for act in ACTS)]:
            assert browser.get(path).status_code == 200, path

    def test_what_the_role_may_not_see_is_not_looked_for(self, shop, li, hire, statements):
        browser = hire("associate")
        browser.get("/search?q=x")
        with statements() as sent:
            browser.get("/search?q=5678")
        assert len(sent) <= 12


class TestPlace:
    def test_pages_are_narrowed_to_the_store_chosen(self, shop, li, hire):
        browser = hire()
        assert f"/members/{li}" in browser.get("/members").content.decode()
        answer = browser.post("/place", {"place": f"store:{shop.stores['S2']}", "back": "/members"})
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/members"
        assert f"/members/{li}" not in browser.get("/members").content.decode()
        browser.post("/place", {"place": "", "back": "/members"})
        assert f"/members/{li}" in browser.get("/members").content.decode()

    def test_no_wider_than_the_account(self, shop, li, hire):
        browser = hire("store_manager", store_ids=[shop.stores["S2"]])
        assert f"store:{shop.stores['S1']}" not in browser.get("/place").content.decode()
        answer = browser.post("/place", {"place": f"store:{shop.stores['S1']}"})
        assert answer.status_code == 404
        assert f"/members/{li}" not in browser.get("/members").content.decode()

    def test_nowhere_else_to_go_back_to(self, shop, hire):
        answer = hire().post("/place", {"place": "", "back": "https://elsewhere.example/"})
        assert answer.headers["Location"] == "/"

    def test_stores_by_name_code_or_city(self, shop, hire):
        browser = hire()
        assert f"store:{shop.stores['S1']}" in browser.get("/place?q=s1").content.decode()
        assert f"store:{shop.stores['S2']}" not in browser.get("/place?q=s1").content.decode()
        assert "No store of this name" in text(browser.get("/place?q=zzzz"))


class TestNotices:
    def test_what_is_new_is_counted_and_read(self, shop, hire):
        browser = hire()
        me = int(browser.session["_auth_user_id"])
        notices.tell(me, "export.ready", {"name": "会员", "rows": 12}, OPENING, path="/exports")
        notices.tell(me + 1, "export.ready", {"name": "别人的", "rows": 1}, OPENING)
        assert "1 new notice" in browser.get("/members").content.decode()
        page = text(browser.get("/notices"))
        assert "The export “会员” is ready: 12 rows." in page
        assert "别人的" not in page
        browser.post("/notices")
        assert "0 new notices" in browser.get("/members").content.decode()

    def test_in_the_language_of_the_reader(self, shop, hire):
        browser = hire(language="zh-hans")
        me = int(browser.session["_auth_user_id"])
        notices.tell(me, "export.ready", {"name": "会员", "rows": 12}, OPENING)
        assert "导出“会员”已就绪" in text(browser.get("/notices"))

    def test_every_kind_makes_a_sentence(self):
        told = {
            "name": "n",
            "rows": 1,
            "added": 1,
            "left_out": 0,
            "done": 1,
            "failed": 0,
            "state": "done",
            "issued": 12,
            "refused": 1,
            "tries": 5,
            "left": 1,
            "zh": "九折",
            "en": "A tenth off",
            "percent": 80,
            "who": "li",
            "points": -500,
            "member": 7,
            "note": "n",
            "by": "Li",
            "month": "2026-03",
        }
        for kind in KINDS.values():
            assert kind.say(told)

    def test_old_ones_are_forgotten(self, shop, hire):
        browser = hire()
        me = int(browser.session["_auth_user_id"])
        notices.tell(me, "import.failed", {"name": "alt"}, OPENING)
        notices.purge(OPENING + timedelta(days=91))
        assert "No notices" in text(browser.get("/notices"))

    def test_an_unknown_kind_is_a_mistake_of_ours(self, shop):
        with pytest.raises(ValueError, match="no notice"):
            notices.tell(1, "nothing", {}, OPENING)


class TestFrame:
    def test_a_page_asked_for_by_a_dialog_comes_without_the_frame(self, shop, hire):
        answer = hire().get("/help", headers={"X-Laoke-Dialog": "1"})
        page = answer.content.decode()
        assert answer["X-Laoke-Dialog"] == "1"
        assert 'id="dialog-title"' in page
        assert "<html" not in page

    def test_shortcuts_can_be_switched_off(self, shop, hire):
        browser = hire()
        assert 'data-shortcuts="on"' in browser.get("/members").content.decode()
        browser.post("/preferences/shortcuts", {"shortcuts": "off", "next": "/members"})
        assert 'data-shortcuts="off"' in browser.get("/members").content.decode()

    def test_toasts_are_said_once_with_their_undo(self, shop, hire, rf):
        browser = hire()
        session = browser.session
        session["said"] = {"text": "Tagged 3 members.", "path": "/undo", "fields": {"bulk": "7"}}
        session.save()
        page = browser.get("/members").content.decode()
        assert "Tagged 3 members." in page
        assert 'action="/undo"' in page
        assert '<input type="hidden" name="bulk" value="7">' in page
        assert "Tagged 3 members." not in browser.get("/members").content.decode()

    def test_going_on_tells_dialogs_and_parts_where_to(self, shop, hire, rf):
        class Asking(Visit):
            def __init__(self, request):
                self.request = request

        request = rf.post("/x", headers={"X-Laoke-Dialog": "1"})
        request.session = {}
        answer = Asking(request).go("/members", "Saved.", undo=Undo("/undo", {"a": "b"}))
        assert (answer.status_code, answer["X-Laoke-Go"]) == (204, "/members")
        assert request.session["said"] == {"text": "Saved.", "path": "/undo", "fields": {"a": "b"}}
        request = rf.post("/x", headers={"HX-Request": "true"})
        assert Asking(request).go("/members")["HX-Redirect"] == "/members"
        # A header of other letters than those of ASCII would be encoded past recognition.
        assert (
            Asking(request).go("/members?q=李&tag=a%20b")["HX-Redirect"] == "/members?q=%E6%9D%8E&tag=a%20b"
        )
        assert Asking(rf.post("/x")).go("/members").status_code == 303


class TestWhatIsTold:
    def test_whoever_minds_webhooks_hears_of_one_switched_off(self, shop, hire):
        owner, finance = hire("owner"), hire("finance")
        limited = hire("operations", store_ids=[shop.stores["S1"]])
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into foundation_webhookendpoint (id, name, url, topics, secret, active, created_at, "
                "disabled_reason) values (41, '商城', 'https://shop.example/', '{}', '', true, %s, '')",
                [OPENING],
            )
        handlers.register()
        webhooks.disable_endpoint(SYSTEM, 41, "410", at=OPENING)
        dispatch.dispatch_batch(OPENING)
        assert "Deliveries to 商城 were switched off" in text(owner.get("/notices"))
        assert "商城" not in text(finance.get("/notices"))
        assert "商城" not in text(limited.get("/notices"))

    def test_whoever_makes_the_rules_hears_of_a_budget_that_runs_low(self, shop, hire):
        operations, finance = hire("operations"), hire("finance")
        offer = {
            "name": {"zh": "减十元", "en": "Ten off"},
            "goal": "repeat",
            "stage": "basket",
            "gives": [{"amount": {"discount": 10}}],
            "limits": {"budget": 20, "alarm_at": [50]},
        }
        programme.apply(SYSTEM, {"offers": {"ten-off": offer}}, at=OPENING)
        handlers.register()
        till = shop.till()
        for number, said in enumerate(
            (
                "The offer “Ten off” has used 50% of its budget.",
                "The offer “Ten off” is used up: nothing is left to give.",
            )
        ):
            till.sell(str(number), None, line("rice"))
            alarms.tell(OPENING)
            dispatch.dispatch_batch(OPENING)
            page = operations.get("/notices")
            assert text(page).count(said) == 1
            assert 'href="/offers/ten-off"' in page.content.decode()
            assert "Ten off" not in text(finance.get("/notices"))
        told = Notice.objects.get(kind="offer.budget_alarm")
        with translation.override("zh-hans"):
            assert {each.text for each in newest(told.staff_id)} == {
                "活动“减十元”的预算已用去 50%。",
                "活动“减十元”已用完，没有余量了。",
            }

    def test_given_up_tasks_are_told_once(self, shop, hire):
        owner = hire("owner")
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into procrastinate_jobs (queue_name, task_name, status, attempts) "
                "values ('default', 'segments.recompute', 'failed', 5)"
            )
        watch(OPENING)
        watch(OPENING + timedelta(minutes=10))
        page = text(owner.get("/notices"))
        assert page.count("The task “Compute scores and classes” was given up after 5 tries.") == 1
        told = Notice.objects.get(kind="job.given_up")
        assert told.data["name"] == "segments.recompute"  # the words come when it is shown
        with translation.override("zh-hans"):
            (said,) = newest(told.staff_id)
        assert said.text == "任务“计算评分与分类”尝试 5 次后已放弃。"


def test_the_reference_names_every_page_and_what_it_needs():
    page = (ROOT / "docs" / "reference" / "console.md").read_text()
    for group in NAVIGATION:
        for entry in group.entries:
            assert f"| `{entry.path}` | `{entry.scope.value}` |" in page

"""Stores, regions and channels: lists, one store, forms, and who may."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.sql import hot_cursor
from laoke.purchases import reference, services
from laoke.purchases.models import Channel, Region, Store
from laoke.purchases.services import StoreInput
from laoke.review import storemonths
from laoke.surfaces.console.forms import digest
from laoke.surfaces.console.selectors import store_pages
from tests.shop import OPENING, line

ODD = "مرحبا 🙂 " + "长" * 40


def words(response) -> str:
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    body = body[body.index("<main") :] if "<main" in body else body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def chain(shop):
    """Sixty stores in two regions besides the two of the shop."""
    services.save_stores(
        SYSTEM,
        [
            StoreInput(
                f"T{n:03d}",
                f"第 {n} 店",
                "east" if n % 2 else "west",
                "上海" if n % 2 else "成都",
                active=n != 7,
            )
            for n in range(60)
        ],
        at=OPENING,
        regions={"east": ("华东", "East"), "west": ("西南", "South-west")},
    )
    return shop


class TestTheList:
    def test_pages_by_code_in_both_directions(self, chain, hire):
        browser = hire()
        first = browser.get("/stores")
        assert "一店" in first.content.decode()
        assert 'rel="prev"' not in first.content.decode()
        after = re.search(r'rel="next" href="([^"]+)"', first.content.decode())[1].replace("&amp;", "&")
        second = browser.get(after)
        assert "第 59 店" in words(second)
        assert 'rel="next"' not in second.content.decode()
        back = re.search(r'rel="prev" href="([^"]+)"', second.content.decode())[1].replace("&amp;", "&")
        assert words(browser.get(back)).count("第") == words(first).count("第")

    @pytest.mark.parametrize(
        ("query", "found", "missing"),
        [
            ({"q": "第 12"}, "T012", "T013"),
            ({"q": "T01"}, "T015", "T025"),
            ({"region": "west"}, "T002", "T003"),
            ({"city": "上海"}, "T003", "T002"),
            ({"active": "no"}, "T007", "T008"),
            ({"q": "100%_"}, "No store found", "T001"),
        ],
    )
    def test_filters(self, chain, hire, query, found, missing):
        said = words(hire().get("/stores", query))
        assert found in said
        assert missing not in said

    def test_a_filter_stays_on_the_next_page(self, chain, hire):
        assert "?q=%E7%AC%AC&amp;after=" in hire().get("/stores", {"q": "第"}).content.decode()

    def test_a_limited_account_sees_its_own(self, chain, hire):
        said = words(hire("store_manager", store_ids=[chain.stores["S1"]]).get("/stores"))
        assert "一店" in said
        assert "二店" not in said

    @pytest.mark.parametrize("query", [{"q": ODD}, {"after": "!!"}, {"q": "\0"}, {"region": "长" * 10_000}])
    def test_odd_input_is_no_fault(self, shop, hire, query):
        assert hire().get("/stores", query).status_code in (200, 400)


class TestOneStore:
    def test_figures_of_thirty_days(self, shop, hire):
        member = shop.member()
        till = shop.till(OPENING - timedelta(days=3))
        till.sell("A1", member, line("rice", 2))
        till.sell("A2", None, line("milk"))
        shop.till(OPENING - timedelta(days=40)).sell("A0", member, line("wine"))
        said = words(hire().get(f"/stores/{shop.stores['S1']}"))
        assert "Sales in 30 days ¥152" in said
        assert "Orders in 30 days 2 ¥76.15 each" in said
        assert "91.8% 1 member bought" in said

    def test_the_night_and_today_make_the_same_thirty_days(self, shop, hire, monkeypatch):
        often, once, fresh = shop.member(), shop.member(), shop.member()
        # The first instant of the window in Shanghai, and the last one before it.
        first = datetime(2026, 2, 8, 16, tzinfo=UTC)
        for number, (who, at) in enumerate(
            (
                (often, first - timedelta(seconds=1)),
                (often, first),
                (once, OPENING - timedelta(days=9)),
                (None, OPENING - timedelta(days=2)),
                (often, OPENING - timedelta(hours=1)),
                (often, OPENING - timedelta(minutes=1)),
                (fresh, OPENING - timedelta(minutes=2)),
                (None, OPENING),
            )
        ):
            shop.till(at).sell(f"N{number}", who, line("rice", 1 + number % 2), line("milk"))
            shop.till(at).sell(f"T{number}", who, line("wine"), store="S2")
        late = shop.till(OPENING - timedelta(days=1))
        late.take_back(late.sell("B1", once, line("wine"))["order_id"])
        browser = hire("analyst")
        paths = [f"/stores/{store}" for store in shop.stores.values()]
        now = [words(browser.get(path)) for path in paths]
        assert "Orders in 30 days 7" in now[0]
        assert "3 members bought" in now[0]
        with hot_cursor() as cursor:
            storemonths.count_all(cursor, date(2026, 3, 9))
        assert [words(browser.get(path)) for path in paths] == now  # few orders: counted at every look
        monkeypatch.setattr(store_pages, "_QUICK_ORDERS", 0)
        by_night = [words(browser.get(path)) for path in paths]
        said = "Counted up to 2026-03-09 by the night; what was sold today is added. "
        assert [page.replace(said, "") for page in by_night] == now
        assert said in by_night[0]
        # A night that was missed is not taken for the last one.
        with hot_cursor() as cursor:
            storemonths.count_all(cursor, date(2026, 3, 8))
        assert [words(browser.get(path)) for path in paths] == now

    def test_accounts_limited_to_it_are_for_those_who_manage_them(self, shop, hire):
        hire("store_manager", store_ids=[shop.stores["S1"]])
        assert "store_manager-1" in words(hire("owner").get(f"/stores/{shop.stores['S1']}"))
        assert "store_manager-1" not in words(hire("operations").get(f"/stores/{shop.stores['S1']}"))

    def test_somebody_elses_store(self, shop, hire):
        page = hire("store_manager", store_ids=[shop.stores["S1"]]).get(f"/stores/{shop.stores['S2']}")
        assert page.status_code == 403

    def test_no_store(self, shop, hire):
        assert hire().get("/stores/999999").status_code == 404


class TestAdding:
    def test_a_store(self, chain, hire):
        form = {
            "code": "S9", "name": ODD, "name_en": "Ninth", "region": "east", "city": "上海",
            "opened_date": "2026-04-01", "once": "t1",
        }  # fmt: skip
        browser = hire("operations")
        answer = browser.post("/stores/new", form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/stores")
        assert reference.store("S9") == StoreInput(
            "S9", ODD, "east", "上海", "Ninth", True, reference.store("S9").opened_date
        )
        browser.post("/stores/new", form)
        assert AuditEntry.objects.filter(action="store.saved", object_id="S9").count() == 1

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"name": ""}, "This field is required."),
            ({"name": "长" * 10_000}, "at most 100 characters"),
            ({"code": "S1"}, "There is an entry with this code already"),
            ({"code": "bad\tcode"}, "printable characters"),
            ({"opened_date": "tomorrow"}, "Enter a valid date."),
            ({"region": "nowhere"}, "Select a valid choice."),
        ],
    )
    def test_what_is_wrong_stands_at_its_field_and_nothing_is_left_behind(self, shop, hire, change, said):
        before = Store.objects.count()
        answer = hire().post("/stores/new", {"code": "S9", "name": "九店"} | change)
        assert answer.status_code == 422
        assert said in words(answer)
        assert Store.objects.count() == before
        assert Store.objects.get(code="S1").name == "一店"

    def test_a_store_chosen_takes_no_button_away(self, shop, hire):
        browser = hire()
        browser.post("/place", {"place": f"store:{shop.stores['S1']}"})
        assert 'href="/stores/new"' in browser.get("/stores").content.decode()

    def test_forms_name_things_in_the_language_of_the_page(self, chain, hire):
        number = Store.objects.get(code="T001").pk
        services.save_stores(SYSTEM, [StoreInput("T001", "第 1 店", "east", name_en="First")], at=OPENING)
        assert "First / Edit store T001" in words(hire().get(f"/stores/{number}/edit"))
        assert "east East" in words(hire("operations").get("/stores/new"))
        chinese = words(hire("finance", language="zh-hans").get(f"/stores/{number}"))
        assert "第 1 店" in chinese
        assert "First" in chinese

    def test_a_limited_account_adds_none(self, shop, hire):
        browser = hire("operations", store_ids=[shop.stores["S1"]])
        assert browser.post("/stores/new", {"code": "S9", "name": "九店"}).status_code == 403
        assert "/stores/new" not in browser.get("/stores").content.decode()


class TestChanging:
    def test_what_changed_is_in_the_audit_trail(self, shop, hire):
        path = f"/stores/{shop.stores['S1']}"
        form = {"name": "一店", "name_en": "First", "region": "", "city": "杭州", "opened_date": ""}
        assert hire().post(f"{path}/edit", form).headers["Location"] == path
        entry = AuditEntry.objects.filter(action="store.saved").latest("id")
        assert (entry.before, entry.after) == (
            {"name_en": "", "city": ""},
            {"name_en": "First", "city": "杭州"},
        )

    def test_two_people_at_once(self, shop, hire):
        path = f"/stores/{shop.stores['S1']}/edit"
        seen = re.search(r'name="seen" value="(\w+)"', hire("owner").get(path).content.decode())[1]
        second = hire("operations")
        form = {"name": "二号", "name_en": "", "region": "", "city": "", "opened_date": ""}
        second.post(path, form | {"seen": seen})
        late = second
        answer = late.post(path, form | {"name": "三号", "seen": seen})
        assert answer.status_code == 409
        assert "operations-1 saved this at 2026-03-10 12:00" in words(answer)
        assert "Name: 二号" in words(answer)
        assert 'value="三号"' in answer.content.decode()
        assert Store.objects.get(code="S1").name == "二号"
        fresh = re.search(r'name="seen" value="(\w+)"', answer.content.decode())[1]
        assert late.post(path, form | {"name": "三号", "seen": fresh}).status_code == 303
        assert Store.objects.get(code="S1").name == "三号"

    def test_the_digest_is_of_what_is_shown(self, shop, hire):
        body = hire().get(f"/stores/{shop.stores['S1']}/edit").content.decode()
        shown = {"name": "一店", "name_en": "", "region": "", "city": "", "opened_date": None}
        assert f'name="seen" value="{digest(shown)}"' in body


class TestSwitching:
    def test_off_says_what_it_means_and_offers_the_way_back(self, shop, hire):
        shop.till(OPENING - timedelta(days=3)).sell("A1", shop.member(), line("rice"))
        path = f"/stores/{shop.stores['S1']}"
        browser = hire()
        assert "in the last 30 days there was 1 order" in words(browser.get(f"{path}/switch"))
        assert browser.post(f"{path}/switch").status_code == 303
        assert not Store.objects.get(code="S1").active
        page = browser.get(path).content.decode()
        assert "The store is switched off." in page
        assert f'action="{path}/switch"' in page
        browser.post(f"{path}/switch", {"active": "on"})
        assert Store.objects.get(code="S1").active


class TestNames:
    @pytest.mark.parametrize(("kind", "model"), [("region", Region), ("channel", Channel)])
    def test_added_and_renamed(self, shop, hire, kind, model):
        browser = hire()
        answer = browser.post(f"/stores/{kind}s/new", {"code": "x1", "name": "甲", "name_en": ""})
        assert answer.headers["Location"] == f"/stores/{kind}s"
        entry = model.objects.get(code="x1")
        browser.post(f"/stores/{kind}s/{entry.pk}", {"name": "乙", "name_en": "B"})
        entry.refresh_from_db()
        assert (entry.name, entry.name_en) == ("乙", "B")
        assert "乙" in words(browser.get(f"/stores/{kind}s"))

    def test_a_code_twice_is_refused(self, shop, hire):
        answer = hire().post("/stores/channels/new", {"code": "pos", "name": "甲"})
        assert answer.status_code == 422
        assert Channel.objects.get(code="pos").name == "门店"


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_roles(self, shop, hire, role):
        browser = hire(role.value)
        writes = Scope.STORES_WRITE in ROLE_SCOPES[role]
        path = f"/stores/{shop.stores['S1']}"
        assert browser.get("/stores").status_code == 200
        for address in (path, "/stores/regions", "/stores/channels"):
            body = browser.get(address).content.decode()
            assert (f"{address}/edit" in body or f"{address}/new" in body) is writes
        for address in (f"{path}/edit", f"{path}/switch", "/stores/new", "/stores/regions/new"):
            assert browser.get(address).status_code == (200 if writes else 403)
            assert browser.post(address, {}).status_code in ((303, 422) if writes else (403,))

    def test_both_languages(self, chain, hire):
        assert "全部区域" in hire(language="zh-hans").get("/stores").content.decode()

    def test_at_most_twelve_statements(self, chain, hire, statements):
        browser = hire()
        for path in ("/stores", f"/stores/{chain.stores['S1']}", f"/stores/{chain.stores['S1']}/edit"):
            with statements() as sent:
                browser.get(path)
            assert len(sent) <= 12, (path, sent)

"""One member: what the tabs show, to whom, with how many statements, and what happens when a part cannot be read."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import ConsentInput, IdentityInput
from laoke.points import services as points
from laoke.surfaces.console.selectors.member import overview, timeline
from tests.shop import OPENING, line

from .test_pages import computed, score, text

TABS = ("", "/orders", "/statement", "/profile", "/changes")


@pytest.fixture
def li(shop):
    """A member who bought wine twice and brought one back."""
    member_id = members.register(
        caller=SYSTEM,
        at=OPENING - timedelta(days=400),
        name="李小梅",
        birth_date=date(1990, 3, 12),
        identities=[IdentityInput("phone", "13812345678"), IdentityInput("card", "HL00009999")],
        home_store_id=shop.stores["S1"],
        consents=[ConsentInput("sms", "marketing", False, "pos")],
        tags=["母婴"],
    )
    till = shop.till(OPENING - timedelta(days=40))
    till.sell("A1", member_id, line("wine"))
    till.later(days=10, hours=1)
    order = till.sell("A2", member_id, line("wine", 2), line("milk"))
    till.later(days=1)
    till.take_back(order["order_id"], "R1", (1, "1"))
    return member_id


class TestOverview:
    def test_everything_in_its_place(self, shop, li, hire):
        computed()
        score(li, r=5, f=2, m=4, spent=100_000, rfm="potential", value="basic", orders=2)
        page = text(hire().get(f"/members/{li}"))
        for said in (
            "李*梅",
            "138 **** 5678",
            "**** 9999",
            "03-12 in 2 days",
            "Silver",
            "Joined 2025-02-03",
            "valid to 2026-04-01",
            "Text message · Marketing refused",
            "母婴",
            "Review 2026-04-01",
            "Keep Silver reached as of today",
            "Up to Gold ¥987.50 more 1 more purchase",
            "Purchases 3 months 2 / 3",
            "Spend 3 months ¥1,012.50 / ¥2,000 Silver ¥500 Gold ¥2,000",
            "Points 1,012 Worth ¥10.00 at the till",
            "2027-01-29 500 325 days",
            "Bought at 一店 ¥1,012.50 , 2 articles , earned 1,012",
            "红酒, 牛奶 · A2",
            "Returned at 一店 ¥500.00 , points −500",
            "Reached a tier Silver",
            "Potential bought recently and seldom, large amounts",
            "Why no other class",
        ):
            assert said in page, said
        assert "李小梅" not in page
        assert "13812345678" not in page

    def test_the_timeline_shows_one_kind_alone(self, shop, li, hire):
        browser = hire()
        members.block(caller=SYSTEM, member_id=li, reason="调查", at=OPENING)
        part = {"HX-Request": "true"}
        shown = text(browser.get(f"/members/{li}/timeline?show=points", headers=part))
        assert "Earned with a purchase +1,012 balance 1,512" in shown
        assert "Taken back with a return −500 balance 1,012" in shown
        assert "Bought at" not in shown
        assert "<html" not in browser.get(f"/members/{li}/timeline?show=tier", headers=part).content.decode()
        assert "Blocked" in text(browser.get(f"/members/{li}/timeline?show=changes", headers=part))
        assert "Bought at" in text(browser.get(f"/members/{li}/timeline?show=nonsense", headers=part))
        # Without script the whole page.
        assert browser.get(f"/members/{li}/timeline?show=points").url == f"/members/{li}?show=points#timeline"

    @pytest.mark.parametrize("card", ["tier_card", "points_card", "scores_of", "timeline_of"])
    def test_a_card_that_fails_leaves_the_others(self, shop, li, hire, monkeypatch, card):
        def broken(*_):
            raise RuntimeError("the cause is for the log")

        monkeypatch.setattr(overview, card, broken)
        response = hire().get(f"/members/{li}")
        page = text(response)
        assert response.status_code == 200
        assert page.count("This could not be read just now") == 1
        assert "李*梅" in page
        assert "the cause" not in page

    def test_somebody_without_anything(self, shop, hire):
        page = text(hire().get(f"/members/{shop.member()}"))
        for said in ("No name", "Never asked: nothing may be sent.", "Joined", "Nothing is needed to stay."):
            assert said in page, said

    def test_unknown_and_absurd_numbers(self, shop, hire):
        browser = hire()
        for number in ("999", str(2**63), "9" * 40):
            for tab in TABS:
                response = browser.get(f"/members/{number}{tab}")
                assert response.status_code == 404
                assert "No such member" in text(response)
        assert browser.get("/members/x").status_code == 404

    def test_merged_and_erased(self, shop, li, hire):
        browser, other = hire(), shop.member()
        members.merge(caller=SYSTEM, kept_id=li, gone_id=other, reason="同一人", at=OPENING)
        for tab in TABS:
            assert browser.get(f"/members/{other}{tab}").url == f"/members/{li}{tab}"
        members.erase_person(caller=SYSTEM, member_id=li, reason="本人要求", at=OPENING)
        response = browser.get(f"/members/{li}")
        assert response.status_code == 410
        assert "李*梅" not in text(response)

    def test_a_member_of_other_stores_is_refused_everywhere(self, shop, li, hire):
        browser = hire("store_manager", store_ids=[shop.stores["S2"]])
        acts = ("/edit", "/tags", "/identities", "/consents", "/block", "/reveal", "/export")
        for tab in (*TABS, *acts):
            response = browser.get(f"/members/{li}{tab}")
            assert response.status_code == 403, tab
            assert "Not your store" in text(response)
            assert "李*梅" not in text(response)

    def test_orders_of_other_stores_stay_out(self, shop, li, hire):
        sold = shop.till(OPENING).sell("B1", li, line("milk"), store="S2")
        browser = hire("store_manager", store_ids=[shop.stores["S2"]])
        page = text(browser.get(f"/members/{li}"))
        assert "B1" in page
        assert "A1" not in page
        assert "Orders 1 " in page
        listed = text(browser.get(f"/members/{li}/orders"))
        assert "of your stores" in listed
        assert "B1" in listed
        assert "A2" not in listed
        assert "A2" not in text(browser.get(f"/members/{li}/statement"))
        assert browser.get(f"/orders/{sold['order_id']}").status_code == 200
        assert browser.get(f"/orders/{sold['order_id'] - 1}").status_code == 403


class TestTabs:
    def test_orders_page_by_page(self, shop, li, hire, monkeypatch):
        monkeypatch.setattr("laoke.surfaces.console.selectors.member.orders.PAGE", 1)
        browser = hire()
        first = browser.get(f"/members/{li}/orders").content.decode()
        assert "A2" in first
        assert ">A1<" not in first
        after = re.search(r'href="orders(\?after=[^"]+)"', first)[1]
        second = browser.get(f"/members/{li}/orders{after}").content.decode()
        assert "A1" in second
        assert ">A2<" not in second
        assert "To the newest" in second
        assert browser.get(f"/members/{li}/orders?after=x").status_code == 400

    def test_an_order_with_all_that_hangs_on_it(self, shop, li, hire):
        browser = hire()
        order = re.search(r'href="(/orders/\d+)">A2', browser.get(f"/members/{li}/orders").content.decode())[
            1
        ]
        page = text(browser.get(order))
        for said in (
            "Order A2",
            "2026-02-08 13:00 · 一店 · Till",
            "1 红酒 wine 2 cases ¥500.00 -- ¥1,000.00 1 ¥500.00",
            "Amount due ¥1,012.50",
            "R1 2026-02-09 13:00 一店 ¥500.00 ¥500.00 0 500 #1 × 1",
            "Earned with a purchase +1,012 2027-02-08",
            "Taken back with a return −500",
            "李*梅",
        ):
            assert said in page, said

    def test_orders_nobody_has(self, shop, hire):
        browser = hire()
        for number in ("999", "9" * 40):
            response = browser.get(f"/orders/{number}")
            assert response.status_code == 404
            assert "There is no such order" in text(response)

    def test_the_statement_adds_up(self, shop, li, hire, monkeypatch):
        points.apply(SYSTEM, li, 88, "补偿", at=OPENING)
        browser = hire()
        page = text(browser.get(f"/members/{li}/statement"))
        assert "Can be spent 1,100" in page
        rows = re.findall(r"(2026-\d\d-\d\d \d\d:\d\d) (\D+?) ([+−][\d,]+) ([\d,]+) ", page)
        assert [(points, balance) for _at, _what, points, balance in rows] == [
            ("+88", "1,100"),
            ("−500", "1,012"),
            ("+1,012", "1,512"),
            ("+500", "500"),
        ]
        assert "Adjusted by hand 补偿" in page
        monkeypatch.setattr("laoke.surfaces.console.selectors.member.statement.PAGE", 2)
        first = browser.get(f"/members/{li}/statement").content.decode()
        after = re.search(r'href="statement(\?after=[^"]+)"', first)[1]
        second = text(browser.get(f"/members/{li}/statement{after}"))
        assert "+1,012 1,512" in second
        assert "+88" not in second
        assert "Open lots" not in second

    def test_changes_say_who_what_and_why(self, shop, li, hire, monkeypatch):
        members.update(
            caller=SYSTEM,
            member_id=li,
            changes={"name": "李大梅", "gender": "f"},
            expected_version=1,
            at=OPENING,
        )
        members.block(caller=SYSTEM, member_id=li, reason="刷分调查", at=OPENING + timedelta(hours=1))
        page = text(hire("auditor").get(f"/members/{li}/changes"))
        assert "System Blocked Blocked 刷分调查" in page
        assert "System Profile edited Gender, Name" in page
        assert "System Consent recorded Text message · Marketing: refused" in page
        assert "李大梅" not in page

    def test_changes_page_by_page_with_consents_between(self, shop, li, hire, monkeypatch):
        for hour in range(3):
            at = OPENING + timedelta(hours=hour)
            members.record_consent(
                caller=SYSTEM,
                member_id=li,
                channel="sms",
                purpose="marketing",
                granted=hour % 2 == 0,
                at=at,
                source="call",
            )
            points.apply(SYSTEM, li, hour + 1, "补偿", at=at)
        monkeypatch.setattr("laoke.surfaces.console.selectors.member.changes.PAGE", 2)
        browser, path, seen = hire(), f"/members/{li}/changes", []
        while path:
            page = browser.get(path).content.decode()
            seen += re.findall(r"</i> (Points adjusted|Consent recorded)</th><td>(.*?)</td>", page)
            found = re.search(r'href="changes(\?after=[^"]+)"', page)
            path = f"/members/{li}/changes{found[1]}" if found else ""
        assert [told for what, told in seen if what == "Points adjusted"] == ["+3", "+2", "+1"]
        assert len(seen) == 7

    def test_few_statements_a_page(self, shop, li, hire, statements):
        computed()
        score(li, r=5, f=2, m=4, spent=100_000, rfm="potential", value="basic", orders=2)
        browser = hire()
        acts = ("/edit", "/points", "/reveal", "/erase", "/tags", "/consents")
        for path in (*(f"/members/{li}{tab}" for tab in (*TABS, *acts)), "/members/new", "/members/merges"):
            browser.get(path)
            with statements() as sent:
                assert browser.get(path).status_code == 200
            assert len(sent) <= 12, (path, len(sent))

    @pytest.mark.parametrize("tab", TABS)
    def test_in_chinese_without_english_words(self, shop, li, hire, tab):
        response = hire(language="zh-CN").get(f"/members/{li}{tab}")
        main = re.search(r"<main.*</main>", response.content.decode(), re.S)[0]
        words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", " ", main)))
        assert words <= {"system", "HL00009999"}, words

    def test_most_events_is_what_the_page_says(self):
        assert timeline.MOST == 12

"""Merging two members on the pages: choosing, a preview that holds, undoing, refusals in plain words."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.members import selectors
from laoke.members import services as members
from laoke.members.types import ConsentInput, IdentityInput
from laoke.points import services as points
from tests.shop import OPENING, account, line, tier

from .test_member_edit import facts, toast
from .test_pages import text


def register(name: str, phone: str, **more) -> int:
    more = {"birth_date": date(1990, 3, 12)} | more
    return members.register(
        caller=SYSTEM,
        at=OPENING - timedelta(days=30),
        name=name,
        identities=[IdentityInput("phone", phone)],
        **more,
    )


@pytest.fixture
def two(shop):
    """The same person twice: one with a gold-worthy history half each."""
    kept = register("李小梅", "13812345678", home_store_id=shop.stores["S1"], tags=["母婴"])
    gone = register(
        "李小梅",
        "13900005678",
        gender="f",
        tags=["有机"],
        consents=[ConsentInput("sms", "marketing", True, "pos")],
    )
    till = shop.till(OPENING - timedelta(days=20))
    till.sell("A1", kept, line("wine", 2))
    till.sell("A2", gone, line("wine", 2))
    till.sell("A3", gone, line("wine", 1))
    points.apply(SYSTEM, kept, 7, "补偿", at=OPENING - timedelta(days=1))
    return kept, gone


def cells(response, label: str) -> list[str]:
    """The row of a table of sides."""
    row = re.search(rf'<tr><th scope="row">{label}</th>(.*?)</tr>', response.content.decode(), re.S)[1]
    return [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]


class TestMerge:
    def test_choosing_by_search_and_by_likeness(self, shop, two, hire):
        kept, gone = two
        browser = hire("customer_service")
        assert f"/members/merge?kept={kept}" in browser.get("/members/merge?q=13812345678").content.decode()
        page = browser.get(f"/members/merge?kept={kept}").content.decode()
        assert "same name and birthday" in page
        assert f"kept={kept}&amp;gone={gone}" in page
        found = browser.get(f"/members/merge?kept={kept}&q=13900005678").content.decode()
        assert f"kept={kept}&amp;gone={gone}" in found
        assert "Nobody found" in text(browser.get("/members/merge?q=13999999999"))

    def test_the_preview_is_what_comes_of_it(self, shop, two, hire):
        kept, gone = two
        browser = hire("customer_service")
        before = facts()
        page = browser.get(f"/members/merge?kept={kept}&gone={gone}")
        assert facts() == before
        assert cells(page, "Tier") == ["Silver", "Silver", "Gold"]
        assert cells(page, "Points") == ["1,007", "1,500", "2,507"]
        assert cells(page, "Orders") == ["1", "2", "3"]
        assert cells(page, "Gender") == ["--", "Female", "Female"]
        assert cells(page, "Consents")[2] == "Text message · Marketing: agreed"
        answer = browser.post(
            "/members/merge", {"kept": kept, "gone": gone, "reason": "同一个人", "once": "m"}
        )
        assert answer.url == f"/members/{kept}"
        assert tier(kept) == "gold"
        assert account(kept)["balance"] == 2507
        undo = toast(browser, f"/members/{kept}")
        assert "/undo" in undo
        assert set(re.findall(r'name="(\w+)"', undo)) <= {"csrfmiddlewaretoken", "once"}
        # A double click merges once and leads to the same page.
        again = browser.post(
            "/members/merge", {"kept": kept, "gone": gone, "reason": "同一个人", "once": "m"}
        )
        assert again.url == f"/members/{kept}"
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from members_merge")
            assert cursor.fetchone()[0] == 1

    def test_refusals_are_told_and_leave_nothing(self, shop, two, hire):
        kept, gone = two
        browser = hire()
        before = facts()
        form = {"kept": kept, "gone": gone, "reason": ""}
        response = browser.post("/members/merge", form)
        assert response.status_code == 422
        assert 'id="id_reason_error"' in response.content.decode()
        assert "Both numbers name member" in text(browser.get(f"/members/merge?kept={kept}&gone={kept}"))
        for number in ("x", "0", "9" * 30, "999"):
            assert "No member is known" in text(browser.get(f"/members/merge?kept={kept}&gone={number}"))
        assert facts() == before
        members.block(caller=SYSTEM, member_id=gone, reason="调查", at=OPENING)
        page = browser.get(f"/members/merge?kept={kept}&gone={gone}")
        assert "is blocked and the other one is not" in text(page)
        assert 'name="reason"' not in page.content.decode()
        assert browser.post("/members/merge", form | {"reason": "同一个人"}).status_code == 409
        assert selectors.profile(gone).status == "blocked"

    def test_a_limited_account_merges_only_whom_it_sees(self, shop, two, hire, monkeypatch):
        kept, _gone = two
        monkeypatch.setitem(
            ROLE_SCOPES, Role.STORE_MANAGER, ROLE_SCOPES[Role.STORE_MANAGER] | {Scope.MEMBERS_MERGE}
        )
        far = register("王一", "13700000000", home_store_id=shop.stores["S2"])
        browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        assert "limited to other stores" in text(browser.get(f"/members/merge?kept={kept}&gone={far}"))
        response = browser.post("/members/merge", {"kept": kept, "gone": far, "reason": "同一个人"})
        assert "limited to other stores" in text(response)
        assert selectors.profile(far).status == "active"
        assert "王" not in text(browser.get("/members/merge?q=13700000000"))
        other = members.merge(caller=SYSTEM, kept_id=far, gone_id=shop.member(), reason="同一人", at=OPENING)
        assert f"/members/merges/{other}/" not in browser.get("/members/merges").content.decode()
        assert browser.get(f"/members/merges/{other}/undo").status_code == 404

    @pytest.mark.parametrize("role", list(Role))
    def test_who_may(self, shop, two, hire, role):
        kept, gone = two
        browser, allowed = hire(role.value), Scope.MEMBERS_MERGE in ROLE_SCOPES[role]
        for path in ("/members/merge", "/members/merges", f"/members/merge?kept={kept}&gone={gone}"):
            assert browser.get(path).status_code == (200 if allowed else 403)
        form = {"kept": kept, "gone": gone, "reason": "同一个人"}
        assert browser.post("/members/merge", form).status_code == (303 if allowed else 403)
        shown = browser.get(f"/members/{kept}").content.decode()
        assert (f'href="/members/merge?kept={kept}"' in shown) == allowed


class TestUndo:
    @pytest.fixture
    def made(self, two):
        kept, gone = two
        return members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一个人", at=OPENING)

    def test_the_list_says_who_when_and_why(self, shop, two, made, hire):
        page = text(hire().get("/members/merges"))
        assert f"2026-03-10 12:00 李*梅 {two[1]} 李*梅 {two[0]} System 同一个人 Undo…" in page
        assert "can be undone until 2026-04-09" in page

    def test_the_preview_is_what_comes_back(self, shop, two, made, hire):
        kept, gone = two
        browser = hire()
        before = facts()
        page = browser.get(f"/members/merges/{made}/undo")
        assert facts() == before
        assert cells(page, "Tier") == ["Gold", "Silver", "Silver"]
        assert cells(page, "Points") == ["2,507", "1,007", "1,500"]
        assert cells(page, "Gender") == ["Female", "--", "Female"]
        assert browser.post(f"/members/merges/{made}/undo", {"once": "u"}).url == f"/members/{kept}"
        assert (tier(kept), tier(gone)) == ("silver", "silver")
        assert account(gone)["balance"] == 1500
        assert "It was undone by" in text(browser.get(f"/members/merges/{made}/undo"))
        assert browser.post(f"/members/merges/{made}/undo", {"once": "u2"}).status_code == 303  # nothing more

    def test_too_late(self, shop, two, made, hire):
        browser = hire(at=OPENING + timedelta(days=31))
        page = text(browser.get(f"/members/merges/{made}/undo"))
        assert "A merge can be undone for 30 days; this one until 2026-04-09 12:00." in page
        assert browser.post(f"/members/merges/{made}/undo").status_code == 409
        assert "no longer" in text(browser.get("/members/merges"))

    def test_a_later_merge_comes_first(self, shop, two, made, hire):
        third = register("李三", "13600000000")
        later = members.merge(
            caller=SYSTEM, kept_id=third, gone_id=two[0], reason="同一个人", at=OPENING + timedelta(hours=1)
        )
        browser = hire(at=OPENING + timedelta(hours=2))
        response = browser.get(f"/members/merges/{made}/undo")
        assert "A later merge of the same members stands on this one." in text(response)
        assert f'href="/members/merges/{later}/undo"' in response.content.decode()
        assert browser.post(f"/members/merges/{made}/undo").status_code == 409

    def test_merges_nobody_made(self, shop, hire):
        for number in ("999", "9" * 40):
            assert (
                hire("operations" if number == "999" else "owner")
                .get(f"/members/merges/{number}/undo")
                .status_code
                == 404
            )

    def test_after_an_erasure_nothing_comes_back(self, shop, two, made, hire):
        members.erase_person(caller=SYSTEM, member_id=two[0], reason="本人要求", at=OPENING)
        response = hire().get(f"/members/merges/{made}/undo")
        assert "was erased at the person" in text(response)
        assert 'name="once"' not in response.content.decode().split("<main")[1]


@pytest.mark.parametrize(
    "path",
    ["/members/merge", "/members/merge?kept={0}", "/members/merge?kept={0}&gone={1}", "/members/merges"],
)
def test_in_chinese(shop, two, hire, path):
    response = hire(language="zh-CN").get(path.format(*two))
    main = re.search(r"<main.*</main>", response.content.decode(), re.S)[0]
    assert set(re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", " ", main))) == set()


class TestWhichPhoneIsShown:
    def test_the_kept_members_own_on_every_page_and_again_after_undoing(self, shop, two, hire):
        kept, gone = two
        members.add_identity(
            caller=SYSTEM, member_id=gone, identity=IdentityInput("phone", "13700009999"), at=OPENING
        )
        browser = hire()
        page = browser.get(f"/members/merge?kept={kept}&gone={gone}")
        assert "its own phone and card stay the ones shown" in text(page)
        promised = re.findall(r"\d{3} \*{4} \d{4}", cells(page, "Recognised by")[2])
        assert promised == ["138 **** 5678", "137 **** 9999", "139 **** 5678"]
        browser.post("/members/merge", {"kept": kept, "gone": gone, "reason": "同一个人", "once": "m"})

        def shown(member_id):
            head = browser.get(f"/members/{member_id}").content.decode()
            header = re.search(r'ti-phone" aria-hidden="true"></i> <span class="num">([^<]+)<', head)[1]
            body = browser.get("/members?q=5678").content.decode()
            line = body.split(f'value="{member_id}" form="selection"')[1].split("</tr>")[0]
            (row,) = (row for row in selectors.search("").rows if row.id == member_id)
            return header, re.search(r"\d{3} \*{4} \d{4}", line)[0], row.phones_masked[0]

        assert set(shown(kept)) == {"138 **** 5678"}
        ways = browser.get(f"/members/{kept}/profile").content.decode()
        assert list(dict.fromkeys(re.findall(r"\d{3} \*{4} \d{4}", ways))) == promised
        (merge_id,) = re.findall(
            r"/members/merges/(\d+)/undo", browser.get("/members/merges").content.decode()
        )
        browser.post(f"/members/merges/{merge_id}/undo", {"once": "u"})
        assert set(shown(kept)) == {"138 **** 5678"}
        assert {shown(gone)[0], shown(gone)[2]} == {"137 **** 9999"}

"""Registering, editing, adjusting, revealing, exporting and erasing one member, with refusals and repeats."""

from __future__ import annotations

import re
from datetime import date, timedelta

import orjson
import pytest
from django.db import connection

from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.members import selectors
from laoke.members import services as members
from laoke.members.types import IdentityInput
from tests.shop import OPENING, account, everything, lots

from .test_pages import text

LONG = "长" * 10_000


@pytest.fixture
def li(shop):
    return members.register(
        caller=SYSTEM,
        at=OPENING - timedelta(days=100),
        name="李小梅",
        birth_date=date(1990, 3, 12),
        identities=[IdentityInput("phone", "13812345678"), IdentityInput("card", "HL00009999")],
        home_store_id=shop.stores["S1"],
        tags=["母婴"],
    )


def facts() -> dict:
    """All tables but those that every request touches."""
    return {
        name: found
        for name, found in everything().items()
        if name not in ("django_session", "foundation_staffsession", "console_signinattempts")
    }


def toast(browser, path: str) -> str:
    return re.search(r'<div class="toast".*?</div>', browser.get(path).content.decode(), re.S)[0]


class TestRegister:
    FORM = {
        "phone": "138 0000 1111",
        "name": "王小明",
        "card": "hl0001",
        "email": "",
        "birth_date": "1988-02-29",
        "gender": "m",
        "language": "zh-hans",
        "home_store": "",
        "tags": "母婴，有机、母婴",
        "agreed": ["sms:marketing", "wechat:service"],
        "source": "call",
        "once": "r1",
    }

    def test_a_member_with_everything(self, shop, hire):
        browser = hire("customer_service")
        assert browser.get("/members/new").status_code == 200
        answer = browser.post("/members/new", self.FORM)
        assert answer.status_code == 303
        member_id = int(answer.url.rsplit("/", 1)[1])
        shown = selectors.profile(member_id)
        assert shown.name_masked == "王*明"
        assert shown.birthday == (2, 29)
        assert [identity.masked for identity in shown.identities] == ["**** 01", "138 **** 1111"]
        assert sorted(tag.tag for tag in shown.tags) == ["有机", "母婴"]
        assert [(c.channel, c.purpose, c.granted, c.source) for c in shown.consents] == [
            ("sms", "marketing", True, "call"),
            ("wechat", "service", True, "call"),
        ]
        assert "The member is registered." in text(browser.get(answer.url))

    def test_a_double_click_registers_one(self, shop, hire):
        browser = hire("customer_service")
        first, second = (browser.post("/members/new", self.FORM) for _ in range(2))
        assert first.url == second.url

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("phone", "12", "not a phone number"),
            ("phone", "📞" * 5, "not a phone number"),
            ("email", "nobody", "This is no e-mail address"),
            ("card", "x" * 10_000, "A card number takes 4 to 40"),
            ("name", LONG, "A name takes at most 100 characters"),
            ("birth_date", "2999-01-01", "Enter a date from 1900 to today."),
            ("birth_date", "yesterday", "Enter year, month and day"),
            ("tags", LONG, "A tag takes 1 to 40"),
            ("home_store", "999999", "Select a valid choice"),
        ],
    )
    def test_a_mistake_stands_at_its_field_and_nothing_typed_is_lost(self, shop, hire, field, value, says):
        browser = hire("customer_service")
        before = facts()
        response = browser.post("/members/new", self.FORM | {field: value})
        page = response.content.decode()
        assert response.status_code == 422
        assert re.search(rf'id="id_{field}_error".*?{says}', page, re.S)
        assert "王小明" in page or field == "name"
        assert 'value="sms:marketing" checked' in page
        assert facts() == before

    def test_without_any_identity(self, shop, hire):
        response = hire().post("/members/new", self.FORM | {"phone": "", "card": ""})
        assert re.search(r'id="id_phone_error".*at least one identity', response.content.decode(), re.S)

    def test_somebody_elses_phone(self, shop, li, hire):
        form = self.FORM | {"phone": "13812345678", "card": ""}
        page = hire("customer_service").post("/members/new", form).content.decode()
        assert re.search(
            rf'id="id_phone_error".*belongs to another member: <a href="/members/{li}">李\*梅', page
        )
        limited = hire("store_manager", store_ids=[shop.stores["S2"]])
        page = limited.post("/members/new", form | {"home_store": str(shop.stores["S2"])}).content.decode()
        assert "whom your account may not see" in page
        assert "李*梅" not in page

    def test_a_limited_account_registers_for_its_stores_only(self, shop, hire):
        browser = hire("associate", store_ids=[shop.stores["S2"]])
        page = browser.get("/members/new").content.decode()
        assert "二店" in page
        assert "一店" not in page
        answer = browser.post("/members/new", self.FORM)
        assert "Choose one of your stores." in text(answer)
        answer = browser.post("/members/new", self.FORM | {"home_store": str(shop.stores["S1"])})
        assert answer.status_code == 422
        answer = browser.post("/members/new", self.FORM | {"home_store": str(shop.stores["S2"])})
        assert browser.get(answer.url).status_code == 200

    def test_names_are_text_whatever_they_hold(self, shop, hire):
        browser = hire()
        answer = browser.post("/members/new", self.FORM | {"name": "\u202e<script>שלום</script> 🦊"})
        page = browser.get(answer.url).content.decode()
        assert "<script>ש" not in page
        assert "\u202e" not in page


class TestEdit:
    def form(self, browser, li) -> dict[str, str]:
        page = browser.get(f"/members/{li}/edit").content.decode()
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        store = re.search(r'<option value="(\d*)" selected>', page.split('name="home_store"')[-1])
        return hidden | {
            "gender": hidden["was_gender"],
            "language": hidden["was_language"],
            "home_store": store[1] if store else "",
        }

    def test_only_what_was_changed_is_saved(self, shop, li, hire):
        browser = hire("customer_service")
        form = self.form(browser, li)
        assert "李小梅" not in browser.get(f"/members/{li}/edit").content.decode()
        answer = browser.post(f"/members/{li}/edit", form | {"gender": "f"})
        assert answer.url == f"/members/{li}"
        shown = selectors.profile(li)
        assert (shown.gender, shown.name_masked, shown.version) == ("f", "李*梅", 2)
        # Sent again by the back button: the first answer, nothing more.
        assert browser.post(f"/members/{li}/edit", form | {"gender": "f"}).url == f"/members/{li}"
        assert selectors.profile(li).version == 2

    def test_name_and_birthday_are_replaced_or_taken_away(self, shop, li, hire):
        browser = hire()
        browser.post(
            f"/members/{li}/edit", self.form(browser, li) | {"name": "李大梅子", "birth_date": "1991-01-02"}
        )
        shown = selectors.profile(li)
        assert (shown.name_masked, shown.birthday) == ("李**子", (1, 2))
        both = self.form(browser, li) | {"name": "x", "no_name": "on"}
        assert browser.post(f"/members/{li}/edit", both).status_code == 422
        browser.post(f"/members/{li}/edit", self.form(browser, li) | {"no_name": "on", "no_birth_date": "on"})
        shown = selectors.profile(li)
        assert (shown.name_masked, shown.birthday) == ("", None)

    def test_two_people_one_member(self, shop, li, hire):
        mine, theirs = hire("customer_service"), hire("operations")
        form = self.form(mine, li)
        theirs.later(minutes=3).post(
            f"/members/{li}/edit", self.form(theirs, li) | {"gender": "m", "language": "en"}
        )
        response = mine.later(minutes=5).post(f"/members/{li}/edit", form | {"gender": "f", "name": "李新"})
        page = text(response)
        assert response.status_code == 409
        assert "operations-1, 2026-03-10 12:03" in page or "李 &amp;" in page
        assert "Gender Male Female" in page
        assert "Changed by them alone, and kept: Language English" in page
        assert selectors.profile(li).gender == "m"
        # Mine on top, but their gender: the name is mine alone.
        again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))
        send = again | {
            "name": "李新",
            "gender": "f",
            "language": "en",
            "home_store": form["home_store"],
            "keep_gender": "theirs",
        }
        assert mine.post(f"/members/{li}/edit", send).status_code == 303
        shown = selectors.profile(li)
        assert (shown.gender, shown.language, shown.name_masked, shown.version) == ("m", "en", "李*", 3)

    def test_mine_on_top(self, shop, li, hire):
        mine = hire("customer_service")
        form = self.form(mine, li)
        members.update(
            caller=SYSTEM,
            member_id=li,
            changes={"gender": "m"},
            expected_version=1,
            at=OPENING + timedelta(1),
        )
        response = mine.later(days=2).post(f"/members/{li}/edit", form | {"gender": "f"})
        assert response.status_code == 409
        assert "system, 2026-03-11 12:00" in text(response)
        again = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode()))
        send = again | {
            "gender": "f",
            "language": "",
            "home_store": form["home_store"],
            "keep_gender": "mine",
        }
        assert mine.post(f"/members/{li}/edit", send).status_code == 303
        assert selectors.profile(li).gender == "f"

    @pytest.mark.parametrize("field", [{"name": LONG}, {"birth_date": "1800-01-01"}, {"gender": "x"}])
    def test_refused_edits_leave_nothing(self, shop, li, hire, field):
        browser = hire()
        form = self.form(browser, li)
        before = facts()
        assert browser.post(f"/members/{li}/edit", form | field).status_code == 422
        assert facts() == before

    def test_absurd_versions(self, shop, li, hire):
        browser = hire()
        form = self.form(browser, li)
        for version in ("", "x", "9" * 5000, "-1"):
            answer = browser.post(
                f"/members/{li}/edit", form | {"version": version, "was_at": "x", "gender": "f"}
            )
            assert answer.status_code == 409


class TestTraits:
    def test_identities_come_and_go_but_the_last_stays(self, shop, li, hire):
        browser = hire()
        other = shop.member()
        path = f"/members/{li}/identities"
        answer = browser.post(path, {"kind": "phone", "value": "13800000001", "issuer": ""})
        assert answer.status_code == 422
        assert f'href="/members/{other}"' in answer.content.decode()
        assert browser.post(path, {"kind": "phone", "value": "1", "issuer": ""}).status_code == 422
        assert (
            browser.post(path, {"kind": "email", "value": "li@example.com", "issuer": ""}).status_code == 303
        )
        ids = [identity.id for identity in selectors.profile(li).identities]
        for one in ids[:-1]:
            assert "becomes free" in text(browser.get(f"{path}/{one}/remove"))
            assert browser.post(f"{path}/{one}/remove").status_code == 303
        assert "The last one stays" in text(browser.get(f"{path}/{ids[-1]}/remove"))
        assert browser.post(f"{path}/{ids[-1]}/remove").status_code == 409
        assert len(selectors.profile(li).identities) == 1
        assert browser.post(f"{path}/{ids[0]}/remove").status_code == 303  # gone already

    def test_tags_with_undo(self, shop, li, hire):
        browser = hire("associate")
        path = f"/members/{li}/tags"
        browser.post(path, {"add": " 有机 ", "once": "t1"})
        shown = toast(browser, f"/members/{li}/profile")
        assert 'name="remove" value="有机"' in shown
        browser.post(path, {"remove": "有机", "once": "t2"})
        assert {tag.tag for tag in selectors.profile(li).tags} == {"母婴"}
        assert 'name="restore"' in toast(browser, f"/members/{li}/profile")
        page = text(browser.get(f"/members/{li}/changes"))
        assert "Tag removed 有机" in page
        assert "Tagged 有机" in page
        assert browser.post(path, {"add": LONG}).status_code == 422
        assert browser.post(path, {"add": "母婴"}).status_code == 303
        assert "had the tag" in toast(browser, f"/members/{li}/profile")

    def test_a_removed_tag_comes_back_as_it_was(self, shop, li, hire):
        path, before = f"/members/{li}/tags", selectors.profile(li).tags
        browser = hire("associate").later(days=3)
        browser.post(path, {"remove": "母婴", "once": "r1"})
        kept = re.search(r'name="restore" value="([^"]+)"', toast(browser, f"/members/{li}/profile"))[1]
        assert selectors.profile(li).tags == ()
        other = members.register(
            caller=SYSTEM, at=OPENING, identities=[IdentityInput("phone", "13900001111")]
        )
        for where, wrong in ((path, kept[:-1] + "!"), (path, "x"), (f"/members/{other}/tags", kept)):
            assert browser.post(where, {"restore": wrong}).status_code == 303
        assert (selectors.profile(li).tags, selectors.profile(other).tags) == ((), ())
        for _twice in range(2):
            browser.post(path, {"restore": kept, "once": "r2"})
        assert selectors.profile(li).tags == before
        assert before[0].added_at == OPENING - timedelta(days=100)
        assert "is back" in toast(browser, f"/members/{li}/profile")
        # Who put it back is told; that it was put on by somebody else before stays as it was.
        assert text(browser.get(f"/members/{li}/changes")).count("Tag put back 母婴") == 1

    def test_consents_are_recorded(self, shop, li, hire):
        browser = hire("associate")
        path = f"/members/{li}/consents"
        assert (
            'value="wechat" selected'
            in browser.get(f"{path}?channel=wechat&purpose=marketing").content.decode()
        )
        form = {"channel": "wechat", "purpose": "marketing", "granted": "yes", "source": "call"}
        assert browser.post(path, form).status_code == 303
        assert selectors.has_consent(li, "wechat", "marketing")
        assert browser.post(path, form | {"granted": ""}).status_code == 422
        assert browser.post(path, form | {"channel": "pigeon"}).status_code == 422

    def test_block_and_undo(self, shop, li, hire):
        browser = hire()
        assert browser.post(f"/members/{li}/block", {"reason": ""}).status_code == 422
        browser.post(f"/members/{li}/block", {"reason": "刷分调查", "once": "b"})
        assert selectors.profile(li).status == "blocked"
        assert f'action="/members/{li}/unblock"' in toast(browser, f"/members/{li}")
        browser.post(f"/members/{li}/unblock", {"reason": "查清了", "once": "u"})
        assert selectors.profile(li).status == "active"


class TestPoints:
    def test_given_and_taken_with_a_preview_that_holds(self, shop, li, hire):
        browser = hire("customer_service")
        path = f"/members/{li}/points"
        part = {"HX-Request": "true"}
        shown = text(browser.post(f"{path}/preview", {"points": "500"}, headers=part))
        assert "Can be spent 0 → 500" in shown
        assert "New lot, last day 2027-03-10" in shown
        form = {"points": "500", "why": "goodwill", "note": "工单 77", "once": "p1"}
        assert browser.post(path, form).status_code == 303
        assert account(li)["balance"] == 500
        assert lots(li)[0][2:] == (500, 500)
        shown = text(browser.post(f"{path}/preview", {"points": "−120"}, headers=part))
        assert "Can be spent 500 → 380" in shown
        assert "From the lots until 2027-03-10 −120" in shown
        browser.post(path, {"points": "−120", "why": "other", "note": "错发", "once": "p2"})
        assert account(li)["balance"] == 380
        page = text(browser.get(f"/members/{li}/statement"))
        assert "Adjusted by hand 错发 −120 380" in page
        assert "Goodwill after a complaint: 工单 77 +500 500" in page

    def test_a_double_click_gives_once(self, shop, li, hire):
        browser = hire()
        form = {"points": "10", "why": "goodwill", "note": "", "once": "same"}
        for _ in range(3):
            assert browser.post(f"/members/{li}/points", form).status_code == 303
        assert account(li)["balance"] == 10
        assert browser.post(f"/members/{li}/points", form | {"points": "11"}).status_code == 409
        assert account(li)["balance"] == 10

    @pytest.mark.parametrize(
        ("points", "note", "field", "says"),
        [
            ("", "", "points", "Enter how many points"),
            ("0", "", "points", "Zero changes nothing"),
            ("1.5", "", "points", "A whole number"),
            ("9" * 5000, "", "points", "A whole number|less than or equal"),
            ("20000000", "", "points", "less than or equal to 10000000"),
            ("-1", "", "points", "Only 0 points can be taken"),
            ("5", LONG, "note", "in 2 to 300 characters"),
        ],
    )
    def test_refusals_stand_at_the_field(self, shop, li, hire, points, note, field, says):
        browser = hire()
        before = facts()
        response = browser.post(f"/members/{li}/points", {"points": points, "why": "goodwill", "note": note})
        assert response.status_code in (409, 422)
        assert re.search(rf'id="id_{field}_error".*?({says})', response.content.decode(), re.S)
        assert facts() == before

    def test_another_reason_needs_words(self, shop, li, hire):
        response = hire().post(f"/members/{li}/points", {"points": "5", "why": "other", "note": ""})
        assert "Say which reason." in text(response)
        assert account(li)["balance"] == 0

    def test_a_reason_is_chosen_by_whoever_adjusts(self, shop, li, hire):
        browser = hire("customer_service")
        path = f"/members/{li}/points"
        body = browser.get(path).content.decode()
        assert '<option value="" selected>Please choose</option>' in body
        before = facts()
        response = browser.post(path, {"points": "5", "note": ""})
        assert response.status_code == 422
        assert "Choose a reason." in text(response)
        assert 'id="id_why_error"' in response.content.decode()
        assert facts() == before
        chinese = hire("operations", language="zh-hans")
        assert '<option value="" selected>请选择</option>' in chinese.get(path).content.decode()

    def test_the_preview_says_what_is_wrong_with_what_is_typed(self, shop, li, hire):
        browser = hire("customer_service")
        path = f"/members/{li}/points/preview"
        for points, said in (("abc", "A whole number"), ("0", "Zero changes nothing."), ("", "appears here")):
            part = browser.post(path, {"points": points}, headers={"HX-Request": "true"})
            assert said in part.content.decode()
        part = browser.post(path, {"points": "5"}, headers={"HX-Request": "true"}).content.decode()
        assert "hint err" not in part

    def test_preview_without_script_does_nothing(self, shop, li, hire):
        form = {"points": "5", "why": "", "note": "", "preview": "1"}
        response = hire().post(f"/members/{li}/points", form)
        assert "Can be spent 0 → 5" in text(response)
        assert account(li)["balance"] == 0


class TestPersonal:
    def test_why_somebody_looks_is_chosen(self, shop, li, hire):
        browser = hire("customer_service")
        before = facts()
        response = browser.post(f"/members/{li}/reveal", {"note": ""})
        assert response.status_code == 422
        assert "Choose a reason." in text(response)
        assert "13812345678" not in response.content.decode()
        assert facts() == before

    def test_a_look_in_clear_is_recorded_and_not_kept(self, shop, li, hire):
        browser = hire("customer_service")
        response = browser.post(f"/members/{li}/reveal", {"why": "identity", "note": ""})
        page = text(response)
        for value in ("李小梅", "13812345678", "1990-03-12"):
            assert value in page
        assert response["Cache-Control"] == "private, no-store"
        assert response["Refresh"] == f"30; url=/members/{li}"
        changes = text(browser.get(f"/members/{li}/changes"))
        assert (
            "Personal data revealed Name, Phone, E-mail, Birthday The member is on the phone: verifying who it is"
            in changes
        )
        assert "13812345678" not in changes

    def test_another_reason_needs_words(self, shop, li, hire):
        browser = hire()
        response = browser.post(f"/members/{li}/reveal", {"why": "other", "note": ""})
        assert response.status_code == 422
        assert "13812345678" not in response.content.decode()

    def test_the_persons_own_copy(self, shop, li, hire):
        browser = hire("customer_service")
        assert browser.post(f"/members/{li}/export", {"reason": ""}).status_code == 422
        response = browser.post(f"/members/{li}/export", {"reason": "本人书面申请"})
        assert response["Content-Disposition"] == f'attachment; filename="member-{li}.json"'
        assert response["Cache-Control"] == "private, no-store"
        assert orjson.loads(response.content)["members"][0]["profile"]["name"] == "李小梅"
        assert "Data exported -- 本人书面申请" in text(browser.get(f"/members/{li}/changes"))

    @pytest.mark.parametrize(
        ("language", "why"), [("en", "with the orders of all stores"), ("zh-hans", "包括在所有门店的订单")]
    )
    def test_accounts_limited_to_stores_make_no_copy(self, shop, li, hire, language, why):
        browser = hire("store_manager", store_ids=[shop.stores["S1"]], language=language)
        before = facts()
        page = browser.get(f"/members/{li}").content.decode()
        assert f'href="/members/{li}/reveal"' in page
        assert f'href="/members/{li}/export"' not in page
        for answer in (
            browser.get(f"/members/{li}/export"),
            browser.post(f"/members/{li}/export", {"reason": "本人书面申请"}),
        ):
            assert answer.status_code == 403
            assert why in text(answer)
            assert "李小梅" not in text(answer)
        assert facts() == before

    def test_erasing_takes_the_number_and_a_reason(self, shop, li, hire):
        browser = hire()
        page = text(browser.get(f"/members/{li}/erase"))
        assert "2 identities" in page
        assert f"The number of this member is {li}." in page
        for form in ({"reason": "本人要求", "number": "1"}, {"reason": "", "number": str(li)}, {}):
            assert browser.post(f"/members/{li}/erase", form).status_code == 422
        assert selectors.profile(li).status == "active"
        answer = browser.post(f"/members/{li}/erase", {"reason": "本人要求", "number": str(li), "once": "e"})
        assert answer.url == "/members"
        assert selectors.profile(li).status == "erased"
        again = browser.post(f"/members/{li}/erase", {"reason": "本人要求", "number": str(li), "once": "e"})
        assert again.url == "/members"
        assert browser.get(f"/members/{li}").status_code == 410


ACTS = {
    "edit": Scope.MEMBERS_WRITE,
    "identities": Scope.MEMBERS_WRITE,
    "tags": Scope.MEMBERS_WRITE,
    "consents": Scope.MEMBERS_WRITE,
    "block": Scope.MEMBERS_WRITE,
    "points": Scope.POINTS_ADJUST,
    "reveal": Scope.MEMBERS_REVEAL,
    "export": Scope.MEMBERS_REVEAL,
    "erase": Scope.MEMBERS_ERASE,
}


class TestRoles:
    @pytest.mark.parametrize("role", list(Role))
    def test_what_is_not_allowed_is_neither_shown_nor_served(self, shop, li, hire, role):
        browser, scopes = hire(role.value), ROLE_SCOPES[role]
        shown = (
            browser.get(f"/members/{li}").content.decode()
            + browser.get(f"/members/{li}/profile").content.decode()
        )
        before = facts()
        for act, scope in ACTS.items():
            path = f"/members/{li}/{act}"
            assert (f'href="{path}' in shown) == (scope in scopes), act
            assert browser.get(path).status_code == (200 if scope in scopes else 403), act
            if scope not in scopes:
                assert browser.post(path, {"points": "5", "add": "x", "reason": "yes"}).status_code == 403
        assert browser.get("/members/new").status_code == (200 if Scope.MEMBERS_WRITE in scopes else 403)
        assert facts() == before

    @pytest.mark.parametrize("act", [*ACTS, "new"])
    def test_in_chinese(self, shop, li, hire, act):
        path = "/members/new" if act == "new" else f"/members/{li}/{act}"
        browser = hire(language="zh-CN")
        response = browser.get(path)
        main = re.search(r"<main.*</main>", response.content.decode(), re.S)[0]
        words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", " ", main)))
        assert words <= {"WeChat", "OpenID", "UnionID", "JSON"}, words
        dialog = browser.get(path, headers={"X-Laoke-Dialog": "1"})
        assert dialog["X-Laoke-Dialog"] == "1"
        assert "<main" not in dialog.content.decode()


def test_nothing_of_a_person_in_what_the_session_keeps(shop, li, hire):
    browser = hire()
    browser.post(f"/members/{li}/reveal", {"why": "identity", "note": ""})
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(string_agg(answer, ''), '') from foundation_commandrecord")
        assert "13812345678" not in cursor.fetchone()[0]

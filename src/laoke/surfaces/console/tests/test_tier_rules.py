"""Changing the ladder in the console: the draft, its trial, and the decision of a second person."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from laoke.checkout import programme
from laoke.checkout.proposing import drafts
from laoke.checkout.proposing import services as proposing
from laoke.checkout.proposing.models import Proposal
from laoke.foundation.access import SYSTEM, Role
from laoke.surfaces.console.notices.models import Notice
from laoke.tiers import ladder as ladders
from laoke.tiers.models import LadderVersion
from tests.shop import LADDER, OPENING, line, tier

DRAFT = "/tiers/draft"
# Whoever moved up today is not judged anew today.
LATER = OPENING + timedelta(days=1)


def words(response) -> str:
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    body = body[body.index("<main") :] if "<main" in body else body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def fields(browser, path=DRAFT, **changed):
    """The form of the draft as a browser would send it, with some fields changed."""
    page = browser.get(path).content.decode()
    found = {}
    for tag in re.findall(r'<input[^>]*name="(?:at|within|name)_[^>]*>', page):
        value = re.search(r'value="([^"]*)"', tag)
        found[re.search(r'name="([^"]+)"', tag)[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, flags=re.S):
        found[name] = re.search(r'value="(\w+)" selected', options)[1]
    found["seen"] = re.search(r'name="seen" value="(\w+)"', page)[1]
    return found | {"act": "save"} | changed


@pytest.fixture
def silver(shop):
    """A member on silver: ¥688 paid."""
    member = shop.member()
    shop.till(OPENING).sell("A1", member, line("wine"))
    assert tier(member) == "silver"
    return member


def test_the_whole_way_by_two_people(silver, hire, statements):
    first, second = (hire(role).later(days=1) for role in (Role.OWNER, Role.OPERATIONS))
    first.get(DRAFT)
    with statements() as made:
        shown = words(first.get(DRAFT))
    assert len(made) <= 12
    assert "No draft yet" in shown
    answer = first.post(DRAFT, fields(first, at_silver_0="1500", act="try"))
    assert (answer.status_code, answer["Location"]) == (303, DRAFT)
    assert drafts.current().ladder.tiers[1].needs[0].at_least == 150_000
    shown = words(first.get(DRAFT))
    assert "was ≥ ¥500" in shown
    assert "Waits for a worker" in shown

    drafts.work(LATER, 1)
    with statements() as made:
        shown = words(first.get(DRAFT))
    assert len(made) <= 12, made
    assert "Silver 1 1 0 −1 −100.0%" in shown
    assert "In which stores the 1 member who moves is at home" in shown
    assert "No home store 0 1" in shown
    listed = words(first.get(f"/tiers/trials/{drafts.current().preview}/members"))
    assert "Silver → Member 1" in listed

    first.post(DRAFT, fields(first, act="try"))
    assert drafts.current().preview is None
    drafts.work(LATER, 1)
    number = drafts.current().preview
    form = fields(first, act="propose")
    assert first.post(DRAFT, form)["Location"] == f"{DRAFT}/propose"
    assert "Nobody else may change" not in words(first.get(f"{DRAFT}/propose"))
    sent = {"once": "a", "reason": "银卡收紧", "preview": number}
    assert first.post(f"{DRAFT}/propose", sent)["Location"] == "/tiers"
    first.post(f"{DRAFT}/propose", sent)
    row = Proposal.objects.get()
    assert Notice.objects.get().kind == "ladder.asked"
    assert first.get(DRAFT)["Location"] == "/tiers"
    assert "Take it back" in words(first.get("/tiers"))
    assert first.post(f"/tiers/proposals/{row.pk}/approve", {"once": "b"}).status_code == 403

    with statements() as made:
        shown = words(second.get("/tiers"))
    assert len(made) <= 12, made
    assert "“银卡收紧”" in shown
    assert "Let it pass" in shown
    assert second.post(f"/tiers/proposals/{row.pk}/approve", {"once": "c"}).status_code == 303
    assert second.get("/tiers/proposal", headers={"HX-Request": "true"}).status_code == 200
    proposing.work(LATER, row.pk)
    assert second.get("/tiers/proposal", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert tier(silver) == "basic"
    assert programme.current().ladder.tiers[1].needs[0].at_least == 150_000
    assert drafts.current() is None
    shown = words(second.get("/tiers"))
    assert "Version 2 in force" in shown
    assert "Take version 1 as the draft" in shown
    assert second.post(f"{DRAFT}/restore", {"version": "1"}).status_code == 303
    assert drafts.current().ladder == ladders.parse(LADDER)


def test_refused_and_taken_back(silver, hire):
    first, second = hire(Role.OWNER), hire(Role.OPERATIONS)
    first.post(DRAFT, fields(first, review="monthly", act="try"))
    drafts.work(LATER, 1)
    sent = {"reason": "每月评定", "preview": drafts.current().preview}
    first.post(f"{DRAFT}/propose", {**sent, "once": "a"})
    row = Proposal.objects.get()
    assert second.post(f"/tiers/proposals/{row.pk}/withdraw").status_code == 404
    assert second.post(f"/tiers/proposals/{row.pk}/refuse", {"note": ""}).status_code == 422
    assert second.post(f"/tiers/proposals/{row.pk}/refuse", {"note": "太勤"}).status_code == 303
    assert Notice.objects.get(kind="ladder.refused").data["note"] == "太勤"
    assert "did not let it pass: 太勤" in words(first.get("/tiers"))
    first.post(f"{DRAFT}/propose", {**sent, "once": "b"})
    assert first.post(f"/tiers/proposals/{row.pk + 1}/withdraw").status_code == 303
    assert LadderVersion.objects.count() == 1
    assert first.post(f"{DRAFT}/discard").status_code == 303
    assert drafts.current() is None


class TestForm:
    def test_what_has_no_field_is_kept(self, shop, hire):
        group = {
            "any": [
                {"metric": "spend", "months": 6, "at_least": 1},
                {"metric": "purchases", "days": 9, "at_least": 2},
            ]
        }
        earned = {"metric": "points_earned", "months": 3, "at_least": 900}
        gold = LADDER["tiers"][2] | {
            "needs": [group, {"metric": "spend", "window": "lifetime", "at_least": 300_050}, earned],
            "validity": {"months": 12, "grace_days": 30},
            "inactive_days": 90,
            "price": {"points": 500, "days": 30},
        }
        document = LADDER | {"tiers": [*LADDER["tiers"][:2], gold], "fall": "at_period_end"}
        programme.apply(SYSTEM, {"ladder": document}, at=OPENING)
        browser = hire()
        shown = words(browser.get(DRAFT))
        assert "Also needed: (¥0.01 paid within 6 months or 2 purchases within 9 days)" in shown
        assert "Also needed: 900 points earned within 3 months" in shown
        assert "for sale: 500 points for 30 days" in shown
        browser.post(
            DRAFT, fields(browser, name_zh_gold="金卡会员", at_gold_purchases="4", within_gold_purchases="6")
        )
        wanted = ladders.to_document(ladders.parse(document))
        wanted["tiers"][2]["name_zh"] = "金卡会员"
        wanted["tiers"][2]["needs"].append({"metric": "purchases", "months": 6, "at_least": 4})
        assert ladders.to_document(drafts.current().ladder) == wanted

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"at_gold_1": "499.99", "within_gold_1": "3"}, "Asks for less than the tier below it."),
            ({"at_silver_0": ""}, "A tier above the lowest needs at least one criterion."),
            ({"at_silver_0": "-1"}, "greater than or equal to 0.01"),
            ({"within_silver_0": ""}, "Say within how long."),
            ({"review": "never", "upgrade": "at_review"}, "Without reviews nobody moves up on a review day."),
            ({"fall": "at_period_end"}, "No tier has a period that could end."),
            ({"name_zh_gold": "金" * 10_000}, "at most 40 characters"),
            ({"review": "daily"}, "Select a valid choice"),
        ],
        ids=["less", "none", "negative", "no-window", "upgrade", "fall", "long", "choice"],
    )
    def test_what_cannot_be_is_said_at_its_field_and_not_saved(self, shop, hire, changed, said):
        browser = hire()
        answer = browser.post(DRAFT, fields(browser, **changed))
        assert answer.status_code == 422
        assert said in words(answer)
        assert drafts.current() is None

    def test_a_stale_form_is_refused(self, shop, hire):
        first, second = hire(Role.OWNER), hire(Role.OPERATIONS)
        mine = fields(first, at_silver_0="600")
        second.post(DRAFT, fields(second, at_silver_0="700"))
        assert first.post(DRAFT, mine).status_code == 409
        for act in ("discard", "remove"):
            assert first.post(f"{DRAFT}/{act}", {"seen": mine["seen"], "code": "silver"}).status_code == 409
        assert first.post(f"{DRAFT}/restore", {"version": "1"}).status_code == 409
        assert drafts.current().ladder.tiers[1].needs[0].at_least == 70_000

    def test_a_tier_is_put_in_and_taken_out(self, shop, hire):
        browser = hire()
        sent = {
            "below": "silver",
            "code": "jade",
            "name_zh": "玉卡",
            "name_en": "Jade",
            "spend": "800",
            "months": "3",
        }
        for wrong, said in (
            ({"code": "gold"}, "Another tier has this code."),
            ({"spend": ""}, "needs at least one criterion"),
            ({"spend": "400"}, "Asks for less than the tier below it."),
            ({"spend": "2001"}, "Asks for more than the tier above it."),
        ):
            answer = browser.post(f"{DRAFT}/tier", sent | wrong)
            assert (answer.status_code, said in words(answer)) == (422, True)
        assert drafts.current() is None
        assert browser.post(f"{DRAFT}/tier", sent).status_code == 303
        assert [each.code for each in drafts.current().ladder.tiers] == [
            "basic",
            "silver",
            "jade",
            "gold",
            "black",
        ]
        assert "Jade added" in words(browser.get(DRAFT))
        assert browser.post(f"{DRAFT}/remove", {"code": "gold"}).status_code == 409
        assert browser.post(f"{DRAFT}/remove", {"code": "jade"}).status_code == 303
        assert drafts.current().ladder == ladders.parse(LADDER)

    def test_in_chinese(self, silver, hire):
        browser = hire(language="zh-hans")
        browser.post(DRAFT, fields(browser, at_gold_0="2", within_gold_1="2", act="try"))
        drafts.work(LATER, 1)
        shown = words(browser.get(DRAFT))
        for text in (
            "原 ≥ 3 次",
            "试评定",
            "原：近 3 个月内实付满 ¥2,000",
            "提交审批",
            "放弃草稿",
            "新增等级",
        ):
            assert text in shown


class TestRoles:
    @pytest.mark.parametrize("role", [Role.STORE_MANAGER, Role.CUSTOMER_SERVICE, Role.AUDITOR])
    def test_those_who_read_neither_edit_nor_decide(self, silver, hire, role):
        owner, reader = hire(Role.OWNER), hire(role)
        owner.post(DRAFT, fields(owner, review="monthly", act="try"))
        drafts.work(LATER, 1)
        owner.post(f"{DRAFT}/propose", {"reason": "每月评定", "preview": drafts.current().preview})
        row = Proposal.objects.get()
        shown = words(reader.get("/tiers"))
        assert "It waits for a second person." in shown
        assert "Let it pass" not in shown
        assert "Change the rules" not in shown
        assert reader.get(DRAFT).status_code == 403
        for path in (
            "draft",
            "draft/discard",
            "draft/propose",
            f"proposals/{row.pk}/approve",
            f"proposals/{row.pk}/refuse",
        ):
            assert reader.post(f"/tiers/{path}", {"note": "不", "reason": "要"}).status_code == 403
        assert Proposal.objects.get().state == "waiting"

    def test_those_of_a_store_see_who_of_it_would_move(self, shop, silver, hire):
        owner = hire(Role.OWNER).later(days=1)
        owner.post(DRAFT, fields(owner, at_silver_0="1500", act="try"))
        drafts.work(LATER, 1)
        path = f"/tiers/trials/{drafts.current().preview}/members"
        assert f'href="/members/{silver}"' in owner.get(path).content.decode()
        limited = hire(Role.STORE_MANAGER, store_ids=[shop.stores["S1"]])
        assert f'href="/members/{silver}"' not in limited.get(path).content.decode()
        assert owner.get("/tiers/trials/999999/members").status_code == 404

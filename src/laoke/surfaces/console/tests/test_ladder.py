"""The ladder page: criteria in sentences, who stands where, dates, versions."""

from __future__ import annotations

import re

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM, Role
from laoke.insight.metrics.catalogue import TIER_MEMBERS
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.review.selectors import Run, Value
from laoke.surfaces.console.selectors import ladder
from tests.shop import LADDER, OPENING, line

from .conftest import ROOT


def words(response) -> str:
    body = re.sub(r"<svg.*?</svg>", "", response.content.decode(), flags=re.S)
    body = body[body.index("<main") :] if "<main" in body else body
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def climbers(shop):
    """One on silver at home in S1, two on the lowest rung."""
    first = members.register(
        caller=SYSTEM,
        at=OPENING,
        identities=[IdentityInput("card", "HL0001")],
        name="甲",
        home_store_id=shop.stores["S1"],
    )
    shop.till(OPENING).sell("A1", first, line("wine"))
    shop.member()
    shop.member()
    return first


class TestRungs:
    def test_criteria_stand_in_one_sentence_with_their_window(self, shop, hire):
        said = words(hire().get("/tiers"))
        assert "3 purchases and ¥2,000 paid within 3 months" in said
        assert "¥10,000 paid within 12 months" in said
        assert "Everybody, from the day of registration" in said

    def test_in_chinese(self, shop, hire):
        assert "近 3 个月内消费满 3 次并且实付满 ¥2,000" in words(hire(language="zh-hans").get("/tiers"))

    def test_whole_windows_have_names_here_and_beside_the_member(self, shop, climbers, hire):
        silver = LADDER["tiers"][1] | {
            "needs": [{"metric": "spend", "window": "calendar_year", "at_least": 50_000}]
        }
        gold = LADDER["tiers"][2] | {
            "needs": [{"metric": "spend", "window": "lifetime", "at_least": 1_000_000}]
        }
        programme.apply(
            SYSTEM, {"ladder": LADDER | {"tiers": [LADDER["tiers"][0], silver, gold]}}, at=OPENING
        )
        said = words(hire().get("/tiers"))
        assert "¥500 paid within the calendar year" in said
        assert "¥10,000 paid within the whole membership" in said
        chinese = words(hire("analyst", language="zh-hans").get(f"/members/{climbers}"))
        assert "自然年" in chinese
        assert "整个会员期" in chinese

    def test_members_per_tier_and_share_lead_to_the_members(self, climbers, hire):
        page = hire().get("/tiers")
        assert "3 members" in words(page)
        assert 'href="/members?tier=silver"><span class="num">1</span>' in page.content.decode()
        assert "66.7%" in words(page)

    def test_a_limited_account_counts_members_at_home(self, shop, climbers, hire):
        said = words(hire("store_manager", store_ids=[shop.stores["S1"]]).get("/tiers"))
        assert "1 member, at home in these stores" in said
        assert "the tier rules count those at home in the stores" in " ".join(
            (ROOT / "docs" / "reference" / "console.md").read_text().split()
        )

    @pytest.mark.parametrize("who", ["limited", "chosen", "all"])
    def test_each_number_leads_to_a_list_of_exactly_these(self, shop, climbers, hire, who):
        def join(card, store):
            return members.register(
                caller=SYSTEM,
                at=OPENING,
                identities=[IdentityInput("card", card)],
                home_store_id=store and shop.stores[store],
            )

        ours, theirs, gone, erased, blocked = (
            join(f"HL1{n}", store) for n, store in enumerate(("S1", "S2", "S1", "S1", "S1"))
        )
        till = shop.till(OPENING)
        till.sell("B1", theirs, line("wine"))  # at home elsewhere, bought at S1
        members.merge(caller=SYSTEM, kept_id=ours, gone_id=gone, reason="同一人", at=OPENING)
        members.erase_person(caller=SYSTEM, member_id=erased, reason="本人要求", at=OPENING)
        members.block(caller=SYSTEM, member_id=blocked, reason="刷单", at=OPENING)
        if who == "limited":
            browser = hire("store_manager", store_ids=[shop.stores["S1"]])
        else:
            browser = hire()
        if who == "chosen":
            browser.post("/place", {"place": f"store:{shop.stores['S1']}", "back": "/tiers"})
        page = browser.get("/tiers").content.decode()
        rungs = re.findall(r'<a href="(/members\?[^"]+)"><span class="num">([\d,]+)</span>', page)
        assert len(rungs) == len(LADDER["tiers"])
        found = {}
        for path, number in rungs:
            listed = browser.get(path.replace("&amp;", "&")).content.decode()
            found[path] = len(re.findall(r'name="ids"', listed))
            assert found[path] == int(number), path
        assert sum(found.values()) == (6 if who == "all" else 3)
        if who != "all":
            assert all("store=S1" in path for path in found)
            listed = browser.get("/members").content.decode()
            assert "home store is one of these stores, or who bought there" in listed
            assert len(re.findall(r'name="ids"', listed)) == 4

    def test_more_stores_than_an_address_names_have_no_links(self, shop, climbers, hire, monkeypatch):
        monkeypatch.setattr(ladder, "MOST_VALUES", 1)
        browser = hire("store_manager", store_ids=[shop.stores["S1"], shop.stores["S2"]])
        assert 'href="/members?tier' not in browser.get("/tiers").content.decode()

    def test_review_days(self, shop, hire):
        assert "Next: 2026-04-01, in 22 days; then 2026-07-01." in words(hire().get("/tiers"))


class TestVersions:
    def test_the_first_one_says_so(self, shop, hire):
        said = words(hire().get("/tiers"))
        assert "Version 1 in force" in said
        assert "Version 1 published by System" in said
        assert "The first ladder" in said

    def test_differences_between_versions(self, shop, hire):
        tiers = [dict(tier) for tier in LADDER["tiers"]]
        tiers[2] = tiers[2] | {
            "name_en": "Golden",
            "needs": [
                {"metric": "purchases", "months": 3, "at_least": 3},
                {"metric": "spend", "months": 3, "at_least": 180_000},
            ],
        }
        del tiers[3]
        tiers.append(
            {
                "code": "jade",
                "name_zh": "玉卡",
                "name_en": "Jade",
                "needs": [{"metric": "spend", "days": 90, "at_least": 900_000}],
            }
        )
        programme.apply(
            SYSTEM,
            {"ladder": LADDER | {"tiers": tiers, "review": "monthly", "downgrade": "one_step"}},
            at=OPENING,
        )
        said = words(hire().get("/tiers"))
        for expected in (
            "Version 2 in force",
            "Name: Gold Golden",
            "Golden: ¥2,000 paid within 3 months ¥1,800 paid within 3 months",
            "Jade added: ¥9,000 paid within 90 days",
            "Black removed",
            "every quarter every month",
            "to what is still qualified for one step",
        ):
            assert expected in said

    def test_an_undeclared_ladder(self, db, hire):
        assert hire().get("/tiers").status_code == 200


class TestWhoMay:
    @pytest.mark.parametrize("role", list(Role))
    def test_every_role_may_look(self, shop, hire, role):
        assert hire(role.value).get("/tiers").status_code == 200

    def test_strangers_sign_in_first(self, shop, browser):
        assert browser.get("/tiers").headers["Location"] == "/login?next=%2Ftiers"

    def test_at_most_twelve_statements(self, climbers, hire, statements):
        browser = hire()
        browser.get("/tiers")
        with statements() as sent:
            browser.get("/tiers")
        assert len(sent) <= 12, sent


def test_many_members_are_those_of_last_night(shop, hire, monkeypatch):
    """Counting a million at every look would take long: the page shows the night's figures, and their day."""
    run = Run(OPENING.date(), OPENING, OPENING.date())
    lowest = LADDER["tiers"][0]["code"]
    kept = {(TIER_MEMBERS.code, lowest, OPENING.date()): Value(1_234_567)}
    monkeypatch.setattr(ladder, "COUNTED_NOW", -2)
    monkeypatch.setattr(ladder.review, "last_run", lambda: run)
    monkeypatch.setattr(ladder.review, "values", lambda stores, days: kept)
    said = words(hire().get("/tiers"))
    assert f"1,234,567 members · at the end of {OPENING.date():%Y-%m-%d}" in said

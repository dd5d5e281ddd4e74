"""The page of who went where on the ladder: exact figures, stores, the list, files, who may."""

from __future__ import annotations

import re

import pytest

from laoke.checkout import programme
from laoke.engine.tiering import How
from laoke.foundation.access import SYSTEM
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff import services as staff
from laoke.purchases import services as purchases
from laoke.purchases.services import StoreInput
from laoke.surfaces.console import sankey
from laoke.surfaces.console.exports.tables import streamed
from laoke.tiers import assigning, movement
from tests.movers import NOW, settle_in
from tests.shop import LADDER

from .conftest import PASSWORD

PAGE, LIST = "/tiers/movement", "/tiers/movement/members"


def words(response) -> str:
    body = response.content.decode()
    body = body[body.index("<main") : body.index("</main")]
    body = re.sub(r"<(svg|select).*?</\1>", "", body, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def text(response) -> str:
    return b"".join(response.streaming_content).decode()


@pytest.fixture
def people(shop):
    found = settle_in(shop)
    movement.count(at=NOW, now=NOW)
    return found


@pytest.fixture
def see(people, hire):
    """What somebody reads on an address."""

    def read(path: str = PAGE, role: str = "owner", **more) -> str:
        answer = hire(role, at=NOW, **more).get(path)
        assert answer.status_code == 200
        return words(answer)

    return read


def test_figures_are_exact(see):
    said = see()
    assert "judges everybody by what was bought until the end of 2026-08-12" in said
    # Of seven who were there at the end of March one left, of six at the end of June four would go down.
    assert re.search(r" Up 0 0\.0% .57\.1 pp on", said)
    assert re.search(r"Kept 2 33\.3% \+19\.0 pp", said)
    assert re.search(r"Down 4 66\.7% \+52\.4 pp", said)
    assert "Down, of Gold and Black 100.0% 4 members Nothing to compare with" in said
    assert (
        "3 members of the two highest tiers would go down but lack no more than one purchase and ¥300."
        in said
    )
    assert "That is 75% of those there who would go down." in said
    assert "One purchase short 1 Up to ¥300 short 1 Both a little short 1" in said
    assert "Matrix: end of 2026 Q2 → judged, 2026-08-12 From Member Silver Gold Black Left Total" in said
    assert "Gold 1 25.0% 3 75.0% – – – 4" in said


def test_in_chinese_and_in_money(people, hire):
    answer = hire("owner", language="zh-hans", at=NOW).get(f"{PAGE}?by=spend&view=table")
    said = words(answer)
    assert "等级流转" in said
    assert "2026 Q2 末" in said
    assert "金卡 银卡 3 ¥6,931.90" in said
    assert 'id="sankey" class="tw"' in answer.content.decode()


def test_a_store_alone_and_an_account_of_it(people, shop, see, hire):
    one = see(f"{PAGE}?store=store:{shop.stores['S1']}")
    assert "Gold – 2 100.0% – – – 2" in one
    browser = hire("store_manager", at=NOW, store_ids=[shop.stores["S2"]])
    said = words(browser.get(PAGE))
    assert "Gold 1 50.0% 1 50.0% – – – 2" in said
    assert "Members at home in these stores today." in said
    listed = words(browser.get(LIST))
    assert str(people["spend"]) in listed
    assert str(people["both"]) not in listed
    # A store of others narrows to nothing wider than the account.
    assert "There is no such store" in words(browser.get(f"{LIST}?store=store:{shop.stores['S1']}"))
    assert str(people["both"]) not in words(browser.get(f"{LIST}?store=store:{shop.stores['S1']}"))


def test_a_region_without_members_says_so(people, shop, hire, see):
    other = purchases.save_stores(SYSTEM, [StoreInput("S3", "三店")], at=NOW)
    assert "Nobody is at home here" in see(f"{PAGE}?store=store:{other['S3']}")


def test_the_list_its_pages_and_its_file(people, hire, monkeypatch):
    browser = hire("owner", at=NOW)
    said = words(browser.get(f"{LIST}?lack=spend"))
    assert f"s*** {people['spend']} Gold Silver -- ¥277.80 二店" in said
    assert str(people["both"]) not in said
    assert str(people["lost"]) in words(browser.get(f"{LIST}?lack=more"))
    monkeypatch.setattr("laoke.surfaces.console.selectors.tier_movement.PAGE", 2)
    first = browser.get(LIST)
    (further,) = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    assert str(people["both"]) not in words(first)
    assert str(people["both"]) in words(browser.get(further))
    assert browser.get(f"{LIST}?after=nonsense").status_code == 400
    answer = browser.post(f"{LIST}/export", {"lack": "both"})
    assert text(answer).splitlines() == [
        "\ufeffMember number,Member,Tier now,Tier if judged,Purchases missing,Money missing (CNY),Home store",
        f"{people['both']},b***,Gold,Silver,1,290.30,一店",
    ]
    entry = AuditEntry.objects.get(action="tiers.exported")
    assert (entry.object_kind, entry.after) == ("tiers", {"lack": "both"})


def test_the_flows_as_a_file(people, hire):
    lines = text(hire("analyst", at=NOW).get(f"{PAGE}/flows.csv")).splitlines()
    assert lines[1:4] == [
        "2026-03-31,2026-06-30,Silver,Member,1,500.00",
        "2026-03-31,2026-06-30,Silver,Left,1,500.00",
        "2026-03-31,2026-06-30,Member,Gold,4,8931.90",
    ]
    assert lines[-1] == "2026-06-30,2026-08-12,Joined,Member,1,0.00"


def test_tiers_given_by_hand_stand_beside(people, hire):
    assigning.assign(
        SYSTEM, people["idle"], "gold", how=How.TRIAL, until=NOW.date(), reason="a good customer", at=NOW
    )
    assigning.give(SYSTEM, people["spend"], "gold", how=How.PAID, until=NOW.date(), at=NOW)
    browser = hire("owner", at=NOW)
    assert "Paid membership ·" not in words(browser.get(PAGE))
    assert "System gave Gold to i*** 2026-08-13 On trial · through 2026-08-13" in words(browser.get(PAGE))
    assert "a good customer" not in words(browser.get(PAGE))


def test_other_rules_since_are_said(people, see):
    programme.apply(SYSTEM, {"ladder": LADDER | {"downgrade": "one_step"}}, at=NOW)
    assert "Other tier rules hold since this was counted" in see()


def test_before_the_first_count_it_can_be_started(shop, hire):
    browser = hire("owner", at=NOW)
    assert "Not counted yet" in words(browser.get(PAGE))
    assert "Nobody here" in words(browser.get(LIST))
    assert "Count now" not in words(_another(browser, "analyst").get(PAGE))
    answer = browser.post(f"{PAGE}/count")
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert "It is being counted" in browser.get(PAGE).content.decode()
    assert _another(browser, "auditor").post(f"{PAGE}/count").status_code == 403


def _another(browser, role):
    person = staff.create(SYSTEM, f"{role}-2", "王", role, PASSWORD, at=NOW)
    other = type(browser)()
    other.at = NOW
    other.force_login(person)
    return other


def test_few_statements(people, hire, statements):
    browser = hire("owner", at=NOW)
    browser.get(PAGE)
    for path in (PAGE, LIST):
        with statements() as sent:
            assert browser.get(path).status_code == 200
        assert len(sent) <= 12, sent


class TestSankey:
    def test_bands_fill_their_places_and_nothing_is_left_out(self):
        stops = [sankey.Stop("a", "A", "gold", 100), sankey.Stop("b", "B", "plain", 400)]
        flows = [sankey.Flow(0, "a", "a", 81), sankey.Flow(0, "a", "b", 1), sankey.Flow(0, "b", "b", 400)]
        found = sankey.sankey([stops, stops], flows)
        assert [(band.source, band.target, band.value) for band in found.bands] == [
            ("A", "A", 81),
            ("A", "B", 1),
            ("B", "B", 400),
        ]
        heights = [float(node.height) for node in found.nodes]
        # 9 + 1 against 20, and 9 against 1 + 20, over 345 pixels of height: the right column is the tighter one.
        assert heights == [115.0, 230.0, 103.5, 241.5]
        assert [node.ends for node in found.nodes] == [False, False, True, True]

    def test_nothing_draws_nothing(self):
        assert sankey.sankey([[], []], []).nodes == ()


def test_a_file_has_no_formulas():
    assert list(streamed([["=1+1", "a"]])) == ["\ufeff", "'=1+1,a\r\n"]

"""Offers in the console: written, tried, submitted, approved, paused, stopped; by whom, with how many statements."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions import drafts, publication
from laoke.promotions import selectors as promotions
from laoke.promotions.documents.offers import OfferDocument, read_offer
from laoke.promotions.models import OfferDraft, OfferVersion
from laoke.surfaces.console.offers import form, preview
from laoke.surfaces.console.offers.form import Shop
from laoke.surfaces.console.offers.meeting import may_meet
from laoke.surfaces.console.selectors.offers import month
from tests.shop import OPENING, line

KEY = "member-week"
DOCUMENT: dict[str, Any] = {
    "name": {"zh": "会员周满减", "en": "Member week"},
    "goal": "repeat",
    "stage": "basket",
    "when": {"basket.subtotal": {"gte": 50, "basis": "discounted"}},
    "gives": [{"amount": {"discount": 5}}],
    "limits": {"budget": 1000},
}
LATER = OPENING + timedelta(days=2)


def fields(document: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of the form of a document."""
    return form.show(document, Shop()).fields()


@pytest.fixture
def draft(shop):
    return drafts.begin(SYSTEM, KEY, DOCUMENT, at=OPENING)


@pytest.fixture
def published(draft):
    drafts.submit(SYSTEM, KEY, at=OPENING)
    return drafts.approve(SYSTEM, KEY, at=OPENING)


@pytest.fixture
def sold(shop):
    """Orders to try offers on."""
    till = shop.till(OPENING - timedelta(days=20))
    member = shop.member()
    till.sell("A1", member, line("wine", 2))
    till.sell("A2", member, line("rice"), line("milk", 3))
    return member


def test_an_offer_is_begun_from_a_mechanic(shop, hire):
    browser = hire("operations", at=LATER)
    answer = browser.post(
        "/promotions/new",
        {"zh": "满减", "en": "Off", "key": "off-1", "goal": "acquire", "start": "reach", "once": "a"},
    )
    assert (answer.status_code, answer["Location"]) == (303, "/offers/off-1/edit")
    found = promotions.draft("off-1")
    assert found.document == {
        "name": {"zh": "满减", "en": "Off"},
        "goal": "acquire",
        "stage": "basket",
        "when": {"basket.subtotal": {"gte": "199", "basis": "discounted"}},
        "gives": [{"amount": {"discount": "25"}}],
    }
    # The same form again begins nothing new and fails nothing.
    again = browser.post(
        "/promotions/new",
        {"zh": "满减", "en": "Off", "key": "off-1", "goal": "acquire", "start": "reach", "once": "a"},
    )
    assert again.status_code == 303
    assert OfferDraft.objects.count() == 1


@pytest.mark.parametrize(
    ("key", "status"),
    [("no spaces", 422), ("a/b", 422), ("x" * 65, 422), ("", 422), (KEY, 409), ("‮rtl", 422)],
)
def test_a_key_that_cannot_be_one_begins_nothing(published, hire, key, status):
    before = OfferDraft.objects.count()
    answer = hire("operations", at=LATER).post(
        "/promotions/new", {"zh": "满减", "en": "Off", "key": key, "goal": "acquire", "start": "reach"}
    )
    assert answer.status_code == status
    assert OfferDraft.objects.count() == before


def test_a_copy_begins_with_the_text_of_the_other(published, hire):
    browser = hire("operations", at=LATER)
    assert "A copy of Member week" in browser.get(f"/promotions/new?from={KEY}").content.decode()
    browser.post("/promotions/new", {"zh": "二", "en": "Two", "key": "two", "goal": "acquire", "from": KEY})
    assert promotions.draft("two").document == publication.last_text(KEY) | {
        "name": {"zh": "二", "en": "Two"},
        "goal": "acquire",
    }


def test_the_editor_keeps_what_is_filled_in(draft, hire):
    browser = hire("operations", at=LATER)
    sent = fields(DOCUMENT) | {"revision": "1", "do": "save", "gives.0.amount.discount": "7.50"}
    answer = browser.post(f"/offers/{KEY}/edit", sent)
    assert (answer.status_code, answer["Location"]) == (303, f"/offers/{KEY}/edit")
    found = promotions.draft(KEY)
    assert found.document == DOCUMENT | {"gives": [{"amount": {"discount": "7.50"}}]}
    assert (found.revision, found.changed_by) == (2, "operations-1")
    # Nothing changed: nothing is written.
    browser.post(f"/offers/{KEY}/edit", sent | {"revision": "2"})
    assert promotions.draft(KEY).revision == 2


def test_a_stale_form_overwrites_nothing(draft, hire):
    drafts.save(SYSTEM, KEY, DOCUMENT | {"priority": 3}, revision=1, at=OPENING)
    browser = hire("operations", at=LATER)
    sent = fields(DOCUMENT) | {"revision": "1", "do": "save", "gives.0.amount.discount": "9"}
    answer = browser.post(f"/offers/{KEY}/edit", sent)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'name="revision" value="2"' in page
    assert 'value="9"' in page
    assert promotions.draft(KEY).document == DOCUMENT | {"priority": 3}
    # Whoever saves again after reading it replaces it.
    browser.post(f"/offers/{KEY}/edit", sent | {"revision": "2"})
    assert promotions.draft(KEY).document["gives"] == [{"amount": {"discount": "9"}}]


def test_rows_come_and_go_without_script(draft, hire):
    browser = hire("operations", at=LATER)
    answer = browser.post(
        f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "1", "do": "add:when@member.tier"}
    )
    assert answer["Location"] == f"/offers/{KEY}/edit#when"
    grown = promotions.draft(KEY).document
    assert grown["when"]["all"][1] == {"member.tier": {"in": []}}
    page = browser.get(f"/offers/{KEY}/edit").content.decode()
    assert "takes at least one value" in page
    browser.post(f"/offers/{KEY}/edit", fields(grown) | {"revision": "2", "do": "remove:when.1"})
    assert promotions.draft(KEY).document["when"] == {"basket.subtotal": {"gte": "50", "basis": "discounted"}}
    browser.post(f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "3", "do": "undo"})
    assert promotions.draft(KEY).document == grown
    browser.post(f"/offers/{KEY}/edit", fields(grown) | {"revision": "4", "do": "redo"})
    assert "all" not in promotions.draft(KEY).document["when"]


def test_script_gets_the_parts_that_changed(draft, sold, hire):
    browser = hire("operations", at=LATER)
    sent = fields(DOCUMENT) | {"revision": "1", "do": "save", "gives.0.amount.discount": "6"}
    asked = {"HX-Request": "true"}
    page = browser.post(f"/offers/{KEY}/edit", sent, headers=asked).content.decode()
    assert re.findall(r'data-part="(\w+)"', page) == ["faults", "preview", "status"]
    assert "<html" not in page
    page = browser.post(
        f"/offers/{KEY}/edit", sent | {"revision": "2", "do": "add:gives@nth"}, headers=asked
    ).content.decode()
    assert re.findall(r'data-part="(\w+)"', page) == ["faults", "sheet", "preview", "status"]


def test_submitted_sent_back_and_approved(draft, hire):
    browser = hire("operations", at=LATER)
    answer = browser.post(f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "1", "do": "submit"})
    assert answer.status_code == 303
    assert promotions.draft(KEY).state == "review"
    # Under review nothing is changed.
    assert (
        browser.post(f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "2", "priority": "9"}).status_code
        == 303
    )
    assert promotions.draft(KEY).document == DOCUMENT
    refused = browser.post(f"/offers/{KEY}/review", {"do": "reject", "note": "", "revision": "2"})
    assert refused.status_code == 422
    browser.post(f"/offers/{KEY}/review", {"do": "reject", "note": "预算太大", "revision": "2"})
    assert (promotions.draft(KEY).state, promotions.draft(KEY).note) == ("rejected", "预算太大")
    assert "预算太大" in browser.get(f"/offers/{KEY}/edit").content.decode()
    browser.post(f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "3", "do": "submit"})
    done = browser.post(
        f"/offers/{KEY}/review", {"do": "approve", "revision": str(promotions.draft(KEY).revision)}
    )
    assert (done.status_code, done["Location"]) == (303, f"/offers/{KEY}")
    assert promotions.offer(KEY, LATER).state == "live"


def test_an_unfinished_draft_is_not_submitted(shop, hire):
    drafts.begin(SYSTEM, KEY, {"name": {"zh": "", "en": "x"}}, at=OPENING)
    answer = hire("operations", at=LATER).post(
        f"/offers/{KEY}/edit", fields({"name": {"zh": "", "en": "x"}}) | {"revision": "1", "do": "submit"}
    )
    assert answer.status_code == 422
    assert "things to finish" in answer.content.decode()
    assert promotions.draft(KEY).state == "draft"


def test_pausing_and_stopping(published, hire):
    browser = hire("operations", at=LATER)
    assert "Emergency stop" in browser.get(f"/offers/{KEY}").content.decode()
    browser.post(f"/offers/{KEY}/act/pause", {"reason": "", "once": "p"})
    assert promotions.offer(KEY, LATER).state == "paused"
    browser.post(f"/offers/{KEY}/act/pause", {"reason": "", "once": "p"})
    assert OfferVersion.objects.filter(key=KEY).count() == 2
    browser.post(f"/offers/{KEY}/act/resume", {"reason": ""})
    # A stop names its reason.
    assert browser.post(f"/offers/{KEY}/act/stop", {"reason": " "}).status_code == 422
    assert promotions.offer(KEY, LATER).state == "live"
    browser.post(f"/offers/{KEY}/act/stop", {"reason": "标价错误"})
    assert promotions.offer(KEY, LATER).state == "stopped"
    assert browser.get(f"/offers/{KEY}/act/burn").status_code == 404


def test_who_only_looks_changes_nothing(published, hire):
    drafts.begin(SYSTEM, KEY, at=OPENING)
    browser = hire("analyst", at=LATER)
    page = browser.get(f"/offers/{KEY}/edit").content.decode()
    assert 'name="do"' not in page
    assert (
        browser.post(f"/offers/{KEY}/edit", fields(DOCUMENT) | {"revision": "1", "do": "save"}).status_code
        == 403
    )
    assert browser.post(f"/offers/{KEY}/act/stop", {"reason": "because"}).status_code == 403
    assert browser.post(f"/offers/{KEY}/review", {"do": "approve", "revision": "1"}).status_code == 403
    assert promotions.offer(KEY, LATER).state == "live"


def test_the_text_says_the_same(draft, hire):
    browser = hire("operations", at=LATER)
    page = browser.get(f"/offers/{KEY}/text").content.decode()
    assert "zh: 会员周满减" in page
    assert browser.post(f"/offers/{KEY}/text", {"text": "a: [", "revision": "1"}).status_code == 422
    assert browser.post(f"/offers/{KEY}/text", {"text": "- 1", "revision": "1"}).status_code == 422
    assert promotions.draft(KEY).document == DOCUMENT
    browser.post(
        f"/offers/{KEY}/text",
        {"text": "name: {zh: 甲, en: A}\nwhen: {any: [{member.orders: 0}]}", "revision": "1"},
    )
    assert promotions.draft(KEY).document == {
        "name": {"zh": "甲", "en": "A"},
        "when": {"any": [{"member.orders": 0}]},
    }
    shown = browser.get(f"/offers/{KEY}/edit").content.decode()
    assert "This form cannot show it" in shown
    assert browser.post(f"/offers/{KEY}/text", {"text": "{}", "revision": "1"}).status_code == 409


def test_an_older_text_is_taken_again(published, hire):
    drafts.begin(SYSTEM, KEY, at=OPENING)
    drafts.save(SYSTEM, KEY, DOCUMENT | {"priority": 9}, revision=1, at=OPENING)
    browser = hire("operations", at=LATER)
    page = browser.get(f"/offers/{KEY}/history").content.decode()
    assert "Priority" in page
    browser.post(f"/offers/{KEY}/restore", {"revision": "1"})
    assert "priority" not in promotions.draft(KEY).document
    browser.post(f"/offers/{KEY}/restore", {"revision": "77"})
    assert promotions.draft(KEY).revision == 3
    browser.post(f"/offers/{KEY}/discard", {})
    assert promotions.draft(KEY) is None
    assert promotions.offer(KEY, LATER).state == "live"


def test_a_preview_prices_a_basket_for_every_tier(draft, sold, hire):
    found = preview.preview(SYSTEM, programme.current(), KEY, DOCUMENT, at=LATER)
    assert found.readable
    assert found.hits >= 1
    first = found.receipts[1]
    assert first.is_given
    assert first.total_minor == first.items_minor - 500
    assert [given.minor for given in first.given] == [500]
    assert sum(each.offered_minor for each in first.lines) == 500
    # One that nobody can read yet leaves what runs; here nothing.
    unfinished = preview.preview(SYSTEM, programme.current(), KEY, {"name": {}}, at=LATER)
    assert not unfinished.readable
    assert unfinished.receipts[1].saved_minor == 0


def test_a_preview_takes_conditions_on_members_to_hold_and_finds_their_day(draft, sold):
    asked = DOCUMENT | {
        "when": {
            "member.orders": 0,
            "member.tier": "gold",
            "moment.weekday": "wed",
            "moment.time": {"gte": "20:00"},
        }
    }
    found = preview.preview(SYSTEM, programme.current(), KEY, asked, at=LATER)
    assert (found.chosen, found.at.astimezone(preview.settings.LAOKE.zone).strftime("%a")) == ("gold", "Wed")
    assert [each.en for each, _ in found.assumed] == ["Completed orders"]
    given = {each.who: each.is_given for each in found.receipts}
    assert given["gold"]
    assert not given["-"]


def test_a_margin_below_nothing_is_said(draft, sold, hire):
    browser = hire("operations", at=LATER)
    steep = DOCUMENT | {"when": {}, "gives": [{"percent": {"percent": 95}}]}
    drafts.save(SYSTEM, KEY, steep, revision=1, at=OPENING)
    assert browser.get(f"/offers/{KEY}/edit").status_code == 200


def test_the_calendar_shows_days_that_hold(shop, hire):
    document = DOCUMENT | {"when": {"moment.weekday": "wed"}, "starts": "2026-01-05", "ends": "2026-01-20"}
    for key, more in (
        ("one", {}),
        ("two", {}),
        ("three", {"exclusive_set": "s"}),
        ("four", {"exclusive_set": "s"}),
    ):
        drafts.begin(SYSTEM, key, document | more, at=OPENING)
        drafts.submit(SYSTEM, key, at=OPENING)
        drafts.approve(SYSTEM, key, at=OPENING)
    found = month(SYSTEM, OPENING.date().replace(year=2026, month=1, day=1), OPENING)
    (everybody,) = found.audiences
    lanes = {lane.offer.key: lane for lane in everybody.lanes}
    assert [(each.first.day, each.last.day) for each in lanes["one"].stretches] == [(7, 7), (14, 14)]
    assert [len(lanes[key].beside) for key in ("one", "three")] == [3, 2]
    assert len(lanes["three"].apart) == 1
    browser = hire("owner", at=LATER)
    page = browser.get("/promotions/calendar?month=2026-01").content.decode()
    assert page.count('class="run') == 8
    for odd in ("2026-13", "x", "0001-01", "9999-12"):
        assert browser.get(f"/promotions/calendar?month={odd}").status_code == 200


def test_few_statements_a_page(published, sold, hire, statements):
    drafts.begin(SYSTEM, KEY, at=OPENING)
    browser = hire("owner", at=LATER)
    for path in (
        "/promotions",
        "/promotions/calendar",
        f"/offers/{KEY}",
        f"/offers/{KEY}/edit",
        f"/offers/{KEY}/history",
        f"/offers/{KEY}/review",
    ):
        browser.get(path)
        with statements() as sent:
            assert browser.get(path).status_code == 200
        assert len(sent) <= 12, (path, len(sent), sent)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_in_both_languages(published, sold, hire, language):
    drafts.begin(SYSTEM, KEY, at=OPENING)
    browser = hire("owner", language=language, at=LATER)
    for path in (
        "/promotions",
        "/promotions?q=🥛&state=live",
        "/promotions?page=99999",
        "/promotions/calendar",
        "/promotions/new",
        f"/offers/{KEY}",
        f"/offers/{KEY}/edit",
        f"/offers/{KEY}/edit?who=gold&basket=2",
        f"/offers/{KEY}/edit?who=x&basket=99999",
        f"/offers/{KEY}/text",
        f"/offers/{KEY}/history",
        f"/offers/{KEY}/review",
        f"/offers/{KEY}/discard",
        f"/offers/{KEY}/backtest",
        f"/offers/{KEY}/checks",
        f"/offers/{KEY}/audience",
        f"/offers/{KEY}/act/stop",
    ):
        answer = browser.get(path)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert "<title>" in page, path
        if language == "zh-hans" and path.endswith("/edit"):
            assert "谁能参加" in page, path
    assert browser.get("/offers/nobody").status_code == 404
    assert browser.get("/offers/nobody/edit").status_code == 404


def test_a_backtest_replays_past_orders(published, sold, hire):
    page = hire("owner", at=OPENING).get(f"/offers/{KEY}/backtest").content.decode()
    assert "All 2 orders of the last 8 weeks" in page


def test_odd_texts_do_no_harm(draft, hire):
    browser = hire("operations", at=LATER)
    for odd in ("x" * 10_000, "🥛" * 50, "‮abc", "<script>alert(1)</script>", "\0"):
        now = promotions.draft(KEY)
        sent = fields(dict(now.document)) | {
            "revision": str(now.revision),
            "do": "save",
            "offer.name.zh": odd,
        }
        browser.post(f"/offers/{KEY}/edit", sent)
        page = browser.get(f"/offers/{KEY}/edit")
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()
        assert browser.get("/promotions").status_code == 200


def test_members_are_counted_as_the_draft_asks(draft, sold, shop, hire):
    browser = hire("owner", at=LATER)
    assert "asks nothing of members: all 1 of them" in browser.get(f"/offers/{KEY}/audience").content.decode()
    asked = DOCUMENT | {"when": {"member.orders": {"gte": 3}, "basket.subtotal": {"gte": 50}}}
    drafts.save(SYSTEM, KEY, asked, revision=1, at=OPENING)
    assert "0 members of 1 fit" in browser.get(f"/offers/{KEY}/audience").content.decode()
    drafts.save(SYSTEM, KEY, DOCUMENT | {"when": {"member.orders": "x"}}, revision=2, at=OPENING)
    assert "not finished yet" in browser.get(f"/offers/{KEY}/audience").content.decode()


def test_a_preview_counts_the_points_an_offer_adds(draft, sold):
    plain = preview.preview(SYSTEM, programme.current(), KEY, {"name": {}}, at=LATER, who="gold")
    more = DOCUMENT | {"when": {"member.known": True}, "gives": [{"points": {"factor": 2}}]}
    doubled = preview.preview(SYSTEM, programme.current(), KEY, more, at=LATER, who="gold")
    was = {each.who: each.points for each in plain.receipts}
    now = {each.who: each.points for each in doubled.receipts}
    assert plain.sample == doubled.sample
    assert now["gold"] == 2 * was["gold"] > 0
    assert now["-"] == was["-"] == 0


def test_a_preview_of_a_delivery_assumes_one(draft, sold):
    free = DOCUMENT | {"stage": "delivery", "when": {}, "gives": [{"delivery": {"free": True}}]}
    del free["when"]
    found = preview.preview(SYSTEM, programme.current(), KEY, free, at=LATER, who="gold")
    assert found.receipt.is_given
    assert (found.receipt.shipping_minor, found.receipt.saved_minor) == (1000, 1000)
    assert found.receipt.total_minor == found.receipt.items_minor


@pytest.mark.parametrize(
    ("one", "other", "meets"),
    [
        ({"product.category": "milk"}, {"product.category": "milk"}, True),
        ({"product.category": "dairy"}, {"product.category": "milk"}, True),
        ({"product.category": "milk"}, {"product.category": ["bread", "dairy"]}, True),
        ({"product.category": "milk"}, {"product.category": "bread"}, False),
        ({"product.sku": "a"}, {"product.sku": "b"}, False),
        ({"product.sku": "a"}, {"product.category": "milk"}, True),
        ({"product.tag": "new"}, {"product.tag": "slow"}, True),
        ({"product.category": "milk"}, None, True),
        ({"not": {"product.category": "milk"}}, {"product.category": "milk"}, True),
    ],
)
def test_offers_meet_where_an_article_may_be_in_both(one, other, meets):
    above = {
        "milk": frozenset({"milk", "dairy"}),
        "dairy": frozenset({"dairy"}),
        "bread": frozenset({"bread"}),
    }

    def text(of: Any) -> OfferDocument:
        body = {"percent": 10} | ({"of": of} if of else {})
        return read_offer(DOCUMENT | {"gives": [{"percent": body}]}, publication.language())

    assert may_meet(text(one), text(other), above) is meets
    assert may_meet(text(other), text(one), above) is meets


def test_a_preview_names_gifts_and_coupons(draft, sold):
    names = {"zh": "感谢券", "en": "Thank you"}
    programme.apply(SYSTEM, {"coupons": {"thanks": {"name": names, "valid": {"days": 7}}}}, at=OPENING)
    more = DOCUMENT | {
        "gives": [{"gift": {"skus": ["milk"]}}, {"coupon": {"template": "thanks", "quantity": 2}}],
    }
    found = preview.preview(SYSTEM, programme.current(), KEY, more, at=LATER, who="gold")
    (given,) = found.receipt.given
    assert [(each.zh, each.en) for each in given.gifts] == [
        ("牛奶 × 1", "牛奶 × 1"),
        ("感谢券 × 2", "Thank you × 2"),
    ]

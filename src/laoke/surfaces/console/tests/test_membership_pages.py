"""Paid membership on the pages: what they show, what is recorded there, and who may."""

from __future__ import annotations

import re

import pytest

from laoke.checkout import programme
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Role, Scope
from laoke.tiers.memberships import selectors, services
from laoke.tiers.memberships.records import Notice
from tests.shop import LADDER, OPENING, broken, tier

GOLD = {
    "name": {"zh": "金卡年费会员", "en": "Gold for a year"},
    "tier": "gold",
    "price_minor": 36500,
    "months": 12,
    "trial": {"days": 14},
    "grace_days": 7,
    "refund": {"full_days": 3},
}


def words(response) -> str:
    body = response.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body[body.index("<main") :]))


@pytest.fixture
def member(shop):
    plans = {"gold-year": GOLD, "old": GOLD | {"on_sale": False}}
    programme.apply(SYSTEM, {"ladder": LADDER, "memberships": {"plans": plans}}, at=OPENING)
    return shop.member()


@pytest.fixture
def running(member):
    return services.start(SYSTEM, member, "gold-year", Notice(36500, "WX-1"), at=OPENING).membership_id


def test_sold_renewed_and_cancelled(hire, member):
    desk, path = hire("store_manager"), f"/members/{member}/memberships"
    assert "No paid membership runs" in words(desk.get(path))
    asked = desk.get(f"{path}/sell").content.decode()
    assert "Gold for a year · ¥365" in asked
    assert "old" not in re.findall(r'<option value="(\w+)"', asked)
    sale = {"plan": "gold-year", "paid": "365", "reference": "WX-1"}
    assert desk.post(f"{path}/sell", sale | {"paid": "dear"}).status_code == 422
    assert desk.post(f"{path}/sell", sale).status_code == 303
    assert desk.post(f"{path}/sell", sale | {"reference": "WX-2"}).status_code == 409
    page = words(desk.get(path))
    assert "Gold for a year" in page
    assert "WX-1" in page
    assert tier(member) == "gold"
    number = selectors.running(member).membership_id
    assert desk.get(f"/memberships/{number}/renew").status_code == 200
    again = desk.post(f"/memberships/{number}/renew", {"paid": "365.00", "reference": "WX-1"})
    assert again.status_code == 409
    assert (
        desk.post(f"/memberships/{number}/renew", {"paid": "365.00", "reference": "WX-3"}).status_code == 303
    )
    assert desk.post(f"/memberships/{number}/cancel", {"reason": "不再需要"}).status_code == 303
    assert "Cancelled on" in words(desk.get(path))
    assert desk.get(f"/memberships/{number}/refund").status_code == 403
    assert desk.get(f"/memberships/{number}/elsewhere").status_code == 404
    assert len(selectors.one(number).payments) == 2
    assert broken() == {}


def test_the_refund_is_shown_and_booked_as_it_was_shown(hire, member, running):
    desk = hire("customer_service").later(days=99)
    shown = words(desk.get(f"/memberships/{running}/refund"))
    assert "265 of 365 days unused" in shown
    assert "¥265.00" in shown
    form = {"reference": "RF-1", "reason": "会员申请", "expected": "26400"}
    refused = desk.post(f"/memberships/{running}/refund", form)
    assert (refused.status_code, tier(member)) == (409, "gold")
    assert desk.post(f"/memberships/{running}/refund", form | {"expected": "26500"}).status_code == 303
    assert (selectors.one(running).refunded_minor, tier(member)) == (26500, "basic")
    assert "−¥265.00" in words(desk.get(f"/members/{member}/memberships"))
    assert "Every day that was paid has begun." in words(desk.get(f"/memberships/{running}/refund"))


def test_how_plans_go(hire, shop, member, running, statements):
    services.start(SYSTEM, shop.member(), "gold-year", Notice(0, "WX-2"), trial=True, at=OPENING)
    office = hire("owner")
    page = words(office.get("/memberships"))
    assert "2 run. ¥365.00 came in" in page
    assert "Not on sale" in page
    assert "14 days on trial" in page
    assert "No paid memberships" in words(office.get("/memberships?plan=gold-year&state=ended"))
    assert "No paid memberships" not in words(office.get("/memberships?plan=none&state=none"))
    with statements() as ran:
        office.get("/memberships")
    assert len(ran) <= 12
    with statements() as ran:
        office.get(f"/members/{member}/memberships")
    assert len(ran) <= 12


def test_a_store_sees_no_sums(hire, shop, running):
    page = words(hire("store_manager", store_ids=[shop.stores["S1"]]).get("/memberships"))
    assert "Gold for a year" in page
    assert "WX" not in page
    assert "Income" not in page


def test_both_languages(hire, member, running):
    desk = hire("owner", language="zh-hans").later(days=1)
    for path in ("/memberships", f"/members/{member}/memberships", f"/memberships/{running}/refund"):
        assert "金卡年费会员" in desk.get(path).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_roles(hire, running, role):
    scopes = ROLE_SCOPES[role]
    account = hire(role.value)
    answers = [account.get(f"/memberships/{running}/{what}").status_code for what in ("renew", "refund")]
    wanted = [Scope.MEMBERSHIPS_SELL in scopes, Scope.MEMBERSHIPS_REFUND in scopes]
    assert [answer == 200 for answer in answers] == wanted


def test_days_of_grace(hire, member, running):
    desk = hire("owner").later(days=366)
    page = words(desk.get(f"/members/{member}/memberships"))
    assert "Can be renewed as if in time through" in page

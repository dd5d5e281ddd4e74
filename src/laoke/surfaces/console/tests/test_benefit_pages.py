"""The benefit library, a member's benefits and the points mall: what they show, what they do, who may."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from laoke.benefits.library import using
from laoke.benefits.library.models import BenefitUse
from laoke.benefits.mall import services as mall
from laoke.benefits.mall.models import MallOrder
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM, Role
from laoke.points import selectors as points
from laoke.points import services as point_services
from tests import benefit_shop
from tests import shop as shops
from tests.benefit_shop import BENEFITS, at_tier
from tests.shop import OPENING

DAY = timedelta(days=1)
MALL = {
    "tea": {
        "name": {"zh": "茶具", "en": "Tea set"},
        "goods": {},
        "points": 500,
        "cash_minor": 990,
        "stock": 3,
    },
    "salon": {"name": {"zh": "沙龙", "en": "Salon"}, "seat": {}, "points": 200, "tiers": ["gold", "black"]},
    "fund": {
        "name": {"zh": "图书馆", "en": "Library fund"},
        "charity": {"fund": "library", "gives_minor": 1000, "goal_minor": 4000},
        "points": 100,
    },
}


def words(response) -> str:
    body = response.content.decode()
    body = body[body.index("<main") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def shop(db):
    shop = benefit_shop.open_shop()
    programme.apply(SYSTEM, {"benefits": {**BENEFITS, "mall": MALL}}, at=OPENING)
    yield shop
    shops.forget()


@pytest.fixture
def gold(shop):
    member = shop.member()
    at_tier(member, "gold")
    point_services.apply(SYSTEM, member, 1000, "gift", at=OPENING)
    return member


def test_the_matrix_what_was_used_and_what_it_cost(gold, hire):
    using.use(SYSTEM, gold, "parking", 10, at=OPENING)
    using.use(SYSTEM, gold, "parking", 6, at=OPENING + 31 * DAY)
    said = words(hire(at=OPENING + 32 * DAY).get("/benefits"))
    assert "Free parking Service" in said
    assert "10 hours a month 20 hours a month 1" in said
    # 16 hours at 5 each: 80 of 100, and the budget tells from 80 % on.
    assert "Above 80% ¥80.00 of ¥100.00" in said
    assert "No use takes it above ¥102.00." in said
    assert "7 days" in said
    assert "15 days" in said
    assert "100 points" in said
    assert "Granted for the birthday, to be used within 7 days, from 3 days before" in said
    assert "2 of 2" in said


def test_in_chinese(gold, hire):
    said = words(hire(language="zh-hans").get("/benefits"))
    assert "每月 10 小时" in said
    assert "生日发放，7 天内有效，提前 3 天生效" in said


def test_a_member_with_what_now_and_why_not_the_rest(gold, hire):
    using.use(SYSTEM, gold, "parking", 10, at=OPENING)
    said = words(hire().get(f"/members/{gold}/benefits"))
    now, rest = said.split("Not now, and why")
    assert "Return window Service 15 days" in now
    assert "Free parking" not in now
    assert "Used up; again from 2026-04-01." in rest
    assert "The benefit is for members of whom something else holds." in rest
    assert "Free parking 10" in rest


def test_using_and_undoing(gold, hire):
    browser = hire()
    path = f"/members/{gold}/benefits/parking/use"
    assert "10 hours a month" in words(browser.get(path))
    assert browser.post(path, {"units": "0", "once": "a"}).status_code == 422
    refused = browser.post(path, {"units": "11", "once": "b"})
    assert refused.status_code == 409
    assert "The member has used all of it." in words(refused)
    assert BenefitUse.objects.count() == 0
    for _twice in range(2):
        done = browser.post(path, {"units": "4", "reference": "R-1", "once": "c"})
        assert (done.status_code, done["Location"]) == (303, f"/members/{gold}/benefits")
    use = BenefitUse.objects.get()
    assert (use.units, use.reference, use.cost_minor) == (4, "R-1", 2000)
    undo = f"/members/{gold}/benefits/uses/{use.pk}/undo"
    assert browser.post(undo, {"reason": "误操作", "once": "d"}).status_code == 303
    use.refresh_from_db()
    assert use.undone_why == "误操作"
    assert "Undone" in words(browser.get(f"/members/{gold}/benefits"))


def test_a_use_of_another_member_is_not_found_here(shop, gold, hire):
    use = using.use(SYSTEM, gold, "parking", 1, at=OPENING)
    other = shop.member()
    reply = hire().post(f"/members/{other}/benefits/uses/{use.use_id}/undo", {"once": "x"})
    assert reply.status_code == 404
    assert BenefitUse.objects.get().undone_at is None


def test_the_mall_and_its_funds(shop, gold, hire):
    mall.order(SYSTEM, gold, "tea", store_id=shop.stores["S1"], at=OPENING)
    mall.order(SYSTEM, gold, "fund", 3, at=OPENING)
    said = words(hire().get("/mall"))
    assert "2 orders in 30 days, for 800 points." in said
    assert "Tea set Goods Few left 500 points + ¥9.90 Everybody 2 of 3 1 1" in said
    assert "Library fund 75.0% ¥30.00 of ¥40.00" in said


def test_an_order_is_made_ready_and_handed_out(shop, gold, hire):
    made = mall.order(SYSTEM, gold, "tea", store_id=shop.stores["S1"], at=OPENING)
    browser = hire()
    path = f"/mall/orders/{made.order_id}"
    assert "To be made ready" in words(browser.get("/mall/orders"))
    assert browser.post(f"{path}/collect", {"once": "a"}).status_code == 409
    assert browser.post(f"{path}/ready", {"once": "b"})["Location"] == "/mall/orders"
    assert "until before 2026-03-25" in words(browser.get("/mall/orders"))
    assert browser.post(f"{path}/collect", {"once": "c"}).status_code == 303
    assert MallOrder.objects.get().state == "collected"
    assert "Nothing waits" in words(browser.get("/mall/orders"))
    assert browser.get(f"{path}/burn").status_code == 404


def test_a_cancelled_order_gives_its_points_back(shop, gold, hire):
    made = mall.order(SYSTEM, gold, "tea", store_id=shop.stores["S1"], at=OPENING)
    browser = hire()
    browser.post(f"/mall/orders/{made.order_id}/cancel", {"reason": "缺货", "once": "a"})
    assert MallOrder.objects.get().why == "缺货"
    assert points.account(gold, OPENING).available == 1000


def test_staff_of_one_store_see_and_hand_out_theirs(shop, gold, hire):
    here, there = (
        mall.order(SYSTEM, gold, "tea", store_id=shop.stores[code], at=OPENING) for code in ("S1", "S2")
    )
    browser = hire(Role.STORE_MANAGER, store_ids=[shop.stores["S1"]])
    said = words(browser.get("/mall/orders"))
    assert f"/mall/orders/{here.order_id}/ready" in browser.get("/mall/orders").content.decode()
    assert f" {there.order_id} " not in said
    assert browser.post(f"/mall/orders/{there.order_id}/ready", {"once": "a"}).status_code == 403
    assert MallOrder.objects.get(pk=there.order_id).state == "reserved"
    # What the whole shop used and spent is not theirs.
    assert "Cost against budget" not in words(browser.get("/benefits"))
    assert "orders in 30 days" not in words(browser.get("/mall"))


@pytest.mark.parametrize("role", list(Role), ids=lambda role: role.value)
def test_who_may_use(gold, hire, role):
    browser = hire(role)
    assert browser.get("/benefits").status_code == 200
    uses = role in (
        Role.OWNER, Role.OPERATIONS, Role.STORE_MANAGER, Role.ASSOCIATE, Role.CUSTOMER_SERVICE,
    )  # fmt: skip
    assert (
        f"/members/{gold}/benefits/parking/use" in browser.get(f"/members/{gold}/benefits").content.decode()
    ) == uses
    reply = browser.post(f"/members/{gold}/benefits/parking/use", {"units": "1", "once": "a"})
    assert reply.status_code == (303 if uses else 403)
    assert BenefitUse.objects.count() == uses


@pytest.mark.parametrize("path", ["/benefits", "/members/{}/benefits", "/mall", "/mall/orders"])
def test_they_ask_little(shop, gold, hire, statements, path):
    mall.order(SYSTEM, gold, "tea", store_id=shop.stores["S1"], at=OPENING)
    using.use(SYSTEM, gold, "parking", 1, at=OPENING)
    browser = hire()
    browser.get(path.format(gold))
    with statements() as sent:
        browser.get(path.format(gold))
    assert len(sent) <= 12, sent

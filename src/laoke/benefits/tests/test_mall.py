"""The points mall: points, stock and what is brought move together; what is cancelled is as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from laoke.benefits.coupons import selectors as coupons
from laoke.benefits.library import publication
from laoke.benefits.library.models import BenefitStock
from laoke.benefits.mall import selectors, services
from laoke.benefits.mall.errors import ItemRefused, UnknownItem, UnknownMallOrder, WrongMallState
from laoke.benefits.mall.models import MallOrder
from laoke.benefits.mall.selectors import Demand
from laoke.checkout import programme
from laoke.checkout.checks import CHECKS
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM, Caller, OutsideStores
from laoke.foundation.models import OutboxMessage
from laoke.kernel.errors import LaokeError
from laoke.members import services as members
from laoke.points import selectors as points
from laoke.points import services as point_services
from laoke.points.errors import BadPoints
from tests import benefit_shop
from tests import shop as shops
from tests.benefit_shop import BENEFITS, at_tier
from tests.shop import OPENING, Shop

AT = OPENING
DAY = timedelta(days=1)
MALL = {
    "tea-set": {
        "name": {"zh": "茶具套装", "en": "Tea set"},
        "goods": {"keep_days": 7},
        "points": 500,
        "cash_minor": 990,
        "stock": 3,
        "per_member": 2,
    },
    "ten-off": {"name": {"zh": "10元券", "en": "10 off"}, "coupon": {"template": "thanks-10"}, "points": 100},
    "salon": {
        "name": {"zh": "会员沙龙", "en": "Salon"},
        "seat": {"at": "2026-03-20T14:00+08:00"},
        "points": 200,
        "stock": 1,
        "tiers": ["gold", "black"],
        "until": "2026-03-19",
    },
    "library": {
        "name": {"zh": "乡村图书馆", "en": "Village library"},
        "charity": {"fund": "library", "gives_minor": 1000, "goal_minor": 100_000},
        "points": 100,
    },
}


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    shop = benefit_shop.open_shop()
    programme.apply(SYSTEM, {"benefits": {**BENEFITS, "mall": MALL}}, at=AT)
    yield shop
    assert [finding for finding in checks.run(CHECKS) if finding.broken] == []
    shops.forget()


@pytest.fixture
def member(shop):
    number = shop.member()
    point_services.apply(SYSTEM, number, 1200, "gift", at=AT)
    return number


def available(member):
    return points.account(member, AT).available


def left(key):
    return next(row.left for row in selectors.item_rows() if row.item.key == key)


def refused(member, item, quantity=1, at=AT, **more):
    before = MallOrder.objects.count(), OutboxMessage.objects.count(), available(member)
    with pytest.raises(ItemRefused) as error:
        services.order(SYSTEM, member, item, quantity, at=at, **more)
    assert (MallOrder.objects.count(), OutboxMessage.objects.count(), available(member)) == before
    return error.value.reason


def test_goods_are_reserved_made_ready_and_collected(shop, member):
    made = services.order(SYSTEM, member, "tea-set", store_id=shop.stores["S1"], at=AT)
    assert (made.points, made.state, made.points_available) == (500, "reserved", 700)
    assert left("tea-set") == 2
    with pytest.raises(WrongMallState):
        services.collect(SYSTEM, made.order_id, at=AT)
    row = services.ready(SYSTEM, made.order_id, at=AT)
    # The whole seventh day after today.
    assert row.keep_until.isoformat() == "2026-03-18T00:00:00+08:00"
    assert [each.order_id for each in selectors.to_hand_out(SYSTEM)[0]] == [made.order_id]
    elsewhere = Caller("staff", 1, "二店", SYSTEM.scopes, frozenset({shop.stores["S2"]}))
    with pytest.raises(OutsideStores):
        services.collect(elsewhere, made.order_id, at=AT)
    assert selectors.to_hand_out(elsewhere)[0] == []
    assert services.collect(SYSTEM, made.order_id, at=AT).state == "collected"
    assert services.collect(SYSTEM, made.order_id, at=AT + DAY).ended_at == AT
    with pytest.raises(WrongMallState):
        services.cancel(SYSTEM, made.order_id, at=AT)
    assert selectors.to_hand_out(SYSTEM)[0] == []


def test_what_is_cancelled_gives_points_and_pieces_back(shop, member):
    made = services.order(SYSTEM, member, "tea-set", 2, store_id=shop.stores["S1"], at=AT)
    assert (available(member), left("tea-set")) == (200, 1)
    assert services.cancel(SYSTEM, made.order_id, reason="会员取消", at=AT).state == "cancelled"
    assert services.cancel(SYSTEM, made.order_id, at=AT + DAY).ended_at == AT
    assert (available(member), left("tea-set")) == (1200, 3)
    # What was cancelled does not count for the most one member may have.
    services.order(SYSTEM, member, "tea-set", 2, store_id=shop.stores["S1"], at=AT)


def test_goods_that_nobody_collects_go_back(shop, member):
    made = services.order(SYSTEM, member, "tea-set", store_id=shop.stores["S1"], at=AT)
    services.ready(SYSTEM, made.order_id, at=AT)
    assert services.lapse(AT + 7 * DAY) == 0
    assert services.lapse(AT + 8 * DAY) == 1
    assert (available(member), left("tea-set")) == (1200, 3)


def test_every_way_to_be_refused_leaves_nothing_behind(shop, member):
    store = shop.stores["S1"]
    assert refused(member, "tea-set") == "store_missing"
    assert refused(member, "ten-off", store_id=store) == "no_store"
    assert refused(member, "salon") == "tier"
    with pytest.raises(UnknownItem):
        services.order(SYSTEM, member, "no-such", at=AT)
    point_services.apply(SYSTEM, member, 3000, "gift", at=AT)
    assert refused(member, "tea-set", 3, store_id=store) == "member_limit"
    services.order(SYSTEM, member, "tea-set", 2, store_id=store, at=AT)
    other = shop.member()
    with pytest.raises(InsufficientPoints):
        services.order(SYSTEM, other, "tea-set", store_id=store, at=AT)
    assert MallOrder.objects.filter(member_id=other).count() == 0
    point_services.apply(SYSTEM, other, 3000, "gift", at=AT)
    assert refused(other, "tea-set", 2, store_id=store) == "none_left"
    with pytest.raises(BadPoints):
        services.order(SYSTEM, other, "library", 100_001, at=AT)
    at_tier(other, "gold")
    assert refused(other, "salon", at=AT + 10 * DAY) == "over"
    seat = services.order(SYSTEM, other, "salon", at=AT)
    assert seat.state == "done"
    services.cancel(SYSTEM, seat.order_id, at=AT)
    assert left("salon") == 1


def test_coupons_come_at_once_and_go_while_unused(member):
    made = services.order(SYSTEM, member, "ten-off", 2, at=AT)
    assert [each.coupon_id for each in coupons.wallet(member, AT)[0]] == sorted(made.coupons, reverse=True)
    services.cancel(SYSTEM, made.order_id, at=AT)
    assert {each.state for each in coupons.wallet(member, AT)[0]} == {"revoked"}
    assert available(member) == 1200


def test_a_donation_reaches_its_fund_and_has_a_receipt(member):
    made = services.order(SYSTEM, member, "library", 3, at=AT)
    found = selectors.receipt(made.order_id)
    assert (found.number, found.points, found.gives_minor) == (f"library-{made.order_id:08d}", 300, 3000)
    row = next(row for row in selectors.item_rows() if row.item.key == "library")
    assert row.raised_minor == 3000
    assert selectors.demand(AT)["library"] == Demand(orders=1, pieces=3, points=300, members=1)
    assert "library" not in selectors.demand(AT + DAY)
    with pytest.raises(WrongMallState):
        services.cancel(SYSTEM, made.order_id, at=AT)
    other = services.order(SYSTEM, member, "ten-off", at=AT)
    with pytest.raises(UnknownMallOrder):
        selectors.receipt(other.order_id)


def test_an_order_follows_a_merge_and_comes_back(shop, member):
    other = shop.member()
    made = services.order(SYSTEM, member, "tea-set", store_id=shop.stores["S1"], at=AT)
    merge = members.merge(caller=SYSTEM, kept_id=other, gone_id=member, reason="同一人", at=AT)
    assert [row.order_id for row in selectors.of_member(member)[0]] == [made.order_id]
    assert selectors.order(made.order_id).member_id == other
    services.cancel(SYSTEM, made.order_id, at=AT)
    assert available(other) == 1200
    assert merge
    assert BenefitStock.objects.get(key="mall:tea-set").taken == 0


@pytest.mark.parametrize(
    ("field", "item"),
    [
        (("benefits", "mall", "x"), {**MALL["library"], "cost_minor": 5}),
        (("benefits", "mall", "x"), {**MALL["ten-off"], "cash_minor": 5}),
        (("benefits", "mall", "x"), {**MALL["ten-off"], "goods": {}}),
        (("benefits", "mall", "x", "tiers"), {**MALL["salon"], "tiers": ["platinum"]}),
        (("benefits", "mall", "x", "coupon", "template"), {**MALL["ten-off"], "coupon": {"template": "no"}}),
        (("benefits", "mall", "x", "until"), {**MALL["salon"], "from": "2026-03-20"}),
    ],
    ids=["donation-cost", "coupon-cash", "two-kinds", "tier", "template", "ends-first"],
)
def test_what_cannot_be_in_the_mall_is_refused_with_its_place(shop, field, item):
    with pytest.raises(LaokeError) as error:
        programme.apply(SYSTEM, {"benefits": {"mall": {"x": item}}}, at=AT)
    assert list(field) in [fault["at"][: len(field)] for fault in error.value.extensions["faults"]]
    assert "tea-set" in publication.in_force().items

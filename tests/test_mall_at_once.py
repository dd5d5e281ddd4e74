"""The points mall pulled from all sides at once: pieces and points are never given out twice."""

from __future__ import annotations

from collections import Counter

import pytest

from laoke.benefits.library.models import BenefitStock
from laoke.benefits.mall import services
from laoke.benefits.mall.errors import ItemRefused
from laoke.checkout import programme
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import SYSTEM
from laoke.points import selectors as points
from laoke.points import services as point_services
from tests.shop import OPENING, broken
from tests.test_concurrency import at_once

AT = OPENING
ITEM = {"name": {"zh": "保温杯", "en": "Flask"}, "goods": {}, "points": 100}


@pytest.fixture
def shop(committed_shop):
    mall = {"flask": {**ITEM, "stock": 5}, "cup": {**ITEM, "per_member": 3}, "bowl": ITEM}
    programme.apply(SYSTEM, {"benefits": {"mall": mall}}, at=AT)
    yield committed_shop
    assert not broken()


def ordering(shop, member, item):
    def order():
        try:
            return services.order(SYSTEM, member, item, store_id=shop.stores["S1"], at=AT).state
        except ItemRefused as refusal:
            return refusal.reason
        except InsufficientPoints:
            return "points"

    return order


def rich(shop, count):
    member = shop.member()
    point_services.apply(SYSTEM, member, count, "gift", at=AT)
    return member


def test_the_last_pieces_go_to_so_many_and_no_more(shop):
    members = [rich(shop, 100) for _ in range(12)]
    answers = Counter(at_once(*(ordering(shop, member, "flask") for member in members)))
    assert answers == {"reserved": 5, "none_left": 7}
    assert BenefitStock.objects.get(key="mall:flask").taken == 5
    # Who got none still has the points.
    assert Counter(points.account(member, AT).available for member in members) == {0: 5, 100: 7}


@pytest.mark.parametrize(
    ("item", "had", "refusal"),
    [("bowl", 250, "points"), ("cup", 1000, "member_limit")],
    ids=["points", "limit"],
)
def test_one_member_at_many_desks(shop, item, had, refusal):
    member = rich(shop, had)
    answers = Counter(at_once(*[ordering(shop, member, item)] * 8))
    most = {"bowl": 2, "cup": 3}[item]
    assert answers == {"reserved": most, refusal: 8 - most}
    assert points.account(member, AT).available == had - 100 * most


def test_cancelling_and_collecting_at_once_is_one_of_them(shop):
    made = [
        services.order(SYSTEM, rich(shop, 100), "flask", store_id=shop.stores["S1"], at=AT) for _ in range(3)
    ]
    for order in made:
        services.ready(SYSTEM, order.order_id, at=AT)

    def end(how, number):
        def run():
            try:
                return how(SYSTEM, number, at=AT).state
            except services.WrongMallState:
                return "late"

        return run

    calls = [
        end(how, order.order_id)
        for order in made
        for how in (services.cancel, services.cancel, services.collect)
    ]
    answers = at_once(*calls)
    for order, one, two, three in zip(made, answers[::3], answers[1::3], answers[2::3], strict=True):
        cancelled = one == two == "cancelled" and three == "late"
        assert cancelled or (one, two, three) == ("late", "late", "collected")
        assert points.account(order.member_id, AT).available == (100 if cancelled else 0)

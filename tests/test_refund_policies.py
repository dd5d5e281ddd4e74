"""Goods come back from orders with offers, under each policy a programme may declare."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.benefits.coupons import selectors
from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions import life
from tests import coupon_shop
from tests.coupon_shop import template
from tests.shop import OPENING, Till, account, broken, line
from tests.test_offers import counted, off, offer, publish

POLICIES = ("keep_the_deal", "reprice_kept", "pro_rata")


def declare(policy: str) -> None:
    """What the programme says of returns."""
    programme.apply(SYSTEM, {"pricing": {"refunds": policy}}, at=OPENING)


def refunds(till: Till, order: Any, *returns: tuple[int, int]) -> list[int]:
    """Money given back by returns of (line, pieces), one after the other."""
    found = []
    for number, (line_no, pieces) in enumerate(returns, start=1):
        back = till.take_back(order["order_id"], f"R{number}", (line_no, str(pieces)))
        assert back.status == 201, back.body
        found.append(back["refund_minor"])
    return found


@pytest.mark.parametrize(
    ("policy", "first", "second", "third"),
    [
        # 2 rice and 1 wine: 139.80 + 500.00 less 60 from 600 = 579.80; the 60 lie on them as 13.11 and 46.89.
        # Back come one rice, then the other, then the wine.
        ("keep_the_deal", 6335, 6334, 45311),
        # Without a rice 569.90 are left, below 600: they cost 569.90, 9.90 is due; without both 500.00 are left.
        ("reprice_kept", 990, 6990, 50000),
        # The order cost 90.62 % of its list price: so does every piece.
        ("pro_rata", 6334, 6335, 45311),
    ],
)
def test_a_threshold_is_missed_by_what_is_kept(shop, policy, first, second, third):
    publish(less_60=off(60, 600))
    declare(policy)
    till = shop.till()
    order = till.sell("A", None, line("rice", 2), line("wine"))
    assert order["total_minor"] == 57980
    assert refunds(till, order, (1, 1), (1, 1), (2, 1)) == [first, second, third]
    assert first + second + third == 57980
    assert broken() == {}


def test_half_price_on_one_line_is_where_keeping_and_sharing_differ(shop):
    publish(half=offer({"percent": {"percent": 50, "of": {"product.sku": "milk"}}}, stage="item"))
    paid = {}
    for policy in POLICIES:
        declare(policy)
        till = shop.till()
        order = till.sell(policy, None, line("rice"), line("milk", 4))
        paid[policy] = refunds(till, order, (1, 1), (2, 4))
    # 69.90 + 50.00 less 25.00 = 94.90; the rice is 58.3 % of the list price.
    assert paid == {
        "keep_the_deal": [6990, 2500],
        "reprice_kept": [6990, 2500],
        "pro_rata": [5533, 3957],
    }
    assert broken() == {}


def test_an_order_comes_back_under_what_was_declared_when_it_was_sold(shop):
    publish(less_60=off(60, 600))
    declare("reprice_kept")
    till = shop.till()
    order = till.sell("A", None, line("rice", 2), line("wine"))
    declare("keep_the_deal")
    back = till.take_back(order["order_id"], "R1", (1, "1"))
    assert (back["refund_policy"], back["refund_minor"]) == ("reprice_kept", 990)


@pytest.mark.parametrize(
    ("policy", "due_first", "due_last"),
    [("keep_the_deal", [], 2), ("pro_rata", [], 2), ("reprice_kept", [1], 1)],
)
def test_gifts_are_due_when_they_are_no_longer_earned(shop, policy, due_first, due_last):
    every_three = {"quantity": 3, "of": {"product.sku": "milk"}}
    publish(toys=offer({"gift": {"skus": ["bear"], "per": every_three, "max_times": 5}}))
    declare(policy)
    till = shop.till()
    order = till.sell("A", None, line("milk", 7))
    assert order["offers"][0]["gifts"] == [{"sku": "bear", "quantity": 2, "choices": []}]
    first = till.take_back(order["order_id"], "R1", (1, "3"))
    assert [gift["quantity"] for gift in first["gifts_due"]] == due_first
    last = till.take_back(order["order_id"], "R2")
    assert last["gifts_due"] == [{"offer": "toys", "sku": "bear", "quantity": due_last}]
    assert broken() == {}


@pytest.mark.parametrize(
    ("policy", "first", "last"),
    [
        ("keep_the_deal", [], ["kept_used", "revoked", "revoked", "revoked"]),
        ("pro_rata", [], ["kept_used", "revoked", "revoked", "revoked"]),
        # One rice earns one of four: the one that was used.
        ("reprice_kept", ["revoked", "revoked", "revoked"], ["kept_used"]),
    ],
)
def test_coupons_are_taken_back_when_they_are_no_longer_earned(shop, policy, first, last):
    every_50 = {"coupon": {"template": "thanks", "per": {"reaching": 50}, "max_times": 5}}
    coupon_shop.publish(
        {"thanks": template()},
        thanks=offer(every_50, when={"basket.subtotal": {"gte": 50}}),
        less=coupon_shop.LESS_20 | {"coupons": ["thanks"]},
    )
    declare(policy)
    member, till = shop.member(), shop.till()
    order = till.sell("A", member, line("rice", 3))
    assert len(order["coupons_issued"]) == 4
    page, _ = selectors.wallet(member, till.at)
    code = selectors.reveal(SYSTEM, page[0].coupon_id, reason="test", at=till.at)
    assert till.sell("B", member, line("milk", 4), codes=[code])["discount_minor"] == 2000
    back = till.take_back(order["order_id"], "R1", (1, "2"))
    assert [each["became"] for each in back["coupons"]] == first
    back = till.take_back(order["order_id"], "R2")
    assert sorted(each["became"] for each in back["coupons"]) == last
    assert broken() == {}


@pytest.mark.parametrize("policy", POLICIES)
def test_budget_and_quota_come_back_with_the_goods(shop, policy):
    publish(less_60=off(60, 600, limits={"budget": 100, "in_total": 3}))
    declare(policy)
    member, till = shop.member(), shop.till()
    order = till.sell("A", member, line("rice", 2), line("wine"))
    assert counted("less-60") == (1, 6000)
    till.take_back(order["order_id"], "R1", (1, "1"))
    # A rice less: whoever keeps the deal has 6.56 less of it, whoever is priced anew nothing.
    assert (
        counted("less-60")
        == {"keep_the_deal": (1, 5344), "pro_rata": (1, 5345), "reprice_kept": (0, 0)}[policy]
    )
    till.take_back(order["order_id"], "R2")
    assert counted("less-60") == (0, 0)
    assert account(member)["balance"] == 0
    assert broken() == {}


STEPS = {
    "less_60": off(60, 600, group="steps", priority=2),
    "less_20": off(20, 500, group="steps", priority=1, limits={"in_total": 2}),
}


@pytest.mark.parametrize("since", ["nothing", "ended", "stopped", "used up", "less", "no quota"])
def test_what_is_kept_is_priced_as_of_the_order_whatever_became_of_its_offers(shop, since):
    """2 rice and 1 wine had 60 off from 600. A wine alone has the 20 off from 500 that the programme of the order says,
    also where that offer has ended since, is stopped or used up. It is a part of the refund, no new use: it counts for
    no quota.
    """
    publish(**STEPS)
    declare("reprice_kept")
    member, till = shop.member(), shop.till()
    order = till.sell("A", member, line("rice", 2), line("wine"))
    assert (order["total_minor"], [each["offer"] for each in order["offers"]]) == (57980, ["less-60"])
    if since == "ended":
        publish(less_60=STEPS["less_60"])
    elif since == "stopped":
        life.stop(SYSTEM, "less-20", "the wrong amount", at=OPENING)
    elif since == "used up":
        sold = [till.sell(f"B{n}", None, line("wine")) for n in range(3)]
        assert [each["total_minor"] for each in sold] == [48000, 48000, 50000]
    elif since == "less":
        publish(less_60=STEPS["less_60"], less_20=STEPS["less_20"] | {"gives": [{"amount": {"discount": 1}}]})
    elif since == "no quota":
        publish(less_60=STEPS["less_60"], less_20=STEPS["less_20"] | {"limits": {"in_total": 1}})
    before = counted("less-20")
    # 579.80 were paid, what is kept costs 480.00 then and now.
    back = till.take_back(order["order_id"], "R1", (1, "2"))
    assert (back["refund_minor"], back["left_minor"]) == (9980, 48000)
    assert counted("less-20") == before
    last = till.take_back(order["order_id"], "R2")
    assert last["refund_minor"] == 48000
    assert counted("less-20") == before
    assert account(member)["balance"] == 0
    assert broken() == {}


NUMBERS = itertools.count(1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    policy=st.sampled_from(POLICIES),
    pieces=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    own=st.integers(0, 300),
    points=st.sampled_from([0, 100]),
    order_of_return=st.randoms(use_true_random=False),
)
def test_after_the_last_piece_nothing_is_left_over(
    shop_with_offers, policy, pieces, own, points, order_of_return
):
    """Whatever comes back in whatever order: never less than nothing, in the end exactly what was paid."""
    shop, member = shop_with_offers
    declare(policy)
    till, number = shop.till(), next(NUMBERS)
    before, used = account(member), counted("less-20")
    lines = [line(sku, count, discount_minor=own) for sku, count in zip(ARTICLES, pieces, strict=False)]
    order = till.sell(f"A{number}", member, *lines, points_to_redeem=points)
    assert order.status == 201, order.body
    left = [line_no for line_no, count in enumerate(pieces, start=1) for _ in range(count)]
    order_of_return.shuffle(left)
    paid = [
        till.take_back(order["order_id"], f"R{step}", (line_no, "1")) for step, line_no in enumerate(left, 1)
    ]
    assert all(back.status == 201 and back["refund_minor"] >= 0 for back in paid)
    assert sum(back["refund_minor"] for back in paid) == order["payable_minor"]
    assert sum(back["points_restored"] for back in paid) == points
    assert sum(back["points_clawed_back"] for back in paid) == order["points_earned"]
    assert account(member)["balance"] == before["balance"]
    assert counted("less-20") == used
    assert broken() == {}


ARTICLES = ("rice", "milk", "wine", "apples")


@pytest.fixture
def shop_with_offers(shop):
    """A shop whose offers overlap, and a member with points to spend."""
    member = shop.member()
    shop.till().sell("first", member, line("wine", 2))
    publish(
        second_half=offer({"nth": {"n": 2, "percent": 50, "of": {"product.sku": "rice"}}}, stage="item"),
        milk_and_wine=offer(
            {
                "buy_get": {
                    "buy": {"of": {"product.sku": "wine"}},
                    "get": {"of": {"product.sku": "milk"}},
                    "percent": 100,
                }
            },
            stage="item",
        ),
        less_20=off(20, 100, limits={"budget": 100000, "in_total": 1000}),
        toys=offer({"gift": {"skus": ["bear"]}}, when={"basket.quantity": {"gte": 4}}),
    )
    return shop, member

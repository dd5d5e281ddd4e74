"""Offers that give points: what a quote says is what the order books, or the order is refused."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.points import services as points
from tests.shop import OPENING, POINTS, account, broken, everything, line
from tests.test_offers import off, offer, publish

ARTICLES = ("rice", "milk", "wine", "apples")
NUMBERS = itertools.count(1)


def booked(order_id: int) -> tuple[int, dict[str, int]]:
    """Points of an order in the account's book, and those that each offer added."""
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(points), 0) from points_lot where order_id = %s", [order_id])
        (earned,) = cursor.fetchone()
        cursor.execute(
            "select key, (select coalesce(sum(p.value::int), 0) from jsonb_each_text(points) p) "
            "from promotions_offeruse where order_id = %s",
            [order_id],
        )
        return int(earned), dict(cursor.fetchall())


def points_of(reply: Any) -> dict[str, int]:
    return {each["offer"]: each["points"] for each in reply["offers"]}


@pytest.fixture
def rich_shop(shop):
    """Two offers on one line, one on the basket, one for the member; money off beside them; points at odd rates."""
    programme.apply(SYSTEM, {"points": POINTS | {"earn": {"points": 3, "per_minor": 700}}}, at=OPENING)
    publish(
        rice=offer(
            {"points": {"factor": 1.5, "of": {"product.sku": "rice"}}},
            {"points": {"bonus": 7, "of": {"product.sku": "rice"}}},
            stage="item",
            when={"basket.subtotal": {"gte": 20}},
        ),
        less_20=off(20, 100),
        double=offer({"points": {"factor": 2}}, stage="tier", when={"basket.subtotal": {"gte": 60}}),
        first=offer({"points": {"bonus": 100}}, stage="tier", when={"member.orders": {"lt": 1}}),
        code=offer({"points": {"bonus": 11}}, stage="coupon", codes=["MORE"]),
    )
    begin = shop.member()
    # 1,980.00 at 3 points for 7.00: 848.57, twice that 1,697.14, and 100 for the first order.
    assert shop.till().sell("begin", begin, line("wine", 4))["points_earned"] == 1797
    return shop, begin


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.sampled_from(["1", "2", "3", "0.357"]), min_size=1, max_size=4),
    own=st.integers(0, 350),
    redeemed=st.sampled_from([0, 100, 200]),
    known=st.booleans(),
    new=st.booleans(),
    code=st.booleans(),
)
@example(pieces=["2", "1"], own=0, redeemed=100, known=True, new=False, code=True)
def test_a_quote_promises_the_points_that_the_order_books(rich_shop, pieces, own, redeemed, known, new, code):
    shop, begin = rich_shop
    member = None if not known else shop.member() if new else begin
    wish = redeemed if member == begin else 0
    till = shop.till()
    lines = [line(sku, count, discount_minor=own) for sku, count in zip(ARTICLES, pieces, strict=False)]
    more: dict[str, Any] = {"codes": ["MORE"]} if code else {}
    if wish:
        more["points_to_redeem"] = wish
    before = account(member)["balance"] if member else 0
    quoted = till.quote(member, *lines, **more)
    if quoted.status != 200:  # 1.00 of points on a basket that costs less
        assert quoted.code == "points-refused", quoted.json
        return
    sold = till.sell(f"A{next(NUMBERS)}", member, *lines, quote=quoted["quote"], **more)
    assert sold.status == 201, sold.json
    assert sold["points_earned"] == quoted["points_to_earn"]
    assert points_of(sold) == points_of(quoted)
    assert sold["offers"] == quoted["offers"]
    if member is None:
        assert quoted["points_to_earn"] == 0
        return
    earned, added = booked(sold["order_id"])
    assert (earned, added) == (quoted["points_to_earn"], points_of(quoted))
    assert account(member)["balance"] - before == earned - wish
    assert broken() == {}


def test_points_for_other_lines_than_quoted_are_not_given_in_silence(shop):
    """What a member buys again and again changes between quote and order: the same offer would double fewer lines."""
    publish(usual=offer({"points": {"factor": 2, "of": {"product.personal_list": "usual"}}}, stage="item"))
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("rice"), line("milk"))
    second = till.sell("B", member, line("rice"), line("milk"))
    basket = (line("rice"), line("milk"))
    # 69.90 and 12.50: 82 points, 164 with the offer.
    quoted = till.quote(member, *basket)
    assert (quoted["points_to_earn"], points_of(quoted)) == (164, {"usual": 82})
    till.take_back(second["order_id"], "R1", (2, "1"))
    before = everything()
    assert till.sell("C", member, *basket, quote=quoted["quote"]).code == "quote-mismatch"
    assert everything() == before
    # Milk is not usual any more: only rice is doubled.
    again = till.quote(member, *basket)
    assert again["points_to_earn"] == 152
    sold = till.sell("C", member, *basket, quote=again["quote"])
    assert (sold.status, sold["points_earned"]) == (201, 152)
    assert booked(sold["order_id"]) == (152, {"usual": 70})
    assert broken() == {}


def test_a_hundred_points_for_ten_yuan_beside_money_off(shop):
    """R37, R40: 满100减20 comes first, 300 points are worth 30 yuan; the rest is paid and earns a point a yuan."""
    spend = {"points": 100, "worth_minor": 1000, "step": 100, "max_percent": 50}
    programme.apply(SYSTEM, {"points": POINTS | {"spend": spend}}, at=OPENING)
    publish(less_20=off(20, 100))
    member = shop.member()
    points.apply(SYSTEM, member, 350, "goodwill", at=OPENING)
    sold = shop.till().sell("A1", member, line("wine"), points_to_redeem=300)
    told = ("discount_minor", "points_redeemed", "points_minor", "payable_minor", "points_earned")
    assert [sold[each] for each in told] == [2000, 300, 3000, 45_000, 450]
    assert account(member)["balance"] == 50 + 450
    shop.till().take_back(sold["order_id"])
    assert (account(member)["balance"], broken()) == (350, {})

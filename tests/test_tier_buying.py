"""Tiers bought with points: the points go, the tier comes and ends; undone, both are as before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from laoke.checkout import programme
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.points import services as points
from laoke.tiers import assigning, buying, clock
from laoke.tiers import ladder as ladders
from laoke.tiers.errors import TierNotAssigned
from laoke.tiers.selectors import stand
from tests.shop import LADDER, OPENING, POINTS, account, broken, line, tier

PRICE = {"points": 300, "days": 30}


def priced(**price):
    gold = LADDER["tiers"][2] | {"price": price or PRICE}
    return LADDER | {"tiers": [*LADDER["tiers"][:2], gold, LADDER["tiers"][3]]}


@pytest.fixture
def rich(shop):
    """A member with 500 points, and gold for sale."""
    programme.apply(SYSTEM, {"points": POINTS, "ladder": priced()}, at=OPENING)
    member = shop.member()
    points.apply(SYSTEM, member, 500, "起始积分", at=OPENING)
    return member


def test_the_points_go_and_the_tier_comes_for_its_days(rich):
    sale = buying.buy(SYSTEM, rich, "gold", "APP-1", at=OPENING)
    assert (sale.points, sale.until, sale.first) == (300, date(2026, 4, 8), True)
    assert buying.buy(SYSTEM, rich, "gold", "APP-1", at=OPENING).first is False
    assert (tier(rich), account(rich)["balance"]) == ("gold", 200)
    clock.run(at=OPENING + timedelta(days=30))
    assert tier(rich) == "basic"
    with pytest.raises(TierNotAssigned) as caught:
        buying.undo(SYSTEM, sale.sale_id, "太晚", at=OPENING + timedelta(days=30))
    assert caught.value.extensions["reason"] == "not_in_force"
    assert account(rich)["balance"] == 200
    assert broken() == {}


def test_undone_both_are_as_before(rich):
    before = account(rich)
    sale = buying.buy(SYSTEM, rich, "gold", "APP-1", at=OPENING)
    with pytest.raises(TierNotAssigned) as caught:
        assigning.remove(SYSTEM, rich, reason="误操作", at=OPENING)
    assert caught.value.extensions["reason"] == "sold"
    assert buying.undo(SYSTEM, sale.sale_id, "误购", at=OPENING).first is True
    assert buying.undo(SYSTEM, sale.sale_id, "误购", at=OPENING).first is False
    assert (tier(rich), account(rich)) == ("basic", before)
    assert [move.cause for move in stand(rich, OPENING).history] == [
        "bought_removed",
        "bought_assigned",
        "enrolled",
    ]
    assert broken() == {}


def test_what_was_earned_meanwhile_stays(shop, rich):
    sale = buying.buy(SYSTEM, rich, "gold", "APP-1", at=OPENING)
    shop.till().sell("A", rich, line("wine"))
    buying.undo(SYSTEM, sale.sale_id, "误购", at=OPENING)
    assert tier(rich) == "silver"
    assert broken() == {}


def test_what_is_refused_leaves_the_points(shop, rich):
    refused = [("silver", "APP-1", "not_for_sale"), ("platinum", "APP-1", "not_for_sale")]
    for code, reference, reason in refused:
        with pytest.raises(TierNotAssigned) as caught:
            buying.buy(SYSTEM, rich, code, reference, at=OPENING)
        assert caught.value.extensions["reason"] == reason
    poor = shop.member()
    with pytest.raises(InsufficientPoints):
        buying.buy(SYSTEM, poor, "gold", "APP-2", at=OPENING)
    buying.buy(SYSTEM, rich, "gold", "APP-3", at=OPENING)
    with pytest.raises(TierNotAssigned) as caught:
        buying.buy(SYSTEM, poor, "gold", "APP-3", at=OPENING)
    assert caught.value.extensions["reason"] == "reference_taken"
    with pytest.raises(TierNotAssigned) as caught:
        buying.buy(SYSTEM, rich, "gold", "APP-4", at=OPENING)
    assert caught.value.extensions["reason"] == "assigned_otherwise"
    assert (account(rich)["balance"], tier(poor)) == (200, "basic")
    assert broken() == {}


def test_over_http(shop, rich):
    till = shop.till()
    body = {"tier": "gold", "reference": "APP-9"}
    sold = till._post(f"/v1/members/{rich}/tier/purchases", body, {})
    assert (sold.status, sold["until"]) == (201, "2026-04-08")
    assert till._post(f"/v1/members/{rich}/tier/purchases", body, {})["first"] is False
    undone = till._post(f"/v1/tier-purchases/{sold['sale_id']}/undo", {"reason": "误购"}, {})
    assert (undone.status, undone["undone"]) == (200, True)
    assert till._post("/v1/tier-purchases/999999/undo", {"reason": "误购"}, {}).code == "unknown-tier-sale"


REFUSED = [{"points": 0, "days": 30}, {"points": 5}, {"points": 5, "days": 3, "months": 1}, {"days": 3}]


@pytest.mark.parametrize("price", REFUSED, ids=["nothing", "no term", "two terms", "no points"])
def test_prices_that_cannot_be(price):
    with pytest.raises(BadPolicy, match=r"price|whole number"):
        ladders.parse(priced(**price))


def test_a_price_is_read_and_written_back():
    ladder = ladders.parse(priced())
    assert ladders.parse(ladders.to_document(ladder)) == ladder
    assert ladder.tiers[2].price.until(date(2026, 3, 10)) == date(2026, 4, 8)
    year = ladders.parse(priced(points=9, months=12)).tiers[2].price
    assert year.until(date(2026, 3, 10)) == date(2027, 3, 9)

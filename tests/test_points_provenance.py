"""Points that come back know what earned them: a later return takes back those, and no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from laoke.checkout import programme
from laoke.checkout.replay import GiveBackEvent, Player
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.points import services
from laoke.points.expiry import expire
from laoke.purchases.models import OrderReturn
from tests import shop as shops
from tests.shop import OPENING, line

DAY = timedelta(days=1)


def test_points_of_grace_were_not_earned_by_the_order_that_gives_them_back(shop):
    who, till = shop.member(), shop.till()
    services.apply(SYSTEM, who, 100, "goodwill", at=OPENING - 363 * DAY)
    sold = till.sell("A1", who, line("milk", 20), line("card"), points_to_redeem=100)
    earned = sold["points_earned"]
    back = till.later(days=9).take_back(sold["order_id"])
    assert (back["points_restored"], back["points_clawed_back"]) == (100, earned)
    # What it earned went, although the points of grace end sooner.
    assert [(points, left) for _, _, points, left in shops.lots(who)] == [(100, 0), (100, 100), (earned, 0)]
    assert shops.broken() == {}


def test_points_that_come_back_after_a_merge_are_still_those_of_their_order(shop):
    kept, gone, till = shop.member(), shop.member(), shop.till()
    services.apply(SYSTEM, kept, 300, "goodwill", at=OPENING - 30 * DAY)
    earning = till.sell("A1", gone, line("milk", 20))
    spending = till.sell("A2", gone, line("card", 2), points_to_redeem=200)
    assert (earning["points_earned"], spending["points_earned"]) == (250, 0)
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="one person", at=OPENING)
    till.later(hours=1).take_back(spending["order_id"])
    till.take_back(earning["order_id"], "R2")
    assert [(points, left) for _, _, points, left in shops.lots(kept)] == [(300, 300), (50, 0), (200, 0)]
    assert shops.broken() == {}


@pytest.mark.parametrize("quantity", [None, "7"], ids=["all", "some"])
@pytest.mark.parametrize("played", [False, True], ids=["at the till", "played"])
def test_points_that_expired_before_a_merge_are_no_debt(shop, played, quantity):
    programme.apply(SYSTEM, {"points": shops.POINTS | {"valid_months": 1}}, at=OPENING)
    kept, gone, till = shop.member(), shop.member(), shop.till()
    sold = till.sell("A1", gone, line("milk", 20))
    till.later(days=40)
    expire(at=till.at, now=till.at)
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="one person", at=till.at)
    till.later(hours=1)
    if played:
        player = Player(programme.current(), settings.LAOKE.zone, "CNY", source="import", now=till.at)
        milli = None if quantity is None else {1: 1000 * int(quantity)}
        player.play([GiveBackEvent("R1", shop.stores["S1"], "A1", till.at, milli)])
        assert (player.played.returns, player.played.refused) == (1, [])
    else:
        till.take_back(sold["order_id"], "R1", *([] if quantity is None else [(1, quantity)]))
    left = 0 if quantity is None else 250 - returned_points()
    found = [shops.account(who) for who in (kept, gone)]
    assert [(each["debt"], each["earned_total"], each["expired_total"]) for each in found] == [
        (0, 0, 0),
        (0, left, left),
    ]
    assert shops.broken() == {}


def returned_points() -> int:
    """What the only return took back."""
    return OrderReturn.objects.get().points_clawed_back

"""Goods come back after the points they earned have expired: what expired unspent is not owed once more."""

from __future__ import annotations

import pytest

from laoke.points import selectors
from laoke.points.expiry import expire
from tests import shop as shops
from tests.shop import line

POINTS = shops.POINTS | {"valid_months": 2}


@pytest.fixture
def shop(db):
    return shops.open_shop(points=POINTS)


def account(member):
    """What a refusal or a mistake would show in."""
    found = shops.account(member)
    return {name: found[name] for name in ("balance", "debt", "earned_total", "expired_total")}


NOTHING = {"balance": 0, "debt": 0, "earned_total": 0, "expired_total": 0}


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not swept yet"])
def test_points_that_expired_unspent_are_no_debt(shop, swept):
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("wine"))
    earned = order["points_earned"]
    assert earned > 0
    till.later(days=90)
    if swept:
        assert expire(at=till.at, now=till.at).points == earned
    assert till.take_back(order["order_id"]).status == 201
    assert account(member) == NOTHING
    assert shops.broken() == {}
    # The expiry was booked with the return: a sweep afterwards finds nothing more.
    assert expire(at=till.at, now=till.at).points == 0
    assert account(member) == NOTHING
    kinds = [(each.kind, each.points) for each in selectors.postings(member, after=None, limit=9)[0]]
    assert kinds == [("clawback", -earned), ("expiry", earned), ("expiry", -earned), ("accrual", earned)]


@pytest.mark.parametrize("swept", [True, False], ids=["swept", "not swept yet"])
def test_only_what_was_spent_is_owed(shop, swept):
    """Goods come back in two parts after the rest of the points expired: first what expired, then what was spent."""
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("wine", 3))
    earned = order["points_earned"]
    paid = till.later(days=1).sell("A2", member, line("milk", 10), points_to_redeem=100)
    assert (paid["points_redeemed"], paid["points_earned"] > 0) == (100, True)
    till.later(days=90)
    if swept:
        expire(at=till.at, now=till.at)
    part = till.take_back(order["order_id"], "R1", (1, "1"))
    assert part.status == 201
    assert shops.account(member)["debt"] == 0
    till.later(days=1).take_back(order["order_id"], "R2")
    assert account(member)["debt"] == 100
    expire(at=till.at, now=till.at)
    assert account(member) == {
        "balance": -100,
        "debt": 100,
        "earned_total": paid["points_earned"],
        "expired_total": paid["points_earned"],
    }
    assert earned > 300
    assert shops.broken() == {}

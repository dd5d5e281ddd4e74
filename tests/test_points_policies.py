"""What a programme declares about its accounts, at the till and by the clock: pending points, debts, order of use,
inactivity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laoke.engine.policy import BadPolicy, Expires, PointsPolicy, Shortfall, Transfers
from laoke.foundation.access import SYSTEM
from laoke.points import policy, selectors, services
from laoke.points.expiry import expire
from laoke.points.models import Account, Lot, Posting
from laoke.points.redeeming import Sink, spend
from tests import shop as shops
from tests.shop import line

DAY = timedelta(days=1)
MARCH_17 = datetime(2026, 3, 16, 16, tzinfo=UTC)  # its first instant in Shanghai


@pytest.fixture
def shop(db, request):
    yield shops.open_shop(points=shops.POINTS | request.param)
    assert shops.broken() == {}
    shops.forget()


def with_(**policy):
    return pytest.mark.parametrize("shop", [policy], indirect=True, ids=["-".join(policy)])


def account(member, at):
    found = selectors.account(member, at)
    return found.available, found.pending, found.debt


@with_(pending_days=7)
def test_points_of_a_purchase_can_be_used_when_their_day_has_come(shop):
    member, till = shop.member(), shop.till()
    quote = till.quote(member, line("milk", 20))
    assert (quote["points_to_earn"], quote["points_usable_from"]) == (250, "2026-03-16T16:00:00+00:00")
    order = till.sell("A1", member, line("milk", 20))
    assert (order["points_earned"], order["points_usable_from"]) == (250, "2026-03-16T16:00:00+00:00")
    assert order["member"]["points_available"] == 0
    assert account(member, MARCH_17 - timedelta(seconds=1)) == (0, 250, 0)
    assert [(each.points, each.available_at) for each in selectors.account(member, till.at).coming] == [
        (250, MARCH_17)
    ]
    assert till.quote(member, line("card"))["points_usable"] == 0
    till.at = MARCH_17
    assert account(member, till.at) == (250, 0, 0)
    paid = till.sell("A2", member, line("card"), points_to_redeem=200)
    assert (paid.status, paid["member"]["points_available"]) == (201, 50)


@with_(pending_days=7)
def test_pending_points_go_first_when_goods_come_back(shop):
    """Whoever returns everything in time has never had points to spend."""
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("milk", 20))
    back = till.later(days=3).take_back(order["order_id"])
    assert (back["points_clawed_back"], back["points_debt"]) == (250, 0)
    assert (account(member, till.at), shops.account(member)["balance"]) == ((0, 0, 0), 0)


@with_(pending_days=7)
def test_refund_after_spending(shop):
    """Points are spent, the goods come back: the pending ones of the next purchase repay, in their time."""
    member, till = shop.member(), shop.till()
    first = till.sell("A1", member, line("milk", 20))
    till.at = MARCH_17
    till.sell("A2", member, line("card", 2), points_to_redeem=200)
    till.take_back(first["order_id"])
    assert account(member, till.at) == (0, 0, 200)
    late = till.later(days=1).sell("A3", member, line("wine"))
    assert (late["points_earned"], late["member"]["points_available"]) == (500, 0)
    assert account(member, till.at) == (0, 500, 200)
    come = datetime(2026, 3, 24, 16, tzinfo=UTC)
    assert account(member, come) == (300, 0, 0)
    # Whoever looks first writes it down, as of when the points came.
    till.at = come + DAY
    assert till.quote(member, line("card", 9))["points_usable"] == 300
    assert Account.objects.get(pk=member).debt == 200
    assert till.sell("A4", member, line("card", 9), points_to_redeem=300).status == 201
    repaid = Posting.objects.filter(kind="repayment").order_by("id").values_list("points", "at")
    assert list(repaid) == [(-200, come), (200, come)]


@with_(pending_days=7, valid_months=1)
@pytest.mark.parametrize("swept", [True, False], ids=["swept", "somebody looks"])
def test_points_that_came_and_ended_unseen_repaid_a_debt_meanwhile(shop, swept):
    member, till = shop.member(), shop.till()
    first = till.sell("A1", member, line("milk", 20))
    till.at = MARCH_17
    till.sell("A2", member, line("card", 2), points_to_redeem=200)
    till.take_back(first["order_id"])
    till.sell("A3", member, line("wine"))
    till.later(days=90)
    if swept:
        expire(at=till.at, now=till.at)
    else:
        services.apply(SYSTEM, member, 1, "somebody looks", at=till.at)
        expire(at=till.at, now=till.at)
    found = shops.account(member)
    assert (found["debt"], found["balance"], found["expired_total"]) == (0, 0 if swept else 1, 300)


@with_(pending_days=3, valid_months=1)
def test_a_sweep_leaves_nothing_of_a_member_who_owes(shop):
    member, till = shop.member(), shop.till()
    first = till.sell("A1", member, line("wine"))
    till.later(days=4).sell("A2", member, line("card", 5), points_to_redeem=500)
    till.sell("A3", member, line("milk", 8))
    till.take_back(first["order_id"])
    assert account(member, till.at) == (0, 100, 500)
    at = till.at + 60 * DAY
    assert expire(at=at, now=at).points == 0
    assert shops.account(member)["debt"] == 400
    assert Lot.objects.filter(remaining__gt=0).count() == 0


@with_(shortfall="floor", debt_limit=50)
def test_a_debt_stops_at_its_floor(shop):
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("milk", 20))
    till.sell("A2", member, line("card", 2), points_to_redeem=200)
    back = till.take_back(order["order_id"])
    assert (back["points_clawed_back"], back["points_debt"]) == (250, 50)
    assert shops.account(member)["balance"] == -50


@with_(shortfall="forbid")
def test_a_return_is_refused_whose_points_are_spent(shop):
    """Buy, spend the points, bring the goods back: not here."""
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("milk", 20))
    till.sell("A2", member, line("card", 2), points_to_redeem=200)
    before = shops.everything()
    refused = till.take_back(order["order_id"])
    assert (refused.status, refused.code) == (409, "insufficient-points")
    assert (refused["wanted"], refused["available"]) == (250, 50)
    assert shops.everything() == before
    part = till.take_back(order["order_id"], "R1", (1, "4"))
    assert (part.status, part["points_clawed_back"]) == (201, 50)


@with_(order_of_use="age", expires="rolling")
def test_the_oldest_points_go_first_where_the_programme_says_so(shop):
    member, till = shop.member(), shop.till()
    till.sell("A1", member, line("milk", 8))
    shops.programme.apply(
        SYSTEM, {"points": shops.POINTS | {"order_of_use": "age", "valid_months": 1}}, at=till.at
    )
    till.later(days=1).sell("A2", member, line("milk", 8))
    till.sell("A3", member, line("card", 2), points_to_redeem=100)
    assert list(Lot.objects.order_by("accrued_at").values_list("remaining", flat=True)) == [0, 100]
    spend(SYSTEM, member, 30, sink=Sink.MALL, reference="M", at=till.at)
    services.apply(SYSTEM, member, -20, "correction", at=till.at)
    assert list(Lot.objects.order_by("accrued_at").values_list("remaining", flat=True)) == [0, 50]


@with_(expires="inactivity", valid_months=6)
def test_points_live_on_with_every_purchase_that_earns_or_spends(shop):
    member, till = shop.member(), shop.till()
    till.sell("A1", member, line("milk", 8))

    def ends():
        return {lot.expires_at for lot in Lot.objects.filter(remaining__gt=0)}

    assert ends() == {datetime(2026, 9, 10, 16, tzinfo=UTC)}
    till.later(days=100).sell("A2", member, line("milk", 1))
    assert ends() == {datetime(2026, 12, 18, 16, tzinfo=UTC)}
    till.later(days=30).sell("A3", member, line("card"))  # earns nothing, spends nothing
    assert ends() == {datetime(2026, 12, 18, 16, tzinfo=UTC)}
    till.later(days=30)
    spend(SYSTEM, member, 12, sink=Sink.MALL, reference="M", at=till.at)
    assert ends() == {datetime(2027, 2, 17, 16, tzinfo=UTC)}
    services.apply(SYSTEM, member, 5, "goodwill", at=till.at + 30 * DAY)  # no use of the account
    assert ends() == {datetime(2027, 2, 17, 16, tzinfo=UTC), datetime(2027, 3, 16, 16, tzinfo=UTC)}
    after = datetime(2027, 2, 17, 16, tzinfo=UTC)
    assert expire(at=after, now=after).points == 100
    # What has ended stays so: the next purchase does not bring it back.
    till.at = after
    till.sell("A4", member, line("milk", 8))
    assert sum(lot.remaining for lot in Lot.objects.all()) == 105


def test_old_documents_mean_what_they_meant():
    old = {"expires": "rolling", "valid_months": 12, "shortfall": "waive", "grace_days": 30}
    found = policy.parse(old)
    assert (found.shortfall, found.expires, found.transfers) == (
        Shortfall.WAIVE,
        Expires.ROLLING,
        Transfers.OFF,
    )
    assert found == PointsPolicy(shortfall=Shortfall.WAIVE)
    assert policy.parse(policy.to_document(found)) == found
    new = {"expires": "inactivity", "order_of_use": "age", "pending_days": 7, "shortfall": "floor",
           "debt_limit": 500, "transfers": "keep", "transfers_per_day": 1000}  # fmt: skip
    assert policy.to_document(policy.parse(new)).items() >= new.items()


@pytest.mark.parametrize(
    ("field", "value"),
    [("pending_days", 366), ("pending_days", -1), ("debt_limit", 1.5), ("transfers", "yes"), ("order_of_use", ""),
     ("shortfall", "never"), ("transfers_per_day", True), ("expires", "someday")],
)  # fmt: skip
def test_what_cannot_be_declared_is_refused_with_its_place(field, value):
    with pytest.raises(BadPolicy) as refusal:
        policy.parse({field: value})
    assert refusal.value.extensions == {"field": f"points.{field}"}

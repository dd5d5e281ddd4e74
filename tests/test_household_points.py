"""Points of a household: whose are spent, in which order, and whom they come back to.

100 points are worth 1 yuan, 1 yuan earns 1 point. A gift card costs 100 yuan and earns nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.benefits.mall import services as mall
from laoke.checkout import household, programme
from laoke.checkout.replay.events import GiveBackEvent, Sale, SaleLine
from laoke.checkout.replay.player import Player
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.lots import Lot
from laoke.engine.ledger.pooling import plan_pooling
from laoke.engine.policy import BadPolicy, Household, PointsPolicy
from laoke.foundation.access import SYSTEM, Scope
from laoke.foundation.apikeys import services as apikeys
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import OutboxMessage
from laoke.members import services as members
from laoke.points import holds, policy, pooling, redeeming, services
from laoke.points.errors import PointsOwed
from laoke.points.expiry import expire
from laoke.points.liability.services import close
from laoke.points.models import Hold, Posting
from laoke.points.models import Lot as LotRow
from laoke.surfaces.cli.programme import _points
from tests import shop as shops
from tests.shop import OPENING, Till, account, line

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
POOL = shops.POINTS | {"household": "pool"}
SINK = redeeming.Sink.MALL


@pytest.fixture
def shop(db):
    yield shops.open_shop(points=POOL)
    assert shops.broken() == {}
    shops.forget()


@pytest.fixture
def home(shop):
    """Three who live together and share, with 150 points, 200 that end two days sooner, and 300 that end last."""
    people = [shop.member() for _ in range(3)]
    for who, points, days in zip(people, (150, 200, 300), (2, 4, 1), strict=True):
        services.apply(SYSTEM, who, points, "goodwill", at=OPENING - days * DAY)
    household = members.form_household(caller=SYSTEM, member_ids=people, at=OPENING)
    for who in people:
        members.share_points(caller=SYSTEM, member_id=who, shares=True, at=OPENING)
    return household, people


def have(*people):
    """What each has, less what is owed."""
    return [account(who)["balance"] for who in people]


def ends(who):
    """What remains in lots, with the day after the last on which it can be used."""
    return [(lot[3], lot[1]) for lot in shops.lots(who) if lot[3]]


def test_own_points_first_then_those_that_end_soonest(shop, home):
    _, (buyer, soon, late) = home
    till = shop.till()
    quoted = till.quote(buyer, line("card", 1), points_to_redeem=400)
    assert (quoted["points_usable"], quoted["member"]["points_available"]) == (600, 150)
    said = {"points_available": 500, "people": 2, "points_used": 250, "used_from": 2, "members": [soon, late]}
    assert quoted["household"] == said | {"names": ["", ""]}
    before = ends(soon) + ends(late)
    sold = till.sell("A1", buyer, line("card", 1), points_to_redeem=400, quote=quoted["quote"])
    assert (sold.status, sold["household"], sold["member"]["points_available"]) == (201, said, 0)
    assert have(buyer, soon, late) == [0, 0, 250]
    assert (account(buyer)["redeemed_total"], account(soon)["redeemed_total"]) == (400, 0)
    # Each lot on the way names where it came from and keeps its dates.
    came = {lot.carried_from_id: lot for lot in LotRow.objects.filter(member_id=buyer, origin="pool")}
    for lot in LotRow.objects.filter(pk__in=came):
        on_the_way = came[lot.pk]
        assert (on_the_way.accrued_at, on_the_way.expires_at) == (lot.accrued_at, lot.expires_at)
        assert on_the_way.remaining == 0
    # A part goes back to who gave last, and the rest along the same way.
    till.take_back(sold["order_id"])
    assert (have(buyer, soon, late), ends(soon) + ends(late)) == ([150, 200, 300], before)
    assert not LotRow.objects.filter(origin="restore").exists()


def test_a_part_of_the_goods_gives_back_to_the_household_first(shop, home):
    _, (buyer, soon, late) = home
    till = shop.till()
    sold = till.sell("A1", buyer, line("card", 4), points_to_redeem=400)
    steps = []
    for number in range(4):
        till.take_back(sold["order_id"], f"R{number}", (1, "1"))
        steps.append(have(buyer, soon, late))
    assert steps == [[0, 50, 300], [0, 150, 300], [50, 200, 300], [150, 200, 300]]


@pytest.mark.parametrize(
    ("change", "usable"),
    [
        ("nothing", 600),
        ("off", 100),
        ("one takes the word back", 400),
        ("one leaves", 400),
        ("the buyer leaves", 100),
        ("one is blocked", 400),
        ("one is erased", 400),
        ("the buyer shares nothing", 600),
    ],
)
def test_who_shares(shop, home, change, usable):
    _, (buyer, soon, _late) = home
    till = shop.till()
    quote = till.quote(buyer, line("card", 1))["quote"]
    at = OPENING
    match change:
        case "off":
            programme.apply(SYSTEM, {"points": POOL | {"household": "off"}}, at=at)
        case "one takes the word back":
            members.share_points(caller=SYSTEM, member_id=soon, shares=False, at=at)
        case "one leaves":
            members.leave_household(caller=SYSTEM, member_id=soon, at=at)
        case "the buyer leaves":
            members.leave_household(caller=SYSTEM, member_id=buyer, at=at)
        case "one is blocked":
            members.block(caller=SYSTEM, member_id=soon, reason="fraud", at=at)
        case "one is erased":
            members.erase_person(caller=SYSTEM, member_id=soon, reason="asked", at=at)
        case "the buyer shares nothing":
            members.share_points(caller=SYSTEM, member_id=buyer, shares=False, at=at)
    assert till.quote(buyer, line("card", 1))["points_usable"] == usable
    # What was quoted before does not hold for the points of others, unless the rules of then do.
    old = till.sell("A1", buyer, line("card", 1), points_to_redeem=600, quote=quote)
    assert old.status == (201 if usable == 600 or change == "off" else 409)
    if old.status == 409:
        assert (old.code, have(buyer)) == ("points-refused", [150])
        assert till.sell("A1", buyer, line("card", 1), points_to_redeem=usable).status == 201


def test_names_are_for_who_may_see_members(shop, home):
    _, (buyer, *_) = home
    _, key = apikeys.create(SYSTEM, "till 2", [Scope.QUOTES, Scope.ORDERS_WRITE], None, None, at=OPENING)
    till = Till(key, OPENING)
    quoted = till.quote(buyer, line("card", 1), points_to_redeem=200)["household"]
    told = {"points_available": 500, "people": 2, "points_used": 50, "used_from": 1, "members": None}
    assert quoted == told | {"names": None}
    assert till.sell("A1", buyer, line("card", 1), points_to_redeem=200)["household"] == told


def test_points_of_others_that_have_ended_come_back_to_them_with_grace(shop, home):
    _, (buyer, soon, _late) = home
    till = shop.till()
    sold = till.sell("A1", buyer, line("card", 3), points_to_redeem=300)
    till.later(days=370)
    till.take_back(sold["order_id"])
    assert have(buyer, soon) == [150, 200]
    grace = till.at.replace(hour=16) + 30 * DAY
    assert {end for _, end in ends(buyer) + [e for e in ends(soon) if e[0] == 150]} == {grace}


def test_spending_outside_an_order(shop, home):
    _, (buyer, soon, late) = home
    spent = redeeming.spend(SYSTEM, buyer, 500, sink=SINK, reference="1", at=OPENING, household=True)
    assert (spent.pooled, spent.people, spent.available, have(buyer, soon, late)) == (350, 2, 0, [0, 0, 150])
    with pytest.raises(InsufficientPoints):
        redeeming.spend(SYSTEM, buyer, 151, sink=SINK, reference="2", at=OPENING, household=True)
    with pytest.raises(InsufficientPoints):
        redeeming.spend(SYSTEM, buyer, 1, sink=SINK, reference="3", at=OPENING)
    back = redeeming.undo(SYSTEM, SINK, "1", at=OPENING + DAY)
    assert (back.to_lots, back.fresh, have(buyer, soon, late)) == (500, 0, [150, 200, 300])


def test_whose_points_they_are_learns_of_it(shop, home):
    """Once for each purchase and once for what comes back of it, though points are of several lots."""
    _, (buyer, soon, late) = home
    services.apply(SYSTEM, soon, 10, "goodwill", at=OPENING - 5 * DAY)
    till = shop.till()
    sold = till.sell("A1", buyer, line("card", 4), points_to_redeem=400)
    till.sell("A1", buyer, line("card", 4), points_to_redeem=400)
    till.take_back(sold["order_id"], "R1", (1, "2"))
    till.take_back(sold["order_id"], "R2")
    with pytest.raises(InsufficientPoints):
        redeeming.spend(SYSTEM, buyer, 661, sink=SINK, reference="1", at=till.at, household=True)
    redeeming.spend(SYSTEM, buyer, 151, sink=SINK, reference="2", at=till.at, household=True)
    redeeming.undo(SYSTEM, SINK, "2", at=till.at)
    redeeming.undo(SYSTEM, SINK, "2", at=till.at)
    order = {"order_id": sold["order_id"], "spending_id": None}
    outside = {"order_id": None, "spending_id": Posting.objects.latest("id").spending_id}
    told = OutboxMessage.objects.filter(topic__startswith="points.pooled").order_by("id")
    assert [(each.topic, each.member_id, each.payload) for each in told] == [
        (
            topic,
            who,
            {"member_id": who, "spender_id": buyer, "points": points, "points_available": left} | cause,
        )
        for topic, who, points, left, cause in (
            ("points.pooled", soon, 210, 0, order),
            ("points.pooled", late, 40, 260, order),
            ("points.pooled_back", soon, 160, 160, order),
            ("points.pooled_back", late, 40, 300, order),
            ("points.pooled_back", soon, 50, 210, order),
            ("points.pooled", soon, 1, 209, outside),
            ("points.pooled_back", soon, 1, 210, outside),
        )
    ]


def test_the_points_mall(shop, home):
    _, (buyer, soon, late) = home
    bowl = {"name": {"zh": "碗", "en": "Bowl"}, "goods": {}, "points": 100}
    programme.apply(SYSTEM, {"benefits": {"mall": {"bowl": bowl}}}, at=OPENING)
    ordered = mall.order(SYSTEM, buyer, "bowl", 4, store_id=shop.stores["S1"], at=OPENING)
    assert (ordered.points_of_others, ordered.people, ordered.points_available) == (250, 2, 0)
    assert have(buyer, soon, late) == [0, 0, 250]
    mall.cancel(SYSTEM, ordered.order_id, at=OPENING)
    assert have(buyer, soon, late) == [150, 200, 300]


def test_merges_since_the_purchase(shop, home):
    """The giver is another member's now; then buyer and giver turn out to be one person."""
    _, (buyer, soon, late) = home
    till, heir = shop.till(), shop.member()
    sold = till.sell("A1", buyer, line("card", 4), points_to_redeem=400)
    members.merge(caller=SYSTEM, kept_id=heir, gone_id=soon, reason="same person", at=OPENING)
    till.take_back(sold["order_id"], "R1", (1, "2"))
    assert have(buyer, heir, late) == [0, 150, 300]
    members.merge(caller=SYSTEM, kept_id=buyer, gone_id=heir, reason="same person", at=OPENING)
    till.take_back(sold["order_id"], "R2")
    assert have(buyer, late) == [350, 300]


def test_dodge_a_debt_by_the_household(shop, home):
    """Who owes points spends nobody else's; what comes back to others repays nothing; others' debts are not theirs."""
    _, (buyer, soon, late) = home
    till = shop.till()
    wine = till.sell("W1", buyer, line("wine", 1))
    paid = till.sell("A1", buyer, line("card", 8), points_to_redeem=800)
    assert (wine["points_earned"], have(buyer, soon, late)) == (500, [0, 50, 300])
    till.take_back(wine["order_id"])
    assert (account(buyer)["debt"], have(buyer, soon, late)) == (500, [-500, 50, 300])
    assert till.quote(buyer, line("card", 1))["household"] is None
    assert till.sell("A2", buyer, line("card", 1), points_to_redeem=100).code == "points-refused"
    with pytest.raises(PointsOwed):
        redeeming.spend(SYSTEM, buyer, 1, sink=SINK, reference="1", at=OPENING, household=True)
    # The 150 points go home whole; the buyer's own repay.
    assert till.take_back(paid["order_id"])["points_restored"] == 800
    assert (account(buyer)["debt"], have(buyer, soon, late)) == (0, [150, 200, 300])


def test_dodge_expiry_by_the_household(shop, home):
    """Bought with somebody's points on their last day and given back a day later: no second life beyond the grace that
    a return of their own would have brought, and none with the buyer."""
    _, (buyer, soon, _late) = home
    till = shop.till()
    last = ends(soon)[0][1]
    till.at = last - timedelta(minutes=1)
    sold = till.sell("A1", buyer, line("card", 3), points_to_redeem=300)
    assert sold.status == 201
    early = till.take_back(sold["order_id"], "R1", (1, "1"))
    assert (early["points_restored"], early["points_restored_to_others"]) == (100, 100)
    assert ends(soon) == [(150, last)]
    till.at = last + DAY
    expire(at=till.at, now=till.at)
    till.take_back(sold["order_id"], "R2")
    assert (have(soon), ends(soon)) == ([50], [(50, till.at + 31 * DAY)])
    assert [lot.remaining for lot in LotRow.objects.exclude(carried_from_id=None)] == [0, 0, 0]


def test_the_books_of_the_month_take_them_for_what_they_are(shop, home):
    """Points of others are spent and come back in the month of issue that they were given in, and in none twice."""
    programme.apply(SYSTEM, {"points": POOL | {"valid_months": 1}}, at=OPENING)
    people = [shop.member() for _ in range(2)]
    for who in people:
        services.apply(SYSTEM, who, 200, "goodwill", at=OPENING)
    members.form_household(caller=SYSTEM, member_ids=people, at=OPENING)
    members.share_points(caller=SYSTEM, member_id=people[1], shares=True, at=OPENING)
    till = shop.till()
    sold = till.sell("A1", people[0], line("card", 3), points_to_redeem=300)
    till.later(days=41)
    expire(at=till.at, now=till.at)
    till.take_back(sold["order_id"])

    def moved(month):
        closed = close(SYSTEM, month, at=till.at + 30 * DAY)
        return {what: n for what, n in closed.movement.items() if what != "sums" and n}

    assert moved(date(2026, 3, 1)) == {"given": 1050, "redeemed": -300, "closing": 750}
    assert moved(date(2026, 4, 1)) == {"opening": 750, "restored": 300, "expired": -100, "closing": 950}
    assert have(*people) == [200, 100]


def test_the_programme_says_so():
    said = list(_points(PointsPolicy(household=Household.POOL), "CNY"))
    assert said[-1] == (
        "Household  members spend their own points, then those of people they live with who share theirs"
    )
    assert policy.to_document(PointsPolicy())["household"] == "off"
    with pytest.raises(BadPolicy):
        policy.parse({"household": "all"})


def test_points_set_aside_go_before_those_of_the_household(shop, home):
    """A hold is of the member's own points; the order that names it spends these, then others."""
    _, (buyer, soon, late) = home
    till = shop.till()
    with pytest.raises(InsufficientPoints):
        holds.reserve(SYSTEM, buyer, 151, "basket", 30, Command("h1", ()), at=OPENING)
    holds.reserve(SYSTEM, buyer, 120, "basket", 30, Command("h2", ()), at=OPENING)
    held = Hold.objects.get().pk
    sold = till.sell("A1", buyer, line("card", 4), points_to_redeem=400, points_hold=held)
    assert (sold["household"]["points_used"], have(buyer, soon, late)) == (250, [0, 0, 250])
    till.take_back(sold["order_id"])
    assert have(buyer, soon, late) == [150, 200, 300]


def test_what_others_have_set_aside_is_theirs_until_its_time_is_over(shop, home):
    _, (buyer, soon, late) = home
    till = shop.till()
    holds.reserve(SYSTEM, soon, 150, "basket", 30, Command("h", ()), at=OPENING)
    assert till.quote(buyer, line("card", 9))["points_usable"] == 500
    refused = till.sell("A1", buyer, line("card", 9), points_to_redeem=600)
    assert (refused.code, have(buyer, soon, late)) == ("points-refused", [150, 200, 300])
    till.later(minutes=31)
    assert till.quote(buyer, line("card", 9))["points_usable"] == 600
    sold = till.sell("A1", buyer, line("card", 9), points_to_redeem=600, key="once")
    again = till.sell("A1", buyer, line("card", 9), points_to_redeem=600, key="once")
    assert (sold.status, again.replayed, again.body) == (201, True, sold.body)
    assert have(buyer, soon, late) == [0, 0, 50]


def test_nothing_is_asked_of_households_where_points_are_not_pooled(db, monkeypatch):
    shop = shops.open_shop()
    who, till = shop.member(), shop.till()
    services.apply(SYSTEM, who, 100, "goodwill", at=OPENING)
    monkeypatch.setattr(pooling.members, "sharing", None)
    monkeypatch.setattr(household, "LIVING", None)
    assert till.quote(who, line("card"), points_to_redeem=100)["household"] is None
    sold = till.sell("A1", who, line("card"), points_to_redeem=100)
    assert sold["household"] is None
    assert till.take_back(sold["order_id"])["points_restored"] == 100
    shops.forget()


def test_a_history_spends_nobody_elses_points(shop, home):
    """The replay refuses what only the till can do, and says so; with one's own points it does the same as the till."""
    _, (buyer, *_) = home
    till = shop.till(OPENING + timedelta(minutes=1))
    sold = till.sell("T1", buyer, line("card", 4), points_to_redeem=400)
    assert sold.status == 201
    card = shop.products["card"]

    def sale(number, wish, member):
        lines = [SaleLine(card, 1000, 10000, 10000, 0, 10000, earns_points=False)]
        where = (shop.stores["S1"], shop.channels["pos"])
        return Sale(number, *where, member, OPENING + 2 * DAY, lines, points_wish=wish)

    late = home[1][2]
    player = Player(programme.current(), SHANGHAI, "CNY", source="import", now=OPENING + 3 * DAY)
    back = GiveBackEvent("R1", shop.stores["S1"], "T1", OPENING + 2 * DAY, None)
    player.play([sale("P1", 100, buyer), sale("P2", 200, late), back])
    assert [(event, error.code) for event, error in player.played.refused] == [
        (sale("P1", 100, buyer), "household-not-replayed"),
        (back, "household-not-replayed"),
    ]
    assert (player.played.sales, have(buyer, late)) == (1, [0, 50])


def test_lots_of_all_by_their_end_then_by_number():
    noon = OPENING

    def lot(number, days, points):
        return Lot(number, noon - DAY, noon + days * DAY, points)

    givers = {9: [lot(1, 5, 10), lot(2, 3, 10)], 4: [lot(3, 3, 10), lot(4, 9, 10)], 2: [lot(5, -1, 99)]}
    took = [(each.member_id, each.lot.id, each.points) for each in plan_pooling(givers, 35, noon)]
    assert took == [(4, 3, 10), (9, 2, 10), (9, 1, 10), (4, 4, 5)]
    with pytest.raises(InsufficientPoints):
        plan_pooling(givers, 41, noon)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "return", "spend", "undo", "share", "keep", "wait"]), st.integers(0, 2)
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_points_of_the_household_are_conserved(shop, home, steps):
    """What the household has is what it had, less what lies in orders and spendings: nobody's point is made or lost.
    When everything has come back, everybody has what they had before, in the same lots."""
    from django.db import transaction

    _, people = home
    with transaction.atomic():
        till, orders, spendings, total = shop.till(), [], [], sum(have(*people))
        before = [ends(who) for who in people]
        out = 0
        for number, (step, who) in enumerate(steps):
            member = people[who]
            if step == "buy":
                sold = till.sell(f"A{number}", member, line("card", 3), points_to_redeem=300)
                if sold.status == 201:
                    orders.append((sold["order_id"], 300))
                    out += 300
            elif step == "return" and orders:
                order_id, left = orders.pop(who % len(orders))
                back = till.take_back(order_id, f"R{number}", (1, "1"))
                assert back["points_restored"] == 100
                out -= 100
                if left > 100:
                    orders.append((order_id, left - 100))
            elif step == "spend":
                try:
                    redeeming.spend(
                        SYSTEM, member, 170, sink=SINK, reference=str(number), at=till.at, household=True
                    )
                except InsufficientPoints:
                    continue
                spendings.append(str(number))
                out += 170
            elif step == "undo" and spendings:
                redeeming.undo(SYSTEM, SINK, spendings.pop(), at=till.at)
                out -= 170
            elif step in ("share", "keep"):
                members.share_points(caller=SYSTEM, member_id=member, shares=step == "share", at=till.at)
            elif step == "wait":
                till.later(days=1)
            assert sum(have(*people)) == total - out
        for order_id, _left in orders:
            till.take_back(order_id, "last")
        for reference in spendings:
            redeeming.undo(SYSTEM, SINK, reference, at=till.at)
        assert [ends(who) for who in people] == before
        assert shops.broken() == {}
        assert sum(posting.points for posting in Posting.objects.filter(kind="transfer")) == 0
        transaction.set_rollback(True)

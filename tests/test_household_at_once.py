"""A household at two tills at the same moment: nothing is spent twice, nobody blocks the other, the books are right."""

from __future__ import annotations

import pytest

from laoke.benefits.mall import services as mall
from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.points import redeeming, services
from tests import shop as shops
from tests.shop import OPENING, account, line
from tests.test_concurrency import at_once

SINK = redeeming.Sink.MALL


@pytest.fixture
def home(committed_shop):
    """Four who live together, share, and have 250 points each."""
    shops.programme.apply(SYSTEM, {"points": shops.POINTS | {"household": "pool"}}, at=OPENING)
    people = [committed_shop.member() for _ in range(4)]
    for who in people:
        services.apply(SYSTEM, who, 250, "goodwill", at=OPENING)
    members.form_household(caller=SYSTEM, member_ids=people, at=OPENING)
    for who in people:
        members.share_points(caller=SYSTEM, member_id=who, shares=True, at=OPENING)
    yield committed_shop, people
    assert shops.broken() == {}


def have(people):
    return sum(account(who)["balance"] for who in people)


def test_two_members_of_one_household_at_two_tills(home):
    """1000 points; twelve baskets of 300 from all four at once: three are paid, nine refused. Then all come back."""
    shop, people = home
    tills = [shop.till() for _ in range(12)]

    def sell(number):
        who = people[number % 4]
        return lambda: tills[number].sell(f"A{number}", who, line("card", 3), points_to_redeem=300)

    answers = at_once(*[sell(number) for number in range(12)])
    assert sorted(answer.status for answer in answers) == [201] * 3 + [409] * 9
    assert {answer.code for answer in answers if answer.status == 409} == {"points-refused"}
    assert have(people) == 100
    sold = [answer["order_id"] for answer in answers if answer.status == 201]
    backs = at_once(
        *[lambda t=till, o=order: t.take_back(o) for till, order in zip(tills, sold, strict=False)]
    )
    assert [back["points_restored"] for back in backs] == [300] * 3
    assert [account(who)["balance"] for who in people] == [250] * 4


def test_orders_spendings_and_what_comes_back_at_once(home):
    """Everybody buys, spends in the mall's way, gives back and undoes against each other: nothing is made or lost."""
    shop, people = home
    tills = [shop.till() for _ in range(4)]
    sold = [
        till.sell(f"S{n}", people[n], line("card", 2), points_to_redeem=100) for n, till in enumerate(tills)
    ]

    def buy(n):
        return lambda: tills[n].sell(f"A{n}", people[n], line("card", 4), points_to_redeem=300).status

    def back(n):
        return lambda: shop.till().take_back(sold[n]["order_id"]).status

    def spend(n):
        def act():
            try:
                spent = redeeming.spend(
                    SYSTEM, people[n], 200, sink=SINK, reference=f"x{n}", at=OPENING, household=True
                )
            except InsufficientPoints:
                return 409
            redeeming.undo(SYSTEM, SINK, f"x{n}", at=OPENING)
            return 201 if spent.first else 200

        return act

    answers = at_once(*[make(n) for make in (buy, back, spend) for n in range(4)])
    bought, returned, spent = answers[:4], answers[4:8], answers[8:]
    assert {*bought, *spent} <= {201, 409}
    assert returned == [201] * 4
    assert have(people) == 1000 - 300 * bought.count(201)


def test_the_mall_cancels_while_others_of_the_household_buy(home):
    """A cancelled order locks all whose points it took in the order of their numbers, as a purchase does."""
    shop, people = home
    bowl = {"name": {"zh": "碗", "en": "Bowl"}, "goods": {}, "points": 100}
    shops.programme.apply(SYSTEM, {"benefits": {"mall": {"bowl": bowl}}}, at=OPENING)
    store = shop.stores["S1"]
    made = [mall.order(SYSTEM, people[n], "bowl", 4, store_id=store, at=OPENING) for n in (3, 2)]
    tills = [shop.till() for _ in range(4)]

    def cancel(order):
        return lambda: mall.cancel(SYSTEM, order.order_id, at=OPENING).state

    def buy(n):
        return lambda: tills[n].sell(f"A{n}", people[n], line("card", 3), points_to_redeem=100).status

    answers = at_once(*[cancel(order) for order in made], *[buy(n) for n in range(4)])
    assert answers[:2] == ["cancelled"] * 2
    assert set(answers[2:]) <= {201, 409}
    assert have(people) == 1000 - 100 * answers.count(201)


def test_who_leaves_while_somebody_pays(home):
    """Either the purchase was before, and took their points, or they had left, and it did not."""
    shop, people = home
    buyer, leaver = people[3], people[0]
    till = shop.till()

    def leave():
        return members.leave_household(caller=SYSTEM, member_id=leaver, at=OPENING)

    sold, left = at_once(lambda: till.sell("A1", buyer, line("card", 9), points_to_redeem=900), leave)
    assert left
    assert (sold.status, have(people)) in [(201, 100), (409, 1000)]
    again = till.sell("A2", buyer, line("card", 9), points_to_redeem=200 if sold.status == 201 else 800)
    assert again.code == "points-refused"

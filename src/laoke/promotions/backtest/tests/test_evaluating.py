"""A backtest in parts comes to the same as a till that prices one order after the other and counts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.board import Facts, Uses
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.effects.extras import GiveGift
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.thresholds import Step, Tiered
from laoke.engine.pricing.guards import Guards
from laoke.engine.pricing.offers import Limits, Offer, OnExceed
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.tests import build
from laoke.promotions.backtest.account import Account
from laoke.promotions.backtest.evaluating import Evaluation, evaluate
from laoke.promotions.backtest.past import NO_MONEY, Given, Money, Past, money, of
from laoke.promotions.backtest.replay import Replayer
from laoke.promotions.backtest.responses import STANDARD, answers, break_even, read

AT = datetime(2026, 11, 2, 2, tzinfo=UTC)


def past(number: int, basket: Basket, member: int | None = None) -> Past:
    """An order; every third hour one."""
    at = AT + timedelta(hours=3 * number)
    facts = Facts(build.MEMBER.known, is_member=True) if member else Facts()
    return of(number, member, at, at.date(), basket, facts, 0)


def in_turn(orders: list[Past], before: Programme, after: Programme, key: str) -> tuple[Money, int, int]:
    """What the orders bring in when a till counts: money, uses, what was given."""
    limits = next(each.offer.limits for each in after.offers if each.offer.key == key)
    total, uses, spent = NO_MONEY, 0, 0
    by_member: dict[int, int] = {}
    by_day: dict[tuple[int, object], int] = {}
    for each in orders:
        member = each.member_id
        counted = Uses(by_member.get(member, 0), by_day.get((member, each.day), 0), uses, spent)
        facts = replace(each.facts, uses={key: counted})
        found = price(each.basket, after, facts, each.placed_at)
        total = total.plus(money(found, each.basket.lines, each.cost_minor, each.unknown))
        for deal in found.given:
            if deal.ready.offer.key == key:
                uses, spent = uses + 1, spent + deal.amount
                if member:
                    by_member[member] = by_member.get(member, 0) + 1
                    by_day[member, each.day] = by_day.get((member, each.day), 0) + 1
    assert limits.budget_minor is None or spent <= limits.budget_minor
    return total, uses, spent


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Limits of any kind."""
    some = st.one_of(st.none(), st.integers(1, 4))
    return Limits(
        draw(some),
        draw(some),
        draw(st.sampled_from([None, 1])),
        draw(st.booleans()),
        draw(st.one_of(st.none(), st.integers(1, 3000))),
        draw(some),
        draw(st.sampled_from(OnExceed)),
    )


@settings(max_examples=150)
@given(
    st.lists(st.tuples(build.baskets(), st.sampled_from([None, 1, 2])), min_size=1, max_size=12),
    build.offers(4, conflicting=True),
    limits(),
    build.policies(),
    st.booleans(),
    st.booleans(),
    st.integers(1, 5),
)
def test_parts_come_to_the_same_as_a_till(baskets, offers, limit, policies, replaces, exclusive, size):
    orders = [past(number, each, member) for number, (each, member) in enumerate(baskets)]
    tried = replace(offers[-1], limits=limit, exclusive=exclusive)
    guards = Guards(basket_share=Fraction(1, 2))
    before = Programme(offers if replaces else offers[:-1], policies, guards=guards)
    after = Programme([*offers[:-1], tried], policies, guards=guards)
    without = Programme(offers[:-1], policies, guards=guards) if replaces else None
    replayer = Replayer(before, after, tried.key, without=without)
    whole = Evaluation(replayer)
    for start in range(0, len(orders), size):
        whole.add(evaluate(orders[start : start + size], replayer))
    account = whole.account
    expected, uses, spent = in_turn(orders, before, after, tried.key)
    with_it = account.brought.plus(account.hit_after).plus(account.hit_before, -1)
    assert (with_it, account.given.orders, account.given.minor) == (expected, uses, spent)
    brought = NO_MONEY
    for each in orders:
        found = price(each.basket, before, each.facts, each.placed_at)
        brought = brought.plus(money(found, each.basket.lines, each.cost_minor, each.unknown))
    assert account.brought == brought


def basket(*prices: int, cost: int | None = 700) -> Basket:
    """One unit each."""
    return build.basket(
        *[build.line(number, minor, cost_minor=cost) for number, minor in enumerate(prices, start=1)]
    )


def account_of(orders: list[Basket], offer: Offer, *live: Offer) -> Account:
    """Replayed against these live offers."""
    replayer = Replayer(Programme(live), Programme([*live, offer]), offer.key)
    whole = Evaluation(replayer)
    whole.add(evaluate([past(number, each) for number, each in enumerate(orders)], replayer))
    return whole.account


TEN_OFF = Offer("ten", (Amount(1000),), (build.spent(5000),), stage=2)


def test_figures_a_shopkeeper_can_follow():
    # 60.00 hits; 46.00 with one more for 16.00 would (62.00); 46.00 in one piece misses too much; 20.00 is far away.
    account = account_of([basket(3000, 3000), basket(1600, 3000), basket(4600), basket(2000)], TEN_OFF)
    assert (account.orders, account.given.orders, account.given.minor) == (4, 1, 1000)
    assert account.brought == Money(6000 + 4600 + 4600 + 2000, 17200, 6 * 700)
    assert (account.hit_before, account.hit_after) == (Money(6000, 6000, 1400), Money(5000, 5000, 1400))
    assert account.near == 0  # 16.00 is more than a quarter of 46.00
    account = account_of([basket(900, 3700)], TEN_OFF)
    assert (account.near, account.near_added_minor, account.near_amount_minor) == (1, 900, 1000)
    assert (account.near_before, account.near_after) == (Money(4600, 4600, 1400), Money(4500, 4500, 2100))


def test_an_offer_of_steps_has_orders_within_reach():
    steps = Offer("steps", (Tiered((Step(5000, 500), Step(9000, 1500))),))
    account = account_of([basket(900, 3700), basket(3000, 3000)], steps)
    assert (account.near, account.near_amount_minor, account.given.minor) == (1, 500, 500)


def test_three_responses_and_break_even():
    account = account_of([basket(3000, 3000), basket(900, 3700)], TEN_OFF)
    unchanged, moderate, strong = answers(account, STANDARD)
    assert (unchanged.given_minor, unchanged.given_anyway_minor) == (1000, 1000)
    assert (unchanged.turnover_minor, unchanged.margin_minor) == (-1000, -1000)
    # 2 % more orders bring 1.00 turnover and 0.72 margin; a tenth of the near order brings -0.10 and -0.80.
    assert (moderate.given_minor, moderate.turnover_minor, moderate.margin_minor) == (1120, -910, -1008)
    assert strong.given_minor == 1380
    # 10.00 lost, an order like this one brings 36.00.
    assert break_even(account) == Fraction(1000, 3600)


def test_declared_responses():
    found = read({"moderate": {"near_orders": 12.5}})
    assert (str(found.moderate.near_orders), found.moderate.more_orders) == ("12.5", 0)
    assert found.strong == STANDARD.strong


def test_overlap_and_who_is_pushed_out():
    tenth = Offer("tenth", (Percent(Fraction(1, 10)),), stage=1)
    over = Offer("over", (Amount(500),), (build.spent(5400),), stage=2, priority=-1)
    account = account_of([basket(3000, 3000)], TEN_OFF, tenth, over)
    # 60.00 less 6.00; 54.00 has `over`; with ten off before it, 44.00 has not.
    assert account.together["tenth"] == 1
    assert (account.pushed_out["over"].orders, account.pushed_out["over"].minor) == (1, 500)
    assert (account.changed["over"].orders, account.changed["over"].minor) == (-1, -500)


def test_gifts_are_paid_from_the_margin():
    gift = Offer("gift", (GiveGift(("bear",)),), (build.spent(5000),))
    replayer = Replayer(Programme([]), Programme([gift]), "gift", Given({"bear": 900}))
    whole = Evaluation(replayer)
    whole.add(evaluate([past(1, basket(3000, 3000)), past(2, basket(100))], replayer))
    assert whole.account.gifts == {"bear": 1}
    assert whole.account.hit_before.margin - whole.account.hit_after.margin == 900


def test_goods_without_cost_have_no_margin():
    account = account_of([basket(3000, 3000, cost=None)], TEN_OFF)
    assert account.brought == Money(6000, 0, 0)
    assert break_even(account) == 0


def test_only_conditions_on_what_is_left_are_priced_twice(monkeypatch):
    calls = []
    from laoke.promotions.backtest import replay

    monkeypatch.setattr(replay, "price", lambda *args, **more: calls.append(1) or price(*args, **more))
    gold = Offer("gold", (Amount(1000),), (Is("member.tier", Op.EQ, "gold"),))
    rng = random.Random(4)
    orders = [past(number, basket(rng.randrange(1000, 9000))) for number in range(50)]
    evaluate(orders, Replayer(Programme([]), Programme([gold]), "gold"))
    assert len(calls) == 50

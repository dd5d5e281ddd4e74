"""Backtests of a small shop: what was booked comes out again, and what is foretold is what then happens."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from laoke.foundation.access import SYSTEM
from laoke.promotions import publication, tasks
from laoke.promotions.backtest import jobs, live, report, running
from laoke.promotions.backtest.parallel import Stopped
from laoke.promotions.backtest.reading import Period
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput
from tests import coupon_shop
from tests.shop import OPENING, PRICES, Shop, line
from tests.test_offers import given, off, offer, publish

MARCH = Period(OPENING.date() - timedelta(days=1), OPENING.date() + timedelta(days=60))
NOW = OPENING + timedelta(days=61)
COSTS = {"milk": 900, "rice": 5000, "wine": 30_000, "apples": 700}


def with_costs(shop: Shop) -> None:
    """Say what articles cost, and which are drinks."""
    purchases.save_products(
        SYSTEM,
        [
            ProductInput(sku, sku, PRICES[sku], cost_minor=cost, tags=("daily",))
            for sku, cost in COSTS.items()
        ],
        at=OPENING,
    )


def plan(document: Mapping[str, Any], key: str = "tried", **more: Any) -> running.Plan:
    """Try an offer on all that was sold."""
    read = publication.parse({key: document})[key]
    return replace(running.Plan(key, read, MARCH, NOW), **more)


def sell_some(shop: Shop, members: list[int], number: str, days: int, orders: int = 40) -> list[Any]:
    """The same random orders each time, by these members, from a day on."""
    rng = random.Random(7)
    sold = []
    for count in range(orders):
        who = rng.choice([None, *members])
        lines = [
            line(sku, rng.randint(1, 3), discount_minor=rng.choice([0, 0, 100]))
            for sku in rng.sample(["milk", "rice", "apples", "wine"], rng.randint(1, 3))
        ]
        till = shop.till(OPENING + timedelta(days=days, hours=count // 4 * 7, minutes=count))
        reply = till.sell(f"{number}{count}", who, *lines)
        assert reply.status == 201, reply.body
        sold.append(reply)
    return sold


OFFERS = {
    "second_half": offer({"nth": {"n": 2, "percent": 50, "of": {"product.sku": "rice"}}}, stage="item"),
    "less_20": off(20, 100, limits={"per_member": 2, "budget": 200}),
    "first": offer({"percent": {"percent": 5}}, stage="tier", when={"member.orders": 0}),
    "coded": offer({"amount": {"discount": 3}}, stage="coupon", codes=["HELLO"]),
    "toy": offer({"gift": {"skus": ["milk", "apples"]}}, when={"basket.quantity": {"gte": 5}}),
}


class TestWhatWasBooked:
    def test_comes_out_again_to_the_minor_unit(self, shop):
        with_costs(shop)
        publish(**OFFERS)
        members = [shop.member() for _ in range(5)]
        sold = sell_some(shop, members, "A", 1)
        till = shop.till(OPENING + timedelta(days=20))
        sold.append(till.sell("C", members[0], line("wine"), codes=["hello"], gift_choices={"toy": "milk"}))
        till.later(hours=1).take_back(sold[3]["order_id"], "R")
        found, _ = live.compare(MARCH, now=NOW)
        assert (found.differing, found.equal, found.orders) == ([], 41, 41)
        booked = sum(sum(given(reply).values()) for reply in sold)
        assert booked > 10_000
        assert (found.booked_minor, found.replayed_minor) == (booked, booked)

    def test_with_coupons_deliveries_points_and_quotes_of_before(self, shop):
        coupon_shop.publish(
            {"thanks": coupon_shop.template()},
            less=coupon_shop.LESS_20 | {"coupons": ["thanks"]},
            thanks=offer({"coupon": {"template": "thanks"}}, when={"basket.subtotal": {"gte": 60}}),
            free=offer({"delivery": {"free": True}}, stage="delivery", when={"basket.subtotal": {"gte": 50}}),
            twice=offer({"points": {"factor": 2}}, when={"moment.time": {"lt": "13:00"}}),
        )
        member, till = shop.member(), shop.till()
        code = coupon_shop.give(member, "thanks")
        brought = {"method": "courier", "fee_minor": 800}
        quoted = till.quote(member, line("wine"), codes=[code, "nothing"], shipping=brought)
        till.later(minutes=10)
        sold = till.sell(
            "A", member, line("wine"), codes=[code, "nothing"], shipping=brought, quote=quoted["quote"]
        )
        assert sold.status == 201, sold.body
        assert given(sold) == {"less": 2000, "thanks": 0, "free": 800, "twice": 0}
        assert till.later(hours=2).sell("B", member, line("milk")).status == 201
        found, _ = live.compare(MARCH, now=NOW)
        assert (found.differing, found.equal, found.booked_minor) == ([], 2, 2800)
        assert found.replayed_minor == 2800

    def test_of_each_version_by_the_offers_of_that_version(self, shop):
        publish(less=off(20, 100))
        first = shop.till().sell("A", None, line("wine"))
        publish(less=off(30, 100))
        second = shop.till().sell("B", None, line("wine"))
        assert (given(first), given(second)) == ({"less": 2000}, {"less": 3000})
        found, _ = live.compare(MARCH, now=NOW)
        assert (found.equal, found.replayed_minor) == (2, 5000)

    def test_differs_with_its_reason_when_an_article_has_changed(self, shop):
        with_costs(shop)
        publish(daily=offer({"percent": {"percent": 10, "of": {"product.tag": "daily"}}}))
        sold = shop.till().sell("A", None, line("wine"))
        purchases.save_products(SYSTEM, [ProductInput("wine", "红酒", 50_000, tags=())], at=OPENING)
        found, _ = live.compare(MARCH, now=NOW)
        assert found.differing == [live.Difference(sold["order_id"], "daily", 5000, None, "not_concerned")]
        assert (found.equal, found.differences) == (0, 1)


class TestWhatIsForetold:
    def test_is_what_happens_when_the_offer_is_published(self, shop):
        with_costs(shop)
        beside = {"second_half": OFFERS["second_half"]}
        publish(**beside)
        tried = off(15, 100, limits={"per_member": 2, "budget": 120})
        before = sell_some(shop, [shop.member() for _ in range(5)], "A", 0)
        foretold = running.run(plan(tried))
        publish(**beside, tried=tried)
        after = sell_some(shop, [shop.member() for _ in range(5)], "B", 30)
        happened = [given(reply).get("tried") for reply in after]
        assert foretold.given_minor == sum(each or 0 for each in happened) == 12000
        assert foretold.hit.part == sum(each is not None for each in happened) == 8
        assert foretold.before_minor == sum(reply["total_minor"] for reply in before)
        assert foretold.after_minor == sum(reply["total_minor"] for reply in after)
        others = {each.key: each for each in foretold.offers}
        assert others["second-half"].minor_after == sum(given(reply).get("second-half", 0) for reply in after)
        assert others["second-half"].together == sum(
            {"tried", "second-half"} <= given(reply).keys() for reply in after
        )
        assert foretold.refused_by_limits > 0

    def test_margin_counts_what_has_a_cost(self, shop):
        with_costs(shop)
        shop.till().sell("A", None, line("wine"), line("card"))
        found = running.run(plan(off(60, 100)))
        # 60.00 off 600.00: 50.00 of it off the wine, which cost 300.00.
        assert (found.margin_before.margin_minor, found.margin_after.margin_minor) == (20_000, 15_000)
        assert (found.cost_known.part, found.cost_known.whole, found.cost_known.percent) == (
            50_000,
            60_000,
            83.33,
        )
        assert found.break_even_percent == 33.33

    def test_members_are_what_they_were_then(self, shop):
        member = shop.member()
        tills = [shop.till(OPENING + timedelta(days=day)) for day in (0, 4, 9)]
        for number, till in enumerate(tills):
            assert till.sell(f"A{number}", member, line("wine")).status == 201
        for when, orders in (
            ({"member.orders": 0}, 1),
            ({"member.orders": {"gte": 1}}, 2),
            ({"member.days_since_last_order": 5}, 1),
            ({"member.days_since_registration": 4}, 1),
            ({"member.tier": "basic"}, 1),  # 500.00 make silver
            ({"member.tier": "silver"}, 2),
            ({"moment.weekday": "tue"}, 1),
            ({"store.code": "S1"}, 3),
            ({"basket.quantity": {"gte": 1, "of": {"product.personal_list": "usual"}}}, 1),
        ):
            found = running.run(plan(offer({"amount": {"discount": 1}}, when=when)))
            assert (when, found.hit.part) == (when, orders)

    def test_an_even_budget_goes_out_over_the_days_that_are_replayed(self, shop):
        for day in range(4):
            for number in range(3):
                till = shop.till(OPENING + timedelta(days=day, minutes=number))
                assert till.sell(f"{day}{number}", None, line("wine")).status == 201
        tried = off(15, 100, limits={"budget": 60, "pacing": "even"}, starts="2026-05-01", ends="2026-05-31")
        period = Period(OPENING.date(), OPENING.date() + timedelta(days=3))
        found = running.run(plan(tried, period=period))
        assert [(day.orders, day.minor) for day in found.days] == [(1, 1500)] * 4
        assert found.refused_by_limits == 8

    def test_of_two_orders_at_once_one_is_the_first(self, shop):
        member, till = shop.member(), shop.till()
        for number in ("A", "B"):
            assert till.sell(number, member, line("wine")).status == 201
        for orders in (0, 1):
            found = running.run(plan(offer({"amount": {"discount": 1}}, when={"member.orders": orders})))
            assert found.hit.part == 1
        again = {"member.days_since_last_order": 0}
        assert running.run(plan(offer({"amount": {"discount": 1}}, when=again))).hit.part == 1

    def test_points_are_paid_from_the_margin(self, shop):
        with_costs(shop)
        member = shop.member()
        assert shop.till().sell("A", member, line("wine")).status == 201
        assert shop.till().later(hours=1).sell("B", None, line("wine")).status == 201
        twice = offer({"points": {"factor": 2}}, when={"member.known": True})
        found = running.run(plan(twice))
        # 500 points more, worth 5.00.
        assert (found.hit.part, found.given_minor) == (1, 0)
        assert (found.points, found.points_cost_minor) == (500, 500)
        assert found.margin_before.margin_minor - found.margin_after.margin_minor == 500

    def test_one_that_replaces_a_published_offer_takes_its_place(self, shop):
        publish(less=off(20, 100))
        shop.till().sell("A", None, line("wine"))
        found = running.run(plan(off(30, 100), key="less"))
        assert (found.before_minor, found.after_minor) == (48_000, 47_000)
        assert (found.offers[0].minor_before, found.offers[0].minor_after) == (2000, 3000)

    def test_a_sample_says_that_it_is_one(self, shop):
        sell_some(shop, [], "A", 0)
        found = running.run_small(plan(off(15, 100)), seconds=0)
        assert found.orders <= found.of_orders == 40
        whole = running.run_small(plan(off(15, 100)))
        assert (whole.orders, whole.is_sample) == (40, False)
        assert whole.given_minor == running.run(plan(off(15, 100))).given_minor

    def test_a_report_survives_json(self, shop):
        sell_some(shop, [shop.member()], "A", 0, 10)
        found = running.run(plan(off(15, 100)))
        assert report.from_json(report.to_json(found)) == found

    def test_nothing_to_replay(self, shop):
        with pytest.raises(running.NothingToReplay):
            running.run(plan(off(15, 100)))


@pytest.mark.django_db(transaction=True)
class TestInSeveralProcesses:
    def test_the_result_is_the_same(self, committed_shop, monkeypatch):
        shop = committed_shop
        monkeypatch.setattr(running, "SIZE", 7)
        publish(second_half=OFFERS["second_half"])
        sell_some(shop, [shop.member() for _ in range(3)], "A", 0)
        tried = plan(off(15, 100, limits={"per_member": 2, "budget": 150}))
        steps: list[tuple[int, int]] = []
        alone = running.run(tried, processes=1)
        both = running.run(tried, processes=2, advance=lambda *step: not steps.append(step))
        assert replace(both, seconds=0, baskets_per_second=0) == replace(
            alone, seconds=0, baskets_per_second=0
        )
        assert steps[-1] == (40, 40)
        assert len(steps) > 4
        with pytest.raises(Stopped):
            running.run(tried, processes=2, advance=lambda done, whole: False)


@pytest.mark.django_db(transaction=True)
class TestByAWorker:
    def test_is_shown_under_way_and_kept(self, committed_shop):
        shop = committed_shop
        sell_some(shop, [], "A", 0)
        tried = plan(off(15, 100))
        assert jobs.latest("tried") is None
        queued = jobs.start(SYSTEM, "tried", tried.document, MARCH.first_day, MARCH.last_day, ["S1"], at=NOW)
        assert queued
        tasks.backtest(NOW, **jobs_argument())
        ran = jobs.latest("tried")
        assert ran is not None
        assert ran.result is not None
        assert ran.result.report is not None
        assert (ran.state, ran.done, ran.total, ran.result.report.orders) == ("done", 40, 40, 40)
        assert ran.result.report.stores == ("S1",)
        assert ran.result.tried == ran.tried
        assert ran.tried.document == publication.written(tried.document)

    def test_without_orders_it_says_so(self, committed_shop):
        jobs.work(
            NOW, "tried", publication.written(plan(off(15, 100)).document), "2020-01-01", "2020-01-02", None
        )
        ran = jobs.latest("tried")
        assert ran is not None
        assert ran.result is not None
        assert (ran.state, ran.result.report) == ("done", None)


def jobs_argument() -> dict[str, Any]:
    """The arguments of the one run that is queued."""
    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name = %s", [jobs.TASK])
        ((args,),) = cursor.fetchall()
    found = json.loads(args) if isinstance(args, str) else dict(args)
    found.pop("timestamp")
    return found

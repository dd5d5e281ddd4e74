"""Where members went on the ladder in two quarters, kept by night: equal to what is read live, stopped, taken up."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from laoke.checkout import programme
from laoke.engine.tiering import Activity, AllOf, AnyOf, Criterion, Metric, Window
from laoke.foundation.access import SYSTEM
from laoke.foundation.jobs import selectors as jobs
from laoke.tiers import flows, lacking, movement
from laoke.tiers import ladder as ladders
from laoke.tiers.models import TierFlowCell, TierFlowFall, TierFlowRun
from laoke.tiers.tasks import count_flows
from tests.movers import DAYS, NOW, PAID, on, settle_in
from tests.shop import LADDER, line


@pytest.fixture
def people(shop) -> dict[str, int]:
    return settle_in(shop)


def cells(went) -> set[tuple[str, str, int]]:
    return {(each.from_tier, each.to_tier, each.members) for each in went}


def count() -> movement.Movement:
    found = movement.count(at=NOW, now=NOW)
    assert found is not None
    return found


def test_what_is_kept_equals_what_is_read_live(people, shop):
    assert movement.days(NOW) == DAYS
    found = count()
    live = flows.between(DAYS[0], DAYS[1], reviewed=True)
    assert cells(found.before) == set(live.flows)
    assert cells(found.before) == {
        (
            "basic",
            "basic",
            1,
        ),  # idle has the purchase of the one merged into it since; it counts from the merge on
        ("basic", "gold", 4),
        ("silver", "basic", 1),
        ("silver", "", 1),
    }
    assert cells(found.after) == {
        ("basic", "basic", 2),
        ("gold", "basic", 1),
        ("gold", "silver", 3),
        ("", "basic", 1),
    }
    assert found.falls == {"purchase": 1, "spend": 1, "both": 1, "more": 1}
    assert [tuple(each) for each in movement.falls(found.number, movement.NEAR, None, most=9)] == [
        (people["purchase"], "p***", "gold", "silver", "purchase", 1, 0, shop.stores["S1"]),
        (people["spend"], "s***", "gold", "silver", "spend", 0, 27_780, shop.stores["S2"]),
        (people["both"], "b***", "gold", "silver", "both", 1, 29_030, shop.stores["S1"]),
    ]
    assert (found.first, found.second, found.as_of, found.members) == (*DAYS, len(people))


def test_stores_add_up_and_money_is_that_of_the_year(people, shop):
    found = count()
    one, two = (movement.newest([shop.stores[code]]) for code in ("S1", "S2"))
    assert one is not None
    assert two is not None

    def sums(*parts: movement.Movement) -> Counter[tuple[str, str]]:
        return Counter(each[:2] for part in parts for each in part.after for _ in range(each.members))

    assert sums(one, two) == sums(found)
    assert (one.falls, two.falls) == (
        {"purchase": 1, "spend": 0, "both": 1, "more": 0},
        {"purchase": 0, "spend": 1, "both": 0, "more": 1},
    )
    # What the erased member paid is in the quarter it left in.
    assert sum(each.spend_minor for each in found.before) == PAID
    assert sum(each.spend_minor for each in found.after) == PAID - 50_000


def test_a_stopped_count_goes_on_and_comes_to_the_same(people):
    whole = count()
    kept = set(
        TierFlowCell.objects.values_list("flow", "store_id", "from_tier", "to_tier", "members", "spend_minor")
    )
    fallen = set(TierFlowFall.objects.values_list("member_id", "lack", "purchases", "spend_minor"))
    assert movement.count(at=NOW, now=NOW, batch=4, advance=lambda done: False) is None
    assert movement.newest(None) == whole
    assert movement.to_count(NOW) == len(people) - 4
    seen: list[int] = []
    assert movement.count(at=NOW, now=NOW, batch=3, advance=lambda done: not seen.append(done)) is not None
    assert sum(seen) == len(people) - 4
    assert kept == set(
        TierFlowCell.objects.values_list("flow", "store_id", "from_tier", "to_tier", "members", "spend_minor")
    )
    assert fallen == set(TierFlowFall.objects.values_list("member_id", "lack", "purchases", "spend_minor"))
    assert TierFlowRun.objects.count() == 1
    count_flows(at=NOW)
    work = jobs.of("tiers.flows")
    assert work is not None
    assert (work.state, work.done, work.detail) == ("done", len(people), {"day": "2026-08-12"})


def test_two_workers_count_each_member_once(people):
    alone = count()
    kept = set(TierFlowCell.objects.values_list("flow", "store_id", "from_tier", "to_tier", "members"))

    def other_worker(done: int) -> bool:
        if TierFlowRun.objects.filter(finished_at=None).exists():
            assert movement.count(at=NOW, now=NOW, batch=4) is not None
        return True

    both = movement.count(at=NOW, now=NOW, batch=3, advance=other_worker)
    assert both is not None
    assert (both.before, both.after, both.falls) == (alone.before, alone.after, alone.falls)
    assert kept == set(
        TierFlowCell.objects.values_list("flow", "store_id", "from_tier", "to_tier", "members")
    )
    assert TierFlowRun.objects.count() == 1


def test_a_count_of_another_day_or_ladder_begins_anew(people):
    assert movement.count(at=NOW, now=NOW, batch=4, advance=lambda done: False) is None
    assert movement.to_count(NOW + timedelta(days=1)) == len(people)
    programme.apply(SYSTEM, {"ladder": LADDER | {"downgrade": "one_step"}}, at=NOW)
    assert movement.to_count(NOW) == len(people)


def test_tiers_that_end_by_the_clock_are_seen_ahead(people, shop):
    """Gold for a hundred days, judged at the end of them: no review takes it."""
    gold = LADDER["tiers"][2] | {"validity": {"days": 100, "grace_days": 10}}
    document = LADDER | {"fall": "at_period_end", "review": "never"}
    document["tiers"] = [*LADDER["tiers"][:2], gold, LADDER["tiers"][3]]
    programme.apply(SYSTEM, {"ladder": document}, at=NOW)
    join = shop.member(at=NOW)
    for day, quantity in enumerate((2, 1, 1)):
        shop.till(NOW + timedelta(days=day)).sell(f"G{day}", join, line("wine", quantity))
    later = NOW + timedelta(days=3)
    danger = flows.endangered(later, days=120)
    (one,) = (each for each in danger.members if each.member_id == join)
    # Reached on 15 August, valid to 23 November, ten days of grace.
    assert (one.from_tier, one.to_tier, str(one.day), one.cause) == (
        "gold",
        "basic",
        "2026-12-04",
        "period_downgraded",
    )
    assert not [each for each in flows.endangered(later, days=90).members if each.member_id == join]
    # Ninety days before the end of its grace the count has it fallen, a day before not.
    for at, gone in ((on(9, 5), False), (on(9, 6), True)):
        kept = movement.count(at=at, now=at)
        assert kept is not None
        fell = [each.member_id for each in movement.falls(kept.number, ["more"], None, most=9)]
        assert (join in fell) is gone


class TestLacking:
    SPEND, OFTEN = (
        Criterion(Metric.SPEND, Window(months=3), 200_000),
        Criterion(Metric.PURCHASES, Window(months=3), 3),
    )

    def lack(self, spend: int, purchases: int, *needs) -> tuple[int, int, bool]:
        facts = {Window(months=3): Activity(spend, purchases)}
        return tuple(lacking.of_needs(needs or (self.SPEND, self.OFTEN), facts))

    @pytest.mark.parametrize(
        ("spend", "purchases", "found"),
        [
            (200_000, 2, (1, 0, False)),
            (175_000, 3, (0, 25_000, False)),
            (170_000, 2, (1, 30_000, False)),
            (0, 0, (3, 200_000, False)),
            (200_000, 3, (0, 0, False)),
        ],
    )
    def test_what_is_missing(self, spend, purchases, found):
        assert self.lack(spend, purchases) == found

    def test_of_ways_the_nearest(self):
        both, either = AllOf((self.SPEND, self.OFTEN)), Criterion(Metric.SPEND, Window(months=3), 230_000)
        assert self.lack(200_000, 1, AnyOf((both, either))) == (0, 30_000, False)
        assert self.lack(150_000, 3, AnyOf((both, either))) == (0, 50_000, False)

    def test_near_is_one_purchase_and_so_much_money(self):
        assert lacking.Lacking(1, 30_000).near(30_000)
        assert not lacking.Lacking(1, 30_001).near(30_000)
        assert not lacking.Lacking(2, 0).near(30_000)
        assert not lacking.Lacking(0, 0, True).near(30_000)


def test_the_highest_two_tiers():
    def codes(document) -> tuple[str, ...]:
        return movement.highest(ladders.parse(document))

    assert codes(LADDER) == ("black", "gold")
    assert codes(LADDER | {"tiers": LADDER["tiers"][:2]}) == ("silver",)
    assert codes(LADDER | {"tiers": LADDER["tiers"][:1]}) == ()

"""The worst basket is the worst: against every basket there is, and in stories a shopkeeper can follow."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Article, Basket, Line
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount, FixedPrice
from laoke.engine.pricing.effects.extras import GiveGift
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.thresholds import Step, Tiered
from laoke.engine.pricing.effects.units import BuyGet, NthItem, Part
from laoke.engine.pricing.guards import Guards
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.tests import build
from laoke.promotions.backtest.past import Given
from laoke.promotions.launch.shoppers import Shopper, shoppers
from laoke.promotions.launch.worst import Bounds, By, Item, worst

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
ANYBODY = [Shopper(build.Facts())]


def item(sku: str, minor: int, cost: int, category: str = "milk") -> Item:
    return Item(Article(sku, frozenset({category})), minor, cost)


def every_basket(
    programme: Programme, items: list[Item], buyers: list[Shopper], bounds: Bounds
) -> tuple[int, Fraction]:
    """The least margin in money, and the least share, of all baskets: no cleverness at all."""
    least, share = 10**9, Fraction(10**9)
    for units in product(range(bounds.units + 1), repeat=len(items)):
        bought = [(each, count) for each, count in zip(items, units, strict=True) if count]
        if not 1 <= len(bought) <= bounds.articles:
            continue
        lines = tuple(
            Line(number, each.article, count * 1000, each.unit_price_minor)
            for number, (each, count) in enumerate(bought, start=1)
        )
        cost = sum(each.cost_minor * count for each, count in bought)
        for buyer in buyers:
            basket = Basket(lines, codes=buyer.codes, channel=buyer.channel)
            found = price(basket, programme, buyer.facts, AT)
            margin = found.total_minor - cost
            least = min(least, margin)
            if found.total_minor:
                share = min(share, Fraction(margin, found.total_minor))
            elif margin < 0:  # nothing is paid for what cost something: below any share
                share = Fraction(-(10**6))
    return least, share


@st.composite
def catalogues(draw: st.DrawFn) -> list[Item]:
    return [
        item(
            f"s{number}",
            minor := draw(st.integers(1, 4000)),
            minor * draw(st.integers(30, 110)) // 100,
            category,
        )
        for number, category in enumerate(
            draw(st.lists(st.sampled_from(build.CATEGORIES), min_size=1, max_size=3))
        )
    ]


@settings(max_examples=60)
@given(catalogues(), build.offers(4), st.sampled_from(By))
def test_small_shops_are_searched_through(items, offers, by):
    programme, bounds = Programme(offers), Bounds(2, 3)
    found = worst(programme, items, ANYBODY, AT, by=by, bounds=bounds, seconds=30)
    least, share = every_basket(programme, items, ANYBODY, bounds)
    assert found is not None
    assert found.exact
    if by is By.MONEY:
        assert found.margin_minor == least
    elif found.net_minor:
        assert Fraction(found.margin_minor, found.net_minor) == share


def test_the_guided_search_finds_what_there_is():
    """Where not everything is priced, on shops small enough to know the answer: never better, nearly always equal."""
    rng, equal, tries = random.Random(11), 0, 60
    for _ in range(tries):
        items = []
        for number in range(6):
            minor = rng.randrange(500, 6000)
            items.append(
                item(f"s{number}", minor, minor * rng.randrange(40, 100) // 100, rng.choice(build.CATEGORIES))
            )
        offers = [
            Offer(
                "a", (Amount(rng.randrange(500, 3000)),), (build.spent(rng.randrange(3000, 12000)),), stage=2
            ),
            Offer("b", (NthItem(2, Fraction(1, 2), target=build.SELECTORS["milk"]),), stage=1),
            Offer("c", (Tiered((Step(6000, 500), Step(15000, 3000))),), stage=3),
            Offer(
                "d",
                (BuyGet(Part(2, build.SELECTORS["bread"]), Part(1, build.SELECTORS["tea"]), Fraction(1)),),
            ),
            Offer("e", (Percent(Fraction(1, 10)),), stage=4),
        ]
        programme, bounds = Programme(rng.sample(offers, 3)), Bounds(2, 4)
        least, _ = every_basket(programme, items, ANYBODY, bounds)
        found = worst(programme, items, ANYBODY, AT, bounds=bounds, seconds=30, most_exact=0)
        assert found is not None
        assert not found.exact
        assert found.margin_minor >= least
        equal += found.margin_minor == least
    assert equal >= tries * 95 // 100


def test_two_offers_that_meet_lose_money():
    half = Offer("half", (NthItem(2, Fraction(1, 2), target=build.SELECTORS["milk"]),), stage=1)
    over = Offer("over", (Amount(2000),), (build.spent(9000),), stage=2)
    items = [item("milk", 6000, 4200), item("bread", 1500, 900, "bread")]
    found = worst(Programme([half, over]), items, ANYBODY, AT, bounds=Bounds(2, 3))
    # Two for 120.00: half of one off, 90.00; less 20.00. They cost 84.00.
    assert found is not None
    assert [(line.sku, line.units, line.net_minor) for line in found.lines] == [("milk", 2, 7000)]
    assert (found.given, found.margin_minor, found.percent) == (
        (("half", 3000), ("over", 2000)),
        -1400,
        -20.0,
    )
    assert found.below_cost == ("milk",)
    guarded = Programme(
        [half, over], guards=Guards(margins={"milk": Fraction(1, 10), "bread": Fraction(1, 10)})
    )
    safe = worst(guarded, items, ANYBODY, AT, bounds=Bounds(2, 3))
    assert safe is not None
    assert safe.margin_minor > 0
    assert safe.below_cost == ()


def test_the_shopper_who_gets_most_is_found():
    gold = Offer(
        "gold", (Percent(Fraction(1, 2)),), (Is("member.tier", Op.IN, frozenset({"gold", "black"})),)
    )
    first = Offer("first", (Percent(Fraction(1, 2)),), (Is("member.orders", Op.EQ, 0),), stage=1)
    code = Offer("code", (Amount(100),), codes=("HELLO",), stage=2)
    programme = Programme([gold, first, code])
    found = worst(programme, [item("tea", 1000, 600, "tea")], shoppers(programme), AT, bounds=Bounds(1, 1))
    assert found is not None
    assert (found.net_minor, found.margin_minor) == (150, -450)
    assert found.known == {"member.tier": "black", "member.orders": 0}
    assert found.codes == ("HELLO",)


def test_nobody_is_what_nobody_can_be():
    """Who never bought anything has no higher tier and no class."""
    gold = Offer("gold", (Percent(Fraction(1, 2)),), (Is("member.tier", Op.EQ, "gold"),))
    asleep = Offer("asleep", (Amount(10),), (Is("member.class", Op.EQ, "dormant"),))
    first = Offer("first", (Percent(Fraction(1, 2)),), (Is("member.orders", Op.EQ, 0),), stage=1)
    found = [each.facts.known for each in shoppers(Programme([gold, asleep, first]), lowest_tier="basic")]
    assert {"member.tier": "gold", "member.class": "dormant"} in found
    assert not [each for each in found if each.get("member.orders") == 0 and len(each) > 1]


def test_gifts_cost_what_they_cost():
    gift = Offer("gift", (GiveGift(("bear",)),), (build.spent(1000),))
    found = worst(
        Programme([gift]),
        [item("tea", 1000, 600, "tea")],
        ANYBODY,
        AT,
        bounds=Bounds(1, 2),
        beside=Given({"bear": 900}),
    )
    assert found is not None
    assert (found.margin_minor, found.gift_cost_minor, found.gifts) == (-500, 900, (("bear", 1),))


def test_nothing_paid_is_the_worst_share():
    free = Offer("free", (FixedPrice(0, build.SELECTORS["tea"], 1),))
    found = worst(
        Programme([free]), [item("tea", 1000, 600, "tea"), item("milk", 100, 99)], ANYBODY, AT, by=By.SHARE
    )
    assert found is not None
    assert (found.net_minor, found.percent, found.margin_minor) == (0, None, -600)


def test_the_search_keeps_to_its_time():
    items = [item(f"s{number}", 500 + number * 7, 400 + number * 5) for number in range(3000)]
    offers = [Offer("over", (Amount(5000),), (build.spent(60_000),))]
    ticks = iter(range(10**9))
    found = worst(Programme(offers), items, ANYBODY, AT, seconds=3, clock=lambda: next(ticks))
    assert found is not None
    assert found.tried < 20_000


@pytest.mark.parametrize("items", [[], [item("tea", 1000, 600)]])
def test_nobody_and_nothing(items):
    assert worst(Programme([]), items, [], AT) is None
    assert worst(Programme([]), [], ANYBODY, AT) is None


def test_a_large_catalogue_within_two_seconds():
    rng = random.Random(5)
    items = [
        item(
            f"s{number}", minor := rng.randrange(300, 20_000), minor * rng.randrange(50, 90) // 100, category
        )
        for number, category in enumerate(rng.choices(build.CATEGORIES, k=20_000))
    ]
    bad = item("bad", 10_000, 9_900, "milk")
    half = Offer("half", (NthItem(2, Fraction(1, 2), target=build.SELECTORS["milk"]),), stage=1)
    over = Offer("over", (Amount(2000),), (build.spent(9000),), stage=2)
    found = worst(Programme([half, over]), [*items, bad], ANYBODY, AT, seconds=2)
    assert found is not None
    assert "bad" in {line.sku for line in found.lines}

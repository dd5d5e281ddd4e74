"""Random baskets and offers for the properties, and short words for the tables."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import strategies as st

from laoke.engine.conditions import Is, Op, Tree
from laoke.engine.pricing.basket import Article, Basket, Delivery, Line
from laoke.engine.pricing.board import Facts
from laoke.engine.pricing.effects.amount import Amount, AmountPer, FixedPrice
from laoke.engine.pricing.effects.extras import GiveGift, Shipping, ShippingMode
from laoke.engine.pricing.effects.percent import Allocation, Percent
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.effects.thresholds import PerThreshold, QuantityGroup, Step, Tiered
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.effects.units import BundlePrice, BundleReduction, BuyGet, NthItem, Part
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import (
    Combine,
    Consumption,
    LimitedBase,
    PercentBase,
    PercentScope,
    Policies,
    Remainder,
    SpreadOrder,
)
from laoke.engine.pricing.selectors import Selector
from laoke.kernel.rounding import Rounding

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
MEMBER = Facts({"member.tier": "gold", "member.orders": 0}, is_member=True, points_balance=5000)

CATEGORIES = ("milk", "bread", "tea")
SELECTORS = {name: Selector(Is("product.category", Op.IN, frozenset({name}))) for name in CATEGORIES}


def spent(at_least: int, *, discounted: bool = True) -> Tree:
    """The basket comes to at least so much."""
    basis = "discounted" if discounted else "original"
    return Is("basket.subtotal", Op.GTE, at_least, None, frozenset({("basis", basis)}))


def line(number: int, price: int, quantity: int = 1, category: str = "milk", **more: object) -> Line:
    """One line of whole units."""
    article = Article(f"sku{number}", frozenset({category}))
    return Line(number, article, quantity * 1000, price, **more)  # type: ignore[arg-type]


def basket(*lines: Line, **more: object) -> Basket:
    """A basket of lines."""
    return Basket(lines, **more)  # type: ignore[arg-type]


targets = st.sampled_from([None, *SELECTORS.values()])
shares = st.sampled_from([Fraction(1, 10), Fraction(1, 3), Fraction(1, 2), Fraction(1)])
money = st.integers(1, 5000)


@st.composite
def effects(draw: st.DrawFn) -> Effect:
    """Any effect that takes money off."""
    target = draw(targets)
    kind = draw(st.integers(0, 10))
    made: list[Effect] = [
        Percent(draw(shares), draw(st.sampled_from(Allocation)), target, draw(st.sampled_from([None, 2]))),
        Amount(draw(money), draw(st.sampled_from(Allocation)), draw(st.sampled_from(AmountPer)), target),
        FixedPrice(draw(money), target, draw(st.sampled_from([None, 1]))),
        Tiered((Step(1000, draw(money)), Step(3000, share=draw(shares))), target=target),
        PerThreshold(draw(st.integers(100, 3000)), draw(money), target=target),
        QuantityGroup(2, draw(money), target=target),
        QuantityGroup(3, share=draw(shares), target=target),
        BundlePrice(draw(money), (Part(2, target),), draw(st.booleans()), draw(st.sampled_from(Pick))),
        BundleReduction(draw(money), (Part(1, SELECTORS["milk"]), Part(1, SELECTORS["bread"]))),
        BuyGet(Part(1, target), Part(1, draw(targets)), draw(shares), repeat=draw(st.booleans())),
        NthItem(
            2, draw(shares), draw(st.sampled_from(Pick)), draw(st.booleans()), draw(st.booleans()), target
        ),
    ]
    return made[kind]


@st.composite
def offers(draw: st.DrawFn, most: int = 6, *, conflicting: bool = False) -> list[Offer]:
    """Some offers, with conditions and rules between them."""
    found = []
    for number in range(draw(st.integers(1, most))):
        when: tuple[Tree, ...] = ()
        if draw(st.booleans()):
            when = (spent(draw(st.integers(500, 8000)), discounted=draw(st.booleans())),)
        given: tuple[Effect, ...] = (draw(effects()),)
        if draw(st.integers(0, 5)) == 0:
            given = (*given, draw(st.sampled_from([GiveGift(("gift",)), Shipping(ShippingMode.FREE)])))
        rules = conflicting or draw(st.integers(0, 3)) == 0
        found.append(
            Offer(
                f"offer{number}",
                given,
                when,
                stage=draw(st.integers(0, 2)),
                priority=draw(st.integers(0, 2)),
                group=draw(st.sampled_from([None, "coupon"])) if rules else None,
                exclusive_set=draw(st.sampled_from([None, "one"])) if rules else None,
                once_per_line=draw(st.booleans()) if rules else False,
            )
        )
    return found


@st.composite
def baskets(draw: st.DrawFn, most: int = 5) -> Basket:
    """Some lines, perhaps a delivery."""
    lines = [
        line(
            number,
            draw(st.integers(0, 4000)),
            draw(st.integers(1, 4)),
            draw(st.sampled_from(CATEGORIES)),
            min_unit_price_minor=draw(st.sampled_from([0, 0, 0, 50])),
        )
        for number in range(1, draw(st.integers(1, most)) + 1)
    ]
    deliveries = (Delivery("d", 800),) if draw(st.booleans()) else ()
    return Basket(tuple(lines), deliveries)


@st.composite
def policies(draw: st.DrawFn, combine: Combine | None = None) -> Policies:
    """Any declared policies."""
    return Policies(
        draw(st.sampled_from(Rounding)),
        draw(st.sampled_from(PercentScope)),
        draw(st.sampled_from(Remainder)),
        draw(st.sampled_from(SpreadOrder)),
        draw(st.sampled_from(Rounding)),
        combine or draw(st.sampled_from(Combine)),
        percent_base=draw(st.sampled_from(PercentBase)),
        limited_base=draw(st.sampled_from(LimitedBase)),
        consumption=draw(st.sampled_from(Consumption)),
    )

"""How little more brings how much: a table a shopkeeper can read."""

from __future__ import annotations

from fractions import Fraction

import pytest

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Line
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.amount import Amount
from laoke.engine.pricing.effects.extras import GiveGift
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.thresholds import PerThreshold, Step, Tiered
from laoke.engine.pricing.effects.turn import Effect
from laoke.engine.pricing.effects.units import BuyGet, NthItem, Part
from laoke.engine.pricing.hints import Gain, Hint
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.tests import build
from laoke.engine.pricing.tests.build import AT, MEMBER, SELECTORS

MILK = SELECTORS["milk"].tree


def hints(lines: list[Line], *offers: Offer) -> list[tuple[str, int | None, int | None, Gain]]:
    priced = price(build.basket(*lines), Programme(list(offers)), MEMBER, AT, most_hints=3)
    return [(_key(hint), hint.missing_minor, hint.missing_units, hint.gain) for hint in priced.hints]


def _key(hint: Hint) -> str:
    return hint.ready.offer.key


@pytest.mark.parametrize(
    ("effect", "when", "price_minor", "quantity", "expected"),
    [
        # 82.00 of 100.00 for 20 off: 18.00 more.
        (Amount(2000), (build.spent(10000),), 8200, 1, [("o", 1800, None, Gain(minor=2000))]),
        (Amount(2000), (build.spent(10000),), 10000, 1, []),
        (
            Percent(Fraction(1, 10)),
            (build.spent(10001),),
            10000,
            1,
            [("o", 1, None, Gain(share=Fraction(1, 10)))],
        ),
        (GiveGift(("book",)), (build.spent(30000),), 20000, 1, [("o", 10000, None, Gain(skus=("book",)))]),
        # 100 less 20, 200 less 50: 130.00 has the first step and needs 70.00 for the second.
        (Tiered((Step(10000, 2000), Step(20000, 5000))), (), 13000, 1, [("o", 7000, None, Gain(minor=5000))]),
        (Tiered((Step(10000, 2000), Step(20000, 5000))), (), 5000, 1, [("o", 5000, None, Gain(minor=2000))]),
        (Tiered((Step(10000, 2000), Step(20000, 5000))), (), 25000, 1, []),
        # Every 100.00 less 10, at most twice.
        (PerThreshold(10000, 1000, max_times=2), (), 13000, 1, [("o", 7000, None, Gain(minor=1000))]),
        (PerThreshold(10000, 1000, max_times=2), (), 20000, 1, []),
        # Second item at half price.
        (NthItem(2, Fraction(1, 2)), (), 1000, 1, [("o", None, 1, Gain(share=Fraction(1, 2)))]),
        (NthItem(2, Fraction(1, 2)), (), 1000, 2, []),
        # Buy five, get one: five in the basket, the sixth would be free.
        (BuyGet(Part(5), Part(1), Fraction(1)), (), 1000, 5, [("o", None, 1, Gain(share=Fraction(1)))]),
        (BuyGet(Part(5), Part(1), Fraction(1)), (), 1000, 6, []),
    ],
)
def test_what_is_missing_and_what_it_brings(
    effect: Effect,
    when: tuple[Is, ...],
    price_minor: int,
    quantity: int,
    expected: list[tuple[str, int | None, int | None, Gain]],
) -> None:
    assert hints([build.line(1, price_minor, quantity)], Offer("o", (effect,), when)) == expected


def test_only_the_goods_of_the_offer_count_and_the_nearest_comes_first() -> None:
    milk = Is("basket.subtotal", Op.GTE, 5000, MILK, frozenset({("basis", "discounted")}))
    lines = [build.line(1, 4000), build.line(2, 30000, category="bread")]
    far = Offer("far", (Amount(5000),), (build.spent(40000),))
    near = Offer("near", (Amount(500),), (milk,))
    assert hints(lines, far, near) == [
        ("near", 1000, None, Gain(minor=500)),
        ("far", 6000, None, Gain(minor=5000)),
    ]


def test_an_offer_the_member_cannot_have_is_no_hint() -> None:
    diamond = Is("member.tier", Op.EQ, "diamond")
    before = Offer("before", (Amount(2000),), (diamond, build.spent(10000)))
    behind = Offer("behind", (Amount(2000),), (build.spent(10000), diamond))
    assert hints([build.line(1, 8200)], before, behind) == []


def test_an_offer_out_of_its_days_is_no_hint() -> None:
    from datetime import timedelta

    offer = Offer("o", (Amount(2000),), (build.spent(10000),), starts_at=AT + timedelta(days=1))
    assert hints([build.line(1, 8200)], offer) == []

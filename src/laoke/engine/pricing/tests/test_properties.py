"""What holds for every basket under every programme."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.engine.conditions import Is, Op
from laoke.engine.pricing.basket import Basket
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.effects.percent import Percent
from laoke.engine.pricing.effects.picking import Pick
from laoke.engine.pricing.effects.thresholds import QuantityGroup
from laoke.engine.pricing.offers import Offer
from laoke.engine.pricing.policies import Combine, PercentScope, Policies, Remainder, SpreadOrder
from laoke.engine.pricing.pricing import price
from laoke.engine.pricing.selectors import Selector
from laoke.engine.pricing.tests import build
from laoke.engine.pricing.tests.build import AT, MEMBER

MANY = settings(max_examples=300, deadline=None)


@MANY
@given(build.baskets(), build.offers(), build.policies())
def test_parts_sum_to_the_whole_and_nothing_is_negative(
    basket: Basket, offers: list[Offer], policies: Policies
) -> None:
    priced = price(basket, Programme(offers, policies), MEMBER, AT)
    for i, line in enumerate(priced.lines):
        assert line.amount_minor - line.discount_minor == line.net_minor >= 0
        assert line.discount_minor == sum(deal.lines[i] for deal in priced.given)
        floor = basket.lines[i].min_unit_price_minor * basket.lines[i].quantity_milli // 1000
        assert line.net_minor >= min(floor, line.amount_minor)
    for j, delivery in enumerate(priced.deliveries):
        assert delivery.price_minor - delivery.discount_minor == delivery.net_minor >= 0
        assert delivery.discount_minor == sum(deal.deliveries[j] for deal in priced.given)
    for deal in priced.given:
        assert deal.amount or deal.gifts or deal.grants
        assert min(*deal.lines, 0) >= 0
        assert deal.amount == sum(deal.lines) + sum(deal.deliveries)
    assert priced.total_minor == sum(line.net_minor for line in priced.lines) + sum(
        delivery.net_minor for delivery in priced.deliveries
    )


@MANY
@given(build.baskets(), build.offers(), build.policies())
def test_every_offer_is_given_or_refused_once(
    basket: Basket, offers: list[Offer], policies: Policies
) -> None:
    programme = Programme(offers, policies)
    priced = price(basket, programme, MEMBER, AT)
    _, concerned = programme.concerned(basket, MEMBER)
    answered = [deal.ready for deal in priced.given] + [each.ready for each in priced.refused]
    assert len(answered) == len(set(answered))
    assert set(answered) == concerned


@MANY
@given(build.baskets(), build.offers(), build.policies())
def test_an_offer_for_other_goods_changes_nothing(
    basket: Basket, offers: list[Offer], policies: Policies
) -> None:
    elsewhere = Selector(Is("product.category", Op.IN, frozenset({"garden"})))
    unrelated = Offer("unrelated", (Percent(build.Fraction(1, 2), target=elsewhere),), stage=1, priority=1)
    without = price(basket, Programme(offers, policies), MEMBER, AT)
    beside = price(basket, Programme([*offers, unrelated], policies), MEMBER, AT)
    assert beside.lines == without.lines
    assert beside.deliveries == without.deliveries


@MANY
@given(build.baskets(), build.offers(), build.policies())
def test_what_cannot_apply_leaves_no_trace(basket: Basket, offers: list[Offer], policies: Policies) -> None:
    never = Is("member.tier", Op.EQ, "diamond")
    closed = [replace(offer, key=f"{offer.key}-closed", when=(never, *offer.when)) for offer in offers]
    without = price(basket, Programme(offers, policies), MEMBER, AT)
    beside = price(basket, Programme([*offers, *closed], policies), MEMBER, AT)
    assert beside.lines == without.lines


@MANY
@given(build.baskets(), build.offers(), build.policies(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_change_what_is_paid(
    basket: Basket, offers: list[Offer], policies: Policies, shuffle: st.DataObject
) -> None:
    """To the minor unit where nothing is left to the order of the basket: shares of each offer are exact, units differ
    in price, and rounding is per line."""
    prices = [line.unit_price_minor for line in basket.lines]
    distinct = replace(
        basket,
        lines=tuple(
            replace(line, unit_price_minor=line.unit_price_minor * 10 + i)
            for i, line in enumerate(basket.lines)
        ),
    )
    assert len(prices) == len(distinct.lines)
    stable = Policies(
        percent_scope=PercentScope.LINE,
        remainder=Remainder.FIRST_LINES,
        spread_order=SpreadOrder.UNIT_PRICE_ASC,
        combine=Combine.ALL,
        percent_base=policies.percent_base,
        limited_base=policies.limited_base,
    )
    by_price = [
        offer for offer in offers if not any(_depends_on_basket_order(effect) for effect in offer.effects)
    ]
    lines = list(distinct.lines)
    shuffle.shuffle(lines)  # type: ignore[attr-defined]
    programme = Programme(by_price, stable)
    first = price(distinct, programme, MEMBER, AT)
    second = price(replace(distinct, lines=tuple(lines)), programme, MEMBER, AT)
    assert {line.line_no: line.net_minor for line in first.lines} == {
        line.line_no: line.net_minor for line in second.lines
    }


def _depends_on_basket_order(effect: object) -> bool:
    picks = [getattr(effect, name, None) for name in ("pick", "order", "buy_pick", "get_pick")]
    return Pick.BASKET in picks or isinstance(effect, QuantityGroup)

"""What is checked before an offer starts, in a shop with costs and a past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.promotions import publication
from laoke.promotions.launch import prices
from laoke.promotions.launch.checks import Checked, Severity, check
from tests.shop import OPENING, POINTS, line
from tests.test_backtest import with_costs
from tests.test_offers import off, offer, publish

LATER = OPENING + timedelta(days=20)
RICE = {"product.sku": "rice"}


def checked(document: dict[str, Any], key: str = "tried") -> Checked:
    """Check an offer three weeks after the opening."""
    return check(key, publication.parse({key: document})[key], at=LATER, seconds=2)


def found(result: Checked, name: str) -> list[tuple[Severity, str]]:
    """What one check says."""
    return [(each.severity, each.says.en) for each in result.findings if each.check == name]


def test_a_sound_offer_only_has_duties(shop):
    with_costs(shop)
    result = checked(off(5, 300, ends="2026-12-31"))
    assert {each.severity for each in result.findings} == {Severity.DUTY, Severity.FINE}
    assert [each.article.zh for each in result.findings if each.article] == [
        "《规范促销行为暂行规定》第二十条"
    ] * 2
    assert result.by_money is not None
    assert result.by_money.exact
    assert result.by_money.margin_minor > 0


def test_two_sound_offers_that_lose_money_together(shop):
    with_costs(shop)
    half = offer({"nth": {"n": 2, "percent": 50, "of": RICE}}, stage="item")
    publish(less_20=off(20, 100))
    result = checked(half)
    assert result.findings[0].severity is Severity.LOSS
    worst = result.by_money
    assert worst is not None
    # Two bags for 139.80, half of one off: 104.85; less 20: 84.85. They cost 100.00.
    assert ("rice", 2, 8485) in [(each.sku, each.units, each.net_minor) for each in worst.lines]
    assert found(result, "overlap") == [
        (Severity.WARNING, "Meets “Offer” on the same goods: 2 offers take off up to 39.31% together")
    ]
    assert worst.below_cost == ("rice",)


def test_a_guard_keeps_the_worst_basket_harmless(shop):
    with_costs(shop)
    programme.apply(SYSTEM, {"pricing": {"guards": {"line_share": 20}}}, at=OPENING)
    publish(less_20=off(20, 100))
    result = checked(offer({"nth": {"n": 2, "percent": 50, "of": RICE}}, stage="item"))
    assert result.by_money is not None
    assert result.by_money.margin_minor > 0


def test_points_that_eat_what_is_left(shop):
    with_costs(shop)
    programme.apply(
        SYSTEM,
        {"points": POINTS | {"earn": {"points": 30, "per_minor": 100, "rounding": "down"}}},
        at=OPENING,
    )
    result = checked(offer({"percent": {"percent": 15, "of": RICE}}))
    assert [severity for severity, _ in found(result, "points")] == [Severity.LOSS]


def test_points_that_an_offer_adds_are_paid_from_the_margin(shop):
    """They count as if all of them were spent: ten times the points of a bag of rice are 699, of which it earns 69."""
    with_costs(shop)
    ten_times = offer({"points": {"factor": 10, "of": RICE}}, stage="tier", when={"member.known": True})
    result = checked(ten_times)
    plain = checked(off(1, 100_000))
    worst, without = result.by_share, plain.by_share
    assert worst is not None
    assert without is not None
    (rice,) = [each for each in worst.lines if each.sku == "rice"]
    # 69.90 a bag: 699 points instead of 69.90, in whole points of the basket.
    assert worst.points == worst.points_cost_minor == rice.net_minor * 10 // 100 - rice.net_minor // 100
    assert worst.margin_minor == worst.net_minor - worst.cost_minor - worst.points_cost_minor
    assert (without.points, without.points_cost_minor) == (0, 0)
    assert f"{worst.points} more points worth" in found(result, "worst_basket")[-1][1]


def test_a_coupon_that_brings_itself_again(shop):
    with_costs(shop)
    programme.apply(
        SYSTEM,
        {
            "coupons": {"ten": {"name": {"zh": "券", "en": "Coupon"}, "valid": {"days": 30}}},
            "offers": {"use": offer({"amount": {"discount": 10}}, stage="coupon", coupons=["ten"])},
        },
        at=OPENING,
    )
    again = offer(
        {"coupon": {"template": "ten"}}, when={"basket.subtotal": {"gte": 50}}, limits={"members_only": True}
    )
    result = checked(again, "again")
    ((severity, says),) = found(result, "loop")
    assert severity in (Severity.WARNING, Severity.LOSS)
    assert says.startswith("The coupon ten that use takes is given again by again: ")


def test_what_stays_after_returns(shop):
    with_costs(shop)
    programme.apply(SYSTEM, {"points": POINTS | {"shortfall": "waive"}}, at=OPENING)
    result = checked(offer({"gift": {"skus": ["milk"]}}, when={"basket.quantity": {"gte": 3}}))
    assert len(found(result, "refund")) == 2
    articles = {each.article.zh for each in result.findings if each.article}
    assert {"《中华人民共和国广告法》第八条", "《规范促销行为暂行规定》第三章"} <= articles
    assert found(result, "prizes")[0][1].endswith("; the offer does not say how many")
    limited = checked(offer({"gift": {"skus": ["milk"], "quantity": 2}}, limits={"in_total": 50}))
    assert found(limited, "prizes")[0][1].endswith("; at most 100")


class TestTheLowestPriceOfSevenDays:
    def sold(self, shop: Any, days: int, discount: int, number: str) -> None:
        till = shop.till(LATER - timedelta(days=days))
        reply = till.sell(number, None, line("rice", 2, discount_minor=discount), line("milk", 1))
        assert reply.status == 201

    def test_is_the_base(self, shop):
        with_costs(shop)
        self.sold(shop, 3, 2000, "A")  # 59.90 each
        self.sold(shop, 1, 1000, "B")
        self.sold(shop, 10, 4000, "C")
        result = checked(offer({"percent": {"percent": 10, "of": RICE}}))
        (each,) = result.prices
        assert each == prices.Misstated("rice", shop.stores["S1"], 6990, 5990, 6291, True, True)
        ((severity, says),) = found(result, "lowest_price")
        assert severity is Severity.LOSS
        assert "in 1 places the offer is no reduction at all" in says
        deeper = checked(offer({"fixed_price": {"price": 55, "of": RICE}}))
        assert (deeper.prices[0].is_none, deeper.prices[0].offered_minor) == (False, 5500)

    def test_without_a_sale_in_these_days_the_last_one_counts(self, shop):
        with_costs(shop)
        self.sold(shop, 12, 2000, "A")
        self.sold(shop, 9, 1000, "B")
        (each,) = checked(offer({"percent": {"percent": 5, "of": RICE}})).prices
        assert (each.base_minor, each.in_seven_days) == (6490, False)

    def test_can_be_switched_off(self, shop):
        with_costs(shop)
        self.sold(shop, 3, 2000, "A")
        off_switch = {"pricing": {"checks": {"lowest_price": False, "announcement": False, "prizes": False}}}
        programme.apply(SYSTEM, off_switch, at=OPENING)
        result = checked(offer({"percent": {"percent": 10, "of": RICE}}, when={"member.known": True}))
        assert result.prices == ()
        assert found(result, "announcement") == found(result, "lowest_price") == []

    def test_what_was_sold_at_its_list_price_is_no_matter(self, shop):
        with_costs(shop)
        self.sold(shop, 3, 0, "A")
        assert checked(offer({"percent": {"percent": 10, "of": RICE}})).prices == ()


def test_a_shop_without_costs_says_so(shop):
    result = checked(off(5, 300))
    assert result.by_money is None
    assert found(result, "worst_basket") == [
        (Severity.WARNING, "No article has a cost: the worst basket cannot be looked for")
    ]

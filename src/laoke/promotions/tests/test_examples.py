"""The shipped examples do what they say: baskets a shopkeeper can follow, exact to the fen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from laoke.engine.conditions.documents import Language
from laoke.engine.pricing.attributes import moment_facts
from laoke.engine.pricing.basket import Article, Basket, Delivery, Line
from laoke.engine.pricing.board import CouponFact, Facts, Uses
from laoke.engine.pricing.compiled import Programme
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.promotions.documents.offers import read_offer
from laoke.promotions.vocabulary import VOCABULARY

FILE = Path(__file__).resolve().parents[4] / "examples" / "offers.yaml"
ZONE = timezone(timedelta(hours=8))
LANGUAGE = Language(VOCABULARY, "CNY")
DOCUMENTS: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["offers"]
SUNDAY = datetime(2026, 11, 22, 4, tzinfo=UTC)
MONDAY, WEDNESDAY = SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=3)
TENTH = datetime(2026, 11, 10, 4, tzinfo=UTC)


class Item(NamedTuple):
    """So many units of an article of a category at a price."""

    category: str
    price_minor: int
    quantity: int = 1
    tag: str | None = None
    margin: str | None = None
    sku: str | None = None


def priced(keys: list[str], items: list[Item], *, at: datetime = SUNDAY, **more: Any) -> Priced:
    offers = [read_offer(DOCUMENTS[key], LANGUAGE).offer(key, ZONE) for key in keys]
    lines = tuple(
        Line(
            number,
            Article(
                item.sku or f"{item.category}-{number}",
                frozenset({item.category}),
                None,
                frozenset({item.tag} if item.tag else ()),
                item.margin,
            ),
            item.quantity * 1000,
            item.price_minor,
        )
        for number, item in enumerate(items, start=1)
    )
    member = more.pop("member", {"member.orders": 3})
    facts = Facts(
        {**moment_facts(at, ZONE), **member},
        is_member=True,
        lists=more.pop("lists", {}),
        uses=more.pop("uses", {}),
        coupons=more.pop("coupons", {}),
    )
    return price(Basket(lines, **more), Programme(offers), facts, at)


NEW = {"member.orders": 0, "member.days_since_registration": 3}


@pytest.mark.parametrize(
    ("key", "items", "more", "total"),
    [
        ("new-customer-steps", [Item("any", 9999)], {"member": NEW}, 9999),
        ("new-customer-steps", [Item("any", 10000)], {"member": NEW}, 8000),
        ("new-customer-steps", [Item("any", 20000)], {"member": NEW}, 15000),
        ("new-customer-steps", [Item("any", 20000)], {}, 20000),
        ("potential-3000-500", [Item("any", 300000)], {"member": {"member.class": "potential"}}, 250000),
        ("potential-3000-500", [Item("any", 299999)], {"member": {"member.class": "potential"}}, 299999),
        ("recall-200-100", [Item("any", 20000)], {"member": {"member.class": "dormant"}}, 10000),
        ("second-half-price", [Item("yoghurt", 1500, 2)], {}, 2250),
        ("second-half-price", [Item("yoghurt", 1500), Item("yoghurt", 1000), Item("milk", 800)], {}, 2800),
        ("second-half-price", [Item("yoghurt", 1501, 2)], {}, 2251),
        ("formula-buy-5-get-1", [Item("formula", 29900, 6)], {}, 149500),
        ("formula-buy-5-get-1", [Item("formula", 29900, 5)], {}, 149500),
        ("formula-buy-5-get-1", [Item("formula", 29900, 5), Item("formula", 19900)], {}, 149500),
        ("milk-and-bread", [Item("milk", 600), Item("bread", 1200)], {}, 600),
        ("milk-and-bread", [Item("milk", 600, 3), Item("bread", 1200, 3)], {}, 3000),
        ("coffee-and-cake", [Item("coffee", 2500), Item("cake", 3000)], {}, 5000),
        ("coffee-and-cake", [Item("coffee", 2500, 2), Item("cake", 3000)], {}, 7500),
        (
            "phone-bundle",
            [Item("phone", 289900), Item("x", 19900, sku="screen-cover"), Item("earphones", 29900)],
            {},
            299900,
        ),
        ("sample-for-a-dime", [Item("care", 2900, 2, tag="sample")], {"member": NEW}, 2910),
        ("platinum-on-top", [Item("any", 9999)], {"member": {"member.tier": "platinum"}}, 8999),
        (
            "workshop-20",
            [Item("ingredients", 5000)],
            {"member": {"member.tag": frozenset({"diy-workshop"})}},
            4000,
        ),
        ("fresh-monday", [Item("fresh", 5000), Item("household", 5000)], {"at": MONDAY}, 9400),
        ("fresh-monday", [Item("fresh", 5000)], {"at": WEDNESDAY}, 5000),
        ("daily-wednesday", [Item("household", 5000)], {"at": WEDNESDAY}, 4400),
        ("member-day", [Item("any", 35000)], {"at": TENTH}, 32000),
        ("member-day", [Item("any", 99000)], {"at": TENTH}, 94000),
        (
            "usual-goods",
            [Item("tea", 1000, sku="tea"), Item("rice", 1000)],
            {"lists": {"usual": frozenset({"tea"})}},
            1950,
        ),
        ("first-week", [Item("any", 3900)], {"member": NEW}, 2400),
        ("first-week", [Item("any", 3900)], {"member": {**NEW, "member.days_since_registration": 8}}, 3900),
        (
            "slow-with-best",
            [Item("shirt", 9900, tag="slow"), Item("shorts", 12900, tag="best-seller")],
            {},
            19800,
        ),
        ("first-hundred", [Item("care", 9900, tag="new")], {"uses": {"first-hundred": Uses(total=99)}}, 7900),
        (
            "first-hundred",
            [Item("care", 9900, tag="new")],
            {"uses": {"first-hundred": Uses(total=100)}},
            9900,
        ),
        ("free-delivery", [Item("any", 5900)], {"deliveries": (Delivery("d", 600),)}, 5900),
        ("free-delivery", [Item("any", 5899)], {"deliveries": (Delivery("d", 600),)}, 6499),
    ],
)
def test_what_a_basket_comes_to(key: str, items: list[Item], more: dict[str, Any], total: int) -> None:
    assert priced([key], items, **more).total_minor == total


def test_gifts_come_with_every_six_tins_and_are_chosen() -> None:
    open_choice = priced(["formula-6-tins-toy"], [Item("formula", 29900, 13)])
    assert [(gift.sku, gift.quantity, gift.choices) for deal in open_choice.given for gift in deal.gifts] == [
        ("", 2, ("toy-bear", "toy-car"))
    ]
    chosen = priced(
        ["formula-6-tins-toy"], [Item("formula", 29900, 6)], gift_choices={"formula-6-tins-toy": "toy-car"}
    )
    assert [(gift.sku, gift.quantity) for deal in chosen.given for gift in deal.gifts] == [("toy-car", 1)]


def test_coupons_come_with_high_margin_goods_and_birthdays() -> None:
    found = priced(
        ["high-margin-coupon", "birthday-week"],
        [Item("tea", 9900, margin="high")],
        member={"member.birthday_week": True},
    )
    assert [grant.template for deal in found.given for grant in deal.grants] == ["thanks-10", "birthday"]
    low = priced(["high-margin-coupon"], [Item("tea", 9900, margin="low"), Item("tea", 9800, margin="high")])
    assert low.given == ()


def test_coupons_take_their_amount_off_what_is_left() -> None:
    presented = {
        "A": CouponFact(1, "thanks-10"),
        "B": CouponFact(2, "thanks-10"),
        "C": CouponFact(3, "birthday"),
    }
    found = priced(
        ["thanks-10-off", "birthday-20-off"],
        [Item("any", 11000)],
        codes=("A", "B", "C"),
        coupons=presented,
    )
    assert [(each.number, each.offers[0].offer.key) for each in found.coupons] == [
        (1, "thanks-10-off"),
        (3, "birthday-20-off"),
    ]
    assert found.total_minor == 8000
    assert [(each.code, each.reason) for each in found.rejected_codes] == [("B", "one_per_order")]
    small = priced(["thanks-10-off"], [Item("any", 4999)], codes=("A",), coupons=presented)
    assert [(each.code, each.reason) for each in small.rejected_codes] == [("A", "conditions_not_met")]


def test_platinum_takes_its_tenth_of_the_offer_price_not_of_the_list_price() -> None:
    """Yoghurt 15.00 x 2: second at half price leaves 22.50, a tenth off that is 20.25."""
    found = priced(
        ["platinum-on-top", "second-half-price"],
        [Item("yoghurt", 1500, 2)],
        member={"member.tier": "platinum"},
    )
    assert [(deal.ready.offer.key, deal.amount) for deal in found.given] == [
        ("second-half-price", 750),
        ("platinum-on-top", 225),
    ]
    assert found.total_minor == 2025


@pytest.mark.parametrize("key", DOCUMENTS)
def test_every_example_reads_and_writes_the_same(key: str) -> None:
    document = read_offer(DOCUMENTS[key], LANGUAGE)
    written = document.model_dump(mode="json", exclude_unset=True, context=LANGUAGE)
    again = read_offer(written, LANGUAGE)
    assert again.model_dump(mode="json", context=LANGUAGE) == document.model_dump(
        mode="json", context=LANGUAGE
    )

"""Rules of earning at the till: what a quote explains, an order keeps and a return takes back."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.promotions.documents.offers import Fault
from laoke.purchases import services as purchases
from laoke.purchases.services import ProductInput
from tests.shop import OPENING, POINTS, account, broken, everything, forget, line
from tests.test_concurrency import at_once
from tests.test_offers import offer, publish

NUMBERS = itertools.count(1)
NAME = {"zh": "规则", "en": "Rule"}
FIRST = {"key": "first", "name": NAME, "when": {"member.orders": 0}, "factor": 2}
MILK = {"key": "milk", "name": NAME, "of": {"product.sku": "milk"}, "factor": 3}


def earn(*rules: dict[str, Any], **more: Any) -> None:
    """Put rules of earning in force, at one point a yuan."""
    rate = POINTS["earn"] | {"rules": list(rules)} | more
    programme.apply(SYSTEM, {"points": POINTS | {"earn": rate}}, at=OPENING)


def told(reply: Any) -> dict[str, int]:
    """What each rule gave."""
    return {each["rule"]: each["points"] for each in reply["earning"]}


def sells(till: Any, member: int, *lines: Any, **more: Any) -> Any:
    """Quote, then sell on the quote: the points have to be the same."""
    quoted = till.quote(member, *lines, **more)
    assert quoted.status == 200, quoted.json
    sold = till.sell(f"A{next(NUMBERS)}", member, *lines, quote=quoted["quote"], **more)
    assert sold.status == 201, sold.json
    assert (sold["points_earned"], sold["earning"]) == (quoted["points_to_earn"], quoted["earning"])
    assert sum(told(sold).values()) + sum(each["points"] for each in sold["offers"]) == sold["points_earned"]
    assert broken() == {}
    return sold


def test_each_rule_says_what_it_gave(shop):
    earn(
        {
            "key": "ten",
            "name": NAME,
            "of": {"product.sku": "rice"},
            "per_amount": {"points": 1, "amount": 10},
        },
        {"key": "each", "name": NAME, "of": {"product.sku": "milk"}, "per_unit": 5},
        MILK,
        {"key": "big", "name": NAME, "when": {"basket.subtotal": {"gte": 90}}, "bonus": 7},
        {"key": "huge", "name": NAME, "when": {"basket.subtotal": {"gte": 9000}}, "bonus": 700},
        tiers={"basic": 2},
    )
    sold = sells(shop.till(), shop.member(), line("rice"), line("milk", 2))
    # 69.90 + 25.00 = 94.90: 94. Rice 6.99 more: 101.89. Milk 10 more: 111.89; it has 35 by then, three times is 105:
    # 181.89. The bonus: 188.89. The tier: 377.78.
    assert told(sold) == {"base": 94, "ten": 7, "each": 10, "milk": 70, "big": 7, "tier": 189}
    assert sold["points_earned"] == 377
    assert sold["earning"][1] == {"rule": "ten", "name": NAME, "points": 7}
    assert sold["earning"][-1]["name"] == {"zh": "等级加成", "en": "Points of the tier"}


def test_one_rate_is_told_too(shop):
    assert told(sells(shop.till(), shop.member(), line("milk"))) == {"base": 12}
    assert shop.till().quote(None, line("milk"))["earning"] == []


def test_the_first_order_counts_double_and_the_second_does_not(shop):
    earn(FIRST)
    member, till = shop.member(), shop.till()
    assert told(sells(till, member, line("rice"))) == {"base": 69, "first": 70}
    assert told(sells(till, member, line("rice"))) == {"base": 69}
    assert account(member)["balance"] == 69 + 70 + 69


def test_two_quotes_make_no_two_first_orders(shop):
    """Both are quoted as the first; the second is refused, and asked again it is not the first."""
    earn(FIRST)
    member, till = shop.member(), shop.till()
    one, two = (till.quote(member, line("rice")) for _ in range(2))
    later = shop.till(OPENING + timedelta(minutes=5))
    assert later.sell("A", member, line("rice"), quote=one["quote"])["points_earned"] == 139
    before = everything()
    assert later.sell("B", member, line("rice"), quote=two["quote"]).code == "quote-mismatch"
    assert everything() == before
    assert later.sell("B", member, line("rice"))["points_earned"] == 69


def test_a_first_order_that_comes_late_is_not_the_first(shop):
    """An offline till sends this morning's purchase after this afternoon's: the doubling was given already."""
    earn(FIRST)
    member = shop.member(at=OPENING - timedelta(days=1))
    till = shop.till()
    assert till.sell("A", member, line("rice"))["points_earned"] == 139
    late = till.sell("B", member, line("rice"), placed_at=OPENING - timedelta(hours=3))
    assert (late.status, late["points_earned"]) == (201, 69)


def test_a_first_order_that_came_back_makes_room_for_another(shop):
    earn(FIRST)
    member, till = shop.member(), shop.till()
    sold = sells(till, member, line("rice"))
    assert till.take_back(sold["order_id"], "R1")["points_clawed_back"] == 139
    assert account(member)["balance"] == 0
    assert sells(till, member, line("rice"))["points_earned"] == 139


def test_the_week_of_the_birthday(shop):
    """10 March 2026 is a Tuesday: the week is that of 9 to 15 March."""
    rule = {"key": "birthday", "name": NAME, "when": {"member.birthday_week": True}, "factor": 2}
    earn(rule)
    found = {}
    for day in (8, 9, 15, 16):
        phone = [IdentityInput("phone", f"139000000{day:02d}")]
        member = members.register(caller=SYSTEM, at=OPENING, identities=phone, birth_date=date(1990, 3, day))
        found[day] = sells(shop.till(), member, line("rice"))["points_earned"]
    assert found == {8: 69, 9: 139, 15: 139, 16: 69}


def test_a_return_takes_back_what_its_lines_earned(shop):
    earn(MILK, {"key": "wine", "name": NAME, "of": {"product.sku": "wine"}, "bonus": 100})
    member, till = shop.member(), shop.till()
    sold = sells(till, member, line("milk", 2), line("rice"), line("wine"))
    # Milk 25.00 three times, rice 69.90, wine 500.00 and 100: 744.9.
    assert sold["points_earned"] == 744
    order = sold["order_id"]
    # Milk has 75 of 744.9, wine 600, rice 69.9: 75, 599, 70 by the largest remainder.
    assert till.take_back(order, "R1", (1, "1"))["points_clawed_back"] == 38
    assert till.take_back(order, "R2", (1, "1"))["points_clawed_back"] == 37
    assert till.take_back(order, "R3", (3, "1"))["points_clawed_back"] == 599
    assert till.take_back(order, "R4", (2, "1"))["points_clawed_back"] == 70
    assert account(member)["balance"] == 0
    assert broken() == {}


def test_what_points_and_gift_cards_pay_earns_nothing(shop):
    earn(without_tenders=["gift_card"])
    member, till = shop.member(), shop.till()
    quoted = till.quote(member, line("wine"))
    assert {"code": "tenders_earn_nothing", "tenders": ["gift_card"]} in quoted["reasons"]
    paid = [{"kind": "gift_card", "amount_minor": 20000}, {"kind": "cash", "amount_minor": 30000}]
    assert till.sell("A", member, line("wine"), tenders=paid)["points_earned"] == 300
    paid = [{"kind": "gift_card", "amount_minor": 10000}, {"kind": "cash", "amount_minor": 39700}]
    sold = till.sell("B", member, line("wine"), points_to_redeem=300, tenders=paid)
    assert (sold.status, sold["points_earned"]) == (201, 397)
    earn(basis="net")
    assert till.sell("C", member, line("wine"), points_to_redeem=300)["points_earned"] == 500
    assert broken() == {}


def test_articles_without_points(shop):
    earn(MILK, without={"product.sku": ["rice", "apples"]})
    sold = sells(shop.till(), shop.member(), line("rice"), line("milk"), line("card"))
    assert told(sold) == {"base": 12, "milk": 25}


def test_offers_multiply_what_rules_made(shop):
    earn(MILK, tiers={"basic": 1.5})
    publish(
        double=offer(
            {"points": {"factor": 2}},
            {"points": {"bonus": 10}},
            stage="tier",
            when={"basket.subtotal": {"gte": 50}},
        )
    )
    sold = sells(shop.till(), shop.member(), line("milk"), line("rice"))
    # (37.5 + 69.9) x 1.5 = 161.1; the offer as much again, and 10.
    assert (told(sold), sold["offers"][0]["points"]) == ({"base": 82, "milk": 25, "tier": 54}, 171)
    assert sold["points_earned"] == 332
    till = shop.till()
    assert till.take_back(sold["order_id"], "R1", (1, "1"))["points_clawed_back"] == 114
    assert till.take_back(sold["order_id"], "R2", (2, "1"))["points_clawed_back"] == 218


def test_the_cap_of_an_order_holds_for_offers_too(shop):
    earn(MILK, caps={"order": 80})
    publish(double=offer({"points": {"factor": 2}}, stage="tier"))
    member, till = shop.member(), shop.till()
    sold = sells(till, member, line("milk"), line("apples"))
    # 37.5 + 9.9 = 47; twice would be 94: the offer gives 33.
    assert (sold["points_earned"], sold["offers"][0]["points"]) == (80, 33)
    sold = sells(till, member, line("wine"))
    assert (told(sold), sold["offers"][0]["points"]) == ({"base": 500, "cap": -420}, 0)
    assert till.take_back(sold["order_id"], "R1")["points_clawed_back"] == 80


def test_caps_of_day_and_month_and_what_a_return_makes_room_for(shop):
    earn(caps={"day": 100, "month": 250})
    member, till = shop.member(), shop.till()
    first = sells(till, member, line("rice"))
    assert (first["points_earned"], told(sells(till, member, line("rice")))) == (69, {"base": 69, "cap": -38})
    assert sells(till, member, line("rice"))["points_earned"] == 0
    assert till.take_back(first["order_id"], "R1")["points_clawed_back"] == 69
    assert sells(till, member, line("wine"))["points_earned"] == 69
    next_day = shop.till(OPENING + timedelta(days=1))
    assert sells(next_day, member, line("wine"))["points_earned"] == 100
    third_day = shop.till(OPENING + timedelta(days=2))
    assert sells(third_day, member, line("wine"))["points_earned"] == 50
    april = shop.till(OPENING + timedelta(days=23))
    assert sells(april, member, line("wine"))["points_earned"] == 100
    # Another member has a day of his own.
    assert sells(till, shop.member(), line("wine"))["points_earned"] == 100


def test_a_cap_ends_with_the_day_of_the_shop(shop):
    earn(caps={"day": 60})
    member = shop.member(at=OPENING)
    before = OPENING.replace(hour=15, minute=59)  # 23:59 in Shanghai
    assert sells(shop.till(before), member, line("rice"))["points_earned"] == 60
    assert sells(shop.till(before + timedelta(minutes=1)), member, line("rice"))["points_earned"] == 60


def test_a_cap_is_kept_by_many_tills_at_once(committed_shop):
    shop = committed_shop
    earn(caps={"day": 100})
    member = shop.member()
    replies = at_once(*[lambda n=n: shop.till().sell(f"T{n}", member, line("rice")) for n in range(8)])
    assert [reply.status for reply in replies] == [201] * 8
    assert sum(reply["points_earned"] for reply in replies) == 100
    assert account(member)["balance"] == 100
    assert broken() == {}


def test_orders_before_the_rules_and_after_go_back_as_they_were_earned(shop):
    member, till = shop.member(), shop.till()
    plain = sells(till, member, line("milk"), line("rice"))
    earn(MILK)
    ruled = sells(till, member, line("milk"), line("rice"))
    earn()
    assert (plain["points_earned"], ruled["points_earned"]) == (82, 107)
    assert till.take_back(plain["order_id"], "R1", (1, "1"))["points_clawed_back"] == 12
    assert till.take_back(ruled["order_id"], "R1", (1, "1"))["points_clawed_back"] == 37


def test_a_rate_alone_costs_no_more_statements(shop, monkeypatch):
    """Rules cost one, which keeps what each line earned; and one more where something of the member is asked."""
    member, till = shop.member(), shop.till()
    till.sell("W", member, line("milk"))
    seen: list[object] = []
    execute = psycopg.Cursor.execute
    monkeypatch.setattr(
        psycopg.Cursor,
        "execute",
        lambda self, text, *args, **how: seen.append(text) or execute(self, text, *args, **how),
    )

    def statements(number: str) -> int:
        seen.clear()
        assert till.sell(number, member, line("milk")).status == 201
        return len(seen)

    alone = statements("A")
    earn(MILK)
    till.sell("X", member, line("milk"))
    assert statements("B") == alone + 1  # what its lines earned is kept
    earn(FIRST)
    till.sell("Y", member, line("milk"))
    assert statements("C") == alone + 2


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"key": "x", "name": NAME}, ("rules", 0)),
        ({"key": "x", "name": NAME, "factor": 2, "bonus": 3}, ("rules", 0)),
        ({"key": "x", "name": NAME, "factor": 21}, ("rules", 0, "factor")),
        ({"key": "base", "name": NAME, "bonus": 3}, ("rules", 0)),
        ({"key": "x", "name": NAME, "bonus": 3, "with_bonuses": True}, ("rules", 0)),
        ({"key": "x", "name": NAME, "bonus": 0}, ("rules", 0, "bonus")),
        (
            {"key": "x", "name": NAME, "bonus": 3, "when": {"member.age": 3}},
            ("rules", 0, "when", "member.age"),
        ),
        (
            {"key": "x", "name": NAME, "bonus": 3, "of": {"product.personal_list": "usual"}},
            ("rules", 0, "of"),
        ),
        (
            {"key": "x", "name": NAME, "per_amount": {"points": 1, "amount": 0}},
            ("rules", 0, "per_amount", "amount"),
        ),
    ],
    ids=itertools.count(),
)
def test_rules_that_cannot_be_used_are_told_with_their_place(shop, rule, place):
    before = everything()
    with pytest.raises(Fault) as caught:
        earn(rule)
    assert caught.value.code == "bad-earning"
    assert caught.value.faults[0][0] == ("points", "earn", *place)
    assert everything() == before


def test_rules_that_give_everything_back_are_refused(shop):
    with pytest.raises(Fault, match="would come back in points"):
        programme.apply(
            SYSTEM,
            {
                "points": POINTS
                | {
                    "earn": {"points": 10, "per_minor": 100, "rules": [MILK | {"factor": 10}]},
                }
            },
            at=OPENING,
        )


def test_what_is_published_is_what_was_written(shop):
    earn(MILK, FIRST, tiers={"gold": 1.5}, without={"product.sku": "card"}, caps={"day": 5})
    written = programme.to_document(programme.current())
    assert programme.read(written)["points"] == programme.current().points
    assert programme.plan(written, at=OPENING).changed == ()
    assert [rule["key"] for rule in written["points"]["earn"]["rules"]] == ["milk", "first"]


RULES = st.lists(
    st.sampled_from(
        [
            MILK,
            FIRST,
            {"key": "half", "name": NAME, "of": {"product.sku": "rice"}, "factor": "0.5"},
            {"key": "seven", "name": NAME, "of": {"product.sku": "rice"}, "per_unit": 7},
            {"key": "bonus", "name": NAME, "bonus": 11},
            {"key": "rate", "name": NAME, "per_amount": {"points": 3, "amount": 7}, "stop": True},
        ]
    ),
    unique_by=lambda rule: rule["key"],
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rules=RULES,
    rounding=st.sampled_from(["down", "half_up", "up"]),
    each=st.sampled_from(["order", "line"]),
    pieces=st.lists(st.sampled_from(["1", "2", "0.357"]), min_size=1, max_size=3),
    caps=st.sampled_from([{}, {"order": 50}, {"day": 120}]),
    back=st.permutations([1, 2, 3]),
)
def test_whatever_the_rules_all_is_back_in_the_end(shop, rules, rounding, each, pieces, caps, back):
    forget()
    earn(*rules, rounding=rounding, round_each=each, caps=caps, tiers={"basic": "1.1"})
    member, till = shop.member(), shop.till()
    lines = [line(sku, count) for sku, count in zip(("rice", "milk", "apples"), pieces, strict=False)]
    sold = sells(till, member, *lines)
    taken = 0
    for number in (number for number in back if number <= len(lines)):
        reply = till.take_back(sold["order_id"], f"R{number}", (number, pieces[number - 1]))
        assert reply["points_clawed_back"] >= 0
        taken += reply["points_clawed_back"]
    assert taken == sold["points_earned"]
    assert account(member)["balance"] == 0
    assert broken() == {}


def test_the_examples_with_their_numbers(shop):
    """R28 double for the first order, R39 double in the birthday week, categories, tiers, gift cards."""
    document = yaml.safe_load(Path("examples/earning.yaml").read_text())
    goods = {
        "cheese": ("dairy", 2000),
        "voucher": ("gift_cards", 10000),
        "umbrella": ("household", 5000),
        "pan": ("household", 12000),
    }
    purchases.save_products(
        SYSTEM,
        [ProductInput(sku, sku, minor, category=category) for sku, (category, minor) in goods.items()],
        at=OPENING,
    )
    programme.apply(SYSTEM, {"points": POINTS | document["points"]}, at=OPENING)
    till = shop.till()
    born = members.register(
        caller=SYSTEM,
        at=OPENING,
        identities=[IdentityInput("phone", "13900000010")],
        birth_date=date(1990, 3, 12),
    )
    sold = sells(till, born, line("cheese"), line("umbrella"), line("voucher"))
    # 20 for the cheese and 50 for the umbrella, 2 more for dairy, 20 for the umbrella; the voucher earns nothing: 92.
    # The first order doubles that, and so does the week of the birthday.
    assert told(sold) == {
        "base": 70,
        "dairy-week": 2,
        "umbrella": 20,
        "first-order": 92,
        "birthday-week": 184,
    }
    again = shop.till(OPENING + timedelta(days=10))
    assert told(sells(again, born, line("pan"))) == {"base": 120}
    back = shop.till(OPENING + timedelta(days=101))
    assert told(sells(back, born, line("pan"))) == {"base": 120, "reunion": 50}

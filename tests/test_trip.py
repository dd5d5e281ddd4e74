"""The trip of an order over HTTP, in tables that a product owner can read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from laoke.checkout import programme
from laoke.engine.tiering import Review
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.tiers.ladder import parse as parse_ladder
from laoke.tiers.review import review
from tests import shop as shops
from tests.shop import LADDER, OPENING, POINTS, account, basket, broken, everything, line, lots, tier

SHANGHAI = ZoneInfo("Asia/Shanghai")

# Money paid (or given back), points of the event (spent or restored first), then the member's state after it.
# Everything in yuan and points; times in Shanghai. Every purchase is quoted first, and the quote must hold.
STORIES = {
    "a purchase earns, the next one spends": """
        2026-03-10 12:00 | buys A: 2 rice                          | 139.80  | +139      | 139  | 0 | basic
        2026-03-11 12:00 | buys B: 1 milk with 100 points          | 11.50   | -100 +11  | 50   | 0 | basic
    """,
    "goods by weight; a gift card earns nothing": """
        2026-03-10 12:00 | buys A: 0.456 apples                    | 4.51    | +4        | 4    | 0 | basic
        2026-03-10 12:05 | buys B: 1 card, 1 milk                  | 112.50  | +12       | 16   | 0 | basic
        2026-03-10 12:10 | returns B: 1 card                       | -100.00 |           | 16   | 0 | basic
        2026-03-10 12:15 | returns B                               | -12.50  | -12       | 4    | 0 | basic
    """,
    "everything paid with points, and back": """
        2026-03-10 12:00 | buys A: 3 wine                          | 1500.00 | +1500     | 1500 | 0 | silver
        2026-03-11 12:00 | buys B: 1 milk with 1200 points         | 0.50    | -1200     | 300  | 0 | silver
        2026-03-12 12:00 | returns B                               | -0.50   | +1200     | 1500 | 0 | silver
    """,
    "a part comes back, then the rest: nothing is lost in rounding": """
        2026-03-10 12:00 | buys A: 1 wine                          | 500.00  | +500      | 500  | 0 | silver
        2026-03-11 12:00 | buys B: 2 rice, 2 milk with 400 points  | 160.80  | -400 +160 | 260  | 0 | silver
        2026-03-12 12:00 | returns B: 1 rice                       | -68.20  | +170 -68  | 362  | 0 | silver
        2026-03-13 12:00 | returns B                               | -92.60  | +230 -92  | 500  | 0 | silver
    """,
    "up at once; what comes back is taken out again": """
        2026-03-10 12:00 | buys A: 1 wine                          | 500.00  | +500      | 500  | 0 | silver
        2026-03-11 12:00 | buys B: 2 wine                          | 1000.00 | +1000     | 1500 | 0 | silver
        2026-03-12 12:00 | buys C: 1 wine, 1 milk                  | 512.50  | +512      | 2012 | 0 | gold
        2026-03-13 12:00 | returns C: 1 milk                       | -12.50  | -12       | 2000 | 0 | gold
        2026-03-14 12:00 | returns C                               | -500.00 | -500      | 1500 | 0 | silver
        2026-03-15 12:00 | returns A                               | -500.00 | -500      | 1000 | 0 | silver
        2026-03-16 12:00 | returns B                               | -1000.00| -1000     | 0    | 0 | basic
    """,
    "a return takes points that are spent already: a debt, repaid by the next purchase": """
        2026-03-10 12:00 | buys A: 1 wine                          | 500.00  | +500      | 500  | 0 | silver
        2026-03-11 12:00 | buys B: 1 wine with 500 points          | 495.00  | -500 +495 | 495  | 0 | silver
        2026-03-12 12:00 | returns A                               | -500.00 | -500      | 0    | 5 | basic
        2026-03-13 12:00 | buys C: 1 milk                          | 12.50   | +12       | 7    | 0 | silver
    """,
    "a debt is settled by what a return restores": """
        2026-03-10 12:00 | buys A: 1 wine                          | 500.00  | +500      | 500  | 0  | silver
        2026-03-11 12:00 | buys B: 1 rice with 500 points          | 64.90   | -500 +64  | 64   | 0  | silver
        2026-03-12 12:00 | returns A                               | -500.00 | -500      | 0    | 436| basic
        2026-03-13 12:00 | returns B                               | -64.90  | +500 -64  | 0    | 0  | basic
    """,
    "a review takes what is no longer earned; the next purchases climb again": """
        2026-03-10 12:00 | buys A: 2 wine                          | 1000.00 | +1000     | 1000 | 0 | silver
        2026-03-11 12:00 | buys B: 2 wine                          | 1000.00 | +1000     | 2000 | 0 | silver
        2026-03-12 12:00 | buys C: 1 milk                          | 12.50   | +12       | 2012 | 0 | gold
        2026-04-01 00:00 | review                                  |         |           | 2012 | 0 | gold
        2026-06-20 12:00 | buys D: 1 wine                          | 500.00  | +500      | 2512 | 0 | gold
        2026-07-01 00:00 | review                                  |         |           | 2512 | 0 | silver
        2026-07-02 12:00 | buys E: 1 milk                          | 12.50   | +12       | 2524 | 0 | silver
        2026-07-03 12:00 | buys F: 3 wine                          | 1500.00 | +1500     | 4024 | 0 | gold
    """,
    "a tier that a review gave is not withdrawn by an older return": """
        2026-03-10 12:00 | buys A: 2 wine                          | 1000.00 | +1000     | 1000 | 0 | silver
        2026-03-20 12:00 | buys B: 2 wine                          | 1000.00 | +1000     | 2000 | 0 | silver
        2026-03-21 12:00 | buys C: 2 wine                          | 1000.00 | +1000     | 3000 | 0 | gold
        2026-07-01 00:00 | review                                  |         |           | 3000 | 0 | basic
        2026-07-02 12:00 | returns C                               | -1000.00| -1000     | 2000 | 0 | basic
    """,
    "points die a year after the day they were earned": """
        2026-03-10 12:00 | buys A: 1 wine                          | 500.00  | +500      | 500  | 0 | silver
        2027-03-10 23:59 | buys B: 1 rice with 500 points          | 64.90   | -500 +64  | 64   | 0 | silver
        2027-03-11 00:00 | returns B                               | -64.90  | +500 -64  | 500  | 0 | silver
        2027-04-10 23:59 | buys C: 1 milk with 100 points          | 11.50   | -100 +11  | 411  | 0 | silver
        2027-04-11 00:00 | buys D: 1 milk                          | 12.50   | +12       | 23   | 0 | silver
    """,
}
LINE = re.compile(r"(?P<verb>buys|returns) (?P<name>[A-Z])(: (?P<goods>.*?))?( with (?P<points>\d+) points)?")


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_the_story_of_a_member(shop, story):
    member, sold = shop.member(), {}
    for row in story.strip().splitlines():
        when, what, *expected = (cell.strip() for cell in row.split("|"))
        at = datetime.fromisoformat(when).replace(tzinfo=SHANGHAI).astimezone(UTC)
        till = shop.till(at)
        money = points = ""
        if what == "review":
            review(parse_ladder(LADDER), at.astimezone(SHANGHAI).date(), now=at)
        else:
            parts = LINE.fullmatch(what)
            goods = [item.split() for item in (parts["goods"] or "").split(", ") if item]
            if parts["verb"] == "buys":
                answer = sold[parts["name"]] = buy(till, member, what, goods, int(parts["points"] or 0))
                money, points = (
                    yuan(answer["payable_minor"]),
                    (
                        -answer["points_redeemed"],
                        answer["points_earned"],
                    ),
                )
            else:
                answer = give_back(till, sold[parts["name"]], what, goods)
                money, points = (
                    yuan(-answer["refund_minor"]),
                    (
                        answer["points_restored"],
                        -answer["points_clawed_back"],
                    ),
                )
            points = " ".join(f"{each:+d}" for each in points if each)
            assert answer["member"]["tier"] == tier(member)
        seen = [money, points, str(can_spend(till, member)), str(account(member)["debt"]), tier(member)]
        assert seen == expected, row
        if what != "review":
            assert answer["member"]["points_available"] == can_spend(till, member), row
    assert broken() == {}


def buy(till, member, order_no, goods, points):
    """Quote, then commit with the quote: both say the same."""
    lines = [line(sku, quantity) for quantity, sku in goods]
    quote = till.quote(member, *lines, points_to_redeem=points)
    assert quote.status == 200, quote.json
    order = till.sell(order_no[:64], member, *lines, points_to_redeem=points, quote=quote["quote"])
    assert order.status == 201, order.json
    for same in (
        "lines",
        "items_minor",
        "discount_minor",
        "total_minor",
        "points_minor",
        "payable_minor",
        "programme_version",
    ):
        assert order[same] == quote[same]
    assert (order["points_earned"], order["points_redeemed"]) == (
        quote["points_to_earn"],
        quote["points_to_redeem"],
    )
    return order


def give_back(till, order, return_no, goods):
    numbers = {sold["sku"]: sold["line_no"] for sold in order["lines"]}
    pieces = [(numbers[sku], quantity) for quantity, sku in goods]
    answer = till.take_back(order["order_id"], f"{till.at:%F %T} {return_no}"[:64], *pieces)
    assert answer.status == 201, answer.json
    return answer


def can_spend(till, member):
    return till.quote(member, line("milk"))["member"]["points_available"]


def yuan(minor):
    return f"{minor / 100:.2f}"


def test_points_come_back_to_their_own_lots_last_used_first(shop):
    member, till = shop.member(), shop.till()
    first = till.sell("A", member, line("wine"))
    second = till.later(days=1).sell("B", member, line("wine"))
    assert (first["points_earned"], second["points_earned"]) == (500, 500)
    # A gift card earns nothing: no third lot.
    spending = till.later(days=1).sell("C", member, line("card"), points_to_redeem=800)
    assert [lot[2:] for lot in lots(member)] == [(500, 0), (500, 200)]
    half = till.later(days=1).take_back(spending["order_id"], "R1", (1, "0.5"))
    assert half["points_restored"] == 400
    assert [lot[2:] for lot in lots(member)] == [(500, 100), (500, 500)]
    till.later(days=1).take_back(spending["order_id"], "R2")
    assert [lot[2:] for lot in lots(member)] == [(500, 500), (500, 500)]
    assert broken() == {}


def test_points_whose_lot_has_expired_come_back_as_a_fresh_one_of_30_days(shop):
    member, till = shop.member(), shop.till()
    till.sell("A", member, line("wine"))
    order = till.later(days=300).sell("B", member, line("card"), points_to_redeem=500)
    till.later(days=100).take_back(order["order_id"])
    returned_at = OPENING + timedelta(days=400)  # 14 April 2027
    assert lots(member) == [
        (OPENING, datetime(2027, 3, 11, tzinfo=SHANGHAI), 500, 0),
        (returned_at, datetime(2027, 5, 15, tzinfo=SHANGHAI), 500, 500),
    ]
    assert account(member)["redeemed_total"] == 0
    assert broken() == {}


def test_points_spent_already_can_be_waived(shop):
    programme.apply(SYSTEM, {"points": POINTS | {"shortfall": "waive"}}, at=OPENING)
    member, till = shop.member(), shop.till()
    order = till.sell("A", member, line("wine"))
    till.sell("B", member, line("card"), points_to_redeem=400)
    answer = till.take_back(order["order_id"])
    assert (answer["points_clawed_back"], answer["points_debt"]) == (500, 0)
    assert (can_spend(till, member), account(member)["debt"]) == (0, 0)
    assert broken() == {}


def test_a_tier_may_fall_one_step_at_a_review_and_at_none_when_reviews_are_off(shop):
    ladder = parse_ladder(LADDER | {"downgrade": "one_step"})
    assert parse_ladder(LADDER | {"review": "never"}).review is Review.NEVER
    member, till = shop.member(), shop.till()
    for number in range(3):
        till.sell(f"A{number}", member, line("wine", 2))
    assert tier(member) == "gold"
    for day, then in (("2026-07-01", "silver"), ("2026-10-01", "basic")):
        review(ladder, datetime.fromisoformat(day).date(), now=OPENING + timedelta(days=300))
        assert tier(member) == then
    assert broken() == {}


def test_an_anonymous_order_moves_no_points(shop):
    till = shop.till()
    quote = till.quote(None, line("milk", 2))
    order = till.sell("A", None, line("milk", 2), quote=quote["quote"])
    assert (order.status, order["payable_minor"], order["points_earned"], order["member"]) == (
        201,
        2500,
        0,
        None,
    )
    back = till.take_back(order["order_id"])
    assert (back["refund_minor"], back["points_clawed_back"], back["member"]) == (2500, 0, None)
    assert everything()["points_posting"][0] == 0
    assert broken() == {}


def test_a_late_order_counts_as_of_its_own_time(shop):
    """A till that was offline sends February's purchase in March."""
    member, till = shop.member(at=OPENING - timedelta(days=90)), shop.till()
    placed = OPENING - timedelta(days=30)
    order = till.sell("A", member, line("wine"), placed_at=placed)
    assert (order.status, order["member"]["tier"]) == (201, "silver")
    assert lots(member) == [(placed, datetime(2027, 2, 9, tzinfo=SHANGHAI), 500, 500)]
    # Older than its points are valid: they are in the books and cannot be spent.
    old = till.sell("B", member, line("wine"), placed_at=OPENING - timedelta(days=400))
    assert (old.status, can_spend(till, member), account(member)["balance"]) == (201, 500, 1000)
    assert broken() == {}


def test_a_repeat_gets_the_first_answer_to_the_letter(shop):
    member, till = shop.member(), shop.till()
    body = basket(member, line("milk", 2)) | {"order_no": "A", "placed_at": till.at.isoformat()}
    first = till.send_order(body, key="k1")
    once = everything()
    again = till.later(days=3).send_order(body, key="k1")
    assert (again.status, again.body, again.replayed) == (201, first.body, True)
    assert not first.replayed
    other = till.send_order(body | {"order_no": "B"}, key="k1")
    assert (other.status, other.code) == (409, "idempotency-key-reused")
    assert everything() == once

    back = till.take_back(first["order_id"], "R1", (1, "1"), key="k2", returned_at=OPENING.isoformat())
    once = everything()
    repeated = till.take_back(first["order_id"], "R1", (1, "1"), key="k2", returned_at=OPENING.isoformat())
    assert (repeated.status, repeated.body, repeated.replayed) == (201, back.body, True)
    assert till.take_back(first["order_id"], "R1", (1, "2"), key="k2").code == "idempotency-key-reused"
    assert till.send_order(body, key="k2").code == "idempotency-key-reused"
    assert everything() == once


def test_a_repeat_is_answered_whatever_became_of_the_member(shop):
    member, other, till = shop.member(), shop.member(), shop.till()
    body = basket(member, line("milk")) | {"order_no": "A", "placed_at": till.at.isoformat()}
    first = till.send_order(body, key="k1")
    members.merge(caller=SYSTEM, kept_id=other, gone_id=member, reason="same person", at=OPENING)
    assert till.send_order(body, key="k1").body == first.body
    members.block(caller=SYSTEM, member_id=other, reason="fraud", at=OPENING)
    assert till.send_order(body, key="k1").body == first.body
    assert till.send_order(body | {"order_no": "B"}, key="k2").code == "member-not-active"


def test_a_quote_holds_for_15_minutes(shop):
    """Prices and rules change meanwhile; the quote is honoured to the cent, and new orders follow the new rules."""
    member, till = shop.member(), shop.till()
    till.sell("first", member, line("wine"))
    goods = (line("rice"), line("milk", 2))
    quote = till.quote(member, *goods, points_to_redeem=500)
    assert (quote["payable_minor"], quote["points_to_earn"]) == (8990, 89)
    shop.reprice("milk", 9900, at=till.at)
    twice = POINTS | {"earn": {"points": 2, "per_minor": 100}, "spend": POINTS["spend"] | {"worth_minor": 50}}
    programme.apply(SYSTEM, {"points": twice}, at=till.at)
    now = till.later(minutes=15).quote(member, *goods, points_to_redeem=500)
    assert (now["payable_minor"], now["points_to_earn"]) == (6990 + 19800 - 250, 530)
    order = till.sell("A", member, *goods, points_to_redeem=500, quote=quote["quote"])
    assert (order["payable_minor"], order["points_earned"]) == (8990, 89)
    new = till.sell("B", member, *goods)
    assert order["programme_version"] == quote["programme_version"] < new["programme_version"]
    assert (new["payable_minor"], new["points_earned"]) == (26790, 535)
    assert broken() == {}


@pytest.fixture
def offered(shop):
    """A member with 500 points and a quote for two bottles of milk."""
    member, till = shop.member(), shop.till()
    till.sell("first", member, line("wine"))
    quote = till.quote(member, line("milk", 2))["quote"]
    return shop, till, member, quote


def order(member, /, **changes):
    return basket(member, line("milk", 2)) | {"order_no": "A", "placed_at": OPENING.isoformat()} | changes


def test_the_quote_of_the_offered_basket_can_be_committed(offered):
    _, till, member, quote = offered
    assert till.send_order(order(member, quote=quote)).status == 201


# What is changed in an order that would go through, and how it is refused.
REFUSED = {
    "another basket than quoted": ({"quote": True, "lines": [line("milk", 3)]}, 409, "quote-mismatch"),
    "another member than quoted": ({"quote": True, "member": None}, 409, "quote-mismatch"),
    "a forged quote": ({"quote": lambda quote: quote[:-6] + "AAAAAA"}, 409, "quote-mismatch"),
    "a quote of nobody's": ({"quote": lambda quote: "AAAA.BBBB"}, 409, "quote-mismatch"),
    "rubbish for a quote": ({"quote": lambda quote: "价格 ü"}, 409, "quote-mismatch"),
    "payments that fall short": (
        {"tenders": [{"kind": "cash", "amount_minor": 2499}]},
        422,
        "tenders-do-not-sum",
    ),
    "payments that forget the points": (
        {"points_to_redeem": 100, "tenders": [{"kind": "cash", "amount_minor": 2500}]},
        422,
        "tenders-do-not-sum",
    ),
    "more points than there are": ({"points_to_redeem": 600}, 409, "points-refused"),
    "points beside the step": ({"points_to_redeem": 150}, 409, "points-refused"),
    "points without a member": ({"member": None, "points_to_redeem": 100}, 409, "points-refused"),
    "a taken order number": ({"order_no": "first"}, 409, "order-exists"),
    "a taken number, anonymous": ({"member": None, "order_no": "first"}, 409, "order-exists"),
    "an unknown member": ({"member": {"member_id": 10**12}}, 404, "unknown-member"),
    "an unknown phone": ({"member": {"phone": "13999999999"}}, 404, "unknown-member"),
    "two ways to name the member": (
        {"member": {"member_id": 1, "phone": "13999999999"}},
        422,
        "invalid-request",
    ),
    "an unknown store": ({"store": "S9"}, 422, "unknown-store"),
    "an unknown channel": ({"channel": "fax"}, 422, "unknown-channel"),
    "an unknown product": ({"lines": [line("milk"), line("Robert'); --")]}, 422, "unknown-product"),
    "no line": ({"lines": []}, 422, "invalid-request"),
    "501 lines": ({"lines": [line("milk")] * 501}, 422, "too-many-lines"),
    "a quantity of nothing": ({"lines": [line("milk", 0)]}, 422, "bad-basket"),
    "a negative quantity": ({"lines": [line("milk", -1)]}, 422, "bad-basket"),
    "four decimals": ({"lines": [line("milk", "0.0001")]}, 422, "invalid-request"),
    "a discount above the price": ({"lines": [line("milk", discount_minor=1251)]}, 422, "bad-basket"),
    "a negative price": ({"lines": [line("milk", unit_price_minor=-1)]}, 422, "invalid-request"),
    "an amount that fits no ledger": (
        {"lines": [line("milk", 10**6, unit_price_minor=10**12)]},
        422,
        "bad-basket",
    ),
    "another currency": ({"currency": "EUR"}, 422, "wrong-currency"),
    "a clock in the future": (
        {"placed_at": (OPENING + timedelta(minutes=6)).isoformat()},
        422,
        "clock-in-future",
    ),
    "a clock that was reset": ({"placed_at": "1970-01-01T00:00:00Z"}, 422, "clock-in-past"),
    "a time without a zone": ({"placed_at": "2026-03-10T12:00:00"}, 422, "invalid-request"),
    "a field nobody knows": ({"points": 3}, 422, "invalid-request"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_order_leaves_nothing_behind(offered, case):
    _, till, member, quote = offered
    changes, status, code = case
    if change := changes.get("quote"):
        changes = changes | {"quote": quote if change is True else change(quote)}
    before = everything()
    answer = till.send_order(order(member, **changes), key="refused")
    assert (answer.status, answer.code) == (status, code), answer.json
    assert everything() == before
    # The key stays free.
    assert till.send_order(order(member), key="refused").status == 201
    assert broken() == {}


def test_an_expired_quote_is_refused(offered):
    _, till, member, quote = offered
    till.later(minutes=15, seconds=1)
    before = everything()
    answer = till.send_order(order(member, quote=quote))
    assert (answer.status, answer.code) == (409, "quote-expired")
    assert everything() == before


REFUSED_RETURNS = {
    "more than was bought": ({"lines": [{"line_no": 1, "quantity": "2.001"}]}, "return-refused"),
    "a line that is not there": ({"lines": [{"line_no": 2, "quantity": "1"}]}, "return-refused"),
    "the same line twice": ({"lines": [{"line_no": 1, "quantity": "1"}] * 2}, "return-refused"),
    "a quantity of nothing": ({"lines": [{"line_no": 1, "quantity": "0"}]}, "return-refused"),
    "a negative quantity": ({"lines": [{"line_no": 1, "quantity": "-1"}]}, "return-refused"),
    "before the purchase": (
        {"returned_at": (OPENING - timedelta(seconds=1)).isoformat()},
        "return-refused",
    ),
    "in the future": ({"returned_at": (OPENING + timedelta(minutes=6)).isoformat()}, "clock-in-future"),
    "at an unknown store": ({"store": "S9"}, "unknown-store"),
}


@pytest.mark.parametrize("case", REFUSED_RETURNS.values(), ids=REFUSED_RETURNS.keys())
def test_a_refused_return_leaves_nothing_behind(offered, case):
    _, till, member, _ = offered
    sold = till.send_order(order(member))
    changes, code = case
    before = everything()
    answer = till.take_back(sold["order_id"], "R1", key="refused", **changes)
    assert (answer.status, answer.code) == (422, code), answer.json
    assert everything() == before
    assert till.take_back(sold["order_id"], "R1", key="refused").status == 201
    assert broken() == {}


def test_returns_of_what_is_not_there_or_has_come_back(offered):
    _, till, member, _ = offered
    sold = till.send_order(order(member))
    assert till.take_back(10**15).code == "unknown-order"
    assert till.take_back(sold["order_id"], "R1", (1, "1")).status == 201
    before = everything()
    assert till.take_back(sold["order_id"], "R1", (1, "1")).code == "return-exists"
    assert till.take_back(sold["order_id"], "R2", (1, "1.5")).code == "return-refused"
    assert everything() == before
    elsewhere = till.take_back(sold["order_id"], "R2", store="S2")
    assert (elsewhere.status, elsewhere["store"], elsewhere["left_minor"]) == (201, "S2", 0)
    assert till.take_back(sold["order_id"], "R3").code == "return-refused"
    assert broken() == {}


def test_payments_are_kept_as_they_were_made(offered):
    _, till, member, _ = offered
    paid = [
        {"kind": "wechat_pay", "amount_minor": 2000, "reference": '微信 "1", {x}\\'},
        {"kind": "cash", "amount_minor": 400},
    ]
    sold = till.send_order(order(member, points_to_redeem=100, tenders=paid))
    assert sold.status == 201, sold.json
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select tender_no, kind, amount_minor, reference from purchases_ordertender where order_id = %s "
            "order by tender_no",
            [sold["order_id"]],
        )
        assert cursor.fetchall() == [
            (1, "wechat_pay", 2000, '微信 "1", {x}\\'),
            (2, "cash", 400, ""),
            (3, "points", 100, ""),
        ]


def test_a_member_is_found_by_phone_and_followed_after_a_merge(shop):
    kept, gone, till = shop.member(), shop.member(), shop.till()
    sold = till.sell("A", gone, line("wine"))
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="same person", at=till.at)
    for number, who in enumerate(({"phone": "13800000002"}, {"member_id": gone})):
        answer = till.sell(f"B{number}", who, line("milk"))
        assert (answer.status, answer["member"]["member_id"]) == (201, kept)
    back = till.take_back(sold["order_id"])
    assert (back["points_clawed_back"], back["member"]["member_id"], back["member"]["tier"]) == (
        500,
        kept,
        tier(kept),
    )
    assert (account(gone)["balance"], account(kept)["balance"]) == (0, 24)
    assert broken() == {}


def test_a_till_of_one_store_sells_and_takes_back_there_only(shop):
    from laoke.foundation.access import WHOLE_SHOP, Scope
    from laoke.foundation.apikeys import services as apikeys

    scopes = [scope.value for scope in Scope if scope not in WHOLE_SHOP]
    _, key = apikeys.create(SYSTEM, "till", scopes, [shop.stores["S1"]], None, at=OPENING)
    own, whole = shops.Till(key, OPENING), shop.till()
    sold = whole.sell("A", None, line("milk"), store="S2")
    before = everything()
    for answer in (
        own.sell("B", None, line("milk"), store="S2"),
        own.quote(None, line("milk"), store="S2"),
        own.take_back(sold["order_id"]),
    ):
        assert (answer.status, answer.code) == (403, "outside-stores")
    assert everything() == before
    assert own.sell("B", None, line("milk"), store="S1").status == 201


def test_an_identity_with_markup_or_sql_is_only_text(shop):
    members.register(
        caller=SYSTEM,
        at=OPENING,
        identities=[IdentityInput("phone", "13811112222")],
        name="<script>'; drop table members_member; --",
    )
    till = shop.till()
    answer = till.sell("A\"'; --<b>", {"phone": "13811112222"}, line("milk"))
    assert (answer.status, answer["order_no"]) == (201, "A\"'; --<b>")

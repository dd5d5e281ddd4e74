"""Coupons at the till, in stories of one shop: quoted, held, used once, given back; granted and taken back."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.db import connection

from laoke.benefits.coupons import batches, codes, holds, issuing, limits, selectors, wallet
from laoke.benefits.coupons import guesses as guessing
from laoke.benefits.coupons.errors import CannotTransfer, CouponsRefused
from laoke.benefits.following import BenefitsFollow
from laoke.checkout import orders, programme
from laoke.foundation.access import SYSTEM, Caller, MissingScope, OutsideStores, Scope
from laoke.members import services as members
from laoke.promotions.documents.offers import Fault
from tests.coupon_shop import LESS_20, NAME, code_of_nobody, give, offer, publish, template
from tests.shop import OPENING, Shop, broken, everything, line
from tests.test_concurrency import at_once


def rejected(reply: Any) -> dict[int, str]:
    return {each["place"]: each["reason"] for each in reply["codes_rejected"]}


def used(reply: Any) -> list[tuple[str, int]]:
    return [(each["template"], each["amount_minor"]) for each in reply["coupons"]]


def keep(till: Any, number: str, member: Any, *lines: Any, **more: Any) -> Any:
    """Quote, then sell on the quote: the amounts have to be the same."""
    quoted = till.quote(member, *lines, **more)
    assert quoted.status == 200, quoted.body
    sold = till.sell(number, member, *lines, quote=quoted["quote"], **more)
    assert sold.status == 201, sold.body
    for name in ("lines", "offers", "coupons", "discount_minor", "total_minor", "codes_rejected"):
        assert sold[name] == quoted[name]
    return sold


def state(code: str, at: Any = OPENING) -> str:
    return selectors.with_code(code, at).state


def test_a_coupon_is_used_once_and_says_so_afterwards(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    sold = keep(till, "A", member, line("rice"), codes=[codes.grouped(code).lower()])
    assert (sold["total_minor"], used(sold)) == (4990, [("less-20", 2000)])
    assert sold["coupons"][0]["code"] == codes.masked(code)
    assert state(code) == "used"
    again = till.quote(member, line("rice"), codes=[code])
    assert (again["total_minor"], rejected(again)) == (6990, {0: "already_used"})
    assert again["codes_rejected"][0]["code"] == codes.masked(code)
    assert broken() == {}


def test_nothing_that_is_kept_holds_a_code(shop):
    publish()
    member, till = shop.member(), shop.till()
    first, second = give(member), give(member)
    till.sell("A", member, line("rice"), codes=[first, second, "NEARLY-A-CODE"])
    with connection.cursor() as cursor:
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'select count(*) from "{table}" t where t::text like any(%s)',
                [[f"%{first}%", f"%{second}%"]],
            )
            assert cursor.fetchone() == (0,), table
        cursor.execute("select document from promotions_orderfacts")
        kept = json.loads(cursor.fetchone()[0])
    assert [code[0] for code in kept["codes"]] == ["#", "#"]


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (lambda shop, coupon, till: till.later(days=30), "expired"),
        (lambda shop, coupon, till: wallet.revoke(SYSTEM, coupon, reason="x", at=OPENING), "revoked"),
        (lambda shop, coupon, till: publish({"b": template()}, b=LESS_20 | {"coupons": ["b"]}), "template_ended"),
        (lambda shop, coupon, till: wallet.transfer(SYSTEM, coupon, shop.member(), at=OPENING), "not_yours"),
        (lambda shop, coupon, till: hold_of(shop, coupon), "held_elsewhere"),
    ],
)  # fmt: skip
def test_why_a_coupon_is_refused(shop, arrange, reason):
    publish({"less-20": template(transferable=True)})
    member, till = shop.member(), shop.till()
    (made,) = issuing.give(SYSTEM, member, "less-20", at=OPENING)
    arrange(shop, made.coupon_id, till)
    quoted = till.quote(member, line("rice"), codes=[made.code])
    assert (quoted["total_minor"], rejected(quoted), used(quoted)) == (6990, {0: reason}, [])
    assert till.sell("A", member, line("rice"), codes=[made.code])["total_minor"] == 6990
    assert broken() == {}


def coupon_code(coupon_id: int) -> str:
    return selectors.reveal(SYSTEM, coupon_id, reason="x", at=OPENING)


def hold_of(shop: Shop, coupon_id: int) -> None:
    member = selectors.coupon(coupon_id, OPENING).member_id
    hold(shop, "Z", coupon_code(coupon_id), member_id=member)


def hold(shop: Shop, number: str, *entered: str, minutes: int = 15, store: str = "S1", **more: Any) -> Any:
    return holds.hold(SYSTEM, entered, shop.stores[store], store, number, minutes, at=OPENING, **more)


def test_not_yet_valid_and_an_anonymous_shopper(shop):
    publish({"less-20": template(valid={"days": 1, "starts": "next_day"})})
    member, till = shop.member(), shop.till()
    code = give(member)
    assert rejected(till.quote(member, line("rice"), codes=[code])) == {0: "not_yet_valid"}
    assert rejected(till.quote(None, line("rice"), codes=[code])) == {0: "not_yours"}


def test_a_coupon_that_brings_nothing_stays(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    sold = keep(till, "A", member, line("milk"), codes=[code])
    assert (used(sold), rejected(sold), state(code)) == ([], {0: "conditions_not_met"}, "usable")
    two = keep(till, "B", member, line("rice"), codes=[code, give(member)])
    assert (used(two), rejected(two)) == ([("less-20", 2000)], {1: "one_per_order"})
    assert broken() == {}


def test_a_quote_holds_its_coupon_unless_another_order_was_quicker(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    quoted = till.quote(member, line("rice"), codes=[code])
    assert till.sell("A", member, line("rice"), codes=[code]).status == 201
    before = everything()
    late = till.sell("B", member, line("rice"), codes=[code], quote=quoted["quote"])
    assert (late.status, late.code) == (409, "coupons-refused")
    assert late["coupons"] == [{"place": 0, "code": codes.masked(code), "reason": "already_used"}]
    assert everything() == before
    # Priced anew, and without the coupon.
    assert till.sell("C", member, line("rice"), codes=[code])["total_minor"] == 6990


def test_a_quote_outlives_the_end_of_the_coupon(shop):
    publish()
    member = shop.member()
    code = give(member)
    till = shop.till(OPENING.replace(day=17, hour=15, minute=59))
    quoted = till.quote(member, line("rice"), codes=[code])
    assert used(quoted) == [("less-20", 2000)]
    sold = till.later(minutes=5).sell("A", member, line("rice"), codes=[code], quote=quoted["quote"])
    assert (sold.status, used(sold)) == (201, [("less-20", 2000)])
    assert state(code, till.at) == "used"


def test_held_for_an_order_nobody_else_uses_it_until_the_time_is_over(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    assert hold(shop, "W1", code, member_id=member).until == OPENING + timedelta(minutes=15)
    assert hold(shop, "W1", code, member_id=member).coupons == {
        code: selectors.with_code(code, OPENING).coupon_id
    }
    for order, store in [("W2", "S1"), ("W1", "S2")]:
        with pytest.raises(CouponsRefused) as refused:
            hold(shop, order, code, store=store)
        assert refused.value.reasons == ("not_yours",)
    with pytest.raises(CouponsRefused) as refused:
        hold(shop, "W2", code, member_id=member)
    assert refused.value.reasons == ("held_elsewhere",)
    assert rejected(till.quote(member, line("rice"), codes=[code])) == {0: "held_elsewhere"}
    mine = till.quote(member, line("rice"), codes=[code], order_no="W1")
    assert used(mine) == [("less-20", 2000)]
    assert rejected(till.sell("W2", member, line("rice"), codes=[code])) == {0: "held_elsewhere"}
    sold = till.sell("W1", member, line("rice"), codes=[code], quote=mine["quote"])
    assert (sold.status, used(sold)) == (201, [("less-20", 2000)])
    assert broken() == {}


def test_a_hold_ends_by_time_and_by_release(shop):
    publish()
    member = shop.member()
    code = give(member)
    hold(shop, "W1", code, member_id=member)
    assert (state(code), state(code, OPENING + timedelta(minutes=15))) == ("held", "usable")
    till = shop.till(OPENING + timedelta(minutes=15))
    assert used(till.quote(member, line("rice"), codes=[code])) == [("less-20", 2000)]
    hold(shop, "W1", code, member_id=member)
    assert holds.release(SYSTEM, shop.stores["S1"], "S1", "W1") == 1
    assert holds.release(SYSTEM, shop.stores["S1"], "S1", "W1") == 0
    assert state(code) == "usable"
    reader = Caller("apikey", 1, "reader", frozenset({Scope.COUPONS_READ}))
    with pytest.raises(MissingScope):
        holds.release(reader, shop.stores["S1"], "S1", "W1")
    other = Caller("apikey", 1, "till", frozenset({Scope.ORDERS_WRITE}), frozenset({shop.stores["S2"]}))
    with pytest.raises(OutsideStores):
        holds.hold(other, [code], shop.stores["S1"], "S1", "W1", 15, at=OPENING)


def test_of_several_all_are_held_or_none(shop):
    publish()
    member = shop.member()
    good, gone = give(member), give(member)
    wallet.revoke(SYSTEM, selectors.with_code(gone, OPENING).coupon_id, reason="x", at=OPENING)
    with pytest.raises(CouponsRefused) as refused:
        hold(shop, "W1", good, gone, "nobody", member_id=member)
    assert refused.value.reasons == ("revoked", "unknown_code")
    assert [each["place"] for each in refused.value.extensions["coupons"]] == [1, 2]  # type: ignore[index]
    assert state(good) == "usable"


def test_a_coupon_comes_back_with_the_last_piece(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    sold = keep(till, "A", member, line("rice", 2), codes=[code])
    first = till.later(hours=1).take_back(sold["order_id"], "R1", (1, "1"))
    assert (first["refund_minor"], first["coupons"], state(code)) == (5990, [], "used")
    last = till.take_back(sold["order_id"], "R2")
    assert [each["became"] for each in last["coupons"]] == ["given_back"]
    assert state(code) == "usable"
    assert broken() == {}
    again = keep(till, "B", member, line("rice"), codes=[code])
    assert used(again) == [("less-20", 2000)]
    assert [step.kind for step in selectors.history(selectors.with_code(code, OPENING).coupon_id)] == [
        "issued",
        "used",
        "given_back",
        "used",
    ]
    assert broken() == {}


@pytest.mark.parametrize(
    ("more", "became", "then"),
    [
        ({}, "expired", "expired"),
        ({"grace_days": 3}, "given_back", "usable"),
        ({"on_return": "keep_used"}, "kept_used", "used"),
    ],
)
def test_when_its_time_is_over_the_template_says_what_becomes_of_it(shop, more, became, then):
    publish({"less-20": template(**more)})
    member, till = shop.member(), shop.till()
    code = give(member)
    sold = keep(till, "A", member, line("rice"), codes=[code])
    back = till.later(days=20).take_back(sold["order_id"])
    assert [each["became"] for each in back["coupons"]] == [became]
    assert state(code, till.at) == then
    assert state(code, till.at + timedelta(days=3)) == ("used" if then == "used" else "expired")
    assert broken() == {}


GRANT = offer(
    {"coupon": {"template": "thanks", "quantity": 2}}, stage="basket", when={"basket.subtotal": {"gte": 60}}
)
THANKS = template(valid={"days": 3, "starts": "next_day"})


def test_coupons_come_with_an_order_and_go_with_its_return(shop):
    publish({"thanks": THANKS}, thanks=GRANT, less=LESS_20 | {"coupons": ["thanks"]})
    member, till = shop.member(), shop.till()
    quoted = till.quote(member, line("rice"))
    assert quoted["offers"][0]["coupons"] == [{"template": "thanks", "name": NAME, "quantity": 2}]
    sold = keep(till, "A", member, line("rice"))
    assert [(each["template"], each["offer"]) for each in sold["coupons_issued"]] == [
        ("thanks", "thanks")
    ] * 2
    assert sold["coupons_missing"] == []
    page, _ = selectors.wallet(member, till.at)
    assert [each.state for each in page] == ["upcoming", "upcoming"]
    first = coupon_code(page[1].coupon_id)
    till.later(days=1)
    other = keep(till, "B", member, line("wine"), codes=[first])
    assert used(other) == [("thanks", 2000)]
    back = till.take_back(sold["order_id"])
    assert Counter(each["became"] for each in back["coupons"]) == {"kept_used": 1, "revoked": 1}
    assert broken() == {}
    # The used one is taken back when it comes back itself, and so are those that came with that order.
    back = till.take_back(other["order_id"])
    assert Counter(each["became"] for each in back["coupons"]) == {"revoked": 3}
    assert {each.state for each in selectors.wallet(member, till.at)[0]} == {"revoked"}
    assert broken() == {}


def test_grants_keep_to_the_limits_of_the_template(shop):
    publish({"thanks": THANKS | {"limits": {"per_member": 3, "in_total": 4}}}, thanks=GRANT)
    one, two, till = shop.member(), shop.member(), shop.till()
    assert len(till.sell("A", one, line("rice"))["coupons_issued"]) == 2
    sold = till.sell("B", one, line("rice"))
    assert sold["coupons_missing"] == [
        {"template": "thanks", "offer": "thanks", "quantity": 2, "reason": "member_limit"}
    ]
    assert len(till.sell("C", two, line("rice"))["coupons_issued"]) == 2
    three = till.sell("D", shop.member(), line("rice"))
    assert [each["reason"] for each in three["coupons_missing"]] == ["total_limit"]
    assert broken() == {}
    till.take_back(sold["order_id"])
    assert broken() == {}


def test_a_template_that_is_named_twice_gives_two(shop):
    one = {"coupon": {"template": "thanks"}}
    publish({"thanks": THANKS}, thanks=offer(one, one, when={"basket.subtotal": {"gte": 50}}))
    member, till = shop.member(), shop.till()
    sold = keep(till, "A", member, line("rice"))
    assert [each["template"] for each in sold["coupons_issued"]] == ["thanks"] * 2
    assert broken() == {}


def test_quoted_coupons_are_granted_or_the_order_refused(shop):
    publish({"thanks": THANKS}, thanks=GRANT | {"limits": {"per_member": 1}})
    member, till = shop.member(), shop.till()
    one, two = till.quote(member, line("rice")), till.quote(member, line("rice"))
    assert len(till.sell("A", member, line("rice"), quote=one["quote"])["coupons_issued"]) == 2
    assert till.sell("B", member, line("rice"), quote=two["quote"]).code == "offer-used-up"


def test_an_anonymous_shopper_has_no_wallet(shop):
    publish({"thanks": THANKS}, thanks=GRANT)
    sold = shop.till().sell("A", None, line("rice"))
    assert (sold["offers"], sold["coupons_issued"], sold["coupons_missing"]) == ([], [], [])


def test_what_the_guide_shows_can_be_published_and_used(shop):
    guide = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "issue-coupons.md"
    (shown,) = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    programme.apply(SYSTEM, yaml.safe_load(shown), at=OPENING)
    member = shop.member()
    code = give(member, "thanks-10")
    till = shop.till().later(days=1)
    sold = keep(till, "A", member, line("rice"), codes=["hello5", code])
    assert (sold["total_minor"], used(sold)) == (5490, [("hello", 500), ("thanks-10", 1000)])


OPEN = offer({"amount": {"discount": 1}}, codes=["hello-20"])


def test_a_code_means_one_thing(shop):
    dates = {"from": "2026-03-01", "until": "2026-03-31"}
    hello = template(kind="shared", announced=True, valid=dates, code={"text": "HELLO20"})
    with pytest.raises(Fault, match="is a code of the offer other already"):
        publish(
            {"hello": hello},
            hello=LESS_20 | {"coupons": ["hello"]},
            other=offer({"amount": {"discount": 1}}, codes=["hello-20"]),
        )
    assert programme.current().coupons.documents == {}


def test_a_shared_code_is_for_everybody_as_often_as_its_offer_says(shop):
    dates = {"from": "2026-03-01", "until": "2026-03-31"}
    publish(
        {"hello": template(kind="shared", announced=True, valid=dates, code={"text": "HELLO20"})},
        hello=LESS_20 | {"coupons": ["hello"], "limits": {"per_member": 1}},
    )
    one, two, till = shop.member(), shop.member(), shop.till()
    sold = keep(till, "A", one, line("rice"), codes=["hello20"])
    assert used(sold) == [("hello", 2000)]
    assert rejected(till.quote(one, line("rice"), codes=["HELLO20"])) == {0: "member_limit_reached"}
    assert used(keep(till, "B", two, line("rice"), codes=["Hello-20"])) == [("hello", 2000)]
    assert broken() == {}
    assert till.take_back(sold["order_id"])["coupons"] == []
    assert used(keep(till, "C", one, line("rice"), codes=["HELLO20"])) == [("hello", 2000)]
    assert broken() == {}


def test_a_code_of_nobody_is_used_by_whoever_has_it(shop):
    publish()
    first, second = code_of_nobody(count=2)
    till = shop.till()
    assert used(keep(till, "A", None, line("rice"), codes=[first])) == [("less-20", 2000)]
    assert used(keep(till, "B", shop.member(), line("rice"), codes=[second])) == [("less-20", 2000)]
    assert rejected(till.quote(None, line("rice"), codes=[first])) == {0: "already_used"}
    assert broken() == {}


def test_who_guesses_has_to_wait(shop, monkeypatch):
    monkeypatch.setattr(guessing, "MOST", 5)
    publish(less=LESS_20 | {"codes": ["OPEN"]})
    member, till = shop.member(), shop.till()
    code = give(member)
    for turn in range(2):
        assert till.quote(member, line("rice"), codes=[f"GUESS{turn}", f"TRY{turn}", code]).status == 200
    # An order that is refused counts too.
    assert (
        till.sell(
            "A", member, line("rice"), codes=["X1"], tenders=[{"kind": "cash", "amount_minor": 1}]
        ).status
        == 422
    )
    refused = till.quote(member, line("rice"), codes=[code])
    assert (refused.status, refused.code, refused["retry_after"]) == (429, "too-many-guesses", 600)
    assert till.sell("B", member, line("rice"), codes=[code]).status == 429
    # Codes that are no secret go on.
    assert till.quote(member, line("rice"), codes=["OPEN"]).status == 200
    assert used(till.later(minutes=10).quote(member, line("rice"), codes=[code])) == [("less-20", 2000)]


def test_the_code_of_an_offer_that_has_ended_is_no_guess(shop, monkeypatch):
    monkeypatch.setattr(guessing, "MOST", 5)
    publish(less=LESS_20, spring=LESS_20 | {"coupons": [], "codes": ["SPRING"]})
    publish()
    till = shop.till()
    replies = [till.quote(None, line("rice"), codes=["Spring"]) for _ in range(7)]
    assert [rejected(each) for each in replies] == [{0: "unknown_code"}] * 7
    programme.apply(SYSTEM, {"offers": {}}, at=OPENING)
    assert till.quote(None, line("rice"), codes=["SPRING"]).status == 200


def test_a_code_is_not_kept_whole_when_nothing_knows_it(shop):
    publish()
    member, till = shop.member(), shop.till()
    code = give(member)
    mistyped = code[:-1] + ("2" if code[-1] != "2" else "3")
    wrong = till.sell("A", member, line("rice"), codes=[mistyped, "HELLO"])
    assert [each["code"] for each in wrong["codes_rejected"]] == [codes.masked(mistyped), "HELLO"]
    programme.apply(SYSTEM, {"offers": {}}, at=OPENING)
    without_offers = till.sell("B", member, line("rice"), codes=[code])
    assert [each["code"] for each in without_offers["codes_rejected"]] == [codes.masked(code)]


def test_purchases_and_full_returns_end_where_they_began(shop):
    publish(
        {"less-20": template(limits={"per_member": 2}), "thanks": THANKS | {"limits": {"in_total": 9}}},
        less=LESS_20,
        thanks=GRANT,
    )
    member, till = shop.member(), shop.till()
    first, second = give(member), give(member)
    orders = [
        keep(till, "A", member, line("rice", 2), codes=[first])["order_id"],
        keep(till, "B", member, line("rice", 3), line("milk"), codes=[second])["order_id"],
    ]
    till.take_back(orders[1], "R1", (1, "2"))
    till.take_back(orders[0], "R2")
    till.take_back(orders[1], "R3")
    assert (state(first), state(second)) == ("usable", "usable")
    with connection.cursor() as cursor:
        cursor.execute("select most, issued from benefits_couponlimit where template = 'thanks'")
        assert cursor.fetchone() == (9, 0)
    assert broken() == {}


def test_nothing_comes_back_into_the_wallet_of_an_erased_member(shop):
    publish({"less-20": template(limits={"in_total": 5})}, less=LESS_20)
    member, till = shop.member(), shop.till()
    spent, left = give(member), give(member)
    sold = till.sell("A", member, line("rice"), codes=[spent])
    members.erase_person(caller=SYSTEM, member_id=member, reason="本人要求", at=OPENING)
    back = till.take_back(sold["order_id"])
    assert [each["became"] for each in back["coupons"]] == ["revoked"]
    assert (state(spent), state(left)) == ("revoked", "revoked")
    assert broken() == {}


def test_uses_follow_a_merge(shop):
    publish()
    kept, gone, till = shop.member(), shop.member(), shop.till()
    spent, left = give(gone), give(gone)
    till.sell("A", gone, line("rice"), codes=[spent])
    merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一人", at=OPENING)
    assert broken() == {}
    assert used(keep(till, "B", kept, line("rice"), codes=[left])) == [("less-20", 2000)]
    members.unmerge(caller=SYSTEM, merge_id=merge, at=OPENING)
    assert broken() == {}
    assert selectors.with_code(left, OPENING).member_id == kept
    assert selectors.with_code(spent, OPENING).member_id == gone


class TestAtOnce:
    @pytest.fixture
    def shop(self, committed_shop):
        return committed_shop

    @pytest.mark.parametrize("known", [True, False], ids=["of a member", "of nobody"])
    def test_a_thousand_redemptions_of_one_code_use_it_once(self, shop, known):
        publish()
        if known:
            member = shop.member()
            code = give(member)
        else:
            member = None
            (code,) = code_of_nobody()
        till_of = [shop.till() for _ in range(20)]
        turns = 50

        def sell(number: int) -> list[Any]:
            return [
                till_of[number].sell(f"{number}-{turn}", member, line("rice"), codes=[code])
                for turn in range(turns)
            ]

        answers = [
            answer
            for some in at_once(*(lambda number=number: sell(number) for number in range(20)))
            for answer in some
        ]
        assert Counter(answer.status for answer in answers) == {201: 20 * turns}
        assert Counter(len(answer["coupons"]) for answer in answers) == {1: 1, 0: 20 * turns - 1}
        assert sum(answer["discount_minor"] for answer in answers) == 2000
        assert broken() == {}

    def test_of_quoted_orders_one_goes_through(self, shop):
        publish()
        (code,) = code_of_nobody()
        tills = [shop.till() for _ in range(16)]
        quotes = [till.quote(None, line("rice"), codes=[code])["quote"] for till in tills]
        answers = at_once(
            *(
                lambda number=number: tills[number].sell(
                    f"{number}", None, line("rice"), codes=[code], quote=quotes[number]
                )
                for number in range(16)
            )
        )
        assert Counter((answer.status, answer.code) for answer in answers) == {
            (201, None): 1,
            (409, "coupons-refused"): 15,
        }
        assert broken() == {}

    def test_an_anonymous_order_sent_by_eight_at_once_is_answered_alike(self, shop):
        publish()
        (code,) = code_of_nobody()
        tills = [shop.till() for _ in range(8)]
        note = tills[0].quote(None, line("rice"), codes=[code])["quote"]
        answers = at_once(
            *(
                lambda till=till: till.sell("A", None, line("rice"), codes=[code], quote=note, key="one")
                for till in tills
            )
        )
        assert Counter(answer.status for answer in answers) == {201: 8}
        assert len({answer.body for answer in answers}) == 1

    def test_holds_and_orders_of_one_coupon_meet(self, shop):
        publish()
        member = shop.member()
        code = give(member)

        def held(number: int) -> Any:
            try:
                return hold(shop, f"W{number}", code, member_id=member)
            except CouponsRefused:
                return None

        found = at_once(*(lambda number=number: held(number) for number in range(12)))
        assert sum(each is not None for each in found) == 1
        assert broken() == {}

    def test_limits_of_grants_and_of_two_batches_hold_at_once(self, shop):
        publish({"thanks": THANKS | {"limits": {"per_member": 3, "in_total": 40}}}, thanks=GRANT)
        everybody = [shop.member() for _ in range(12)]
        some = [
            batches.to_members(SYSTEM, "thanks", everybody, at=OPENING, later=lambda _: None)
            for _ in range(2)
        ]
        tills = [shop.till() for _ in range(6)]

        def sell(number: int) -> None:
            for turn in range(6):
                reply = tills[number].sell(f"{number}-{turn}", everybody[(number + turn) % 12], line("rice"))
                assert reply.status == 201

        at_once(
            *(lambda number=number: sell(number) for number in range(6)),
            *(lambda one=one: batches.run(one.pk, lambda: OPENING, lambda _: True) for one in some),
        )
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from benefits_coupon")
            (count,) = cursor.fetchone()
            cursor.execute("select max(issued) from benefits_couponsofmember")
            (most,) = cursor.fetchone()
        assert count <= 40
        assert most <= 3
        assert broken() == {}

    def test_a_publication_and_an_order_meet(self, shop, monkeypatch):
        def text(days: int) -> dict[str, Any]:
            return {
                "coupons": {"thanks": template(valid={"days": days})},
                "offers": {
                    "some": offer({"amount": {"discount": 1}}, limits={"in_total": 100 + days}),
                    "thanks": GRANT,
                },
            }

        programme.apply(SYSTEM, text(7), at=OPENING)
        member = shop.member()
        counted, begin, commit = threading.Event(), limits.begin, orders._commit
        runs: list[int] = []

        def begin_late(cursor: Any) -> None:
            # The order has locked counters; the publication has time to take what it takes before them.
            counted.set()
            time.sleep(1)
            begin(cursor)

        def run(*arguments: Any) -> Any:
            runs.append(1)
            return commit(*arguments)

        def publish_meanwhile() -> Any:
            assert counted.wait(20)
            return programme.apply(SYSTEM, text(8), at=OPENING)

        monkeypatch.setattr(limits, "begin", begin_late)
        monkeypatch.setattr(orders, "_commit", run)
        sold, published = at_once(lambda: shop.till().sell("A", member, line("rice")), publish_meanwhile)
        # Neither was broken off.
        assert (sold.status, runs) == (201, [1])
        assert published.coupons.documents["thanks"].valid.days == 8
        assert broken() == {}

    def test_a_transfer_and_a_merge_meet(self, shop, monkeypatch):
        publish({"less-20": template(transferable=True)}, less=LESS_20)
        gone, kept = shop.member(), shop.member()
        (made,) = issuing.give(SYSTEM, gone, "less-20", at=OPENING)
        merging, follow = threading.Event(), BenefitsFollow.merge

        def follow_late(*arguments: Any) -> Any:
            # The merge has locked both members; the transfer has time to take what it takes before them.
            merging.set()
            time.sleep(0.5)
            return follow(*arguments)

        def transfer() -> str:
            assert merging.wait(20)
            with pytest.raises(CannotTransfer) as refused:
                wallet.transfer(SYSTEM, made.coupon_id, kept, at=OPENING)
            return refused.value.reason

        monkeypatch.setattr(BenefitsFollow, "merge", follow_late)
        _, reason = at_once(
            lambda: members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="同一人", at=OPENING),
            transfer,
        )
        assert reason == "same_member"
        assert broken() == {}

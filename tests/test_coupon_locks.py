"""Coupons of one template pulled from all sides at once: everybody locks in one order, so nobody is broken off."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from laoke.benefits.coupons import issuing, limits, rotation, selectors, wallet
from laoke.benefits.coupons.errors import CannotIssue, CannotRevoke
from laoke.checkout import programme
from laoke.foundation import again
from laoke.foundation.access import SYSTEM
from laoke.members import services as members
from tests.coupon_shop import offer, publish, template
from tests.shop import OPENING, broken, line
from tests.test_concurrency import at_once

GRANT = offer(
    {"coupon": {"template": "thanks", "quantity": 3}},
    {"coupon": {"template": "again", "quantity": 2}},
    stage="basket",
    when={"basket.subtotal": {"gte": 60}},
)
LIMITS = {"limits": {"per_member": 50, "in_total": 5000}, "transferable": True}
USE = offer({"amount": {"discount": 1}}, coupons=["thanks", "again"], when={"basket.subtotal": {"gte": 5}})


@pytest.fixture
def shop(committed_shop):
    publish({"thanks": template(**LIMITS), "again": template(**LIMITS)}, grant=GRANT, use=USE)
    return committed_shop


@pytest.fixture
def no_second_try(monkeypatch):
    """Whoever is broken off by PostgreSQL is told: nothing is run once more."""
    monkeypatch.setattr(again, "_BROKEN_OFF", ())


@pytest.fixture
def slowly(monkeypatch):
    """Locks on limits are held for a while, as on a busy machine."""
    take_off = limits.take_off

    def slow(cursor, revoked):
        take_off(cursor, revoked)
        time.sleep(0.02)

    monkeypatch.setattr(limits, "take_off", slow)


def deadlocks() -> int:
    """How many the database has seen so far."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_stat_clear_snapshot()")
        cursor.execute("select deadlocks from pg_stat_database where datname = current_database()")
        return int(cursor.fetchone()[0])


def codes_of(sold: Any) -> list[str]:
    return [
        selectors.reveal(SYSTEM, each["coupon_id"], reason="test", at=OPENING)
        for each in sold["coupons_issued"]
    ]


def test_revoked_used_returned_and_erased_at_once(shop, no_second_try, slowly):
    before = deadlocks()
    seen: Counter[object] = Counter()
    for turn in range(8):
        one, two = shop.member(), shop.member()
        sold = [shop.till().sell(f"{turn}-{n}", (one, two)[n % 2], line("rice")) for n in range(4)]
        numbers = [each["coupon_id"] for some in sold for each in some["coupons_issued"]]
        assert len(numbers) == 20
        entered = [codes_of(some) for some in sold]

        def revoke(wanted):
            def one_by_one():
                for number in wanted:
                    with suppress(CannotRevoke):
                        wallet.revoke(SYSTEM, number, reason="发错了", at=OPENING)

            return one_by_one

        def take_back(n, sold=sold):
            till = shop.till()
            return lambda: till.take_back(sold[n]["order_id"])

        def redeem(n, entered=entered, turn=turn, one=one, two=two):
            till = shop.till()
            return lambda: till.sell(
                f"{turn}+{n}", (one, two)[n % 2], line("rice", 2), codes=list(reversed(entered[n]))[:3]
            )

        def erase(one=one):
            members.erase_person(caller=SYSTEM, member_id=one, reason="本人要求", at=OPENING)

        *replies, _, _, _ = at_once(
            *(take_back(n) for n in range(4)),
            *(redeem(n) for n in range(4)),
            revoke(numbers[::-1]),
            revoke(numbers[::2]),
            erase,
        )
        assert [reply.status for reply in replies[:4]] == [201] * 4, [reply.json for reply in replies]
        seen.update((reply.status, reply.code) for reply in replies[4:])
        assert broken() == {}
        assert {each.state for each in selectors.wallet(one, OPENING)[0]} <= {"revoked", "used"}
    assert set(seen) <= {
        (201, None),
        (409, "member-erased"),
        (410, "member-erased"),
        (409, "member-not-active"),
    }, seen
    time.sleep(1.2)  # A connection tells its counts at most once a second.
    assert deadlocks() == before


def test_a_return_that_revokes_what_was_used_and_what_came_along(shop, no_second_try, slowly):
    """The used coupon is counted off its limit, and others of that template came with the order."""
    before = deadlocks()
    for turn in range(6):
        member = shop.member()
        first = shop.till().sell(f"{turn}-0", member, line("rice"))
        second = shop.till().sell(f"{turn}-1", member, line("rice", 2), codes=codes_of(first)[:1])
        shop.till().take_back(first["order_id"])
        numbers = [each["coupon_id"] for each in second["coupons_issued"]]

        def revoke(place, numbers=numbers):
            def later():
                time.sleep(0.005 * place)
                wallet.revoke(SYSTEM, numbers[place], reason="发错了", at=OPENING)

            return later

        till = shop.till()
        back, *_ = at_once(
            lambda till=till, sold=second: till.take_back(sold["order_id"]),
            *(revoke(place) for place in range(5)),
        )
        assert back.status == 201
        assert {each["became"] for each in back["coupons"]} == {"revoked"}
        assert {each.state for each in selectors.wallet(member, OPENING)[0]} == {"revoked"}
        assert broken() == {}
    time.sleep(1.2)
    assert deadlocks() == before


def test_a_return_and_the_erasure_of_who_got_its_coupons(shop, no_second_try):
    before = deadlocks()
    for turn in range(12):
        buyer, friend = shop.member(), shop.member()
        sold = shop.till().sell(f"{turn}", buyer, line("rice"))
        numbers = [each["coupon_id"] for each in sold["coupons_issued"]]
        for number in numbers[:: 1 if turn % 2 else -1]:
            wallet.transfer(SYSTEM, number, friend, at=OPENING)

        def erase(friend=friend, turn=turn):
            time.sleep(0.002 * turn)
            return members.erase_person(caller=SYSTEM, member_id=friend, reason="本人要求", at=OPENING)

        till = shop.till()
        back, erased = at_once(lambda till=till, sold=sold: till.take_back(sold["order_id"]), erase)
        assert (back.status, erased) == (201, True)
        assert {each.state for each in selectors.wallet(friend, OPENING)[0]} == {"revoked"}
        assert broken() == {}
    time.sleep(1.2)
    assert deadlocks() == before


ANNOUNCED = template(
    kind="shared",
    announced=True,
    valid={"from": "2026-03-01", "until": "2026-03-31"},
    code={"text": "HELLO20"},
)


def test_an_announced_code_is_revoked_while_limits_are_published(shop, no_second_try):
    before = deadlocks()
    documents = {"thanks": template(**LIMITS), "again": template(**LIMITS), "hello": ANNOUNCED}
    offers = {"grant": GRANT, "use": USE | {"coupons": ["thanks", "again", "hello"]}}
    for turn in range(12):
        documents["more"] = template(limits={"in_total": 10}) if turn % 2 else template()
        documents["hello"] = ANNOUNCED | {"name": {"zh": f"券{turn}", "en": f"Coupon {turn}"}}
        programme.apply(SYSTEM, {"coupons": documents, "offers": offers}, at=OPENING)
        number = selectors.with_code("HELLO20", OPENING).coupon_id
        documents["more"] = template() if turn % 2 else template(limits={"in_total": 10})
        documents["hello"] = ANNOUNCED
        at_once(
            lambda: programme.apply(SYSTEM, {"coupons": documents, "offers": offers}, at=OPENING),
            lambda number=number: wallet.revoke(SYSTEM, number, reason="贴错了", at=OPENING),
            lambda: list(rotation.reseal(caller=SYSTEM, at=OPENING)),
        )
        assert broken() == {}
    time.sleep(1.2)
    assert deadlocks() == before


def put(document: dict[str, Any]) -> None:
    publish({"thanks": document}, use=USE | {"coupons": ["thanks"]})


def counted() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("select template, member_id, issued from benefits_couponsofmember order by 1, 2")
        return cursor.fetchall()


def one_more(member: int, template_key: str) -> int | str:
    """One more coupon, or why there is none."""
    try:
        return len(issuing.give(SYSTEM, member, template_key, at=OPENING))
    except CannotIssue as error:
        return error.reason


def test_a_new_limit_for_each_member_counts_nobody_before_they_are_asked_for(committed_shop):
    """Publishing it costs the same however many coupons there are; the limit is exact from then on."""
    one, two, three = (committed_shop.member() for _ in range(3))
    put(template())
    for member, quantity in ((one, 3), (two, 1), (three, 2)):
        issuing.give(SYSTEM, member, "thanks", quantity, at=OPENING)
    put(template(limits={"per_member": 2}))
    assert counted() == []
    assert one_more(one, "thanks") == "member_limit"
    assert counted() == []
    assert (one_more(two, "thanks"), one_more(two, "thanks")) == (1, "member_limit")
    assert counted() == [("thanks", two, 2)]
    # Who was never counted is counted without what is revoked now; who was is counted down.
    for member in (three, two):
        newest = selectors.wallet(member, OPENING)[0][0]
        wallet.revoke(SYSTEM, newest.coupon_id, reason="发错了", at=OPENING)
    assert counted() == [("thanks", two, 1), ("thanks", three, 1)]
    # Another number just holds; together two members may have more than one may get.
    put(template(limits={"per_member": 3, "in_total": 100}))
    assert counted() == [("thanks", two, 1), ("thanks", three, 1)]
    merge = members.merge(caller=SYSTEM, kept_id=one, gone_id=two, reason="同一人", at=OPENING)
    assert counted() == [("thanks", three, 1)]
    assert one_more(one, "thanks") == "member_limit"
    members.unmerge(caller=SYSTEM, merge_id=merge, at=OPENING)
    assert (one_more(two, "thanks"), one_more(one, "thanks")) == (1, "member_limit")
    assert broken() == {}
    put(template(limits={"in_total": 100}))
    assert counted() == []
    assert one_more(one, "thanks") == 1
    assert broken() == {}


def test_members_who_were_never_counted_get_no_more_than_theirs_at_once(committed_shop, no_second_try):
    """Issued and revoked at once, with the limit fresh: the first to ask writes the count down, the others use it."""
    for turn in range(6):
        member = committed_shop.member()
        put(template())
        made = issuing.give(SYSTEM, member, "thanks", 4, at=OPENING)
        put(template(limits={"per_member": 5}))

        def revoke(place, made=made):
            return lambda: wallet.revoke(SYSTEM, made[place].coupon_id, reason="发错了", at=OPENING)

        answers = at_once(
            *(revoke(place) for place in range(2)),
            *(lambda member=member: one_more(member, "thanks") for _ in range(6)),
        )
        assert answers[:2] == [True, True]
        got = answers[2:].count(1)
        assert 1 <= got <= 3, answers
        assert [row[1:] for row in counted() if row[1] == member] == [(member, 2 + got)]
        more = [one_more(member, "thanks") for _ in range(4 - got)]
        assert more == [1] * (3 - got) + ["member_limit"]
        assert broken() == {}, turn

"""Real threads on real connections, as tills press at the same moment: nothing is spent twice, nothing is lost."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client

from laoke.checkout import orders
from laoke.foundation.access import SYSTEM
from laoke.foundation.again import once_more
from laoke.foundation.staff import services as staff
from laoke.members import services as members
from laoke.points.expiry import expire
from laoke.purchases import services as purchases
from laoke.purchases.services import CategoryInput
from laoke.tiers.ladder import parse as parse_ladder
from laoke.tiers.review import review
from tests.shop import LADDER, OPENING, account, basket, broken, everything, line, tier

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def shop(committed_shop):
    return committed_shop


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls at the same moment, each on its own connection; their answers in their order."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, call) for call in calls]]


def till_calls(count: int, make: Callable[[int], Callable[[], Any]]) -> list[Callable[[], Any]]:
    return [make(number) for number in range(count)]


def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, list(values))
        return cursor.fetchall()


def test_points_of_one_member_are_never_spent_twice(shop):
    """16 tills, 3 orders each; every other one wants 400 of the 1,000 points there are, and of those earned since."""
    member = shop.member()
    shop.till().sell("begin", member, line("wine", 2))

    def sell(number):
        till = shop.till()

        def three():
            points = 400 if number % 2 else 0
            return [
                till.sell(
                    f"{number}-{turn}",
                    member,
                    line("milk", 2),
                    points_to_redeem=points,
                    key=f"{number}-{turn}",
                )
                for turn in range(3)
            ]

        return three

    answers = [answer for three in at_once(*till_calls(16, sell)) for answer in three]
    sold = [answer for answer in answers if answer.status == 201]
    refused = Counter(answer.code for answer in answers if answer.status != 201)
    assert set(refused) == {"points-refused"}
    assert len([answer for answer in sold if not answer["points_redeemed"]]) == 24
    numbers = [row[0] for row in rows("select order_no from purchases_order where order_no <> 'begin'")]
    assert sorted(numbers) == sorted(answer["order_no"] for answer in sold)
    spent = sum(answer["points_redeemed"] for answer in sold)
    earned = 1000 + sum(answer["points_earned"] for answer in sold)
    assert (account(member)["balance"], account(member)["debt"]) == (earned - spent, 0)
    assert 800 <= spent <= earned
    # The answers tell one story: each saw the account as the one before had left it.
    seen = sorted(answer["member"]["points_available"] for answer in sold)
    assert earned - spent in seen
    assert broken() == {}


@pytest.mark.parametrize("known", [True, False], ids=["a member's", "an anonymous"])
def test_one_order_sent_by_eight_at_once_is_there_once(shop, known):
    member = shop.member() if known else None
    for turn in range(4):
        body = basket(member, line("wine")) | {"order_no": f"A{turn}", "placed_at": OPENING.isoformat()}

        def send(_, body=body, turn=turn):
            till = shop.till()
            return lambda: till.send_order(body, key=f"k{turn}")

        answers = at_once(*till_calls(8, send))
        assert {answer.status for answer in answers} == {201}
        assert len({answer.body for answer in answers}) == 1
        assert [answer.replayed for answer in answers].count(False) == 1
    assert rows("select count(*), count(distinct order_no) from purchases_order") == [(4, 4)]
    assert broken() == {}


@pytest.mark.parametrize("who", ["one member", "eight members", "nobody"])
def test_one_number_used_by_eight_orders_goes_to_one(shop, who):
    people = {"one member": [shop.member()] * 8, "nobody": [None] * 8}.get(who) or [
        shop.member() for _ in range(8)
    ]
    for turn in range(4):

        def sell(number, turn=turn):
            till = shop.till()
            return lambda: till.sell(f"A{turn}", people[number], line("milk"), key=f"{turn}-{number}")

        answers = at_once(*till_calls(8, sell))
        assert Counter((answer.status, answer.code) for answer in answers) == {
            (201, None): 1,
            (409, "order-exists"): 7,
        }
    assert rows("select count(*) from purchases_order") == [(4,)]
    assert rows("select coalesce(sum(balance), 0)::int from points_account") == [
        (0 if who == "nobody" else 48,)
    ]
    assert broken() == {}


def test_one_return_sent_by_eight_at_once_is_there_once(shop):
    member = shop.member()
    sold = shop.till().sell("A", member, line("wine", 2))

    def take_back(number):
        till = shop.till()
        same = number % 2 == 0
        return lambda: till.take_back(
            sold["order_id"], "same" if same else f"R{number}", (1, "1.5"), key="k" if same else f"k{number}"
        )

    answers = at_once(*till_calls(8, take_back))
    done = [answer for answer in answers if answer.status == 201]
    assert {answer.code for answer in answers if answer.status != 201} <= {"return-refused"}
    assert len({answer.body for answer in done}) == 1
    assert rows("select count(*), sum(returned_minor)::int from purchases_orderreturn") == [(1, 75000)]
    assert broken() == {}


def test_one_anonymous_return_sent_by_eight_at_once_is_answered_alike(shop):
    sold = shop.till().sell("A", None, line("wine", 2))

    def take_back(number):
        till = shop.till()
        return lambda: till.take_back(sold["order_id"], key="k")

    answers = at_once(*till_calls(8, take_back))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert rows("select count(*), sum(returned_minor)::int from purchases_orderreturn") == [(1, 100000)]
    assert broken() == {}


def test_orders_and_returns_while_two_members_become_one(shop):
    """Whatever comes first, no order stays with the member that is gone, and nobody is told of a deadlock."""
    for turn in range(6):
        kept, gone = shop.member(), shop.member()
        if turn % 2:
            kept, gone = gone, kept
        sold = [shop.till().sell(f"{turn}-{number}", gone, line("wine")) for number in range(3)]

        def trade(number, kept=kept, gone=gone, sold=sold, turn=turn):
            till = shop.till()
            if number < 4:
                return lambda: till.sell(f"{turn}+{number}", (gone, kept)[number % 2], line("wine"))
            return lambda: till.take_back(sold[number - 4]["order_id"])

        *answers, _ = at_once(
            *till_calls(7, trade),
            lambda kept=kept, gone=gone: members.merge(
                caller=SYSTEM, kept_id=kept, gone_id=gone, reason="same person", at=OPENING
            ),
        )
        assert [answer.status for answer in answers] == [201] * 7, [answer.json for answer in answers]
        assert (account(gone)["balance"], account(kept)["balance"]) == (0, 2000)
        assert tier(kept) == "gold"  # four purchases of 500 are left
        assert rows("select count(*) from purchases_order where member_id = %s", gone) == [(0,)]
        assert broken() == {}


def test_orders_and_returns_while_a_merge_is_undone(shop):
    """Locks may be met crosswise here: PostgreSQL breaks one off, and the till's command is run once more."""
    for turn in range(5):
        kept, gone = shop.member(), shop.member()
        if turn % 2:
            kept, gone = gone, kept
        sold = [shop.till().sell(f"{turn}-{number}", gone, line("wine")) for number in range(2)]
        merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=gone, reason="same person", at=OPENING)

        def trade(number, gone=gone, sold=sold, turn=turn):
            till = shop.till()
            if number < 4:
                return lambda: till.sell(f"{turn}+{number}", gone, line("wine"))
            return lambda: till.take_back(sold[number - 4]["order_id"])

        def undo(merge=merge):
            for _ in range(9):
                with suppress(OperationalError):
                    return members.unmerge(caller=SYSTEM, merge_id=merge, at=OPENING)
            raise AssertionError("the undo was broken off nine times")

        *answers, _ = at_once(*till_calls(6, trade), undo)
        assert [answer.status for answer in answers] == [201] * 6, [answer.json for answer in answers]
        assert account(gone)["balance"] + account(kept)["balance"] == 2000
        assert broken() == {}


def test_a_sweep_of_expired_points_while_others_are_spent(shop):
    """Old points expire at midnight, young ones are spent in the same second; a swept account is never overdrawn."""
    people = [shop.member() for _ in range(4)]
    midnight = datetime(2027, 3, 11, tzinfo=SHANGHAI)
    for number, member in enumerate(people):
        shop.till().sell(f"old-{number}", member, line("wine"))
        shop.till(midnight - timedelta(days=30)).sell(f"young-{number}", member, line("wine"))

    def spend(number):
        till = shop.till(midnight)
        return lambda: [
            till.sell(f"{number}-{turn}", people[number % 4], line("card"), points_to_redeem=200)
            for turn in range(3)
        ]

    def sweep():
        return [expire(at=midnight, now=midnight, batch=2).lots for _ in range(10)]

    *answers, one, two = at_once(*till_calls(8, spend), sweep, sweep)
    sold = [answer for some in answers for answer in some if answer.status == 201]
    # Each has 500 young points: two purchases with 200 of them go through.
    assert Counter(answer["member"]["member_id"] for answer in sold) == dict.fromkeys(people, 2)
    left = expire(at=midnight, now=midnight).lots
    assert sum(one) + sum(two) + left == 4
    for member in people:
        assert account(member) == {
            "balance": 100,
            "debt": 0,
            "earned_total": 1000,
            "redeemed_total": 400,
            "expired_total": 500,
        }
    assert broken() == {}


def test_a_review_while_purchases_climb(shop):
    """A purchase in the minutes of the review counts, whichever comes first: the review judges the time before."""
    ladder, day = parse_ladder(LADDER), date(2026, 7, 1)
    at = datetime(2026, 7, 1, 3, 40, tzinfo=SHANGHAI)
    people = [shop.member() for _ in range(8)]
    for number, member in enumerate(people):
        for turn in range(3):
            shop.till().sell(f"{number}-{turn}", member, line("wine", 2))
    assert {tier(member) for member in people} == {"gold"}

    def climb(number):
        till = shop.till(at)
        return lambda: [
            till.sell(f"{number}+{turn}", people[number], line("wine", 2)) for turn in range(1 + number % 3)
        ]

    *answers, _ = at_once(*till_calls(8, climb), lambda: review(ladder, day, now=at, batch=3))
    assert {answer.status for some in answers for answer in some} == {201}
    assert [tier(member) for member in people] == ["silver", "silver", "gold"] * 2 + ["silver", "silver"]
    assert broken() == {}


def test_two_reviews_of_one_day_judge_once(shop):
    ladder, day = parse_ladder(LADDER), date(2026, 7, 1)
    at = datetime(2026, 7, 1, 3, 40, tzinfo=SHANGHAI)
    people = [shop.member() for _ in range(10)]
    for number, member in enumerate(people):
        shop.till().sell(f"A{number}", member, line("wine"))
    done = at_once(*[lambda: review(ladder, day, now=at, batch=2)] * 4)
    assert sum(result.judged for result in done) == 10
    assert rows("select count(*) from tiers_tierchange where cause = 'review_downgraded'") == [(10,)]
    assert broken() == {}


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
def test_an_order_that_was_broken_off_is_run_once_more(shop, monkeypatch, error):
    commit, failures = orders._commit, [error("broken off")]

    def broken_off(*arguments):
        answer = commit(*arguments)
        if failures:
            raise failures.pop()
        return answer

    monkeypatch.setattr(orders, "_commit", broken_off)
    answer = shop.till().sell("A", shop.member(), line("milk"))
    assert (answer.status, answer.replayed) == (201, False)
    assert rows("select count(*) from purchases_order") == [(1,)]
    # A second time in a row is told: the till repeats with the same key.
    failures += [error("broken off"), error("again")]
    before = everything()
    answer = shop.till().sell("B", None, line("milk"))
    assert (answer.status, answer.code) == (503, "database-away")
    assert everything() == before


def test_within_a_larger_transaction_nothing_is_run_again():
    calls = []

    def command():
        calls.append(1)
        raise psycopg.errors.DeadlockDetected

    with pytest.raises(psycopg.errors.DeadlockDetected):
        once_more(command)
    assert len(calls) == 2


@pytest.mark.django_db(transaction=True)
def test_a_command_within_a_transaction_is_not_repeated():
    calls = []

    def command():
        calls.append(1)
        raise psycopg.errors.DeadlockDetected

    with pytest.raises(psycopg.errors.DeadlockDetected), transaction.atomic():
        once_more(command)
    assert len(calls) == 1


def signed_in(username):
    browser = Client(headers={"Accept-Language": "en"})
    person = staff.create(SYSTEM, username, username, "owner", "wan-an-hutong-9", at=OPENING)
    browser.force_login(person)
    return browser


def filled_in(browser, path):
    """The form at an address as a browser would send it back."""
    body = browser.get(path).content.decode()
    fields = re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', body)
    return {name: unescape(value) for name, value in fields} | {"category": "", "region": "", "parent": ""}


@pytest.mark.parametrize("kind", ["product", "store", "region", "category"])
def test_of_two_who_save_the_same_entry_at_once_one_is_told(shop, kind):
    """Both looked at the same values; the later one never overwrites the earlier without a word."""
    purchases.save_regions(SYSTEM, {"east": ("华东", "")}, at=OPENING)
    purchases.save_categories(SYSTEM, [CategoryInput("01", "生鲜")], at=OPENING)
    table, key, path = {
        "product": ("purchases_product", "sku = 'milk'", "/products/{}/edit"),
        "store": ("purchases_store", "code = 'S1'", "/stores/{}/edit"),
        "region": ("purchases_region", "code = 'east'", "/stores/regions/{}"),
        "category": ("purchases_category", "code = '01'", "/products/categories/{}"),
    }[kind]
    ((number,),) = rows(f"select id from {table} where {key}")
    address = path.format(number)
    browsers = [signed_in("first"), signed_in("second")]
    for turn in range(5):
        forms = [
            filled_in(browser, address) | {"name": f"{turn} of {n}"} for n, browser in enumerate(browsers)
        ]
        answers = at_once(
            *(lambda b=b, f=f: b.post(address, f) for b, f in zip(browsers, forms, strict=True))
        )
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        winner = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
        assert rows(f"select name from {table} where {key}") == [(f"{turn} of {winner}",)]
        assert f"{turn} of {winner}" in answers[1 - winner].content.decode()


def test_a_product_switched_off_while_it_is_edited_stays_off(shop):
    ((number,),) = rows("select id from purchases_product where sku = 'milk'")
    browsers = [signed_in("first"), signed_in("second")]
    for turn in range(5):
        form = filled_in(browsers[0], f"/products/{number}/edit") | {"name": f"milk {turn}"}
        switched = {} if turn % 2 == 0 else {"active": "on"}
        answers = at_once(
            lambda form=form: browsers[0].post(f"/products/{number}/edit", form),
            lambda switched=switched: browsers[1].post(f"/products/{number}/switch", switched),
        )
        assert [answer.status_code for answer in answers] == [303, 303]
        assert rows("select name, active from purchases_product where sku = 'milk'") == [
            (f"milk {turn}", turn % 2 == 1)
        ]

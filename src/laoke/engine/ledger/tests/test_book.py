"""The books in stories: terms one by one, and tricks that made points in other systems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from laoke.engine.ledger.book import Book, by_contra
from laoke.engine.ledger.errors import InsufficientPoints, LedgerRefused
from laoke.engine.ledger.terms import (
    NEVER,
    Forever,
    Inactivity,
    Received,
    Restoration,
    RollingMonths,
    Shortage,
    Span,
    Terms,
    YearEnd,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def book(**terms):
    return Book(Terms(**{"validity": Forever(), **terms}), UTC)


def day(number):
    return T0 + number * DAY


def has(books, member="an", at=T0):
    account = books.account(member, at)
    return account.available(at), account.expired, account.debt


# Tricks.


def test_buy_spend_return_does_not_leave_points():
    """Buy, spend the points, bring the goods back: the points spent are owed, and the next ones repay them."""
    books = book()
    books.earn("o1", "an", 100, at=day(0), order="o1")
    books.spend("s", "an", 100, at=day(1), order="o2")
    books.refund("r", "an", "o1", 5000, 5000, at=day(2))
    assert has(books, at=day(2)) == (-100, 0, 100)
    books.earn("o3", "an", 130, at=day(3), order="o3")
    assert has(books, at=day(3)) == (30, 0, 0)


def test_points_set_aside_for_one_order_do_not_pay_another():
    books = book()
    books.earn("o1", "an", 100, at=day(0))
    books.reserve("h", "an", 80, at=day(1))
    with pytest.raises(InsufficientPoints) as refused:
        books.spend("s", "an", 21, at=day(1))
    assert refused.value.extensions == {"wanted": 21, "available": 20}
    books.capture("c", "h", at=day(2))
    with pytest.raises(LedgerRefused, match="closed") as again:
        books.capture("c2", "h", at=day(2))
    assert again.value.reason == "reservation_closed"
    assert has(books, at=day(2)) == (20, 0, 0)


def test_a_return_takes_back_once_what_was_taken_back_in_part():
    """A part refunded, then the earning undone: together the points of the order, never more."""
    books = book()
    books.earn("o1", "an", 100, at=day(0), order="o1")
    books.earn("gift", "an", 500, at=day(0))
    books.refund("r", "an", "o1", 2500, 5000, at=day(1))
    assert books.revert("v", "o1", at=day(2)).points == 50
    assert has(books, at=day(2)) == (500, 0, 0)
    books.refund("r2", "an", "o1", 2500, 5000, at=day(3))
    assert has(books, at=day(3)) == (500, 0, 0)


def test_a_retry_of_a_till_that_was_offline_does_not_double():
    books = book()
    books.earn("till-7/18", "an", 40, at=day(0), order="o1")
    again = books.earn("till-7/18", "an", 40, at=day(2), order="o1")
    assert (again.replayed, again.points, has(books, at=day(2))) == (True, 40, (40, 0, 0))
    with pytest.raises(LedgerRefused) as refused:
        books.earn("till-7/18", "an", 41, at=day(2), order="o1")
    assert refused.value.reason == "duplicate_conflict"


def test_a_transfer_to_and_fro_does_not_dodge_expiry():
    books = book(validity=Span(10 * DAY))
    books.earn("o1", "an", 100, at=day(0))
    books.transfer("t", "an", "bo", 100, at=day(9))
    books.transfer("u", "bo", "an", 100, at=day(9))
    assert has(books, at=day(9)) == (100, 0, 0)
    assert has(books, at=day(10)) == (0, 100, 0)


def test_a_debt_is_not_left_behind_by_giving_points_away():
    """Points given away are gone: the return finds them missing with the giver, not with the receiver."""
    books = book()
    books.earn("o1", "an", 100, at=day(0), order="o1")
    books.transfer("t", "an", "bo", 100, at=day(1))
    books.refund("r", "an", "o1", 1, 1, at=day(2))
    assert has(books, at=day(2)) == (-100, 0, 100)
    assert has(books, "bo", day(2)) == (100, 0, 0)


def test_a_return_gives_back_no_longer_life():
    """Pay with points about to expire, bring the goods back: the points keep their end, or get days of grace once."""
    books = book(validity=Span(10 * DAY), restoration=Restoration.GRACE, grace_days=3)
    books.earn("o1", "an", 100, at=day(0))
    books.spend("s", "an", 100, at=day(9), order="o2")
    books.refund("r", "an", "o2", 1, 2, at=day(9))
    assert has(books, at=day(9)) == (50, 0, 0)
    books.refund("r2", "an", "o2", 1, 2, at=day(20))
    assert has(books, at=day(20)) == (50, 50, 0)
    assert has(books, at=day(24)) == (0, 100, 0)


# Terms.


@pytest.mark.parametrize(
    ("expired_counts", "left"), [(True, (0, 0, 0)), (False, (-100, 100, 100))], ids=["counts", "does-not"]
)
def test_points_of_an_order_that_expired_unspent_count_as_taken_back(expired_counts, left):
    books = book(validity=Span(10 * DAY), expired_counts=expired_counts)
    books.earn("o1", "an", 100, at=day(0), order="o1")
    done = books.refund("r", "an", "o1", 1, 1, at=day(20))
    assert has(books, at=day(20)) == left
    assert [reason.as_json() for reason in done.reasons] == [
        {"code": "expired_before" if expired_counts else "owed_from_now", "points": 100}
    ]


@pytest.mark.parametrize(
    ("shortage", "left", "why"),
    [
        (Shortage.RECOVER, (-70, 0, 70), {"owed_from_now": 70}),
        (Shortage.FLOOR, (-25, 0, 25), {"owed_from_now": 25, "given_up": 45}),
        (Shortage.WAIVE, (0, 0, 0), {"given_up": 70}),
    ],
)
def test_points_to_be_taken_back_that_are_spent(shortage, left, why):
    books = book(shortage=shortage, floor=25)
    books.earn("o1", "an", 100, at=day(0), order="o1")
    books.spend("s", "an", 70, at=day(1))
    done = books.refund("r", "an", "o1", 1, 1, at=day(2))
    assert has(books, at=day(2)) == left
    assert {reason.code: reason.values["points"] for reason in done.reasons} == why


def test_a_return_can_be_refused_until_the_points_are_there():
    books = book(shortage=Shortage.FORBID)
    books.earn("o1", "an", 100, at=day(0), order="o1")
    books.spend("s", "an", 70, at=day(1), order="o2")
    before = list(books.journal)
    with pytest.raises(InsufficientPoints):
        books.refund("r", "an", "o1", 1, 1, at=day(2))
    assert books.journal == before
    books.earn("o3", "an", 70, at=day(3))
    assert books.refund("r", "an", "o1", 1, 1, at=day(3)).points == 100
    assert has(books, at=day(3)) == (0, 0, 0)


def test_received_points_may_start_anew():
    books = book(validity=Span(10 * DAY), received=Received.RESTART)
    books.earn("o1", "an", 100, at=day(0))
    books.transfer("t", "an", "bo", 60, at=day(9))
    assert has(books, at=day(10)) == (0, 40, 0)
    assert has(books, "bo", day(18)) == (60, 0, 0)
    assert has(books, "bo", day(19)) == (0, 60, 0)


@pytest.mark.parametrize(
    ("validity", "ends"),
    [
        (RollingMonths(12), datetime(2027, 3, 12, tzinfo=SHANGHAI)),
        (YearEnd(), datetime(2027, 1, 1, tzinfo=SHANGHAI)),
        (YearEnd(1), datetime(2028, 1, 1, tzinfo=SHANGHAI)),
        (Inactivity(6), datetime(2026, 9, 12, tzinfo=SHANGHAI)),
        (Span(DAY), datetime(2026, 3, 12, 0, 30, tzinfo=SHANGHAI)),
        (Forever(), NEVER),
    ],
)
def test_points_earned_after_midnight_in_shanghai_end(validity, ends):
    assert validity.ends(datetime(2026, 3, 10, 16, 30, tzinfo=UTC), SHANGHAI) == ends


def test_an_account_in_use_keeps_its_points():
    books = book(validity=Inactivity(2))
    books.earn("o1", "an", 100, at=datetime(2026, 1, 10, tzinfo=UTC))
    books.spend("s", "an", 1, at=datetime(2026, 3, 10, tzinfo=UTC))
    assert has(books, at=datetime(2026, 5, 10, tzinfo=UTC)) == (99, 0, 0)
    assert has(books, at=datetime(2026, 5, 11, tzinfo=UTC)) == (0, 99, 0)


def test_points_wait_for_the_end_of_the_time_to_return():
    books = book(pending_days=7)
    books.earn("o1", "an", 40, at=T0, order="o1")
    assert (has(books, at=day(6)), books.account("an", day(6)).pending(day(6))) == ((0, 0, 0), 40)
    midnight = datetime(2026, 3, 17, tzinfo=UTC)
    assert has(books, at=midnight - timedelta(seconds=1)) == (0, 0, 0)
    assert has(books, at=midnight) == (40, 0, 0)


def test_a_return_takes_pending_points_before_others():
    books = book(pending_days=7)
    books.adjust("gift", "an", 30, at=T0)
    books.earn("o1", "an", 40, at=T0, order="o1")
    books.refund("r", "an", "o1", 1, 2, at=day(1))
    account = books.account("an", day(1))
    assert (account.available(day(1)), account.pending(day(1))) == (30, 20)


def test_an_overdraft_that_was_repaid_comes_back_to_the_lot_that_repaid_it():
    books = book(overdraft=50, validity=Span(10 * DAY))
    books.spend("s", "an", 50, at=day(0))
    books.earn("o1", "an", 80, at=day(1))
    assert has(books, at=day(1)) == (30, 0, 0)
    books.revert("v", "s", at=day(2))
    assert has(books, at=day(2)) == (80, 0, 0)
    assert has(books, at=day(11)) == (0, 80, 0)


def test_every_movement_has_its_other_side():
    books = book(validity=Span(10 * DAY))
    books.earn("o1", "an", 100, at=day(0))
    books.spend("s", "an", 30, at=day(1))
    books.spend("c", "an", 20, at=day(1), contra="charity:library")
    books.transfer("t", "an", "bo", 10, at=day(1))
    books.advance(day(10))
    assert by_contra(books.journal) == {
        "programme": -100,
        "redemption": 30,
        "charity:library": 20,
        "transfer": 0,
        "expiry": 50,
    }


def test_a_closed_account_forfeits_and_takes_no_part():
    books = book()
    books.earn("o1", "an", 100, at=day(0))
    books.reserve("h", "an", 60, at=day(0))
    assert books.close("an", at=day(1)).points == 100
    assert has(books, at=day(1)) == (0, 0, 0)
    with pytest.raises(LedgerRefused) as refused:
        books.earn("o2", "an", 1, at=day(2))
    assert refused.value.reason == "account_inactive"
    with pytest.raises(LedgerRefused) as gone:
        books.capture("c", "h", at=day(2))
    assert gone.value.reason == "reservation_voided"


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("earn", ("k", "an", -1), "invalid_amount"),
        ("transfer", ("k", "an", "an", 1), "invalid_transfer"),
        ("revert", ("k", "nothing"), "unknown_operation"),
        ("unlock", ("nothing",), "unknown_lot"),
        ("void", ("k", "nothing"), "unknown_reservation"),
        ("refund", ("k", "an", "o1", 6, 5), "exceeds_order"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(command, arguments, reason):
    books = book()
    books.earn("o1", "an", 100, at=day(0), order="o1")
    before = list(books.journal)
    with pytest.raises(LedgerRefused) as refused:
        getattr(books, command)(*arguments, at=day(1))
    assert (refused.value.reason, books.journal) == (reason, before)
    assert not books.adjust("k", "an", 5, at=day(1)).replayed

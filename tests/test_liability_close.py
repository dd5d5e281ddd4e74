"""Month-ends over purchases, returns and time, played through the services: exact points, exact cents, reopening."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from laoke.checkout.checks import CHECKS
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM, Caller, MissingScope, Scope
from laoke.foundation.models import AuditEntry
from laoke.members.errors import ReasonMissing
from laoke.points import expiry
from laoke.points.adjustments import limits, requests
from laoke.points.adjustments.errors import RequestsOpen
from laoke.points.liability.errors import MonthNotClosed, MonthNotOver, MonthOutOfOrder, NotReconciled
from laoke.points.liability.models import LiabilityClose, LiabilityEntry
from laoke.points.liability.services import close, reopen
from tests.test_ledger_page import Shop, noon

pytestmark = pytest.mark.django_db

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture
def shop():
    yield Shop()
    assert [finding for finding in checks.run(CHECKS) if finding.broken] == []


def march(shop):
    """164 and 68 points earned for 233.70 yuan of money, 100 redeemed, 70 taken back, 250 earned for 250.00."""
    shop.buy("one", "2026-03-10", {"milk": 2, "rice": 2})
    shop.buy("two", "2026-03-12", {"rice": 1}, 100)
    shop.take_back("one", "2026-03-15", {2: 1})
    shop.buy("three", "2026-03-20", {"milk": 20})


def entries(closed):
    return [
        (each.cause, each.debit, each.credit, each.amount_minor) for each in closed.entries.order_by("id")
    ]


def sums(closed):
    return {what: points for what, points in closed.movement.items() if what != "sums" and points}


def test_a_month_is_the_sum_of_what_moved_and_books_its_deferral(shop):
    march(shop)
    shop.buy("april", "2026-04-02", {"rice": 1})
    closed = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert sums(closed) == {"purchased": 482, "redeemed": -100, "taken_back": -70, "closing": 312}
    assert (closed.points_open, closed.points_debt, closed.lapsing, closed.lapsing_low) == (312, 0, 0, None)
    # 482 points settle 4.82 yuan; of 48,370 minor units paid 48370 x 482 / 48852 = 477 are theirs. 70 of 482 taken
    # back: 69. Of the 408 left, 100 of the 412 points that will be redeemed: 99.
    assert entries(closed) == [
        ("deferral", "revenue", "contract-liability", 477),
        ("taken-back", "contract-liability", "revenue", 69),
        ("redemption", "contract-liability", "revenue", 99),
    ]
    assert closed.liability_minor == 477 - 69 - 99
    (row,) = closed.cohorts.all()
    assert (row.month, row.purchased, row.redeemed, row.withdrawn, row.open) == (MARCH, 482, 100, 70, 312)
    assert closed.expiries[11] == {"month": "2027-03", "points": 312, "lapsing": 0}
    assert AuditEntry.objects.filter(action="liability.closed").count() == 1


def test_a_repeat_changes_nothing(shop):
    march(shop)
    first = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert close(SYSTEM, MARCH, at=noon("2026-04-09")) == first
    assert LiabilityClose.objects.count() == 1
    assert first.entries.count() == 3


def test_what_comes_late_into_a_closed_month_is_booked_in_the_next_and_said(shop):
    march(shop)
    close(SYSTEM, MARCH, at=noon("2026-04-03"))
    shop.buy("late", "2026-03-30", {"rice": 1})
    shop.buy("april", "2026-04-02", {"milk": 2})
    closed = close(SYSTEM, APRIL, at=noon("2026-05-03"))
    assert closed.late == {"purchased": 69}
    assert sums(closed) == {"opening": 312, "purchased": 69 + 25, "closing": 406}
    # The late points at the rate of March, 69 x 477 / 482 = 68; those of April 2500 x 25 / 2525 = 25.
    assert [each[0::3] for each in entries(closed) if each[0] == "deferral"] == [("deferral", 68 + 25)]


def test_points_that_lapse_leave_with_their_month(shop):
    march(shop)
    at = noon("2027-04-02")
    expiry.expire(at=at, now=at)
    closed = close(SYSTEM, date(2027, 3, 1), at=at)
    assert sums(closed) == {"opening": 312, "expired": -312}
    assert (closed.points_open, closed.liability_minor) == (0, 0)
    # The first close brings what was there before its month: all that is released now, as a true-up: nobody had seen
    # points of that age, so none were expected to lapse.
    opening, *rest = entries(closed)
    assert opening == ("opening", "opening-balance", "contract-liability", 309)
    assert rest == [("true-up", "contract-liability", "revenue", 309)]


def test_reopening_books_the_other_way_round_and_closing_again_sees_what_came(shop):
    march(shop)
    first = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    shop.buy("late", "2026-03-30", {"rice": 1})
    with pytest.raises(ReasonMissing):
        reopen(SYSTEM, MARCH, "", at=noon("2026-04-04"))
    with pytest.raises(MonthNotClosed):
        reopen(SYSTEM, APRIL, "wrong month", at=noon("2026-04-04"))
    assert first.entries.count() == 3
    reopen(SYSTEM, MARCH, "a till was late", at=noon("2026-04-04"))
    assert entries(first)[3:] == [
        ("reversal", "contract-liability", "revenue", 477),
        ("reversal", "revenue", "contract-liability", 69),
        ("reversal", "revenue", "contract-liability", 99),
    ]
    with pytest.raises(MonthNotClosed):
        reopen(SYSTEM, MARCH, "once more", at=noon("2026-04-04"))
    again = close(SYSTEM, MARCH, at=noon("2026-04-05"))
    assert (again.movement["purchased"], again.late) == (482 + 69, {})
    assert LiabilityClose.objects.count() == 2


def test_only_the_newest_month_is_reopened(shop):
    march(shop)
    close(SYSTEM, MARCH, at=noon("2026-05-03"))
    close(SYSTEM, APRIL, at=noon("2026-05-03"))
    with pytest.raises(MonthOutOfOrder, match="2026-04"):
        reopen(SYSTEM, MARCH, "too early", at=noon("2026-05-04"))
    assert LiabilityEntry.objects.filter(cause="reversal").count() == 0


def test_only_a_month_that_is_over_in_the_programmes_zone_in_its_turn(shop):
    march(shop)
    last_evening = noon("2026-03-31") + timedelta(hours=11, minutes=59)
    with pytest.raises(MonthNotOver):
        close(SYSTEM, MARCH, at=last_evening)
    close(SYSTEM, MARCH, at=last_evening + timedelta(minutes=1))
    with pytest.raises(MonthOutOfOrder, match="2026-04"):
        close(SYSTEM, MAY, at=noon("2026-06-01"))
    with pytest.raises(MissingScope):
        close(Caller("staff", 1, "x", frozenset({Scope.POINTS_READ})), APRIL, at=noon("2026-06-01"))
    assert LiabilityClose.objects.count() == 1


def test_no_month_is_closed_over_adjustments_that_wait_for_a_second_person(shop):
    march(shop)
    with transaction.atomic():
        limits.publish(SYSTEM, limits.parse({"limits": {"apikey": {"each": 10}}}), at=noon("2026-03-01"))
    asker = Caller("apikey", 7, "crm", SYSTEM.scopes)
    asked = requests.ask_once(asker, shop.member, 50, "补发", at=noon("2026-03-31"))["adjustment_id"]
    requests.ask_once(asker, shop.member, 60, "补发", at=noon("2026-04-01"))
    with pytest.raises(RequestsOpen) as refusal:
        close(SYSTEM, MARCH, at=noon("2026-04-02"))
    assert (refusal.value.extensions, LiabilityClose.objects.count()) == ({"count": 1}, 0)
    requests.refuse(SYSTEM, asked, "no receipt", at=noon("2026-04-02"))
    assert close(SYSTEM, MARCH, at=noon("2026-04-02")).points_open == 312


def test_nothing_is_closed_on_books_that_do_not_hold(shop):
    march(shop)

    def move(points):
        with connection.cursor() as cursor:
            cursor.execute(
                "update points_lot set remaining = remaining + %s where id = (select max(id) from points_lot)",
                [points],
            )

    move(-1)
    with pytest.raises(NotReconciled) as refused:
        close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert refused.value.extensions == {"lots": 1, "accounts": 0, "debts": 0}
    assert not LiabilityClose.objects.exists()
    move(1)
    with connection.cursor() as cursor:
        cursor.execute("update points_account set balance = balance + 2 where member_id = %s", [shop.member])
    with pytest.raises(NotReconciled) as refused:
        close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert refused.value.extensions == {"lots": 0, "accounts": 2, "debts": 0}
    with connection.cursor() as cursor:
        cursor.execute("update points_account set balance = balance - 2 where member_id = %s", [shop.member])


def test_debts_of_members_stand_beside_the_points(shop):
    march(shop)
    shop.buy("four", "2026-03-25", {"voucher": 1}, 300)
    shop.take_back("three", "2026-03-28")
    closed = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert (closed.points_open, closed.points_debt) == (0, 238)
    assert sums(closed) == {"purchased": 482, "redeemed": -400, "taken_back": -82}


def test_points_that_end_with_the_last_day_of_the_month_lapse_whole(shop):
    shop.buy("one", "2026-03-31", {"rice": 1})
    shop.buy("two", "2027-03-20", {"rice": 1})
    # Usable through 31 March 2027, so worth nothing at its end; the sweep books them in the first night of April.
    closed = close(SYSTEM, date(2027, 3, 1), at=noon("2027-04-02"))
    assert sums(closed) == {"opening": 69, "purchased": 69, "closing": 138}
    assert [(each.open, each.lapsing) for each in closed.cohorts.order_by("month")] == [(69, 69), (69, 0)]
    # 6990 minor units paid for 69 points: 68 are theirs. One month of issue is no experience: none of them is
    # counted on to lapse.
    assert closed.liability_minor == 68
    assert closed.expiries[11] == {"month": "2028-03", "points": 69, "lapsing": 0}


def test_points_without_an_end_stay_in_the_liability(shop):
    march(shop)
    with connection.cursor() as cursor:
        cursor.execute("update points_lot set expires_at = '9999-12-31T00:00:00Z'")
    closed = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert (closed.points_open, closed.lapsing) == (312, 0)
    assert {each["points"] for each in closed.expiries} == {0}


def test_an_entry_is_a_fact(shop):
    march(shop)
    close(SYSTEM, MARCH, at=noon("2026-04-03"))
    with pytest.raises(IntegrityError), transaction.atomic():
        LiabilityEntry.objects.update(amount_minor=1)


def test_a_shop_without_points_closes_at_nothing(shop):
    closed = close(SYSTEM, MARCH, at=noon("2026-04-03"))
    assert (closed.points_open, closed.liability_minor, entries(closed)) == (0, 0, [])

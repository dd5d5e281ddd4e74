"""A month closed by two people: asked for, let pass, done by a worker; and what a forecast makes of it."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from laoke.foundation.access import SYSTEM, Caller, MissingScope, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.models import AuditEntry
from laoke.members.errors import ReasonMissing
from laoke.points.liability import forecasting, requests, selectors
from laoke.points.liability.errors import (
    MonthNotClosed,
    MonthNotOver,
    MonthOutOfOrder,
    MonthRequestDecided,
    MonthRequested,
    NoCurve,
    OwnMonthRequest,
    UnknownMonthRequest,
)
from laoke.points.liability.forecasting import Change
from laoke.points.liability.models import LiabilityClose, MonthRequest
from laoke.points.liability.requests import Act, approve, ask, refuse, withdraw, work
from laoke.points.liability.services import close
from tests.test_ledger_page import Shop, noon

pytestmark = pytest.mark.django_db

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
SCOPES = frozenset({Scope.POINTS_CLOSE.value, Scope.POINTS_LIABILITY.value})
WU, LIN = Caller("staff", 1, "吴算", SCOPES), Caller("staff", 2, "林禾", SCOPES)
NOW = noon("2026-04-02")


@pytest.fixture
def shop():
    return Shop()


def bought(shop):
    shop.buy("one", "2026-03-10", {"milk": 2, "rice": 2})
    shop.buy("two", "2026-03-12", {"rice": 1}, 100)


def newest():
    return selectors.requests(WU)[0]


def test_one_asks_another_lets_it_pass_and_a_worker_closes(shop):
    bought(shop)
    asked = ask(WU, Act.CLOSE, date(2026, 3, 17), at=NOW)
    assert (newest().state, newest().own, selectors.requests(LIN)[0].own) == ("waiting", True, False)
    assert not LiabilityClose.objects.exists()
    approve(LIN, asked.pk, at=NOW)
    assert newest().state == "approved"
    work(NOW, asked.pk)
    work(NOW, asked.pk)
    closed = selectors.closed_month(WU, None)
    assert (closed.month, closed.points_open, closed.closed_by, closed.postings) == (MARCH, 132, "林禾", 3)
    done = newest()
    assert (done.state, done.asked_by, done.decided_by, done.problem) == ("done", "吴算", "林禾", "")
    assert jobs.of(requests.TASK).detail == {"act": "close", "month": "2026-03"}
    trail = AuditEntry.objects.filter(action__startswith="liability.").order_by("id")
    assert [(each.action, each.actor) for each in trail] == [
        ("liability.asked", "吴算"),
        ("liability.approved", "林禾"),
        ("liability.closed", "林禾"),
    ]


def test_nobody_lets_pass_or_refuses_what_they_asked_for(shop):
    asked = ask(WU, Act.CLOSE, MARCH, at=NOW)
    for act in (lambda: approve(WU, asked.pk, at=NOW), lambda: refuse(WU, asked.pk, "not now", at=NOW)):
        with pytest.raises(OwnMonthRequest):
            act()
    assert newest().state == "waiting"
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthRequest.objects.update(state="approved", decided_kind="staff", decided_id=1)


def test_without_the_right_nothing_is_asked_or_decided(shop):
    reader = Caller("staff", 3, "x", frozenset({Scope.POINTS_LIABILITY.value}))
    with pytest.raises(MissingScope):
        ask(reader, Act.CLOSE, MARCH, at=NOW)
    asked = ask(WU, Act.CLOSE, MARCH, at=NOW)
    with pytest.raises(MissingScope):
        approve(reader, asked.pk, at=NOW)
    with pytest.raises(MissingScope):
        selectors.requests(Caller("staff", 4, "y", frozenset({Scope.POINTS_READ.value})))
    assert newest().state == "waiting"


def test_one_request_at_a_time_refused_with_a_reason_or_taken_back(shop):
    first = ask(WU, Act.CLOSE, MARCH, at=NOW)
    with pytest.raises(MonthRequested):
        ask(LIN, Act.CLOSE, MARCH, at=NOW)
    with pytest.raises(UnknownMonthRequest):
        withdraw(LIN, first.pk, at=NOW)
    with pytest.raises(ReasonMissing):
        refuse(LIN, first.pk, " ", at=NOW)
    refuse(LIN, first.pk, "门店还有单未传", at=NOW)
    assert (newest().state, newest().note) == ("refused", "门店还有单未传")
    with pytest.raises(MonthRequestDecided):
        approve(LIN, first.pk, at=NOW)
    second = ask(WU, Act.CLOSE, MARCH, at=NOW)
    withdraw(WU, second.pk, at=NOW)
    assert newest().state == "withdrawn"
    assert MonthRequest.objects.count() == 2


def test_what_could_not_be_done_is_not_asked_for(shop):
    with pytest.raises(MonthNotOver):
        ask(WU, Act.CLOSE, APRIL, at=NOW)
    with pytest.raises(MonthNotClosed):
        ask(WU, Act.REOPEN, MARCH, "once more", at=NOW)
    close(SYSTEM, MARCH, at=NOW)
    with pytest.raises(MonthOutOfOrder):
        ask(WU, Act.CLOSE, MARCH, at=NOW)
    assert not MonthRequest.objects.exists()


def test_reopening_needs_a_reason_and_two_people_too(shop):
    bought(shop)
    close(SYSTEM, MARCH, at=NOW)
    with pytest.raises(ReasonMissing):
        ask(WU, Act.REOPEN, MARCH, at=NOW)
    asked = ask(WU, Act.REOPEN, MARCH, "一台收银机晚传", at=NOW)
    approve(LIN, asked.pk, at=NOW)
    work(NOW, asked.pk)
    work(NOW, asked.pk)
    assert newest().state == "done"
    assert LiabilityClose.objects.get().reopened_why == "一台收银机晚传"
    with pytest.raises(MonthNotClosed):
        selectors.closed_month(WU, None)


def test_what_the_worker_finds_wrong_stands_with_the_request_and_frees_the_month(shop):
    bought(shop)
    asked = ask(WU, Act.CLOSE, MARCH, at=NOW)
    approve(LIN, asked.pk, at=NOW)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("update points_account set balance = balance + 2 where member_id = %s", [shop.member])
    work(NOW, asked.pk)
    failed = newest()
    assert (failed.state, failed.problem) == ("failed", "not-reconciled")
    assert failed.found == {"lots": 0, "accounts": 2, "debts": 0}
    assert not LiabilityClose.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("update points_account set balance = balance - 2 where member_id = %s", [shop.member])
    again = ask(WU, Act.CLOSE, MARCH, at=NOW)
    approve(LIN, again.pk, at=NOW)
    work(NOW, again.pk)
    assert newest().state == "done"


def test_a_close_keeps_what_its_page_shows(shop):
    bought(shop)
    closed = close(SYSTEM, MARCH, at=NOW)
    # 164 and 68 points for 164.80 and 68.90 of money.
    assert (closed.paid_minor, closed.postings, closed.curve) == (23370, 3, [None])
    assert closed.held == [[2026 * 12 + 2, 2027 * 12 + 2, 132]]
    (row,) = closed.cohorts.all()
    assert (row.ends_first, row.ends_last) == (date(2027, 3, 1), date(2027, 3, 1))
    (month,) = selectors.closed_months(WU)
    assert (month.earned_minor, month.paid_minor, month.face_minor) == (232, 23370, 132)
    assert selectors.next_month(at=noon("2026-06-05")) == APRIL


def test_before_the_first_close_the_month_before_comes_next(shop):
    assert selectors.next_month(at=noon("2026-01-05")) == date(2025, 12, 1)


def test_an_interval_of_points_is_one_of_money(shop):
    for month, milk in (("2026-01", 1), ("2026-02", 3), ("2026-03", 2), ("2026-04", 1)):
        shop.buy(month, f"{month}-05", {"rice": 8, "milk": milk})
        shop.buy(f"{month}s", f"{month}-20", {"rice": 2}, 100 * milk)
    with transaction.atomic():
        from laoke.points import policy

        policy.publish(SYSTEM, policy.parse({"valid_months": 1}), at=noon("2026-05-01"))
    closed = close(SYSTEM, APRIL, at=noon("2026-05-02"))
    assert closed.lapsing == 0
    assert closed.liability_low_minor <= closed.liability_minor <= closed.liability_high_minor


class TestForecast:
    def test_it_starts_from_the_close_and_goes_by_the_rules_in_force(self, shop):
        bought(shop)
        closed = close(SYSTEM, MARCH, at=NOW)
        found = forecasting.look_ahead(WU, None, Change(), 3)
        assert (found.month, found.issued, found.changed) == (MARCH, 232, None)
        first, april, _, june = found.now
        assert (first.open, first.lapsing, first.liability_minor) == (132, 0, closed.liability_minor)
        # Nobody knows yet how many are redeemed, so none are taken to be.
        assert (april.issued, april.redeemed, april.open, june.open) == (232, 0, 364, 828)

    def test_a_change_of_validity_earning_and_worth(self, shop):
        bought(shop)
        closed = close(SYSTEM, MARCH, at=NOW)
        found = forecasting.look_ahead(WU, MARCH, Change(valid_months=1, earn_percent=150), 2)
        assert [(each.issued, each.lapsed, each.open) for each in found.changed] == [
            (0, 0, 132),
            (348, 0, 480),
            (348, 348, 480),
        ]
        dearer = forecasting.look_ahead(WU, MARCH, Change(worth_minor=200), 1)
        assert dearer.changed[0].liability_minor == 2 * closed.liability_minor

    def test_from_nothing_there_is_none(self, shop):
        with pytest.raises(MonthNotClosed):
            forecasting.look_ahead(WU, None, Change())
        bought(shop)
        close(SYSTEM, MARCH, at=NOW)
        LiabilityClose.objects.update(curve=None, held=None)
        with pytest.raises(NoCurve):
            forecasting.look_ahead(WU, None, Change())
        with pytest.raises(MissingScope):
            forecasting.look_ahead(Caller("staff", 3, "x", frozenset()), None, Change())


def test_the_bounds_of_the_liability_are_those_of_the_points(shop):
    bought(shop)
    from laoke.engine.liability.contract import Book
    from laoke.points.liability.flows import Totals
    from laoke.points.liability.services import _liability_if

    totals = {1: Totals(1000, 0, 0, 0, 0), 2: Totals(1000, 0, 0, 0, 0)}
    expected = {1: 1000, 2: 600}
    priced = ({}, {1: 10**6, 2: 10**6}, (1, 1))
    assert Book().liability_minor == 0
    # Of 2,000 points 400 were counted on to lapse. Were all to, nothing would be owed; were none to, both months whole.
    assert _liability_if(2000, 400, totals, expected, priced) == 0
    assert _liability_if(0, 400, totals, expected, priced) == 2 * 999
    # Half of the 1,600 others more: 500 and 300 points are left, at a price of 1 each.
    assert _liability_if(1200, 400, totals, expected, priced) == 500 + 300

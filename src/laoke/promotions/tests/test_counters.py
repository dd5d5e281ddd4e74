"""Budgets that go out evenly, and telling of those that run low."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from laoke.foundation import checks, generations
from laoke.foundation.access import SYSTEM
from laoke.foundation.sql import hot_cursor, raw_cursor
from laoke.promotions import alarms, counters, life, publication
from laoke.promotions.checks import CHECKS
from laoke.promotions.counters import Taken
from laoke.promotions.models import OfferAlarm, OfferUse
from laoke.promotions.pacing import Pace

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
FIRST = date(2026, 3, 10)
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}
EVEN: dict[str, Any] = TENTH | {
    "starts": "2026-03-10",
    "ends": "2026-03-12",
    "limits": {"budget": 10, "pacing": "even", "alarm_at": [50, 80]},
}


@pytest.fixture(autouse=True)
def _published_by_nobody(db: None) -> Iterator[None]:
    publication.stopped.cache_clear()
    yield
    publication.stopped.cache_clear()


def publish(**offers: dict[str, Any]) -> int:
    with transaction.atomic():
        return publication.publish(SYSTEM, publication.parse(offers), at=AT)


def events() -> list[tuple[str, dict[str, Any]]]:
    with connection.cursor() as cursor:
        cursor.execute("select topic, payload from foundation_outboxmessage order by id")
        return [(topic, json.loads(payload)) for topic, payload in cursor.fetchall()]


def told() -> list[tuple[str, int]]:
    return [(topic, payload.get("percent", 0)) for topic, payload in events()]


_orders = iter(range(1, 1_000_000))


def take(minor: int, day: date = FIRST, key: str = "tenth") -> bool:
    """Count one use, as an order does; every order takes from another slot."""
    order = next(_orders)
    with transaction.atomic(), raw_cursor() as cursor:
        if counters.take(cursor, order, [Taken(key, minor)], today=day):
            return False
        OfferUse.objects.create(
            key=key,
            order_id=order,
            programme_version=1,
            amount_minor=minor,
            lines={},
            gifts={},
            used_at=AT,
            used_date=day,
            counted=True,
        )
    return True


def taken() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select sum(spent_minor)::int from promotions_offercounter")
        return int(cursor.fetchone()[0])


def left(day: date) -> int:
    """What the engine is told that is left of the budget."""
    offers = publication.at_version(generations.current(generations.PROGRAMME))
    with raw_cursor() as cursor:
        told = counters.used(cursor, ["tenth"], offers.paces, today=day)["tenth"]
    return 1000 - told.spent_minor


class TestPace:
    def test_a_day_gives_its_share_and_what_the_days_before_left(self):
        publish(tenth=EVEN)
        days = [FIRST + timedelta(days=day) for day in range(3)]
        assert [left(day) for day in days] == [333, 666, 1000]
        assert [take(200, days[0]), take(200, days[0]), take(133, days[0]), take(1, days[0])] == [
            True,
            False,
            True,
            False,
        ]
        assert (left(days[0]), left(days[1])) == (0, 333)
        assert [take(334, days[1]), take(333, days[1])] == [False, True]
        assert [take(335, days[2]), take(334, days[2]), take(1, days[2])] == [False, True, False]
        assert taken() == 1000

    def test_after_the_window_all_is_there(self):
        publish(tenth=EVEN)
        assert take(1000, FIRST + timedelta(days=99))

    def test_an_order_of_an_earlier_day_takes_nothing_of_a_later_ones_share(self):
        publish(tenth=EVEN)
        assert take(1, FIRST + timedelta(days=1))
        # All slots are dry for this amount, so the day is looked at.
        assert not take(400, FIRST)
        assert take(400, FIRST + timedelta(days=1))

    def test_what_came_back_can_go_out_again_the_same_day(self):
        publish(tenth=EVEN)
        assert take(333)
        order = OfferUse.objects.get().order_id
        with hot_cursor() as cursor, transaction.atomic():
            counters.give_back(cursor, order, {"tenth": (1, 333)}, today=FIRST)
        assert [take(334), take(333)] == [False, True]

    def test_a_new_budget_holds_for_orders_quoted_under_the_old_one(self):
        publish(tenth=EVEN)
        assert take(300)
        publish(tenth=EVEN | {"limits": EVEN["limits"] | {"budget": 6}})
        # Two days of three are 4.00, and 3.00 are out.
        assert not take(101, FIRST + timedelta(days=1))
        assert take(100, FIRST + timedelta(days=1))

    def test_without_a_pace_all_is_there_at_once(self):
        publish(tenth=EVEN | {"limits": {"budget": 10}})
        assert left(FIRST) == 1000
        assert take(1000)

    def test_pausing_shares_nothing_out_anew(self):
        publish(tenth=EVEN)
        assert take(333)
        life.pause(SYSTEM, "tenth", at=AT)
        life.resume(SYSTEM, "tenth", at=AT)
        assert not take(1)
        assert take(333, FIRST + timedelta(days=1))


def bring_back(*uses: OfferUse, today: date = FIRST) -> None:
    for use in uses:
        with transaction.atomic(), hot_cursor() as cursor:
            counters.give_back(cursor, use.order_id, {use.key: (1, use.amount_minor)}, today=today)


def faults() -> list[str]:
    names = ("offer-counters", "offer-allotments")
    return [each.name for each in checks.run([each for each in CHECKS if each.name in names]) if each.broken]


class TestLoweredLimits:
    def test_what_comes_back_of_more_than_there_is_now_does_not_go_out_again(self):
        limited = TENTH | {"limits": {"in_total": 20, "budget": 100}}
        publish(tenth=limited)
        assert all(take(100) for _ in range(20))
        publish(tenth=limited | {"limits": {"in_total": 5, "budget": 3}})
        uses = list(OfferUse.objects.order_by("id"))
        bring_back(*uses[:15])
        assert not take(1)
        bring_back(*uses[15:18])
        assert [take(100), take(1)] == [True, False]
        OfferUse.objects.filter(pk__in=[use.pk for use in uses[:18]]).update(undone_at=AT, returned_minor=100)
        assert faults() == []

    def test_nor_what_is_above_the_share_of_the_day(self):
        publish(tenth=EVEN)
        assert take(150)
        assert take(150)
        publish(tenth=EVEN | {"limits": EVEN["limits"] | {"budget": 6}})
        bring_back(OfferUse.objects.earliest("id"))
        # 2.00 of 6.00 may be out today, 1.50 are.
        assert [take(51), take(50)] == [False, True]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Let calls run in threads, each with a connection of its own."""
    ready = threading.Barrier(len(calls))
    found: list[Any] = [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            ready.wait()
            found[number] = call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class Model:
    """What limits mean, without slots."""

    def __init__(self) -> None:
        self.in_total: int | None = None
        self.pace: Pace | None = None
        self.budget: int | None = None
        self.out: dict[int, int] = {}

    def permits(self, minor: int, day: date) -> bool:
        budget = self.budget if self.pace is None else self.pace.out_by(day)
        return (self.in_total is None or len(self.out) < self.in_total) and (
            budget is None or sum(self.out.values()) + minor <= budget
        )


STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 400)),
    st.tuples(st.just("back"), st.integers(0, 30)),
    st.tuples(st.just("limits"), st.tuples(st.integers(1, 12), st.integers(1, 20), st.booleans())),
    st.tuples(st.just("night"), st.just(0)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=60))
def test_slots_mean_what_limits_mean(steps: list[tuple[str, Any]]) -> None:
    """Whatever is taken, comes back and is published anew, in whichever slots: all of the limits, and not one more."""
    with transaction.atomic():
        model, day = Model(), FIRST
        steps = [("limits", (6, 10, False)), *steps]
        for what, how in steps:
            if what == "take":
                order = next(_orders)
                expected = model.permits(how, day)
                with transaction.atomic(), raw_cursor() as cursor:
                    short = counters.take(cursor, order, [Taken("tenth", how)], today=day)
                assert (short == []) is expected
                if expected:
                    model.out[order] = how
            elif what == "back" and model.out:
                order = sorted(model.out)[how % len(model.out)]
                with hot_cursor() as cursor:
                    counters.give_back(cursor, order, {"tenth": (1, model.out.pop(order))}, today=day)
            elif what == "night":
                day += timedelta(days=1)
            elif what == "limits":
                in_total, budget, even = how
                limits = {"in_total": in_total, "budget": budget, "pacing": "even" if even else "none"}
                publish(tenth=EVEN | {"limits": limits})
                model.in_total, model.budget = in_total, budget * 100
                model.pace = Pace(budget * 100, FIRST, 3) if even else None
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_a_day_never_gives_more_than_its_share(self):
        publish(tenth=EVEN | {"limits": EVEN["limits"] | {"budget": 90}})
        days = [FIRST, FIRST + timedelta(days=1)]

        def many(day: date) -> Callable[[], int]:
            return lambda: sum(take(70, day) for _ in range(20))

        assert sum(at_once(*[many(days[0])] * 6)) == 3000 // 70
        assert taken() == 3000 // 70 * 70
        assert sum(at_once(*[many(days[1])] * 6)) == 6000 // 70 - 3000 // 70
        assert taken() == 6000 // 70 * 70

    def test_a_threshold_is_told_of_once_by_however_many(self):
        publish(tenth=EVEN)
        assert take(500, FIRST + timedelta(days=1))
        assert sum(at_once(*[lambda: alarms.tell(AT)] * 6)) == 1
        assert told() == [("offer.budget_alarm", 50)]

    def test_returns_that_meet_leave_what_a_lowered_limit_leaves(self) -> None:
        publish(tenth=TENTH | {"limits": {"in_total": 16}})
        for _ in range(6):
            assert take(1)
        publish(tenth=TENTH | {"limits": {"in_total": 5}})
        meeting = threading.Barrier(2)

        def give_back(order: int) -> None:
            try:
                with transaction.atomic(), hot_cursor() as cursor:
                    cursor.execute("select 1")
                    meeting.wait(20)
                    counters.give_back(cursor, order, {"tenth": (1, 1)}, today=FIRST)
                    time.sleep(0.5)
            finally:
                connection.close()

        orders = list(OfferUse.objects.values_list("order_id", flat=True)[:2])
        threads = [threading.Thread(target=give_back, args=(order,)) for order in orders]
        for each in threads:
            each.start()
        for each in threads:
            each.join(20)
        # Four are out, so one more can go.
        assert [take(1), take(1)] == [True, False]


class TestAlarms:
    LATER = FIRST + timedelta(days=9)

    def test_each_threshold_is_told_of_when_it_is_reached(self):
        publish(tenth=EVEN)
        seen = []
        for minor in (499, 1, 299, 2, 198, 1):
            assert take(minor, self.LATER)
            alarms.tell(AT)
            seen.append(len(told()))
        assert seen == [0, 1, 1, 2, 2, 3]
        assert told() == [("offer.budget_alarm", 50), ("offer.budget_alarm", 80), ("offer.used_up", 0)]
        assert events()[0][1] == {
            "offer": "tenth",
            "percent": 50,
            "budget_minor": 1000,
            "spent_minor": 500,
            "programme_version": 1,
        }
        assert alarms.tell(AT) == 0

    def test_several_thresholds_may_be_crossed_at_once(self):
        publish(tenth=EVEN)
        assert take(1000, self.LATER)
        assert alarms.tell(AT) == 3

    def test_pausing_tells_nothing_anew_but_new_limits_do(self):
        publish(tenth=EVEN)
        assert [take(minor, self.LATER) for minor in (100, 800)] == [True, True]
        assert alarms.tell(AT) == 2
        life.pause(SYSTEM, "tenth", at=AT)
        life.resume(SYSTEM, "tenth", at=AT)
        assert alarms.tell(AT) == 0
        version = publish(tenth=EVEN | {"limits": EVEN["limits"] | {"budget": 16}})
        assert alarms.tell(AT) == 1
        assert OfferAlarm.objects.latest("id").programme_version == version

    def test_used_up_by_uses(self):
        publish(tenth=TENTH | {"limits": {"in_total": 2}})
        assert take(5)
        assert alarms.tell(AT) == 0
        assert take(5)
        assert alarms.tell(AT) == 1
        assert not take(5)
        assert told() == [("offer.used_up", 0)]

    @pytest.mark.parametrize(("on_exceed", "count"), [("refuse", 1), ("clip", 0)])
    def test_less_than_any_use_took_is_nothing_unless_the_offer_is_cut(self, on_exceed, count):
        publish(tenth=TENTH | {"limits": {"budget": 10, "on_exceed": on_exceed}})
        assert take(300)
        assert take(300)
        assert alarms.tell(AT) == 0
        assert take(300)
        assert alarms.tell(AT) == count

    def test_who_asks_for_nothing_is_told_of_nothing(self):
        publish(tenth=TENTH)
        assert alarms.tell(AT) == 0

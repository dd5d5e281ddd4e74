"""The life of offers: pausing, stopping, ending; what each version says."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import transaction

from laoke.foundation import generations
from laoke.foundation.access import SYSTEM, Caller, MissingScope, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.members.errors import ReasonMissing
from laoke.promotions import life, publication, selectors
from laoke.promotions.documents.offers import Fault
from laoke.promotions.errors import OfferOver, UnknownOffer
from laoke.promotions.models import OfferVersion
from laoke.promotions.pacing import Pace
from laoke.promotions.states import OfferState, state_of, window

AT = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
TENTH: dict[str, Any] = {
    "name": {"zh": "九折", "en": "A tenth off"},
    "goal": "repeat",
    "stage": "basket",
    "gives": [{"percent": {"percent": 10}}],
}


def publish(**offers: dict[str, Any]) -> int:
    publication.stopped.cache_clear()
    with transaction.atomic():
        return publication.publish(SYSTEM, publication.parse(offers), at=AT)


def stopped() -> frozenset[str]:
    publication.stopped.cache_clear()
    return publication.stopped(generations.current(generations.PROGRAMME))


def state(key: str = "tenth", at: datetime = AT) -> OfferState:
    return selectors.offer(key, at).state


def active(version: int) -> dict[str, bool]:
    programme = publication.at_version(version).compiled
    return {each.offer.key: each.offer.active for each in programme.offers} if programme else {}


@pytest.mark.django_db
class TestSteps:
    def test_a_pause_leaves_the_others_and_is_over_with_resuming(self):
        first = publish(tenth=TENTH, other=TENTH)
        second = life.pause(SYSTEM, "tenth", at=AT)
        assert (active(first), active(second)) == (
            {"tenth": True, "other": True},
            {"tenth": False, "other": True},
        )
        assert (state(), stopped()) == (OfferState.PAUSED, frozenset())
        third = life.resume(SYSTEM, "tenth", at=AT)
        assert active(third) == {"tenth": True, "other": True}
        assert (second, third) == (first + 1, first + 2)
        row = OfferVersion.objects.get(programme_version=third)
        assert row.document == OfferVersion.objects.get(key="tenth", programme_version=first).document

    def test_a_stop_is_known_from_its_version_on_until_the_offer_is_resumed(self):
        first = publish(tenth=TENTH, other=TENTH)
        second = life.stop(SYSTEM, "tenth", "价格写错了", at=AT)
        assert [publication.stopped(version) for version in (first, second)] == [
            frozenset(),
            frozenset({"tenth"}),
        ]
        assert active(second)["tenth"] is False
        assert state() is OfferState.STOPPED
        third = life.resume(SYSTEM, "tenth", at=AT)
        assert (publication.stopped(third), active(third)["tenth"]) == (frozenset(), True)

    @pytest.mark.parametrize("step", [life.pause, life.resume, life.end, life.stop])
    def test_a_step_taken_twice_changes_nothing_more(self, step):
        publish(tenth=TENTH)
        if step is life.resume:
            life.pause(SYSTEM, "tenth", at=AT)
        version = step(SYSTEM, "tenth", "a reason", at=AT)
        before = AuditEntry.objects.count()
        assert step(SYSTEM, "tenth", "a reason", at=AT) == version
        assert OfferVersion.objects.latest("id").programme_version == version
        assert AuditEntry.objects.count() == before

    def test_each_step_is_in_the_audit_trail_with_its_reason(self):
        publish(tenth=TENTH)
        life.pause(SYSTEM, "tenth", "out of stock", at=AT)
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        life.resume(SYSTEM, "tenth", "mended", at=AT)
        life.end(SYSTEM, "tenth", at=AT)
        trail = AuditEntry.objects.filter(object_kind="offer").order_by("id")
        assert list(trail.values_list("action", "object_id", "reason")) == [
            ("offer.published", "tenth", ""),
            ("offer.paused", "tenth", "out of stock"),
            ("offer.stopped", "tenth", "a wrong price"),
            ("offer.resumed", "tenth", "mended"),
            ("offer.ended", "tenth", ""),
        ]

    def test_what_has_ended_neither_pauses_nor_goes_on_but_its_quotes_can_be_stopped(self):
        publish(tenth=TENTH)
        life.end(SYSTEM, "tenth", at=AT)
        for step in (life.pause, life.resume):
            with pytest.raises(OfferOver):
                step(SYSTEM, "tenth", at=AT)
        assert stopped() == frozenset()
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        assert (stopped(), state()) == (frozenset({"tenth"}), OfferState.ENDED)

    def test_ending_a_stopped_offer_does_not_honour_its_quotes_again(self):
        publish(tenth=TENTH)
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        life.end(SYSTEM, "tenth", at=AT)
        assert stopped() == frozenset({"tenth"})

    def test_a_stop_needs_a_reason_and_every_step_an_offer(self):
        publish(tenth=TENTH)
        for reason in ("", " ", "x", "x" * 301):
            with pytest.raises(ReasonMissing):
                life.stop(SYSTEM, "tenth", reason, at=AT)
        for step in (life.pause, life.resume, life.end, life.stop):
            with pytest.raises(UnknownOffer):
                step(SYSTEM, "nothing", "a reason", at=AT)
        assert state() is OfferState.LIVE

    @pytest.mark.parametrize("step", [life.pause, life.resume, life.end, life.stop])
    def test_who_may_not_change_the_programme_takes_no_step(self, step):
        version = publish(tenth=TENTH)
        reader = Caller("staff", 7, "li", frozenset({Scope.PROGRAMME_READ}))
        with pytest.raises(MissingScope):
            step(reader, "tenth", "a reason", at=AT)
        assert generations.current(generations.PROGRAMME) == version


@pytest.mark.django_db
class TestText:
    def test_a_text_cannot_set_a_stopped_offer_running_by_the_way(self):
        publish(tenth=TENTH)
        version = life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        with pytest.raises(Fault, match="resume it first"):
            publish(tenth=TENTH)
        assert generations.current(generations.PROGRAMME) == version

    def test_a_text_that_keeps_it_paused_may_change_it_and_it_stays_stopped(self):
        publish(tenth=TENTH)
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        publish(tenth=TENTH | {"priority": 3, "paused": True})
        assert (stopped(), state()) == (frozenset({"tenth"}), OfferState.STOPPED)

    def test_a_text_that_leaves_it_out_ends_it_and_it_stays_stopped(self):
        publish(tenth=TENTH, other=TENTH)
        life.stop(SYSTEM, "tenth", "a wrong price", at=AT)
        publish(other=TENTH)
        assert (stopped(), state()) == (frozenset({"tenth"}), OfferState.ENDED)

    def test_a_text_may_pause_and_go_on(self):
        publish(tenth=TENTH | {"paused": True})
        assert state() is OfferState.PAUSED
        publish(tenth=TENTH)
        assert state() is OfferState.LIVE


class TestStates:
    @pytest.mark.parametrize(
        ("said", "is_stopped", "expected"),
        [
            ({}, False, OfferState.LIVE),
            ({"starts": "2026-03-10"}, False, OfferState.LIVE),
            ({"starts": "2026-03-11"}, False, OfferState.SCHEDULED),
            ({"ends": "2026-03-10"}, False, OfferState.LIVE),
            ({"ends": "2026-03-09"}, False, OfferState.ENDED),
            ({"ends": "2026-03-10T12:00:00+08:00"}, False, OfferState.LIVE),
            ({"ends": "2026-03-10T11:59:59+08:00"}, False, OfferState.ENDED),
            ({"starts": "2026-03-10T12:00:01+08:00"}, False, OfferState.SCHEDULED),
            ({"paused": True}, False, OfferState.PAUSED),
            ({"paused": True}, True, OfferState.STOPPED),
            ({"paused": True, "starts": "2026-03-11"}, False, OfferState.PAUSED),
            ({"paused": True, "ends": "2026-03-09"}, True, OfferState.ENDED),
            ({"starts": "soon", "ends": 7}, False, OfferState.LIVE),
        ],
    )
    def test_the_state_follows_from_text_and_clock(self, said, is_stopped, expected):
        assert state_of(said, stopped=is_stopped, at=AT, zone=SHANGHAI) is expected

    def test_days_are_whole_days_of_the_shop(self):
        starts, ends = window({"starts": "2026-03-10", "ends": "2026-03-10"}, SHANGHAI)
        assert starts == datetime(2026, 3, 9, 16, tzinfo=UTC)
        assert ends == datetime(2026, 3, 10, 16, tzinfo=UTC) - timedelta(microseconds=1)

    @pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "9999-12-31T23:00:00-08:00"])
    def test_days_that_cannot_be_reckoned_with_are_refused(self, day):
        assert window({"starts": day, "ends": day}, SHANGHAI) == (None, None)
        for name in ("starts", "ends"):
            with pytest.raises(Fault, match="a year from 2000 to 2999"):
                publication.parse({"tenth": TENTH | {name: day}})


class TestPace:
    def test_each_day_has_its_share_and_the_last_one_the_rest(self):
        pace = Pace(1000, date(2026, 3, 1), 3)
        days = [date(2026, 2, 28) + timedelta(days=day) for day in range(6)]
        assert [pace.out_by(day) for day in days] == [0, 333, 666, 1000, 1000, 1000]

    @pytest.mark.parametrize(
        ("limits", "more", "says"),
        [
            ({"pacing": "even"}, {}, "need a budget"),
            ({"alarm_at": [80]}, {}, "need a budget"),
            ({"budget": 100, "pacing": "even"}, {"starts": "2026-03-01"}, "needs starts and ends"),
            ({"budget": 100, "alarm_at": [0]}, {}, "greater than or equal to 1"),
            ({"budget": 100, "alarm_at": [101]}, {}, "less than or equal to 100"),
            ({"budget": 100, "pacing": "monthly"}, {}, "'none' or 'even'"),
        ],
    )
    def test_limits_that_say_nothing_sensible_are_refused(self, limits, more, says):
        with pytest.raises(Fault, match=says):
            publication.parse({"tenth": TENTH | more | {"limits": limits}})


@pytest.mark.django_db
class TestList:
    def test_versions_and_what_differs(self):
        publish(tenth=TENTH)
        publish(tenth=TENTH | {"priority": 2, "gives": [{"percent": {"percent": 15}}]})
        life.end(SYSTEM, "tenth", at=AT)
        ended, second, first = selectors.versions("tenth")
        assert selectors.difference(first.document, second.document) == (
            ("priority", None, 2),
            ("gives.0.percent.percent", "10", "15"),
        )
        assert [each.before for each in selectors.difference(second.document, ended.document)][:3] == [
            "九折",
            "A tenth off",
            "repeat",
        ]

    def test_the_list_says_what_stands_in_the_text_and_filters_by_it(self):
        publish(
            tenth=TENTH | {"starts": "2026-03-11", "ends": "2026-03-12", "codes": ["A", "B"]},
            other=TENTH | {"goal": "acquire", "bearer": "supplier", "limits": {"budget": 500, "in_total": 3}},
        )
        later, other = sorted(selectors.offers(AT), key=lambda row: row.key, reverse=True)
        assert (later.key, later.state, later.codes, later.bearer) == (
            "tenth",
            OfferState.SCHEDULED,
            2,
            "store",
        )
        assert (other.budget_minor, other.in_total, other.uses, other.used_up) == (50_000, 3, 0, False)

        def keys(**filters: Any) -> set[str]:
            return {row.key for row in selectors.offers(AT, **filters)}

        assert keys() == {"tenth", "other"}
        assert keys(states=[OfferState.LIVE]) == {"other"}
        assert keys(goals=["acquire"]) == {"other"}
        assert keys(bearers=["store"]) == {"tenth"}
        assert keys(text="TENTH OFF") == {"tenth", "other"}
        assert keys(text="ten", states=["live"]) == {"other"}
        assert keys(between=(AT + timedelta(days=4), AT + timedelta(days=9))) == {"other"}
        assert keys(between=(AT + timedelta(days=2), AT + timedelta(days=9))) == {"tenth", "other"}

    def test_an_ended_offer_keeps_its_name(self):
        publish(tenth=TENTH)
        life.end(SYSTEM, "tenth", at=AT)
        row = selectors.offer("tenth", AT)
        assert (row.name_zh, row.state, row.goal) == ("九折", OfferState.ENDED, "repeat")

    def test_nothing_is_known_of_others(self):
        with pytest.raises(UnknownOffer):
            selectors.offer("tenth", AT)
        assert selectors.versions("tenth") == ()

"""What members earn beside buying: events told by channels, their limits, days in a row, referrals, undoing."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laoke.checkout import handlers, programme
from laoke.engine.activities import Times, filled
from laoke.engine.policy import BadPolicy
from laoke.foundation.access import SYSTEM
from laoke.foundation.outbox.registry import Event
from laoke.members import services as members
from laoke.points.activities import selectors
from tests.shop import OPENING, account, broken, everything, line
from tests.test_concurrency import at_once

KEYS = itertools.count(1)
DAY = timedelta(days=1)
CHECK_IN = {"points": 2, "times": {"day": 1}, "streak": {"days": 7, "bonus": 20}}
REFERRAL = {"points": 100, "friend_points": 30, "least_order_minor": 5000, "times": {"total": 2}}


def kinds(**rules: dict[str, Any]) -> None:
    """Put rules of events in force."""
    programme.apply(SYSTEM, {"activities": {"kinds": rules}}, at=OPENING)


def tell(
    shop: Any, member: int, kind: str, at: datetime = OPENING, *, now: datetime | None = None, **more: Any
) -> Any:
    key = more.pop("key", f"event-{next(KEYS)}")
    body = {"member_id": member, "kind": kind, "at": at.isoformat(), **more}
    return shop.till(now or at)._command("/v1/events", body, key)


def undo(shop: Any, event: int, now: datetime = OPENING) -> Any:
    return shop.till(now)._command(f"/v1/events/{event}/undo", {"reason": "told twice"}, None)


def judge(topic: str, member: int, at: datetime) -> None:
    """What the worker does with an order or a return of a member."""
    handlers.judge_referral(Event(1, topic, {}, member, at), at)


def test_a_check_in_pays_once_a_day(shop):
    kinds(check_in=CHECK_IN)
    member = shop.member()
    first = tell(shop, member, "check_in")
    assert (first.status, first["state"], first["points"], first["streak_days"]) == (201, "earned", 2, 1)
    again = tell(shop, member, "check_in", OPENING + timedelta(hours=2))
    assert (again["state"], again["limit"], again["points"], again["points_available"]) == (
        "capped",
        "day",
        0,
        2,
    )
    # 23:59 and 00:00 in Shanghai are two days.
    assert tell(shop, member, "check_in", OPENING.replace(hour=16))["points"] == 2
    assert account(member)["balance"] == 4
    assert broken() == {}


def test_a_repeat_gets_the_first_answer(shop):
    kinds(check_in=CHECK_IN | {"times": {}})
    member = shop.member()
    first = tell(shop, member, "check_in", key="a")
    again = tell(shop, member, "check_in", key="a")
    assert (again.body, again.replayed) == (first.body, True)
    assert (
        tell(shop, member, "check_in", OPENING + timedelta(minutes=1), key="a").code
        == "idempotency-key-reused"
    )
    assert account(member)["balance"] == 2


def test_every_seventh_day_in_a_row_pays_more(shop):
    kinds(check_in=CHECK_IN)
    member = shop.member()
    found = [tell(shop, member, "check_in", OPENING + day * DAY) for day in range(14)]
    assert [reply["bonus"] for reply in found] == [0] * 6 + [20] + [0] * 6 + [20]
    assert found[-1]["streak_days"] == 14
    assert account(member)["balance"] == 14 * 2 + 40
    # A day missed: it begins anew.
    assert tell(shop, member, "check_in", OPENING + 15 * DAY)["streak_days"] == 1


def test_a_day_told_late_closes_the_gap(shop):
    kinds(check_in=CHECK_IN)
    member = shop.member()
    for day in (0, 1, 2, 4, 5, 6):
        assert tell(shop, member, "check_in", OPENING + day * DAY)["bonus"] == 0
    late = tell(shop, member, "check_in", OPENING + 3 * DAY, now=OPENING + 6 * DAY)
    assert (late["bonus"], late["streak_days"]) == (20, 4)
    too_late = tell(shop, member, "check_in", OPENING - DAY, now=OPENING + 7 * DAY)
    assert (too_late.code, too_late.json["late_days"]) == ("activity-too-late", 7)


def test_undoing_a_day_takes_back_what_the_row_earned(shop):
    kinds(check_in=CHECK_IN)
    member = shop.member()
    told = [tell(shop, member, "check_in", OPENING + day * DAY)["event_id"] for day in range(7)]
    now = OPENING + 7 * DAY
    assert undo(shop, told[2], now)["points"] == 22
    assert undo(shop, told[2], now)["points"] == 0
    assert account(member)["balance"] == 12
    # Told again, the row is full again.
    assert tell(shop, member, "check_in", OPENING + 2 * DAY, now=now)["bonus"] == 20
    assert broken() == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 25), unique=True), st.randoms(use_true_random=False), st.integers(2, 5))
def test_rows_come_to_as_much_in_whatever_order_days_are_told(days, random, length):
    def total(order):
        told, full = set(), 0
        for day in order:
            when = OPENING.date() + day * DAY
            full += filled(told, when, length)
            told.add(when)
        return full

    shuffled = list(days)
    random.shuffle(shuffled)
    runs = "".join("x" if day in days else " " for day in range(27)).split()
    assert total(days) == total(shuffled) == sum(len(run) // length for run in runs)


def test_limits_of_week_total_and_subject(shop):
    kinds(
        share={"points": 5, "times": {"week": 2, "total": 3}},
        survey={"points": 50, "once_per_subject": True},
    )
    member = shop.member()
    # 10 March 2026 is a Tuesday.
    told = [tell(shop, member, "share", OPENING + day * DAY) for day in (0, 1, 2, 6, 7)]
    assert [(reply["points"], reply["limit"]) for reply in told] == [
        (5, None),
        (5, None),
        (0, "week"),
        (5, None),
        (0, "total"),
    ]
    surveys = [
        tell(shop, member, "survey", subject=subject)["points"] for subject in ("spring", "spring", "may")
    ]
    assert surveys == [50, 0, 50]
    assert tell(shop, member, "survey").code == "bad-activity"
    # Undone, it makes room.
    assert undo(shop, told[0]["event_id"], OPENING + 8 * DAY)["points"] == 5
    assert tell(shop, member, "share", OPENING + 8 * DAY)["points"] == 5
    assert broken() == {}


def test_spent_points_of_an_undone_event_are_owed(shop):
    kinds(ugc={"points": 100})
    member, till = shop.member(), shop.till()
    event = tell(shop, member, "ugc")["event_id"]
    sold = till.sell("A", member, line("milk"), points_to_redeem=100)
    assert sold["points_earned"] == 11
    undone = undo(shop, event)
    assert (undone["points"], undone["points_available"]) == (100, 0)
    assert account(member)["debt"] == 89
    assert broken() == {}


def test_kinds_of_ones_own_and_what_is_refused(shop):
    kinds(visit={"name": {"zh": "到店", "en": "Visit"}, "points": 3})
    member = shop.member()
    assert tell(shop, member, "visit")["points"] == 3
    before = everything()
    assert tell(shop, member, "check_in").code == "unknown-activity"
    assert tell(shop, member, "visit", friend_id=member).code == "bad-activity"
    assert tell(shop, member, "visit", OPENING + DAY, now=OPENING).code == "clock-in-future"
    assert tell(shop, 999_999, "visit").code == "unknown-member"
    assert undo(shop, 999_999).code == "unknown-event"
    members.block(caller=SYSTEM, member_id=member, reason="test", at=OPENING)
    assert tell(shop, member, "visit").code == "account-suspended"
    assert everything()["points_posting"] == before["points_posting"]


def test_many_at_once_pay_once_a_day(committed_shop):
    shop = committed_shop
    kinds(check_in=CHECK_IN)
    member = shop.member()
    replies = at_once(*[lambda: tell(shop, member, "check_in") for _ in range(8)])
    assert sorted(reply["points"] for reply in replies) == [0] * 7 + [2]
    assert account(member)["balance"] == 2
    assert broken() == {}


def test_a_referral_pays_when_the_friend_has_bought_and_not_while_nothing_stands(shop):
    kinds(referral=REFERRAL)
    member, friend, till = shop.member(), shop.member(), shop.till()
    told = tell(shop, member, "referral", friend_id=friend)
    assert (told["state"], told["points"]) == ("waiting", 0)
    small = till.sell("A", friend, line("milk"))
    judge("order.committed", friend, OPENING)
    assert account(member)["balance"] == 0
    sold = till.sell("B", friend, line("rice"))
    judge("order.committed", friend, OPENING)
    judge("order.committed", friend, OPENING)
    assert (account(member)["balance"], account(friend)["balance"]) == (100, 12 + 69 + 30)
    till.take_back(sold["order_id"], "R1")
    judge("order.returned", friend, OPENING)
    assert (account(member)["balance"], account(friend)["balance"]) == (0, 12)
    till.sell("C", friend, line("rice"))
    judge("order.committed", friend, OPENING)
    assert (account(member)["balance"], account(friend)["balance"]) == (100, 12 + 69 + 30)
    till.take_back(small["order_id"], "R1")
    judge("order.returned", friend, OPENING)
    assert account(member)["balance"] == 100
    assert broken() == {}


def test_nobody_refers_themselves(shop):
    """By number, by household, by an account that turns out to be one's own."""
    kinds(referral=REFERRAL)
    member, friend, other, late = (shop.member() for _ in range(4))
    assert tell(shop, member, "referral", friend_id=member).json["reason"] == "same_person"
    members.form_household(caller=SYSTEM, member_ids=[member, other], at=OPENING)
    assert tell(shop, member, "referral", friend_id=other).json["reason"] == "same_household"
    shop.till().sell("A", late, line("milk"))
    assert tell(shop, member, "referral", friend_id=late).json["reason"] == "has_bought"
    assert tell(shop, member, "referral", friend_id=friend).status == 201
    assert tell(shop, late, "referral", friend_id=friend).json["reason"] == "referred"
    shop.till().sell("B", friend, line("rice"))
    judge("order.committed", friend, OPENING)
    assert account(member)["balance"] == 100
    members.merge(caller=SYSTEM, kept_id=member, gone_id=friend, reason="same person", at=OPENING)
    assert account(member)["balance"] == 69
    assert broken() == {}


def test_no_more_referrals_pay_than_the_limit_and_the_friend_gets_points_all_the_same(shop):
    kinds(referral=REFERRAL)
    member = shop.member()
    for number in range(3):
        friend = shop.member()
        tell(shop, member, "referral", friend_id=friend)
        shop.till().sell(f"A{number}", friend, line("rice"))
        judge("order.committed", friend, OPENING)
        assert account(friend)["balance"] == 69 + 30
    assert account(member)["balance"] == 200
    assert broken() == {}


def test_an_undone_referral_takes_both_sides_back(shop):
    kinds(referral=REFERRAL)
    member, friend = shop.member(), shop.member()
    event = tell(shop, member, "referral", friend_id=friend)["event_id"]
    shop.till().sell("A", friend, line("rice"))
    judge("order.committed", friend, OPENING)
    assert undo(shop, event)["points"] == 100
    assert (account(member)["balance"], account(friend)["balance"]) == (0, 69)
    judge("order.committed", friend, OPENING)
    assert account(member)["balance"] == 0
    assert broken() == {}


def test_events_follow_a_merge_and_come_back(shop):
    kinds(check_in=CHECK_IN)
    one, other = shop.member(), shop.member()
    tell(shop, one, "check_in")
    event = tell(shop, other, "check_in", OPENING + DAY)["event_id"]
    now = OPENING + 2 * DAY
    merge = members.merge(caller=SYSTEM, kept_id=one, gone_id=other, reason="same person", at=now)
    assert tell(shop, one, "check_in", now)["streak_days"] == 3
    assert undo(shop, event, now)["points"] == 2
    assert account(one)["balance"] == 4
    members.unmerge(caller=SYSTEM, merge_id=merge, at=now)
    page, more = selectors.of_member(other, after=None, limit=10)
    assert ([each.state for each in page], more) == (["undone"], None)
    assert account(one)["balance"] == 4
    assert broken() == {}


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"visit": {"points": 1}}, "activities.kinds.visit.name"),
        ({"check_in": {}}, "activities.kinds.check_in.points"),
        ({"check_in": {"points": -1}}, "activities.kinds.check_in.points"),
        ({"check_in": {"points": 1, "times": {"year": 1}}}, "activities.kinds.check_in.times.year"),
        (
            {"check_in": {"points": 1, "streak": {"days": 1, "bonus": 1}}},
            "activities.kinds.check_in.streak.days",
        ),
        ({"check_in": {"points": 1, "friend_points": 1}}, "activities.kinds.check_in.friend_points"),
        ({"referral": {"points": 1, "once_per_subject": True}}, "activities.kinds.referral.once_per_subject"),
        ({"check in": {"points": 1}}, "activities.kinds.check in"),
    ],
    ids=itertools.count(),
)
def test_rules_that_cannot_be_used(shop, rules, field):
    with pytest.raises(BadPolicy) as caught:
        kinds(**rules)
    assert caught.value.extensions["field"] == field


def test_what_is_published_is_what_was_written(shop):
    kinds(check_in=CHECK_IN, referral=REFERRAL, visit={"name": {"zh": "到店", "en": "Visit"}, "points": 3})
    written = programme.to_document(programme.current())
    assert programme.plan(written, at=OPENING).changed == ()
    assert written["activities"]["kinds"]["check_in"]["streak"] == {"days": 7, "bonus": 20}


def test_the_narrowest_limit_is_told():
    today = OPENING.date()
    assert Times(1, 1, 1).reached([today], today) == "day"
    assert Times(2, 1, 1).reached([today], today) == "week"
    assert Times(2, 2, 1).reached([today], today) == "total"
    assert Times(2, 2, 2).reached([today], today) is None

"""Paid memberships from all sides at once: one runs, every payment counts once."""

from __future__ import annotations

from collections import Counter

import pytest

from laoke.checkout import programme
from laoke.foundation.access import SYSTEM
from laoke.tiers.memberships import refunds, selectors, services
from laoke.tiers.memberships.errors import MembershipRefused
from laoke.tiers.memberships.records import Notice
from tests.shop import LADDER, OPENING, broken, tier
from tests.test_concurrency import at_once

PLAN = {"name": {"zh": "金卡", "en": "Gold"}, "tier": "gold", "price_minor": 36500, "months": 12}


@pytest.fixture
def member(committed_shop):
    programme.apply(SYSTEM, {"ladder": LADDER, "memberships": {"plans": {"gold-year": PLAN}}}, at=OPENING)
    yield committed_shop.member()
    assert not broken()


def asking(call):
    def ask():
        try:
            return call().first
        except MembershipRefused as refusal:
            return refusal.reason

    return ask


def test_of_many_starts_one_runs_and_a_payment_told_twice_counts_once(member):
    def start(reference):
        return asking(
            lambda: services.start(SYSTEM, member, "gold-year", Notice(36500, reference), at=OPENING)
        )

    answers = Counter(at_once(*[start("WX-1")] * 3, *[start("WX-2")] * 3))
    assert answers == {True: 1, False: 2, "running": 3}
    (found,) = selectors.of_member(member)
    assert (found.state, found.paid_minor, tier(member)) == ("running", 36500, "gold")


def test_renewed_and_given_up_at_once(member):
    number = services.start(SYSTEM, member, "gold-year", Notice(36500, "WX-1"), at=OPENING).membership_id
    renew = asking(lambda: services.renew(SYSTEM, number, Notice(36500, "WX-2"), at=OPENING))
    give_up = asking(lambda: refunds.give_up(SYSTEM, number, "RF-1", reason="误操作", at=OPENING))
    answers = at_once(renew, renew, give_up, give_up)
    found = selectors.one(number)
    # Both refunds are one; what was renewed before it came back with it, what came after was refused.
    assert Counter(answers[2:]) == {True: 1, False: 1}
    renewed = Counter(answers[:2])
    assert renewed in ({True: 1, False: 1}, {"ended": 2})
    back = 36400 + (36500 if renewed[True] else 0)
    assert (found.state, found.refunded_minor, tier(member)) == ("refunded", back, "basic")

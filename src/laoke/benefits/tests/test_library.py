"""Benefits from their definition to their use: exact quotas, stock and budgets; what is undone is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from laoke.benefits.coupons import selectors as coupons
from laoke.benefits.library import entitlements, granting, using
from laoke.benefits.library.errors import (
    BadBenefits,
    BenefitRefused,
    CannotGrant,
    CannotUndo,
    UnknownBenefit,
    UnknownBenefitUse,
)
from laoke.benefits.library.models import BenefitStock, PartnerCode, TierBudget
from laoke.benefits.models import BenefitUse
from laoke.benefits.strategies.partner_code import pool
from laoke.checkout import programme
from laoke.checkout.checks import CHECKS
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM
from laoke.foundation.models import OutboxMessage
from laoke.members import services as members
from laoke.points import selectors as points
from laoke.points import services as point_services
from laoke.promotions.documents.offers import Fault
from tests import benefit_shop
from tests import shop as shops
from tests.benefit_shop import BENEFITS, at_tier
from tests.shop import OPENING, Shop

AT = OPENING
DAY = timedelta(days=1)


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    yield benefit_shop.open_shop()
    assert [finding for finding in checks.run(CHECKS) if finding.broken] == []
    shops.forget()


@pytest.fixture
def gold(shop):
    member = shop.member()
    at_tier(member, "gold")
    return member


def reasons(member, key, at=AT):
    return [reason["code"] for reason in entitlements.describe(entitlements.of(member, at).of(key).verdict)]


def refused(member, key, units=1, at=AT):
    before = BenefitUse.objects.count(), OutboxMessage.objects.count()
    with pytest.raises(BenefitRefused) as error:
        using.use(SYSTEM, member, key, units, at=at)
    assert (BenefitUse.objects.count(), OutboxMessage.objects.count()) == before
    return [reason["code"] for reason in error.value.reasons]


def events(topic):
    return list(OutboxMessage.objects.filter(topic=topic).order_by("id").values_list("payload", flat=True))


def test_what_a_member_may_use_now_and_why_not_the_rest(shop, gold):
    found = entitlements.of(gold, AT)
    assert (found.member_id, found.tier) == (gold, "gold")
    said = {
        row.benefit.key: (
            row.verdict.usable,
            row.verdict.left,
            [reason.code for reason in row.verdict.reasons],
        )
        for row in found.rows
    }
    assert said == {
        "parking": (True, 10, []),
        "returns": (True, None, []),
        "birthday-points": (False, 0, ["not_granted"]),
        "birthday-coupons": (False, 0, ["not_granted"]),
        "gold-box": (False, 0, ["not_granted"]),
        "lecture": (False, 1, ["condition"]),
        "coffee": (False, 2, ["none_left"]),
        "early-wine": (True, 2, []),
    }
    verdict = found.of("returns").verdict
    assert (verdict.share.amount, found.of("parking").verdict.until) == (
        15,
        datetime(2026, 3, 31, 16, tzinfo=UTC),
    )
    basic = shop.member()
    assert reasons(basic, "parking") == ["tier"]
    assert entitlements.of(basic, AT).of("returns").verdict.share.amount == 7


def test_the_question_takes_two_statements(shop, gold):
    entitlements.of(gold, AT)
    with CaptureQueriesContext(connection) as seen:
        entitlements.of(gold, AT)
    # Django sees none of them: both are prepared statements of the hot path.
    assert len(seen) == 0


def test_a_quota_is_used_up_and_full_again_with_the_next_period(gold):
    first = using.use(SYSTEM, gold, "parking", 6, reference="P-1", at=AT)
    assert (first.left, first.cost_minor) == (4, 3000)
    assert refused(gold, "parking", 5) == ["used_up"]
    assert using.use(SYSTEM, gold, "parking", 4, at=AT).left == 0
    assert reasons(gold, "parking") == ["used_up"]
    april = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert reasons(gold, "parking", april - timedelta(seconds=1)) == ["used_up"]
    assert reasons(gold, "parking", april) == []
    assert using.undo(SYSTEM, first.use_id, reason="误操作", at=AT) is True
    assert using.undo(SYSTEM, first.use_id, at=AT) is False
    assert entitlements.of(gold, AT).of("parking").verdict.left == 6
    with pytest.raises(UnknownBenefitUse):
        using.undo(SYSTEM, 10**9, at=AT)
    with pytest.raises(UnknownBenefit):
        using.use(SYSTEM, gold, "no-such", at=AT)


def test_a_budget_tells_before_it_is_overrun_and_is_never_exceeded_by_more_than_two_percent(shop, gold):
    # 10,000 a year; told at 8,000 and at 10,000; nothing beyond 10,200.
    using.use(SYSTEM, gold, "parking", 10, at=AT)
    assert events("benefit.budget_alarm") == []
    others = [shop.member() for _ in range(2)]
    for other in others:
        at_tier(other, "gold")
    using.use(SYSTEM, others[0], "parking", 6, at=AT)
    assert [(each["stage"], each["spent_minor"]) for each in events("benefit.budget_alarm")] == [
        ("alarm", 8000)
    ]
    used = using.use(SYSTEM, others[0], "parking", 4, at=AT)
    assert [(each["stage"], each["spent_minor"]) for each in events("benefit.budget_alarm")] == [
        ("alarm", 8000),
        ("reached", 10000),
    ]
    assert refused(others[1], "parking") == ["budget"]
    assert TierBudget.objects.get().spent_minor == 10_000
    using.undo(SYSTEM, used.use_id, at=AT)
    assert TierBudget.objects.get().spent_minor == 8000
    # A new year has a budget of its own.
    assert using.use(SYSTEM, others[1], "parking", 1, at=AT + timedelta(days=300)).cost_minor == 500
    assert [each.spent_minor for each in TierBudget.objects.order_by("starts")] == [8000, 500]


def test_points_are_given_on_a_birthday_and_taken_back_while_they_are_there(shop):
    member = members.register(
        caller=SYSTEM,
        at=AT,
        identities=[shops.IdentityInput("card", "77001")],
        birth_date=date(1990, 3, 13),
    )
    assert granting.birthdays(AT.date(), now=AT) == 1  # three days before
    assert granting.birthdays(AT.date(), now=AT) == 0
    assert granting.birthdays(AT.date() + 3 * DAY, now=AT) == 1  # the coupons, on the day
    assert [each["benefit"] for each in events("benefit.granted")] == ["birthday-points", "birthday-coupons"]
    verdict = entitlements.of(member, AT).of("birthday-points").verdict
    # From the 10th through the 20th, the seventh day after the birthday.
    assert (verdict.left, verdict.until) == (1, datetime(2026, 3, 20, 16, tzinfo=UTC))
    used = using.use(SYSTEM, member, "birthday-points", at=AT)
    assert used.outcome == {"points": 100}
    assert points.account(member, AT).available == 100
    assert reasons(member, "birthday-points") == ["used_up"]
    assert using.undo(SYSTEM, used.use_id, at=AT)
    assert points.account(member, AT).available == 0
    again = using.use(SYSTEM, member, "birthday-points", at=AT)
    point_services.apply(SYSTEM, member, -50, "spent", at=AT)
    with pytest.raises(CannotUndo) as error:
        using.undo(SYSTEM, again.use_id, at=AT)
    assert error.value.extensions["reason"] == "points_spent"
    assert points.account(member, AT).available == 50


def test_coupons_come_with_the_use_and_go_with_its_undoing(shop):
    member = shop.member()
    given = granting.by_hand(SYSTEM, member, "birthday-coupons", "K-1", reason="致歉", at=AT)
    assert granting.by_hand(SYSTEM, member, "birthday-coupons", "K-1", at=AT).first is False
    used = using.use(SYSTEM, member, "birthday-coupons", at=AT)
    assert [each.state for each in coupons.wallet(member, AT)[0]] == ["usable", "usable"]
    using.undo(SYSTEM, used.use_id, at=AT)
    assert [each.state for each in coupons.wallet(member, AT)[0]] == ["revoked", "revoked"]
    assert granting.revoke(SYSTEM, given.grant_id, at=AT) is True
    assert granting.revoke(SYSTEM, given.grant_id, at=AT) is False
    assert reasons(member, "birthday-coupons") == ["not_granted"]
    with pytest.raises(CannotGrant) as error:
        granting.by_hand(SYSTEM, member, "returns", "K-1", at=AT)
    assert error.value.extensions["reason"] == "by_status"
    with pytest.raises(CannotGrant) as error:
        granting.by_hand(SYSTEM, member, "gold-box", "K-1", at=AT)
    assert error.value.extensions["reason"] == "tier"


def test_a_gift_comes_with_the_way_up_and_goes_with_a_return(shop, gold):
    (given,) = granting.reached(gold, "gold", at=AT)
    assert granting.reached(gold, "gold", at=AT)[0].first is False
    assert reasons(gold, "gold-box") == []
    assert granting.lost(gold, "gold", at=AT) == 1
    assert reasons(gold, "gold-box") == ["not_granted"]
    # Up again: the same gift, not a second one.
    assert [(each.grant_id, each.first) for each in granting.reached(gold, "gold", at=AT)] == [
        (given.grant_id, True)
    ]
    used = using.use(SYSTEM, gold, "gold-box", at=AT)
    assert granting.lost(gold, "gold", at=AT) == 0  # it has been handed over
    assert [each.first for each in granting.reached(gold, "gold", at=AT)] == [False]
    assert reasons(gold, "gold-box") == ["used_up"]
    assert BenefitStock.objects.get().taken == 1
    using.undo(SYSTEM, used.use_id, at=AT)
    assert BenefitStock.objects.get().taken == 0


def test_gifts_are_handed_out_while_there_are_some(shop):
    people = [shop.member() for _ in range(3)]
    for each in people:
        at_tier(each, "gold")
        granting.reached(each, "gold", at=AT)
    for each in people[:2]:
        using.use(SYSTEM, each, "gold-box", at=AT)
    assert reasons(people[2], "gold-box") == ["none_left"]
    assert refused(people[2], "gold-box") == ["none_left"]


def test_a_lecture_is_for_those_it_is_for_and_until_its_time(shop):
    member = shop.member()
    assert refused(member, "lecture") == ["condition"]
    members.tag(caller=SYSTEM, member_id=member, tags=["母婴"], source="staff", at=AT)
    assert using.use(SYSTEM, member, "lecture", at=AT).left == 0
    assert reasons(member, "lecture") == ["used_up"]
    assert reasons(member, "lecture", datetime(2026, 3, 19, 16, tzinfo=UTC)) == ["over", "used_up"]


def test_codes_of_a_partner_are_handed_out_once_and_settled_once(shop):
    one, two = shop.member(), shop.member()
    until = AT + 30 * DAY
    assert pool.load(SYSTEM, "coffee", "march", ["C-1", "C-2", "C-3"], until, at=AT) == 3
    used = using.use(SYSTEM, one, "coffee", at=AT)
    assert [code for code, _ in pool.codes_of(used.use_id)] == ["C-1"]
    assert reasons(one, "coffee", until) == ["none_left"]
    other = using.use(SYSTEM, two, "coffee", 2, at=AT)
    assert [code for code, _ in pool.codes_of(other.use_id)] == ["C-2", "C-3"]
    assert refused(one, "coffee") == ["none_left"]
    using.undo(SYSTEM, used.use_id, at=AT)
    assert refused(one, "coffee") == ["none_left"]  # who has read a code may have kept it
    settled = pool.settle(SYSTEM, "coffee", AT + DAY, at=AT + DAY)
    assert (settled.codes, settled.amount_minor) == (2, 2400)
    assert pool.settle(SYSTEM, "coffee", AT + DAY, at=AT + DAY) is None
    with pytest.raises(CannotUndo) as error:
        using.undo(SYSTEM, other.use_id, at=AT + DAY)
    assert error.value.extensions["reason"] == "code_settled"
    found = pool.pool("coffee", AT)
    assert (found.open, found.taken, found.void, found.to_settle) == (0, 2, 1, 0)
    assert "C-1" not in str(list(PartnerCode.objects.values()))


@pytest.mark.parametrize(
    ("codes", "rows"),
    [
        (["A", "", "A"], [{"line": 2, "reason": "empty"}, {"line": 3, "reason": "twice"}]),
        (["X"], [{"line": 1, "reason": "known"}]),
        ([], [{"line": 1, "reason": "empty"}]),
    ],
    ids=["empty and twice", "known", "none"],
)
def test_a_list_of_codes_goes_in_whole_or_not_at_all(shop, codes, rows):
    pool.load(SYSTEM, "coffee", "b", ["X"], AT + DAY, at=AT)
    with pytest.raises(pool.BadPartnerCodes) as error:
        pool.load(SYSTEM, "coffee", "b", codes, AT + DAY, at=AT)
    assert error.value.extensions["rows"] == rows
    assert PartnerCode.objects.count() == 1


def test_blocked_members_use_nothing(gold):
    members.block(caller=SYSTEM, member_id=gold, reason="欺诈", at=AT)
    assert refused(gold, "parking") == ["member_not_active"]


def changed(**benefits):
    return {"benefits": {**BENEFITS, "library": {**BENEFITS["library"], **benefits}}}


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        ({"tiers": {"silver": {}, "gold": {}}}, "tiers", "black has less of it than gold (there)"),
        ({"tiers": {"gold": {"amount": 3}, "black": {"amount": 2}}}, "tiers", "(amount)"),
        ({"tiers": {"platinum": {}}}, "tiers.platinum", "there is no tier platinum"),
        ({"service": {"does": "dancing"}}, "service.does", "Input should be"),
        ({"gift": {}}, "x", "takes exactly one of"),
        ({"tiers": {}}, "x", "nobody has it"),
        ({"when": {"basket.subtotal": {"gte": 10}}}, "when.basket.subtotal", "There is no attribute"),
        ({"when": {"member.tier": {"near": 1}}}, "when.member.tier.near", "is compared by"),
        ({"from": "2026-03-02", "until": "2026-03-01"}, "until", "lies before from"),
        ({"colour": "red"}, "colour", "there is no such field"),
        ({"cost_minor": -1}, "cost_minor", "greater than or equal to 0"),
    ],
    ids=[
        "falls",
        "less",
        "no tier",
        "no service",
        "two kinds",
        "nobody",
        "basket",
        "operator",
        "times",
        "field",
        "cost",
    ],
)
def test_a_benefit_that_makes_no_sense_is_refused_with_its_place(shop, document, place, says):
    whole = {
        "name": {"zh": "好", "en": "X"},
        "service": {"does": "other"},
        "tiers": {"gold": {}, "black": {}},
    }
    with pytest.raises((BadBenefits, Fault)) as error:
        programme.plan(changed(x={**whole, **document}), at=AT)
    found = programme.faults_of(error.value)
    assert any(".".join(map(str, at)).endswith(place) and says in what for at, what in found), found


def test_changes_are_announced_one_by_one(shop):
    OutboxMessage.objects.all().delete()
    free = {**BENEFITS["library"]["parking"], "tiers": {"gold": {"quota": 12}, "black": {"quota": 20}}}
    document = changed(parking=free, tea={"name": {"zh": "茶", "en": "Tea"}, "gift": {}, "everybody": {}})
    del document["benefits"]["library"]["lecture"]
    programme.apply(SYSTEM, document, at=AT)
    assert [(each["benefit"], each["change"]) for each in events("benefit.published")] == [
        ("parking", "changed"),
        ("tea", "added"),
        ("lecture", "ended"),
    ]
    assert programme.to_document(programme.current())["benefits"] == document["benefits"]
    assert not programme.plan(document, at=AT).changed


def test_who_is_merged_takes_their_uses_along(shop, gold):
    other = shop.member()
    at_tier(other, "gold")
    using.use(SYSTEM, gold, "parking", 3, at=AT)
    using.use(SYSTEM, other, "parking", 4, at=AT)
    granting.reached(gold, "gold", at=AT)
    granting.reached(other, "gold", at=AT)
    merge = members.merge(caller=SYSTEM, kept_id=gold, gone_id=other, reason="同一人", at=AT)
    assert entitlements.of(gold, AT).of("parking").verdict.left == 3
    assert entitlements.of(other, AT).member_id == gold
    assert len(entitlements.facts_of(gold, AT).grants["gold-box"]) == 2
    members.unmerge(caller=SYSTEM, merge_id=merge, at=AT)
    assert entitlements.of(gold, AT).of("parking").verdict.left == 7

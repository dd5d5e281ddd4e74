"""Points spent outside an order, and what comes back when that is undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM
from laoke.foundation.models import OutboxMessage
from laoke.members import services as members
from laoke.members.errors import MemberErased, UnknownMember
from laoke.members.types import IdentityInput
from laoke.points import services
from laoke.points.checks import CHECKS
from laoke.points.errors import (
    AccountSuspended,
    BadParty,
    BadPoints,
    BadReference,
    PointsOwed,
    SpendingTaken,
    UnknownSpending,
)
from laoke.points.expiry import expire
from laoke.points.models import Account, Lot, Posting, Spending
from laoke.points.redeeming import LARGEST, Sink, Spent, spend, undo

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
YEAR = timedelta(days=366)

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    yield register("88008213")
    assert [finding for finding in checks.run(CHECKS) if finding.broken] == []


def register(card):
    return members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", card)])


def give(member_id, points, at=T0):
    services.apply(SYSTEM, member_id, points, "goodwill", at=at)


def left():
    return list(Lot.objects.order_by("expires_at", "id").values_list("remaining", flat=True))


def movements():
    return list(Posting.objects.order_by("id").values_list("kind", "points", "contra"))


def counts():
    return Posting.objects.count(), Spending.objects.count(), OutboxMessage.objects.count()


def test_points_go_in_the_order_of_use_and_come_back_to_their_lots(member):
    give(member, 30)
    give(member, 40, T0 + timedelta(days=1))
    later = T0 + timedelta(days=2)
    spent = spend(SYSTEM, member, 45, sink=Sink.MALL, reference="M-1", at=later)
    assert spent == Spent(Spending.objects.get().pk, member, 45, 25, first=True)
    assert left() == [0, 25]
    assert Account.objects.get().redeemed_total == 45
    undone = undo(SYSTEM, Sink.MALL, "M-1", at=later + timedelta(days=1))
    assert (undone.points, undone.to_lots, undone.fresh, undone.repaid, undone.first) == (45, 45, 0, 0, True)
    assert left() == [30, 40]
    assert movements()[2:] == [
        ("redemption", -30, "redemption"),
        ("redemption", -15, "redemption"),
        ("restoration", 15, "redemption"),
        ("restoration", 30, "redemption"),
    ]
    assert (Account.objects.get().balance, Account.objects.get().redeemed_total) == (70, 0)
    topics = OutboxMessage.objects.filter(topic__in=["points.spent", "points.spending_undone"])
    assert [event.payload["points_available"] for event in topics.order_by("id")] == [25, 70]


def test_what_expired_meanwhile_comes_anew_with_the_grace(member):
    give(member, 30)
    give(member, 40, T0 + timedelta(days=100))
    spend(SYSTEM, member, 50, sink=Sink.LOTTERY, reference="L-1", at=T0 + timedelta(days=101))
    back = T0 + YEAR
    undone = undo(SYSTEM, Sink.LOTTERY, "L-1", at=back)
    assert (undone.to_lots, undone.fresh) == (20, 30)
    fresh = Lot.objects.get(origin="restore")
    # Usable to the end of the thirtieth day in Shanghai.
    assert (fresh.remaining, fresh.expires_at) == (30, datetime(2027, 4, 10, 16, 0, tzinfo=UTC))
    assert expire(at=back, now=back).points == 0


def test_the_other_side_is_the_party_that_gets_the_points(member):
    give(member, 100)
    spend(SYSTEM, member, 60, sink=Sink.CHARITY, reference="C-1", party="charity:forest", at=T0)
    undo(SYSTEM, Sink.CHARITY, "C-1", at=T0)
    spend(SYSTEM, member, 10, sink=Sink.CHARITY, reference="C-2", party="charity:forest", at=T0)
    assert movements()[1:] == [
        ("redemption", -60, "charity:forest"),
        ("restoration", 60, "charity:forest"),
        ("redemption", -10, "charity:forest"),
    ]


def test_a_repeat_changes_nothing(member):
    give(member, 100)
    first = spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0)
    before = counts()
    again = spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0 + YEAR)
    assert again == Spent(first.spending_id, member, 60, None, first=False)
    assert counts() == before
    assert undo(SYSTEM, Sink.MALL, "M-1", at=T0).first
    before = counts()
    assert not undo(SYSTEM, Sink.MALL, "M-1", at=T0).first
    assert not spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0).first
    assert (counts(), left()) == (before, [100])


def test_a_reference_stands_for_one_spending(member):
    other = register("88008214")
    give(member, 100)
    give(other, 100)
    spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0)
    before = counts()
    for who, points, party in ((other, 60, ""), (member, 61, ""), (member, 60, "partner:cinema")):
        with pytest.raises(SpendingTaken):
            spend(SYSTEM, who, points, sink=Sink.MALL, reference="M-1", party=party, at=T0)
    assert counts() == before
    # Of another kind it is another thing.
    assert spend(SYSTEM, member, 40, sink=Sink.EVENT, reference="M-1", at=T0).available == 0


def test_what_cannot_be_spent_is_refused_and_leaves_nothing(member):
    give(member, 100)
    before = counts()

    def refused(error, points=50, who=member, reference="M-1", party="", at=T0):
        with pytest.raises(error) as refusal:
            spend(SYSTEM, who, points, sink=Sink.MALL, reference=reference, party=party, at=at)
        assert (counts(), left()) == (before, [100])
        return refusal.value.extensions

    assert refused(InsufficientPoints, 101) == {"wanted": 101, "available": 100}
    assert refused(InsufficientPoints, 1, at=T0 + YEAR) == {"wanted": 1, "available": 0}
    for points in (0, -1, LARGEST + 1):
        refused(BadPoints, points)
    for reference in ("", "x" * 65, "a\nb"):
        refused(BadReference, reference=reference)
    for party in ("forest", "bank:x", "charity:", "charity:" + "x" * 61):
        refused(BadParty, party=party)
    refused(UnknownMember, who=999_999)
    with pytest.raises(UnknownSpending):
        undo(SYSTEM, Sink.MALL, "M-1", at=T0)


def test_who_owes_points_spends_none(member):
    Account.objects.filter(pk=member).update(debt=20, balance=-20, earned_total=-20)
    Posting.objects.create(member_id=member, kind="clawback", points=-20, at=T0, recorded_at=T0)
    with pytest.raises(PointsOwed) as refusal:
        spend(SYSTEM, member, 1, sink=Sink.MALL, reference="M-1", at=T0)
    assert refusal.value.extensions == {"debt": 20}


def test_a_debt_is_repaid_from_what_comes_back(member):
    give(member, 100)
    spend(SYSTEM, member, 80, sink=Sink.MALL, reference="M-1", at=T0)
    give(member, -20)
    Account.objects.filter(pk=member).update(debt=30, balance=-30, earned_total=50)
    Posting.objects.create(member_id=member, kind="clawback", points=-30, at=T0, recorded_at=T0)
    assert undo(SYSTEM, Sink.MALL, "M-1", at=T0).repaid == 30
    assert (Account.objects.get().debt, left()) == (0, [50])


def test_a_blocked_member_spends_nothing_but_gets_points_back(member):
    give(member, 100)
    spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0)
    members.block(caller=SYSTEM, member_id=member, reason="stolen card", at=T0)
    with pytest.raises(AccountSuspended):
        spend(SYSTEM, member, 1, sink=Sink.MALL, reference="M-2", at=T0)
    assert undo(SYSTEM, Sink.MALL, "M-1", at=T0).points == 60
    assert left() == [100]


def test_points_spent_before_a_merge_come_back_to_the_kept_member(member):
    gone = register("88008214")
    give(gone, 100)
    spend(SYSTEM, gone, 60, sink=Sink.MALL, reference="M-1", at=T0)
    members.merge(caller=SYSTEM, kept_id=member, gone_id=gone, reason="same person", at=T0)
    # By either number it is the kept member who spends.
    assert not spend(SYSTEM, gone, 60, sink=Sink.MALL, reference="M-1", at=T0).first
    assert spend(SYSTEM, gone, 10, sink=Sink.MALL, reference="M-2", at=T0).member_id == member
    undone = undo(SYSTEM, Sink.MALL, "M-1", at=T0 + timedelta(days=1))
    assert (undone.member_id, undone.to_lots, undone.fresh) == (member, 60, 0)
    balances = dict(Account.objects.values_list("member_id", "balance"))
    assert balances == {member: 90, gone: 0}
    ends = set(Lot.objects.filter(member_id=member, remaining__gt=0).values_list("expires_at", flat=True))
    assert ends == {datetime(2027, 3, 10, 16, 0, tzinfo=UTC)}


def test_an_erased_member_spends_nothing(member):
    give(member, 100)
    members.erase_person(caller=SYSTEM, member_id=member, reason="asked for", at=T0)
    with pytest.raises(MemberErased):
        spend(SYSTEM, member, 1, sink=Sink.MALL, reference="M-1", at=T0)


def test_a_refusal_above_takes_the_spending_along(member):
    give(member, 100)

    def give_what_is_not_there():
        with transaction.atomic():
            spend(SYSTEM, member, 60, sink=Sink.MALL, reference="M-1", at=T0)
            raise LookupError

    with pytest.raises(LookupError):
        give_what_is_not_there()
    assert (left(), Spending.objects.count()) == ([100], 0)

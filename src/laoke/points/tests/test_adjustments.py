"""Points given and taken by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation import checks
from laoke.foundation.access import SYSTEM, Caller, MissingScope, Scope
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import AuditEntry, CommandRecord, OutboxMessage
from laoke.members import services as members
from laoke.members.errors import MemberErased, MemberMerged, ReasonMissing, UnknownMember
from laoke.members.types import IdentityInput
from laoke.points import selectors
from laoke.points.checks import CHECKS
from laoke.points.errors import BadAdjustment
from laoke.points.models import Account, Lot, Posting
from laoke.points.services import LARGEST, adjust, preview

T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
CLERK = Caller("staff", 3, "clerk", frozenset({Scope.POINTS_ADJUST}))

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    yield members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", "88008213")])
    assert [finding for finding in checks.run(CHECKS) if finding.broken] == []


def given(member_id, points, at=T0, key=None, reason="goodwill"):
    key = key or f"{points}@{at.isoformat()}"
    answer = adjust(CLERK, member_id, points, reason, Command(key, (b"%d" % points,)), at=at)
    return orjson.loads(answer.body)


def test_points_given_are_a_lot_of_their_own_valid_as_long_as_earned_ones(member):
    assert given(member, 50) == {
        "member_id": member,
        "points": 50,
        "points_available": 50,
        "points_debt": 0,
    }
    (lot,) = Lot.objects.all()
    # To the end of the day a year later in Shanghai.
    assert (lot.origin, lot.points, lot.expires_at) == (
        "adjustment",
        50,
        datetime(2027, 3, 10, 16, 0, tzinfo=UTC),
    )
    (posting,) = Posting.objects.all()
    assert (posting.kind, posting.points, posting.note) == ("adjustment", 50, "goodwill")
    assert (Account.objects.get().balance, Account.objects.get().earned_total) == (50, 50)


def test_points_taken_leave_the_lots_in_the_order_of_use(member):
    given(member, 30, T0)
    given(member, 40, T0 + timedelta(days=1))
    later = T0 + timedelta(days=2)
    assert given(member, -45, later)["points_available"] == 25
    assert list(Lot.objects.order_by("expires_at").values_list("remaining", flat=True)) == [0, 25]
    assert list(Posting.objects.order_by("id").values_list("points", flat=True)) == [30, 40, -30, -15]


def test_no_more_is_taken_than_can_be_spent(member):
    given(member, 30)
    counts = Posting.objects.count(), AuditEntry.objects.count(), OutboxMessage.objects.count()
    with pytest.raises(InsufficientPoints) as refusal:
        given(member, -31, T0 + timedelta(hours=1))
    assert refusal.value.extensions == {"wanted": 31, "available": 30}
    with pytest.raises(InsufficientPoints):
        given(member, -1, T0 + timedelta(days=367))  # they have expired, swept or not
    assert (Posting.objects.count(), AuditEntry.objects.count(), OutboxMessage.objects.count()) == counts
    assert CommandRecord.objects.count() == 1


def test_a_debt_is_repaid_from_what_is_given(member):
    Account.objects.filter(pk=member).update(debt=20, balance=-20, earned_total=-20)
    Posting.objects.create(member_id=member, kind="clawback", points=-20, at=T0, recorded_at=T0)
    assert given(member, 50) == {
        "member_id": member,
        "points": 50,
        "points_available": 30,
        "points_debt": 0,
    }


def test_a_repeat_gives_once(member):
    first, again = given(member, 50, key="k"), given(member, 50, key="k")
    assert first == again
    assert Posting.objects.count() == 1


def test_who_and_why_go_into_the_audit_trail_and_an_event_leaves(member):
    given(member, 50, reason="补发 活动积分")
    entry = AuditEntry.objects.get(action="points.adjusted")
    assert (entry.actor, entry.object_id, entry.after, entry.reason) == (
        "clerk",
        str(member),
        {"points": 50},
        "补发 活动积分",
    )
    event = OutboxMessage.objects.get(topic="points.adjusted")
    assert event.payload == {"member_id": member, "points": 50, "points_available": 50}


def test_what_cannot_be_is_refused(member):
    other = members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", "88008214")])
    for points in (0, LARGEST + 1, -LARGEST - 1):
        with pytest.raises(BadAdjustment):
            given(member, points)
    with pytest.raises(ReasonMissing):
        given(member, 5, reason=" ")
    with pytest.raises(UnknownMember):
        given(999_999, 5)
    with pytest.raises(MissingScope):
        adjust(Caller("staff", 1, "x", frozenset()), member, 5, "why", Command("k", ()), at=T0)
    members.merge(caller=SYSTEM, kept_id=member, gone_id=other, reason="same person", at=T0)
    with pytest.raises(MemberMerged):
        given(other, 5)
    members.erase_person(caller=SYSTEM, member_id=member, reason="asked for", at=T0)
    with pytest.raises(MemberErased):
        given(member, 5)
    assert Posting.objects.count() == 0


def test_an_account_shows_what_expires_soon(member):
    given(member, 10, T0 - timedelta(days=350))
    given(member, 20, T0)
    points = selectors.account(member, T0)
    assert (points.available, points.expiring_soon, points.lots_open) == (30, 10, 2)
    assert [lot.remaining for lot in points.lots] == [10, 20]


def test_movements_come_in_pages_the_newest_first(member):
    for number in range(1, 6):
        given(member, number, T0 + timedelta(days=number))
    seen, after = [], None
    while True:
        page, after = selectors.postings(member, after=after, limit=2)
        seen.append([posting.points for posting in page])
        if after is None:
            break
    assert seen == [[5, 4], [3, 2], [1]]


def test_a_preview_is_what_the_adjustment_does(member):
    for points, days in ((50, 0), (30, 40), (-60, 50), (7, 60), (-27, 70)):
        at = T0 + timedelta(days=days)
        effect = preview(member, points, at=at)
        before = {lot.expires_at: lot.remaining for lot in Lot.objects.all()}
        assert given(member, points, at)["points_available"] == effect.available
        after = {lot.expires_at: lot.remaining for lot in Lot.objects.all()}
        if points > 0:
            assert effect.expires_at in after
            assert effect.taken == ()
        else:
            taken = {each.expires_at: each.points for each in effect.taken}
            assert after == {end: left - taken.get(end, 0) for end, left in before.items()}


def test_a_preview_repays_the_debt_as_the_adjustment_does(member):
    Account.objects.update(debt=20, balance=-20)
    Posting.objects.create(member_id=member, kind="clawback", points=-20, at=T0, recorded_at=T0, lot=None)
    Account.objects.update(earned_total=-20)
    effect = preview(member, 50, at=T0)
    assert (effect.repaid, effect.available, effect.debt) == (20, 30, 0)
    answer = given(member, 50)
    assert (answer["points_available"], answer["points_debt"]) == (30, 0)


def test_a_preview_is_refused_as_the_adjustment_is(member):
    for points in (0, LARGEST + 1):
        with pytest.raises(BadAdjustment):
            preview(member, points, at=T0)
    with pytest.raises(InsufficientPoints):
        preview(member, -1, at=T0)
    with pytest.raises(UnknownMember):
        preview(member + 1, 5, at=T0)

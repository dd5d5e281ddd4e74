"""Points that members give to each other: kept ends, limits, taking back, and what must not work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import SYSTEM, Caller, MissingScope
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import AuditEntry, CommandRecord, OutboxMessage
from laoke.members import services as members
from laoke.members.errors import ReasonMissing, UnknownMember
from laoke.points import services
from laoke.points.errors import (
    AccountSuspended,
    BadPoints,
    PointsOwed,
    TransferLimit,
    TransfersOff,
    TransferToSelf,
    TransferUndone,
    UnknownTransfer,
)
from laoke.points.expiry import expire
from laoke.points.models import Account, Lot, Posting, Transfer
from laoke.points.transfers import give, of_member, undo
from tests import shop as shops
from tests.shop import OPENING, line
from tests.test_holds import call

NOON = OPENING
DAY = timedelta(days=1)


@pytest.fixture(params=["keep"])
def shop(request, db):
    yield shops.open_shop(points=shops.POINTS | {"transfers": request.param})
    assert shops.broken() == {}
    shops.forget()


@pytest.fixture
def two(shop):
    """Somebody with 300 points, 100 of them a day younger, and somebody with none."""
    giver, receiver = shop.member(), shop.member()
    services.apply(SYSTEM, giver, 200, "goodwill", at=NOON - 2 * DAY)
    services.apply(SYSTEM, giver, 100, "goodwill", at=NOON - DAY)
    return giver, receiver


def gives(giver, receiver, points, at=NOON, key=None):
    command = Command(key or f"{giver}>{receiver} {points} {at}", (b"%d" % points,))
    give(SYSTEM, giver, receiver, points, "有福同享", command, at=at)
    return Transfer.objects.latest("id").pk


def undone(transfer_id, at=NOON, key=None, **more):
    command = Command(key or f"undo {transfer_id} {at}", ())
    return undo(SYSTEM, transfer_id, "wrong member", command, at=at, **more)


def held(member):
    """Open lots: points and when they end."""
    lots = Lot.objects.filter(member_id=member, remaining__gt=0).order_by("expires_at", "id")
    return [(lot.remaining, lot.expires_at) for lot in lots]


def state():
    return (
        list(Account.objects.order_by("member_id").values_list("member_id", "balance", "debt")),
        Posting.objects.count(),
        Transfer.objects.count(),
        CommandRecord.objects.count(),
        AuditEntry.objects.count(),
        OutboxMessage.objects.count(),
    )


def test_points_go_in_the_order_of_use_and_keep_their_end(two):
    giver, receiver = two
    before = held(giver)
    gives(giver, receiver, 250)
    assert held(giver) == [(50, before[1][1])]
    assert held(receiver) == [(200, before[0][1]), (50, before[1][1])]
    assert set(Posting.objects.filter(kind="transfer").values_list("contra", flat=True)) == {"transfer"}
    assert [shops.account(who)["balance"] for who in two] == [50, 250]
    # What was given is nobody's spending and nobody's earning.
    assert [shops.account(who)["earned_total"] for who in two] == [300, 0]
    assert [shops.account(who)["redeemed_total"] for who in two] == [0, 0]


def test_transfer_to_dodge_expiry(two):
    """Points given away and back again, or taken back by staff, end on the day they would have ended."""
    giver, receiver = two
    first_end, last_end = (end for _, end in held(giver))
    for day in range(5):
        gives(giver, receiver, 300, NOON + 2 * day * DAY)
        gives(receiver, giver, 300, NOON + (2 * day + 1) * DAY)
    assert held(giver) == [(200, first_end), (100, last_end)]
    # Given away a day before the end and taken back after it: what expired with the receiver stays expired.
    transfer = gives(giver, receiver, 250, first_end - DAY)
    at = first_end + timedelta(hours=1)
    answer = undone(transfer, at)
    assert b'"points":50,"expired":200' in answer.body
    assert held(giver) == [(100, last_end)]
    expire(at=at, now=at)
    assert sum(points for who in two for points, _ in held(who)) == 100


@pytest.mark.parametrize("shop", ["restart"], indirect=True)
def test_points_may_be_as_new_where_the_programme_says_so(two):
    giver, receiver = two
    gives(giver, receiver, 250)
    (first, one), (second, other) = held(receiver)
    assert (first + second, one, other) == (250, NOON + timedelta(days=365, hours=12), one)


@pytest.mark.parametrize("shop", ["off"], indirect=True)
def test_members_give_nothing_where_the_programme_says_nothing(two):
    before = state()
    with pytest.raises(TransfersOff):
        gives(*two, 1)
    assert state() == before


def test_what_cannot_be_given_is_refused_and_leaves_nothing(shop, two):
    giver, receiver = two
    before = state()

    def refused(error, *arguments, **more):
        with pytest.raises(error):
            gives(*arguments, **more)
        assert state() == before

    refused(InsufficientPoints, giver, receiver, 301)
    refused(BadPoints, giver, receiver, 0)
    refused(TransferToSelf, giver, giver, 1)
    refused(UnknownMember, giver, 999_999, 1)
    refused(UnknownMember, 999_999, giver, 1)
    with pytest.raises(MissingScope):
        give(Caller("staff", 1, "x", frozenset()), giver, receiver, 1, "", Command("k", ()), at=NOON)
    with pytest.raises(UnknownTransfer):
        undone(999)
    members.block(caller=SYSTEM, member_id=receiver, reason="stolen card", at=NOON)
    before = state()
    refused(AccountSuspended, giver, receiver, 1)


def test_who_owes_gives_nothing_and_what_is_received_repays(shop, two):
    giver, receiver = two
    till = shop.till()
    order = till.sell("A1", receiver, line("milk", 20))
    till.sell("A2", receiver, line("card", 2), points_to_redeem=200)
    till.later(hours=1).take_back(order["order_id"])
    assert (order["points_earned"], shops.account(receiver)["debt"]) == (250, 200)
    with pytest.raises(PointsOwed):
        gives(receiver, giver, 1, till.at)
    gives(giver, receiver, 150, till.at)
    assert shops.account(receiver)["debt"] == 50
    gives(giver, receiver, 150, till.at, key="the rest")
    assert (shops.account(receiver)["debt"], [points for points, _ in held(receiver)]) == (0, [100])


def test_a_day_has_a_limit(shop, two):
    giver, receiver = two
    shops.programme.apply(
        SYSTEM, {"points": shops.POINTS | {"transfers": "keep", "transfers_per_day": 120}}, at=NOON
    )
    first = gives(giver, receiver, 100)
    with pytest.raises(TransferLimit) as refusal:
        gives(giver, receiver, 21)
    assert refusal.value.extensions == {"per_day": 120, "left": 20}
    undone(first)
    gives(giver, receiver, 120)
    with pytest.raises(TransferLimit):
        gives(giver, receiver, 1, NOON + timedelta(hours=11, minutes=59))
    gives(giver, receiver, 120, NOON + timedelta(hours=12))  # midnight in Shanghai


def test_a_repeat_gives_once(two):
    giver, receiver = two
    gives(giver, receiver, 100, key="k")
    before = state()
    gives(giver, receiver, 100, key="k")
    assert state() == before


def test_taken_back_it_is_as_if_it_had_never_been_given(two):
    giver, receiver = two
    before = held(giver), held(receiver)
    transfer = gives(giver, receiver, 250)
    undone(transfer)
    assert (held(giver), held(receiver)) == before
    with pytest.raises(TransferUndone):
        undone(transfer, key="once more")
    entry = AuditEntry.objects.get(action="points.transfer_undone")
    assert (entry.object_id, entry.reason) == (str(transfer), "wrong member")


def test_points_that_were_spent_stand_against_it_or_become_a_debt(shop, two):
    giver, receiver = two
    transfer = gives(giver, receiver, 250)
    shop.till().sell("A1", receiver, line("card"), points_to_redeem=200)
    before = state()
    with pytest.raises(InsufficientPoints):
        undone(transfer)
    with pytest.raises(ReasonMissing):
        undo(SYSTEM, transfer, " ", Command("k", ()), at=NOON)
    assert state() == before
    answer = undone(transfer, force=True)
    assert b'"points":250,"expired":0,"points_debt":200' in answer.body
    assert [shops.account(who)["balance"] for who in two] == [300, -200]


def test_after_a_merge_points_go_to_and_from_the_kept_member(shop, two):
    giver, receiver = two
    kept = shop.member()
    transfer = gives(giver, receiver, 250)
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=receiver, reason="same person", at=NOON)
    with pytest.raises(TransferToSelf):
        gives(kept, receiver, 1)
    gives(giver, receiver, 50)
    assert shops.account(kept)["balance"] == 300
    undone(transfer)
    assert [shops.account(who)["balance"] for who in (giver, receiver, kept)] == [250, 0, 50]
    assert [each.points for each in of_member(receiver, after=None, limit=9)[0]] == [50]


def test_over_the_api(shop, two):
    giver, receiver = two
    body = {"giver_id": giver, "receiver_id": receiver, "points": 250, "note": "生日快乐"}
    status, made = call(shop, "/v1/points/transfers", body)
    assert (status, made["points"], made["points_available"]) == (201, 250, 50)
    status, shown = call(shop, f"/v1/points/transfers/{made['transfer_id']}")
    assert (status, shown["note"], shown["undone_at"]) == (200, "生日快乐", None)
    _, page = call(shop, f"/v1/members/{receiver}/points/transfers")
    assert page == {"transfers": [shown], "after": None}
    path = f"/v1/points/transfers/{made['transfer_id']}/undo"
    status, answer = call(shop, path, {"reason": "转错会员"})
    assert (status, answer["points"], answer["expired"], answer["points_debt"]) == (201, 250, 0, 0)
    status, answer = call(shop, path, {"reason": "转错会员"})
    assert (status, answer["code"]) == (409, "transfer-undone")
    status, movements = call(shop, f"/v1/members/{giver}/points/postings")
    kinds = [(each["kind"], each["points"], each["contra"]) for each in movements["postings"][:4]]
    assert kinds == [
        ("transfer", 200, "transfer"),
        ("transfer", 50, "transfer"),
        ("transfer", -50, "transfer"),
        ("transfer", -200, "transfer"),
    ]
    assert {each["transfer_id"] for each in movements["postings"][:4]} == {made["transfer_id"]}


def test_a_gift_is_found_again_after_its_receiver_was_merged(shop, two):
    """What comes home is the gift, not other points of the kept member, and of it only what has not expired."""
    giver, receiver = two
    kept = shop.member()
    services.apply(SYSTEM, kept, 300, "goodwill", at=NOON - 9 * DAY)
    transfer = gives(giver, receiver, 250)
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=receiver, reason="same person", at=NOON)
    before = held(kept)
    undone(transfer)
    assert (held(kept), shops.account(giver)["balance"]) == (before[:1], 300)


@pytest.mark.parametrize("swept", ["before the merge", "after it", "not at all"])
def test_what_expired_with_a_merged_receiver_stays_expired(shop, two, swept):
    giver, receiver = two
    kept = shop.member()
    services.apply(SYSTEM, kept, 300, "goodwill", at=NOON)
    end = held(giver)[0][1]
    transfer = gives(giver, receiver, 250, end - DAY)
    if swept == "before the merge":
        expire(at=end, now=end)
    at = end - DAY / 2 if swept == "not at all" else end
    members.merge(caller=SYSTEM, kept_id=kept, gone_id=receiver, reason="same person", at=at)
    if swept == "after it":
        expire(at=end, now=end)
    answer = undone(transfer, end + timedelta(hours=1))
    assert b'"points":50,"expired":200' in answer.body
    assert (shops.account(giver)["balance"], [points for points, _ in held(kept)][-1]) == (100, 300)

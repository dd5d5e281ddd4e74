"""Points set aside for a purchase that is not paid yet: by API, at the till, by the clock, through merges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import orjson
import pytest
from django.test.client import Client

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.foundation.access import SYSTEM
from laoke.foundation.models import CommandRecord
from laoke.members import services as members
from laoke.points import holds, selectors, services
from laoke.points.expiry import expire
from laoke.points.models import Account, Hold, Lot, Posting
from laoke.points.redeeming import Sink, spend
from laoke.points.statement import statement
from laoke.points.tasks import expire_holds
from tests import shop as shops
from tests.shop import OPENING, line

NOON = OPENING
_keys = count(1)


@pytest.fixture
def member(shop):
    """A member with 300 points, 100 of them a day younger."""
    member = shop.member()
    services.apply(SYSTEM, member, 200, "goodwill", at=NOON - timedelta(days=2))
    services.apply(SYSTEM, member, 100, "goodwill", at=NOON - timedelta(days=1))
    yield member
    assert shops.broken() == {}


def call(shop, path, body=None, *, at=NOON, key=None):
    """POST as another system; GET without a body."""
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {shop.key}"})
    handler = client.handler = shops._Handler(enforce_csrf_checks=False)
    handler.now = at
    if body is None:
        answer = client.get(path)
    else:
        headers = {"Idempotency-Key": key or f"hold-{next(_keys)}"}
        answer = client.post(path, data=orjson.dumps(body), content_type="application/json", headers=headers)
    found = orjson.loads(answer.content)
    if "type" in found:
        found["code"] = found["type"].rsplit("/", 1)[-1]
    return answer.status_code, found


def reserve(shop, member, points, minutes=30, at=NOON, **more):
    body = {"member_id": member, "points": points, "reference": "W-1", "minutes": minutes}
    status, answer = call(shop, "/v1/points/holds", body, at=at, **more)
    assert status == 201, answer
    return answer["hold_id"]


def points_of(member, at=NOON):
    found = selectors.account(member, at)
    return found.available, found.held


def lots():
    return list(Lot.objects.order_by("expires_at", "id").values_list("remaining", "held"))


def test_points_set_aside_are_nobodys_until_they_are_free_again(shop, member):
    hold_id = reserve(shop, member, 250)
    assert (points_of(member), lots()) == ((50, 250), [(200, 200), (100, 50)])
    refused = shop.till().sell("A1", member, line("milk", 20), points_to_redeem=100)
    assert (refused.status, refused.code) == (409, "points-refused")
    assert (refused["reason"], refused["usable"]) == ("insufficient_points", 0)
    with pytest.raises(InsufficientPoints):
        spend(SYSTEM, member, 51, sink=Sink.MALL, reference="M", at=NOON)
    with pytest.raises(InsufficientPoints):
        services.apply(SYSTEM, member, -51, "too many", at=NOON)
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/void", {})
    assert (status, answer["points"], answer["points_available"]) == (201, 250, 300)
    assert (points_of(member), lots()) == ((300, 0), [(200, 0), (100, 0)])
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/void", {})
    assert (status, answer["code"], answer["state"]) == (409, "hold-ended", "voided")


def test_an_order_that_names_the_hold_spends_it_and_frees_the_rest(shop, member):
    hold_id = reserve(shop, member, 250)
    till = shop.till()
    quote = till.quote(member, line("milk", 20), points_hold=hold_id)
    assert (quote["points_usable"], quote["member"]["points_available"]) == (300, 300)
    order = till.sell(
        "A1", member, line("milk", 20), points_to_redeem=200, points_hold=hold_id, quote=quote["quote"]
    )
    assert (order.status, order["points_redeemed"], order["points_earned"]) == (201, 200, 248)
    assert order["member"]["points_available"] == 100 + 248
    hold = Hold.objects.get()
    assert (hold.state, hold.captured, hold.order_id) == ("captured", 200, order["order_id"])
    assert (points_of(member), lots()[:2]) == ((348, 0), [(0, 0), (100, 0)])
    # What was spent comes back to where it was set aside.
    assert till.later(days=1).take_back(order["order_id"])["points_restored"] == 200
    assert lots()[:2] == [(200, 0), (100, 0)]
    _, shown = call(shop, f"/v1/points/holds/{hold_id}")
    assert (shown["state"], shown["captured"], shown["order_id"]) == ("captured", 200, order["order_id"])


def test_an_order_may_spend_more_than_was_set_aside(shop, member):
    hold_id = reserve(shop, member, 150)
    order = shop.till().sell("A1", member, line("milk", 20), points_to_redeem=300, points_hold=hold_id)
    assert (order.status, order["points_redeemed"]) == (201, 300)
    assert lots()[:2] == [(0, 0), (0, 0)]
    # Both takes of the first lot are one posting.
    spent = Posting.objects.filter(kind="redemption").order_by("id").values_list("points", flat=True)
    assert list(spent) == [-200, -100]
    assert Hold.objects.get().captured == 150


def test_an_order_of_somebody_else_or_too_late_does_not_get_the_points(shop, member):
    hold_id = reserve(shop, member, 200, minutes=30)
    other = shop.member()
    services.apply(SYSTEM, other, 500, "goodwill", at=NOON)
    before = Account.objects.values_list("member_id", "balance", "held").order_by("member_id")
    rows = list(before), Posting.objects.count(), CommandRecord.objects.count()
    till = shop.till()
    for who in (other, None):
        refused = till.sell("A1", who, line("milk", 20), points_to_redeem=100, points_hold=hold_id)
        assert (refused.status, refused.code) == (404, "unknown-hold")
    late = till.later(minutes=30).sell(
        "A1", member, line("milk", 20), points_to_redeem=100, points_hold=hold_id
    )
    assert (late.status, late.code, late["state"]) == (409, "hold-ended", "expired")
    assert (list(before), Posting.objects.count(), CommandRecord.objects.count()) == rows


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "not noticed yet"])
def test_a_hold_ends_with_its_time_whoever_looks_first(shop, member, noticed):
    hold_id = reserve(shop, member, 250, minutes=30)
    at = NOON + timedelta(minutes=30)
    if noticed:
        assert holds.expire(at=at) == 1
        assert holds.expire(at=at) == 0
    assert points_of(member, at - timedelta(seconds=1) if not noticed else at)[1] == (0 if noticed else 250)
    assert points_of(member, at) == (300, 0)
    assert services.preview(member, -300, at=at).available == 0
    found = statement(member, at)
    assert (found.available, found.held) == (300, 0)
    till = shop.till().later(minutes=30)
    assert till.quote(member, line("milk", 20))["points_usable"] == 300
    order = till.sell("A1", member, line("milk", 20), points_to_redeem=300)
    assert (order.status, order["points_redeemed"]) == (201, 300)
    hold = Hold.objects.get(pk=hold_id)
    assert (hold.state, hold.ended_at, Account.objects.get(pk=member).held) == ("expired", at, 0)


def test_points_set_aside_outlive_their_lot_until_the_hold_ends(shop, member):
    """What is promised to a purchase under way is not lost by midnight; what is let go after it is."""
    end = Lot.objects.order_by("expires_at").first().expires_at
    at = end - timedelta(hours=1)
    hold_id = reserve(shop, member, 200, minutes=180, at=at)
    after = end + timedelta(hours=1)
    assert expire(at=after, now=after).points == 0
    order = (
        shop.till()
        .later(seconds=int((after - NOON).total_seconds()))
        .sell("A1", member, line("milk", 20), points_to_redeem=100, points_hold=hold_id)
    )
    assert order.status == 201
    # 100 of the 200 were spent, the others ended with their lot: the lot of a day later is left, and what was earned.
    assert order["member"]["points_available"] == 100 + order["points_earned"]
    assert expire(at=after, now=after).points == 100
    assert points_of(member, after) == (100 + order["points_earned"], 0)


def test_a_capture_without_an_order_is_a_spending_of_its_own(shop, member):
    hold_id = reserve(shop, member, 250)
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/capture", {"points": 251})
    assert (status, answer["code"]) == (422, "bad-points")
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/capture", {"points": 220}, key="c1")
    assert (status, answer["points"], answer["points_available"]) == (201, 220, 80)
    again = call(shop, f"/v1/points/holds/{hold_id}/capture", {"points": 220}, key="c1")
    assert again == (201, answer)
    assert lots() == [(0, 0), (80, 0)]
    hold = Hold.objects.get()
    assert (hold.state, hold.captured, hold.spending_id) == ("captured", 220, answer["spending_id"])
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/capture", {})
    assert (status, answer["code"], answer["state"]) == (409, "hold-ended", "captured")


def test_a_repeat_sets_aside_once(shop, member):
    first = reserve(shop, member, 100, key="k")
    assert reserve(shop, member, 100, key="k") == first
    assert points_of(member) == (200, 100)
    body = {"member_id": member, "points": 50, "reference": "W-1", "minutes": 30}
    status, answer = call(shop, "/v1/points/holds", body, key="k")
    assert (status, answer["code"]) == (409, "idempotency-key-reused")


def test_what_cannot_be_set_aside_is_refused(shop, member):
    body = {"member_id": member, "points": 50, "reference": "W-1", "minutes": 30}

    def refused(**more):
        status, answer = call(shop, "/v1/points/holds", body | more)
        assert Hold.objects.count() == 0
        return status, answer["code"]

    assert refused(points=301) == (409, "insufficient-points")
    assert refused(points=0) == (422, "invalid-request")
    assert refused(minutes=0) == (422, "invalid-request")
    assert refused(reference="a\nb")[0] == 422
    assert refused(member_id=999_999) == (404, "unknown-member")
    members.block(caller=SYSTEM, member_id=member, reason="stolen card", at=NOON)
    assert refused() == (409, "account-suspended")
    status, answer = call(shop, "/v1/points/holds/999")
    assert (status, answer["code"]) == (404, "unknown-hold")


def test_a_blocked_member_spends_no_hold_but_it_can_be_let_go(shop, member):
    hold_id = reserve(shop, member, 100)
    members.block(caller=SYSTEM, member_id=member, reason="stolen card", at=NOON)
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/capture", {})
    assert (status, answer["code"]) == (409, "account-suspended")
    assert call(shop, f"/v1/points/holds/{hold_id}/void", {})[0] == 201


def test_a_return_takes_back_only_what_is_free_and_the_hold_pays_the_debt_when_it_is_let_go(shop):
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("milk", 20))
    assert order["points_earned"] == 250
    hold_id = reserve(shop, member, 200, at=till.at)
    back = till.later(minutes=5).take_back(order["order_id"])
    assert (back["points_clawed_back"], back["points_debt"]) == (250, 200)
    assert points_of(member, till.at) == (0, 200)
    status, answer = call(shop, f"/v1/points/holds/{hold_id}/void", {}, at=till.at)
    assert (status, answer["points_available"]) == (201, 0)
    found = Account.objects.get(pk=member)
    assert (found.balance, found.debt, found.held) == (0, 0, 0)
    assert shops.broken() == {}


def test_a_hold_that_ends_repays_a_debt_as_of_then(shop):
    member, till = shop.member(), shop.till()
    order = till.sell("A1", member, line("milk", 20))
    reserve(shop, member, 200, at=till.at)
    till.later(minutes=5).take_back(order["order_id"])
    late = till.later(hours=5).quote(member, line("milk"))
    assert late["member"]["points_available"] == 0
    till.sell("A2", member, line("milk"))
    repaid = Posting.objects.filter(kind="repayment", lot_id__isnull=False).order_by("id")
    assert list(repaid.values_list("points", "at")) == [(-200, OPENING + timedelta(minutes=30))]
    assert shops.account(member)["debt"] == 0
    assert shops.broken() == {}


def test_holds_go_with_a_merge_and_come_back_with_its_undoing(shop, member):
    kept = shop.member()
    services.apply(SYSTEM, kept, 40, "goodwill", at=NOON)
    carried = reserve(shop, member, 250)
    merge = members.merge(caller=SYSTEM, kept_id=kept, gone_id=member, reason="same person", at=NOON)
    assert points_of(kept) == (90, 250)
    assert shops.broken() == {}
    fresh = reserve(shop, kept, 60, at=NOON + timedelta(minutes=1))
    members.unmerge(caller=SYSTEM, merge_id=merge, at=NOON + timedelta(minutes=2))
    # What was set aside before went back; what was set aside since stays with the kept member.
    assert Hold.objects.get(pk=carried).member_id == member
    assert Hold.objects.get(pk=fresh).member_id == kept
    assert points_of(kept)[1] == 60
    assert sum(points_of(member)) + sum(points_of(kept)) == 340
    assert shops.broken() == {}
    assert call(shop, f"/v1/points/holds/{carried}/void", {}, at=NOON + timedelta(minutes=3))[0] == 201
    assert call(shop, f"/v1/points/holds/{fresh}/capture", {}, at=NOON + timedelta(minutes=3))[0] == 201


def test_holds_are_listed_the_newest_first(shop, member):
    numbers = [reserve(shop, member, 10, at=NOON + timedelta(minutes=i)) for i in range(3)]
    _, page = call(shop, f"/v1/members/{member}/points/holds?limit=2")
    assert [hold["hold_id"] for hold in page["holds"]] == numbers[:0:-1]
    _, rest = call(shop, f"/v1/members/{member}/points/holds?limit=2&after={page['after']}")
    assert ([hold["hold_id"] for hold in rest["holds"]], rest["after"]) == ([numbers[0]], None)


def test_the_worker_writes_down_every_minute_that_holds_are_over(db):
    assert expire_holds.schedule == "* * * * *"
    expire_holds(NOON)


def test_a_hold_names_a_moment(shop, member):
    reserve(shop, member, 100, minutes=90)
    assert Hold.objects.get().until == datetime(2026, 3, 10, 5, 30, tzinfo=UTC)

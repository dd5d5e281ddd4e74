"""What is announced is what docs/reference/events.md says: the topics, and the fields of their payloads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import transaction

from laoke.benefits.coupons import issuing, wallet
from laoke.benefits.library import using
from laoke.checkout import orders, programme, returns
from laoke.checkout.types import BasketRequest, LineRequest, MemberKey, OrderRequest, ReturnRequest
from laoke.foundation.access import SYSTEM, Caller
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import OutboxMessage
from laoke.foundation.outbox import topics
from laoke.foundation.sql import raw_cursor
from laoke.foundation.webhooks import services as webhooks
from laoke.members import services as members
from laoke.members.types import IdentityInput
from laoke.points import expiring, redeeming, services, transfers
from laoke.points.activities import referrals
from laoke.points.activities import services as activities
from laoke.points.adjustments import limits, requests
from laoke.promotions import alarms, counters
from laoke.tiers.memberships import notices
from tests import api_shop
from tools import event_page


def test_the_page_is_written_from_the_declarations():
    assert event_page.PAGE.read_text(encoding="utf-8") == event_page.page(), "python tools/event_page.py"


@pytest.mark.django_db
def test_every_topic_is_announced_with_just_the_fields_it_declares():
    with api_shop.opened():
        authorization = api_shop.key(api_shop.ALL)
        # The person is erased last; the endpoint goes when everything else was said.
        last = ("/erase", "/v1/webhooks/{endpoint_id}")
        for operation in sorted(api_shop.operations(), key=lambda each: each.path.endswith(last)):
            answer = api_shop.call(operation, authorization, **{"Idempotency-Key": operation.path})
            assert answer.status_code < 500
        at = datetime.now(UTC)
        members.update(caller=SYSTEM, member_id=1080, changes={"gender": "f"}, expected_version=3, at=at)
        members.add_identity(
            caller=SYSTEM, member_id=1080, identity=IdentityInput("card", "1080 1080"), at=at
        )
        for number in range(3):
            basket = BasketRequest("S001", "pos", "CNY", (LineRequest("0103001", 400_000),), MemberKey(1080))
            request = OrderRequest(f"T{number}", basket, at)
            orders.commit(SYSTEM, request, f"t{number}", b"", now=at)
        _the_life_of_a_coupon(at)
        _points_above_the_limit(at)
        _a_friend_who_buys(at)
        _a_benefit_beyond_its_budget(at)
        services.apply(SYSTEM, 1080, 5, "补发", at=at - timedelta(days=360))
        expiring.tell(at=at)
        notices.tell(at=at + timedelta(days=360))
        redeeming.spend(SYSTEM, 1080, 1, sink=redeeming.Sink.MALL, reference="M-1", at=at)
        redeeming.undo(SYSTEM, redeeming.Sink.MALL, "M-1", at=at)
        _points_of_a_household(at)
        endpoint, _ = webhooks.create_endpoint(SYSTEM, "x", "https://example.com/", [], at=at)
        webhooks.disable_endpoint(SYSTEM, endpoint.id, "no longer wanted", at=at)

        with raw_cursor() as cursor:
            budget = counters.Taken("members-monday", 2_000_000)
            assert counters.take(cursor, 1, [budget], today=at.date()) == []
        alarms.tell(at)

        seen = {message.topic: set(message.payload) for message in OutboxMessage.objects.all()}
        assert seen == {topic.name: set(topic.fields) for topic in topics.known()}


def _points_of_a_household(at: datetime) -> None:
    """Spent by who has none, and given back."""
    policy = programme.to_document(programme.current())["points"] | {"household": "pool"}
    programme.apply(SYSTEM, {"points": policy}, at=at)
    people = [
        members.register(caller=SYSTEM, at=at, identities=[IdentityInput("card", f"7070{n}")]) for n in (1, 2)
    ]
    members.form_household(caller=SYSTEM, member_ids=people, at=at)
    members.share_points(caller=SYSTEM, member_id=people[1], shares=True, at=at)
    services.apply(SYSTEM, people[1], 5, "补发", at=at)
    redeeming.spend(SYSTEM, people[0], 5, sink=redeeming.Sink.MALL, reference="H-1", at=at, household=True)
    redeeming.undo(SYSTEM, redeeming.Sink.MALL, "H-1", at=at)


def _a_friend_who_buys(at: datetime) -> None:
    """Referred, and the first order paid both."""
    kinds = {"referral": {"points": 200, "friend_points": 50}}
    programme.apply(SYSTEM, {"activities": {"kinds": kinds}}, at=at)
    friend = members.register(caller=SYSTEM, at=at, identities=[IdentityInput("phone", "13700008888")])
    told = activities.Told(1080, "referral", at, friend_id=friend)
    activities.tell(SYSTEM, told, Command("referral", ()), now=at)
    basket = BasketRequest("S001", "pos", "CNY", (LineRequest("0103001", 400_000),), MemberKey(friend))
    orders.commit(SYSTEM, OrderRequest("F1", basket, at), "f1", b"", now=at)
    referrals.judge(friend, at=at)
    gift = transfers.give(SYSTEM, 1080, friend, 1, "", Command("gift", ()), at=at)
    number = orjson.loads(gift.body)["transfer_id"]
    transfers.undo(SYSTEM, number, "a mistake", Command("gift back", ()), at=at)


def _a_benefit_beyond_its_budget(at: datetime) -> None:
    budgets = {tier["code"]: {"per_year_minor": 500} for tier in api_shop.LADDER["tiers"]}
    programme.apply(SYSTEM, {"benefits": api_shop.BENEFITS | {"budgets": budgets}}, at=at)
    using.use(SYSTEM, 1080, "parking", 1, reference="P-2", at=at)


def _points_above_the_limit(at: datetime) -> None:
    """Asked for by a program that may adjust nothing alone, and refused."""
    with transaction.atomic():
        limits.publish(SYSTEM, limits.parse({"limits": {"apikey": {"each": 0}}}), at=at)
    program = Caller("apikey", 7, "crm", SYSTEM.scopes)
    asked = requests.ask_once(program, 1080, 5, "补发", at=at)
    requests.refuse(SYSTEM, asked["adjustment_id"], "no receipt", at=at)


def _the_life_of_a_coupon(at: datetime) -> None:
    thanks = {
        "name": {"zh": "答谢", "en": "Thanks"},
        "goal": "repeat",
        "stage": "coupon",
        "coupons": ["thanks-10"],
        "gives": [{"amount": {"discount": 10}}],
    }
    programme.apply(
        SYSTEM, {"offers": {"members-monday": api_shop.OFFER | {"paused": True}, "thanks": thanks}}, at=at
    )
    (made,) = issuing.give(SYSTEM, 1080, "thanks-10", at=at)
    line = LineRequest("0103001", 400_000)
    basket = BasketRequest("S001", "pos", "CNY", (line,), MemberKey(1080), codes=(made.code,))
    answer = orders.commit(SYSTEM, OrderRequest("C1", basket, at), "c1", b"", now=at)
    order_id = orjson.loads(answer.body)["order_id"]
    returns.take_back(SYSTEM, ReturnRequest("C1", order_id, at), "c1r", b"", now=at)
    friend = members.register(caller=SYSTEM, at=at, identities=[IdentityInput("phone", "13700009999")])
    wallet.transfer(SYSTEM, made.coupon_id, friend, at=at)
    wallet.revoke(SYSTEM, made.coupon_id, reason="test", at=at)

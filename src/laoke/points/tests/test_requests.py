"""Adjustments above the limit of a role: asked for by one person, let pass by another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import IntegrityError, transaction

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.policy import BadPolicy
from laoke.foundation import checks
from laoke.foundation.access import ROLE_SCOPES, SYSTEM, Caller, MissingScope, Role
from laoke.foundation.idempotency.services import Command
from laoke.foundation.models import AuditEntry, CommandRecord, OutboxMessage
from laoke.foundation.staff import services as staff
from laoke.members import services as members
from laoke.members.errors import MemberErased, ReasonMissing, UnknownMember
from laoke.members.types import IdentityInput
from laoke.points import services
from laoke.points.adjustments import limits, requests, selectors
from laoke.points.adjustments.checks import CHECKS
from laoke.points.adjustments.errors import (
    AboveLimit,
    AdjustmentDecided,
    OwnAdjustment,
    UnknownAdjustment,
    WithinLimit,
)
from laoke.points.adjustments.limits import AdjustmentRules, Limit
from laoke.points.adjustments.models import Adjustment
from laoke.points.checks import CHECKS as LEDGER
from laoke.points.models import Account, Posting
from laoke.points.tasks import lapse_requests

# Noon in Shanghai.
T0 = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
RULES = {"limits": {"customer_service": {"each": 500, "per_day": 1200}, "apikey": {"each": 0}}}
_DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


def person(name: str, role: Role) -> Caller:
    row = staff.create(SYSTEM, name, name, role.value, None, at=T0)
    return Caller("staff", row.pk, name, ROLE_SCOPES[role])


@pytest.fixture
def clerk():
    return person("clerk", Role.CUSTOMER_SERVICE)


@pytest.fixture
def boss():
    return person("boss", Role.FINANCE)


@pytest.fixture(autouse=True)
def member():
    with transaction.atomic():
        limits.publish(SYSTEM, limits.parse(RULES), at=T0)
    yield members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", "88008213")])
    assert [found for found in checks.run((*CHECKS, *LEDGER)) if found.broken] == []


def asked(clerk, member, points=5000, at=T0, reason="补发"):
    return requests.ask_once(clerk, member, points, reason, at=at)["adjustment_id"]


def balance(member):
    return Account.objects.get(pk=member).balance


class TestLimits:
    def test_a_document_reads_back(self):
        rules = limits.parse(RULES)
        assert rules == AdjustmentRules(
            {"customer_service": Limit(500, 1200), "apikey": Limit(0, None)}, open_days=7
        )
        assert limits.to_document(rules) == {**RULES, "open_days": 7}
        assert limits.parse({}) == AdjustmentRules()

    @pytest.mark.parametrize(
        ("document", "place"),
        [
            ({"limit": {}}, "adjustments.limit"),
            ({"limits": {"clerk": {}}}, "adjustments.limits.clerk"),
            ({"limits": {"owner": {"once": 1}}}, "adjustments.limits.owner.once"),
            ({"limits": {"owner": {"each": -1}}}, "adjustments.limits.owner.each"),
            ({"limits": {"owner": {"per_day": True}}}, "adjustments.limits.owner.per_day"),
            ({"limits": []}, "adjustments.limits"),
            ({"open_days": 0}, "adjustments.open_days"),
            ([], "adjustments"),
        ],
        ids=range(8),
    )
    def test_what_cannot_be_used_is_named_with_its_place(self, document, place):
        with pytest.raises(BadPolicy) as refusal:
            limits.parse(document)
        assert refusal.value.extensions["field"] == place

    def test_each_adjustment_and_each_day_have_a_limit(self, clerk, member):
        with pytest.raises(AboveLimit) as refusal:
            services.apply(clerk, member, 501, "补发", at=T0)
        assert refusal.value.extensions == {"field": "points", "each": 500, "left_today": None}
        services.apply(clerk, member, 500, "补发", at=T0)
        services.apply(clerk, member, -400, "录错", at=T0)
        with pytest.raises(AboveLimit) as refusal:
            services.apply(clerk, member, 301, "补发", at=T0)
        assert refusal.value.extensions == {"field": "points", "each": None, "left_today": 300}
        services.apply(clerk, member, 300, "补发", at=T0)
        # The day ends at midnight in Shanghai.
        midnight = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
        with pytest.raises(AboveLimit):
            services.apply(clerk, member, 1, "补发", at=midnight - timedelta(seconds=1))
        services.apply(clerk, member, 500, "补发", at=midnight)
        assert balance(member) == 900

    def test_a_refused_adjustment_leaves_nothing_behind(self, clerk, member):
        tables = (Posting, Adjustment, CommandRecord, OutboxMessage, AuditEntry)
        before = [table.objects.count() for table in tables]
        with pytest.raises(AboveLimit):
            services.adjust(clerk, member, 501, "补发", Command("k", ()), at=T0)
        assert [table.objects.count() for table in tables] == before

    def test_roles_that_are_not_named_and_the_command_line_have_none(self, boss, member):
        services.apply(person("ann", Role.OWNER), member, 10**6, "补发", at=T0)
        services.apply(SYSTEM, member, 10**6, "补发", at=T0)
        with pytest.raises(AboveLimit):
            services.apply(Caller("apikey", 1, "crm", SYSTEM.scopes), member, 1, "补发", at=T0)

    def test_no_limits_before_any_were_published(self, clerk, member):
        with transaction.atomic():
            limits.publish(SYSTEM, AdjustmentRules(), at=T0)
        services.apply(clerk, member, 10**6, "补发", at=T0)


class TestFourEyes:
    def test_asked_for_let_pass_and_booked_once(self, clerk, boss, member):
        number = asked(clerk, member)
        assert (balance(member), selectors.waiting_count(at=T0)) == (0, 1)
        later = T0 + _DAY
        answer = requests.approve(boss, number, at=later)
        assert answer == {
            "member_id": member,
            "points": 5000,
            "points_available": 5000,
            "points_debt": 0,
        }
        with pytest.raises(AdjustmentDecided):
            requests.approve(boss, number, at=later)
        posting = Posting.objects.get()
        assert (posting.points, posting.at, posting.note) == (5000, later, "补发")
        found = selectors.one(boss, number, at=later)
        assert (found.state, found.asked_by, found.decided_by, found.decided_at, found.own) == (
            "booked", "clerk", "boss", later, False,
        )  # fmt: skip
        entry = AuditEntry.objects.get(action="points.adjusted")
        assert (entry.actor, entry.after) == (
            "boss",
            {"points": 5000, "adjustment": number, "asked_by": "clerk"},
        )
        topics = OutboxMessage.objects.filter(topic__startswith="adjustment").order_by("id")
        assert [(each.topic, each.payload.get("state")) for each in topics] == [
            ("adjustment.asked", None),
            ("adjustment.decided", "booked"),
        ]

    def test_what_was_let_pass_does_not_use_up_the_day(self, clerk, boss, member):
        requests.approve(boss, asked(clerk, member), at=T0)
        services.apply(clerk, member, 500, "补发", at=T0)

    def test_nobody_decides_what_they_asked_for(self, member):
        both = person("both", Role.OPERATIONS)
        with transaction.atomic():
            limits.publish(SYSTEM, limits.parse({"limits": {"operations": {"each": 10}}}), at=T0)
        number = asked(both, member)
        for decide in (
            lambda: requests.approve(both, number, at=T0),
            lambda: requests.refuse(both, number, "no no", at=T0),
        ):
            with pytest.raises(OwnAdjustment):
                decide()
        assert selectors.one(both, number, at=T0).state == "waiting"
        # Not even by writing it into the table.
        with pytest.raises(IntegrityError), transaction.atomic():
            Adjustment.objects.filter(pk=number).update(
                state="booked", decided_at=T0, decided_kind="staff", decided_id=both.id
            )

    def test_refused_with_a_reason(self, clerk, boss, member):
        number = asked(clerk, member)
        with pytest.raises(ReasonMissing):
            requests.refuse(boss, number, " ", at=T0)
        assert requests.refuse(boss, number, "小票不符", at=T0) == {
            "adjustment_id": number,
            "state": "refused",
        }
        with pytest.raises(AdjustmentDecided):
            requests.approve(boss, number, at=T0)
        assert (balance(member), selectors.one(clerk, number, at=T0).note) == (0, "小票不符")

    def test_only_who_asked_takes_it_back(self, clerk, boss, member):
        number = asked(clerk, member)
        with pytest.raises(UnknownAdjustment):
            requests.withdraw(person("other", Role.CUSTOMER_SERVICE), number, at=T0)
        requests.withdraw(clerk, number, at=T0)
        with pytest.raises(AdjustmentDecided):
            requests.approve(boss, number, at=T0)
        assert balance(member) == 0

    def test_the_clock_ends_it_written_down_or_not(self, clerk, boss, member):
        number = asked(clerk, member)
        end = T0 + timedelta(days=7)
        assert selectors.waiting_count(at=end - timedelta(seconds=1)) == 1
        assert selectors.waiting_count(at=end) == 0
        assert selectors.one(boss, number, at=end).state == "lapsed"
        with pytest.raises(AdjustmentDecided):
            requests.approve(boss, number, at=end)
        lapse_requests(end + timedelta(hours=5))
        lapse_requests(end + timedelta(hours=6))
        row = Adjustment.objects.get(pk=number)
        assert (row.state, row.decided_at, row.decided_by) == ("lapsed", end, "")
        assert OutboxMessage.objects.filter(topic="adjustment.decided").count() == 1

    def test_points_that_are_gone_cannot_be_taken_and_the_request_waits_on(self, clerk, boss, member):
        services.apply(SYSTEM, member, 600, "补发", at=T0)
        number = asked(clerk, member, -600)
        services.apply(SYSTEM, member, -1, "录错", at=T0)
        with pytest.raises(InsufficientPoints):
            requests.approve(boss, number, at=T0)
        assert selectors.one(boss, number, at=T0).state == "waiting"
        services.apply(SYSTEM, member, 1, "补发", at=T0)
        requests.approve(boss, number, at=T0)
        assert balance(member) == 0

    def test_a_member_merged_since_gets_it_where_the_points_went(self, clerk, boss, member):
        gone = members.register(caller=SYSTEM, at=T0, identities=[IdentityInput("card", "88008214")])
        number = asked(clerk, gone)
        members.merge(caller=SYSTEM, kept_id=member, gone_id=gone, reason="one person", at=T0)
        assert requests.approve(boss, number, at=T0)["member_id"] == member
        assert (balance(member), selectors.one(boss, number, at=T0).member_id) == (5000, member)

    def test_what_cannot_be_asked_for(self, clerk, boss, member):
        with pytest.raises(WithinLimit):
            asked(clerk, member, 500)
        with pytest.raises(UnknownMember):
            asked(clerk, 999_999)
        with pytest.raises(MissingScope):
            asked(boss, member)
        number = asked(clerk, member)
        with pytest.raises(MissingScope):
            requests.approve(clerk, number, at=T0)
        with pytest.raises(UnknownAdjustment):
            requests.approve(boss, number + 1, at=T0)
        members.erase_person(caller=SYSTEM, member_id=member, reason="asked for", at=T0)
        with pytest.raises(MemberErased):
            requests.approve(boss, number, at=T0)
        with pytest.raises(MemberErased):
            asked(clerk, member)

    def test_asked_twice_with_one_key_it_is_there_once(self, clerk, member):
        answers = [requests.ask(clerk, member, 5000, "补发", Command("k", (b"1",)), at=T0) for _ in range(2)]
        assert (answers[0].body, answers[1].first) == (answers[1].body, False)
        assert orjson.loads(answers[0].body)["open_until"] == "2026-03-17T04:00:00+00:00"
        assert Adjustment.objects.count() == 1


class TestLists:
    def test_waiting_the_oldest_first_and_done_the_newest_first(self, clerk, boss, member):
        services.apply(clerk, member, 5, "补发", at=T0)
        numbers = [asked(clerk, member, 1000 + each, T0) for each in range(3)]
        requests.refuse(boss, numbers[1], "no no", at=T0)
        page, more = selectors.waiting(boss, at=T0, limit=1)
        assert ([each.adjustment_id for each in page], more is None) == ([numbers[0]], False)
        page, more = selectors.waiting(boss, at=T0, limit=1, after=more)
        assert ([each.adjustment_id for each in page], more) == ([numbers[2]], None)
        page, _ = selectors.done(boss, at=T0)
        assert [(each.points, each.state) for each in page] == [(1001, "refused"), (5, "booked")]
        page, _ = selectors.done(boss, at=T0 + timedelta(days=7))
        assert [each.state for each in page] == ["lapsed", "refused", "lapsed", "booked"]

    def test_who_is_limited_to_stores_sees_their_own(self, clerk, member):
        own, other = asked(clerk, member), asked(person("other", Role.CUSTOMER_SERVICE), member)
        narrow = Caller(clerk.kind, clerk.id, clerk.label, clerk.scopes, frozenset({1}))
        page, _ = selectors.waiting(narrow, at=T0)
        assert [each.adjustment_id for each in page] == [own]
        with pytest.raises(UnknownAdjustment):
            selectors.one(narrow, other, at=T0)

    def test_those_of_a_month_that_still_wait(self, clerk, boss, member):
        numbers = [asked(clerk, member, at=T0 + each * _DAY) for each in range(3)]
        assert selectors.waiting_before(T0 + 2 * _DAY, at=T0 + 2 * _DAY) == 2
        requests.approve(boss, numbers[0], at=T0 + 2 * _DAY)
        assert selectors.waiting_before(T0 + 2 * _DAY, at=T0 + 2 * _DAY) == 1
        assert selectors.waiting_before(T0 + 2 * _DAY, at=T0 + 9 * _DAY) == 0

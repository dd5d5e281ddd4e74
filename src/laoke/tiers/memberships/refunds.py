"""What comes back of a paid membership, and giving it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from laoke.benefits.library import selectors as benefits
from laoke.engine import memberships as rules
from laoke.engine.tiering import How
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit.services import record
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.members.normal.person import checked_reason
from laoke.tiers import assigning
from laoke.tiers.memberships import events, records
from laoke.tiers.memberships.errors import MembershipRefused, UnknownMembership
from laoke.tiers.memberships.models import Membership, Refund


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A membership that was given up, and what came back for it. `first` is false for a repeat."""

    membership_id: int
    member_id: int
    refund_minor: int
    unused_days: int
    benefits_minor: int
    first: bool


def refund_now(membership_id: int, at: datetime) -> rules.Refund:
    """What would come back of a membership that is given up now.

    Raises:
        UnknownMembership
    """
    row = Membership.objects.filter(pk=membership_id).first()
    if row is None:
        raise UnknownMembership
    return _refund(row, at)


def give_up(
    caller: Caller,
    membership_id: int,
    reference: str,
    *,
    expected_minor: int | None = None,
    reason: str,
    at: datetime,
) -> GivenUp:
    """End a membership at once, and its tier with it; says what the shop pays back. A repeat is recognised by its
    reference.

    Args:
        expected_minor: what the member was told; another sum is refused.
    Raises:
        MissingScope, ReasonMissing, UnknownMembership, MemberErased.
        MembershipRefused: it has ended, nothing comes back, or another sum.
        TierNotAssigned: the member is blocked.
    """
    caller.require(Scope.MEMBERSHIPS_REFUND)
    why = checked_reason(reason)
    return once_more(lambda: _give_up(caller, membership_id, reference, expected_minor, why, at))


@transaction.atomic
def _give_up(
    caller: Caller, membership_id: int, reference: str, expected_minor: int | None, reason: str, at: datetime
) -> GivenUp:
    with hot_cursor() as cursor:
        row, _ladder, _state = records.locked(cursor, membership_id, at)
        if before := Refund.objects.filter(reference=reference).first():
            if before.membership_id != membership_id:
                raise MembershipRefused("reference_taken")
            return _given_up(before, row.member_id, first=False)
        if row.state != Membership.State.RUNNING:
            raise MembershipRefused("nothing_back", why="over", refund_minor=0)
        found = _refund(row, at)
        if not found.minor:
            raise MembershipRefused("nothing_back", why=found.reason, refund_minor=0)
        if expected_minor is not None and expected_minor != found.minor:
            raise MembershipRefused("amount", refund_minor=found.minor)
        back = Refund.objects.create(
            membership=row,
            minor=found.minor,
            full=found.full,
            benefits_minor=found.benefits_minor,
            unused_days=found.unused,
            reference=reference,
            reason=reason,
            refunded_at=at,
            refunded_by=caller.label,
        )
        row.state, row.ended_at, row.renews = Membership.State.REFUNDED, at, False
        row.refunded_minor = found.minor
        row.save(update_fields=["state", "ended_at", "renews", "refunded_minor"])
        assigning.take_away(caller, row.member_id, (How.PAID,), reason=reason, at=at)
        outbox.add(
            events.REFUNDED,
            {
                **records.named(row),
                "tier": row.tier,
                "refund_minor": found.minor,
                "unused_days": found.unused,
                "benefits_minor": found.benefits_minor,
                "reference": reference,
            },
            at=at,
            member_id=row.member_id,
        )
        record(
            caller,
            "membership.refunded",
            "member",
            row.member_id,
            at=at,
            after={
                "membership": row.pk,
                "plan": row.plan,
                "until": row.until.isoformat(),
                "amount_minor": found.minor,
            },
            reason=reason,
        )
        return _given_up(back, row.member_id, first=True)


def _refund(row: Membership, at: datetime) -> rules.Refund:
    if row.state != Membership.State.RUNNING:
        return rules.Refund((), 0, "over")
    terms, today = records.worth(row), records.day_at(at)
    policy = records.plan_of(row).refund
    had = Refund.objects.filter(membership__member_id=row.member_id, membership__plan=row.plan, full=True)
    left = [term.first for term in terms if term.unused(today)]
    used = 0
    if policy.less_benefits and left:
        since = start_of_day(min(left), settings.LAOKE.zone)
        used = benefits.cost_of_member(row.member_id, row.tier, since)
    return rules.refund(terms, today, policy, may_be_full=not had.exists(), benefits_minor=used)


def _given_up(back: Refund, member_id: int, *, first: bool) -> GivenUp:
    return GivenUp(back.membership_id, member_id, back.minor, back.unused_days, back.benefits_minor, first)

"""A membership under the lock of its member's account, and what is written about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.engine import memberships as rules
from laoke.engine.tiering import How, Ladder
from laoke.foundation.access import Caller
from laoke.members import selectors as members
from laoke.tiers import assigning
from laoke.tiers.memberships import plans
from laoke.tiers.memberships.errors import MembershipRefused, UnknownMembership
from laoke.tiers.memberships.models import Membership, Payment, Refund
from laoke.tiers.memberships.plans import Plan
from laoke.tiers.standing import State

LATE_DAYS = 92
FURTHEST_DAYS = 3660
# Tiers lent for nothing give way to one that is paid for.
_LENT = (How.TRIAL, How.INVITATION)
Kind = Payment.Kind


@dataclass(frozen=True, slots=True)
class Paid:
    """What a payment came to. `first` is false for a repeat, which changes nothing."""

    membership_id: int
    member_id: int
    plan: str
    tier: str
    state: str
    trial: bool
    until: date
    through: date
    first: bool


class Notice(NamedTuple):
    """What the shop's payment system says: how much, under which reference, when (None: now)."""

    minor: int
    reference: str
    paid_at: datetime | None = None


def worth(row: Membership) -> list[rules.Term]:
    """What was paid for a membership, as the rules take it."""
    zone = settings.LAOKE.zone
    return [
        rules.Term(
            each.first, each.last, each.paid_at.astimezone(zone).date(), each.minor + each.credit_minor
        )
        for each in Payment.objects.filter(membership=row, undone_at=None).order_by("first")
    ]


def plan_of(row: Membership) -> Plan:
    """The plan as it is, or as it was published last."""
    return plans.in_force().plans.get(row.plan) or plans.latest(row.plan)


def locked(cursor: psycopg.Cursor[Any], membership_id: int, at: datetime) -> tuple[Membership, Ladder, State]:
    """A membership as it is once the account of its member is locked, and what the clock brings is written down."""
    while True:
        found = Membership.objects.filter(pk=membership_id).first()
        if found is None:
            raise UnknownMembership
        number, ladder, state = assigning.settled(cursor, found.member_id, at)
        row = Membership.objects.get(pk=membership_id)
        if row.member_id == number:  # else a merge was undone while this waited
            return row, ladder, state


def runs(member_id: int) -> bool:
    """Whether one runs."""
    return Membership.objects.filter(member_id=member_id, state=Membership.State.RUNNING).exists()


def require_running(row: Membership) -> None:
    """Raises MembershipRefused."""
    if row.state != Membership.State.RUNNING:
        raise MembershipRefused("ended", state=row.state)


def require_days(row: Membership, at: datetime) -> None:
    """That it ends in days to come, and not too far ahead. Raises MembershipRefused."""
    today = day_at(at)
    if row.until < today:
        raise MembershipRefused("too_late")
    if row.through > today + timedelta(days=FURTHEST_DAYS):
        raise MembershipRefused("too_far")


def day_of(paid: Notice, at: datetime) -> date:
    """The day of a payment. Raises MembershipRefused: in the future, or too long ago."""
    today = day_at(at)
    day = today if paid.paid_at is None else day_at(paid.paid_at)
    if day > today:
        raise MembershipRefused("in_future")
    if day < today - timedelta(days=LATE_DAYS):
        raise MembershipRefused("too_late")
    return day


def repeat(paid: Notice, kind: str, member_id: int, plan: str) -> Paid | None:
    """What came of a payment that was told before. Raises MembershipRefused: the reference stands for another one."""
    before = Payment.objects.filter(reference=paid.reference).select_related("membership").first()
    if before is None:
        if Refund.objects.filter(reference=paid.reference).exists():
            raise MembershipRefused("reference_taken")
        return None
    row = before.membership
    same = (before.kind, before.minor, row.plan) == (kind, paid.minor, plan)
    if not same or members.kept_id(row.member_id) != member_id:
        raise MembershipRefused("reference_taken")
    return told(row, first=False)


def pay(
    caller: Caller,
    row: Membership,
    kind: str,
    paid: Notice,
    first: date,
    price_minor: int,
    at: datetime,
    *,
    credit_minor: int = 0,
) -> None:
    """Write down a payment for the days from `first` to the end."""
    Payment.objects.create(
        membership=row,
        kind=kind,
        first=first,
        last=row.until,
        minor=paid.minor,
        credit_minor=credit_minor,
        price_minor=price_minor,
        reference=paid.reference,
        paid_at=paid.paid_at or at,
        recorded_at=at,
        recorded_by=caller.label,
    )


def give_tier(
    caller: Caller, member_id: int, ladder: Ladder, state: State, row: Membership, at: datetime
) -> None:
    """The tier through the last day. One that was lent for nothing and is no higher gives way."""
    had = state.standing.assigned
    if had and had.how in _LENT and ladder.rank(had.tier) <= ladder.rank(row.tier):
        assigning.take_away(caller, member_id, _LENT, at=at)
    assigning.give(caller, member_id, row.tier, how=How.PAID, until=row.through, at=at)


def named(row: Membership) -> dict[str, Any]:
    """What every event of a membership says."""
    return {
        "membership_id": row.pk,
        "member_id": row.member_id,
        "plan": row.plan,
        "until": row.until.isoformat(),
    }


def told(row: Membership, *, first: bool) -> Paid:
    """As others see it."""
    return Paid(
        row.pk, row.member_id, row.plan, row.tier, row.state, row.trial, row.until, row.through, first
    )


def day_at(at: datetime) -> date:
    """The day of the shop."""
    return at.astimezone(settings.LAOKE.zone).date()

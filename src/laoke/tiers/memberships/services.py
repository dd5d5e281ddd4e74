"""Paid memberships: begun, renewed, upgraded, cancelled. Money is paid elsewhere; this is told of it.

Every command locks the account of the member first, as whoever assigns tiers does, and writes the membership and the
tier it gives in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from laoke.engine import memberships as rules
from laoke.engine.memberships import Length
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit.services import record
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.tiers import assigning
from laoke.tiers import selectors as tiers
from laoke.tiers.memberships import events, plans, records
from laoke.tiers.memberships.ending import end
from laoke.tiers.memberships.errors import MembershipRefused, UnknownMembership
from laoke.tiers.memberships.models import Membership, Payment
from laoke.tiers.memberships.plans import Plan
from laoke.tiers.memberships.records import Kind, Notice, Paid
from laoke.tiers.standing import State


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What a dearer plan costs now: its price less what the unused days are worth."""

    plan: str
    price_minor: int
    credit_minor: int
    due_minor: int


def start(
    caller: Caller,
    member_id: int,
    plan: str,
    paid: Notice,
    *,
    trial: bool = False,
    renews: bool = False,
    at: datetime,
) -> Paid:
    """Begin a paid membership, or the trial of one, on the day it was paid. A repeat is recognised by its reference.

    Raises:
        MissingScope, UnknownPlan, UnknownMember, MemberErased.
        MembershipRefused: not on sale, one runs, no trial or had one, not dated as it can be.
        TierNotAssigned: the member is blocked, or has a tier set by hand or bought.
    """
    caller.require(Scope.MEMBERSHIPS_SELL)
    return once_more(lambda: _start(caller, member_id, plan, paid, trial, renews, at))


@transaction.atomic
def _start(
    caller: Caller, member_id: int, code: str, paid: Notice, trial: bool, renews: bool, at: datetime
) -> Paid:
    with hot_cursor() as cursor:
        number, ladder, state = assigning.settled(cursor, member_id, at)
        kind = Kind.TRIAL if trial else Kind.START
        if before := records.repeat(paid, kind, number, code):
            return before
        plan, first = plans.in_force().get(code), records.day_of(paid, at)
        if not plan.on_sale:
            raise MembershipRefused("not_on_sale")
        if records.runs(number):
            raise MembershipRefused("running")
        length, price = plan.length, plan.price_minor
        if trial:
            _require_trial(plan, number, ladder, state)
            assert plan.trial is not None
            length, price = Length(days=plan.trial.days), plan.trial.price_minor
        until = length.last(first, first.day)
        row = Membership(
            member_id=number,
            plan=code,
            tier=plan.tier,
            state=Membership.State.RUNNING,
            trial=trial,
            renews=renews,
            started_on=first,
            anchor=first.day,
            until=until,
            through=until if trial else until + timedelta(days=plan.grace_days),
            paid_minor=paid.minor,
            started_at=at,
        )
        records.require_days(row, at)
        row.save()
        records.pay(caller, row, kind, paid, first, price, at)
        records.give_tier(caller, number, ladder, state, row, at)
        _tell_started(row, paid.minor, None, at)
        _audit(caller, "membership.started", row, at, minor=paid.minor)
        return records.told(row, first=True)


def renew(
    caller: Caller, membership_id: int, paid: Notice, *, renews: bool | None = None, at: datetime
) -> Paid:
    """Extend a membership by a term of its plan: from its end where it was paid by then or in the days of grace, else
    from the day it was paid. A repeat is recognised by its reference.

    One that the clock has ended meanwhile runs again. What was cancelled is not any more.

    Args:
        renews: whether the payment system renews it from now on; None: as before.
    Raises:
        MissingScope, UnknownMembership, UnknownPlan, MemberErased.
        MembershipRefused: given up, upgraded or merged; another one runs; not on sale any more and lapsed; not dated
            as it can be.
        TierNotAssigned: the member is blocked, or has a tier set by hand or bought.
    """
    caller.require(Scope.MEMBERSHIPS_SELL)
    return once_more(lambda: _renew(caller, membership_id, paid, renews, at))


@transaction.atomic
def _renew(caller: Caller, membership_id: int, paid: Notice, renews: bool | None, at: datetime) -> Paid:
    with hot_cursor() as cursor:
        row, ladder, state = records.locked(cursor, membership_id, at)
        if before := records.repeat(paid, Kind.RENEWAL, row.member_id, row.plan):
            return before
        if row.state not in (Membership.State.RUNNING, Membership.State.ENDED):
            raise MembershipRefused("ended", state=row.state)
        plan, paid_on = plans.in_force().get(row.plan), records.day_of(paid, at)
        in_time = paid_on <= row.through
        if row.state == Membership.State.ENDED and records.runs(row.member_id):
            raise MembershipRefused("running")
        if not in_time and not plan.on_sale:
            raise MembershipRefused("not_on_sale")
        first = row.until + timedelta(days=1) if in_time else paid_on
        if not in_time:
            row.tier = plan.tier
        if not in_time or row.trial or not plan.length.months:
            row.anchor = first.day
        from_trial = row.trial
        row.until = plan.length.last(first, row.anchor)
        row.through = row.until + timedelta(days=plan.grace_days)
        row.trial, row.cancelled_at, row.state, row.ended_at = False, None, Membership.State.RUNNING, None
        row.renews = row.renews if renews is None else renews
        row.paid_minor += paid.minor
        records.require_days(row, at)
        row.save()
        records.pay(caller, row, Kind.RENEWAL, paid, first, plan.price_minor, at)
        records.give_tier(caller, row.member_id, ladder, state, row, at)
        outbox.add(
            events.RENEWED,
            {
                **records.named(row),
                "tier": row.tier,
                "paid_minor": paid.minor,
                "renews": row.renews,
                "from_trial": from_trial,
            },
            at=at,
            member_id=row.member_id,
        )
        _audit(caller, "membership.renewed", row, at, minor=paid.minor)
        return records.told(row, first=True)


def cancel(caller: Caller, membership_id: int, *, reason: str = "", at: datetime) -> Paid:
    """Let a membership end on its last day, without days of grace. A repeat changes nothing; renewing takes it back.

    Raises:
        MissingScope, UnknownMembership, MemberErased.
        MembershipRefused: it has ended.
        TierNotAssigned: the member is blocked.
    """
    caller.require(Scope.MEMBERSHIPS_SELL)
    with transaction.atomic(), hot_cursor() as cursor:
        row, ladder, state = records.locked(cursor, membership_id, at)
        records.require_running(row)
        if row.cancelled_at is not None:
            return records.told(row, first=False)
        row.cancelled_at, row.renews = at, False
        # In the days of grace it ends with today.
        row.through = max(row.until, records.day_at(at))
        row.save(update_fields=["cancelled_at", "renews", "through"])
        records.give_tier(caller, row.member_id, ladder, state, row, at)
        outbox.add(events.CANCELLED, records.named(row), at=at, member_id=row.member_id)
        _audit(caller, "membership.cancelled", row, at, reason=reason)
        return records.told(row, first=True)


def upgrade_now(membership_id: int, plan: str, at: datetime) -> Upgrade:
    """What changing to a dearer plan costs now.

    Raises:
        UnknownMembership, UnknownPlan.
        MembershipRefused: it has ended, or the plan is not dearer or not on sale.
    """
    row = Membership.objects.filter(pk=membership_id).first()
    if row is None:
        raise UnknownMembership
    return _upgrade(row, plans.in_force().get(plan), tiers.ladder(), records.day_at(at))


def upgrade(
    caller: Caller, membership_id: int, plan: str, paid: Notice, *, renews: bool | None = None, at: datetime
) -> Paid:
    """Change to a dearer plan from the day of the payment on; the unused days are counted against its price.

    Raises:
        MissingScope, UnknownMembership, UnknownPlan, MemberErased.
        MembershipRefused: as `upgrade_now`; another sum than is due; not dated as it can be.
        TierNotAssigned: the member is blocked.
    """
    caller.require(Scope.MEMBERSHIPS_SELL)
    return once_more(lambda: _change(caller, membership_id, plan, paid, renews, at))


@transaction.atomic
def _change(
    caller: Caller, membership_id: int, code: str, paid: Notice, renews: bool | None, at: datetime
) -> Paid:
    with hot_cursor() as cursor:
        old, ladder, state = records.locked(cursor, membership_id, at)
        if before := records.repeat(paid, Kind.UPGRADE, old.member_id, code):
            return before
        plan, first = plans.in_force().get(code), records.day_of(paid, at)
        asked = _upgrade(old, plan, ladder, first)
        if paid.minor != asked.due_minor:
            raise MembershipRefused("amount", due_minor=asked.due_minor)
        old.moved_minor = asked.credit_minor
        end(old, Membership.State.UPGRADED, at, at)
        until = plan.length.last(first, first.day)
        row = Membership(
            member_id=old.member_id,
            plan=code,
            tier=plan.tier,
            state=Membership.State.RUNNING,
            trial=False,
            renews=old.renews if renews is None else renews,
            started_on=first,
            anchor=first.day,
            until=until,
            through=until + timedelta(days=plan.grace_days),
            paid_minor=paid.minor,
            credit_minor=asked.credit_minor,
            started_at=at,
        )
        records.require_days(row, at)
        row.save()
        records.pay(
            caller, row, Kind.UPGRADE, paid, first, plan.price_minor, at, credit_minor=asked.credit_minor
        )
        records.give_tier(caller, row.member_id, ladder, state, row, at)
        _tell_started(row, paid.minor, old.plan, at)
        _audit(caller, "membership.started", row, at, minor=paid.minor)
        return records.told(row, first=True)


def _upgrade(row: Membership, plan: Plan, ladder: Ladder, today: date) -> Upgrade:
    records.require_running(row)
    if not plan.on_sale:
        raise MembershipRefused("not_on_sale")
    dearer = plan.code != row.plan and plan.price_minor > records.plan_of(row).price_minor
    if not dearer or ladder.rank(plan.tier) < ladder.rank(row.tier):
        raise MembershipRefused("not_dearer")
    credit = rules.credit(records.worth(row), today)
    return Upgrade(plan.code, plan.price_minor, credit, max(0, plan.price_minor - credit))


def _require_trial(plan: Plan, member_id: int, ladder: Ladder, state: State) -> None:
    if plan.trial is None:
        raise MembershipRefused("no_trial")
    if Payment.objects.filter(membership__member_id=member_id, kind=Kind.TRIAL).exists():
        raise MembershipRefused("tried_before")
    if ladder.rank(plan.tier) <= ladder.rank(state.standing.tier):
        raise MembershipRefused("not_higher")


def _tell_started(row: Membership, paid_minor: int, from_plan: str | None, at: datetime) -> None:
    outbox.add(
        events.STARTED,
        {
            **records.named(row),
            "tier": row.tier,
            "paid_minor": paid_minor,
            "trial": row.trial,
            "renews": row.renews,
            "from_plan": from_plan,
        },
        at=at,
        member_id=row.member_id,
    )


def _audit(
    caller: Caller, action: str, row: Membership, at: datetime, *, reason: str = "", minor: int | None = None
) -> None:
    after = {
        "membership": row.pk,
        "plan": row.plan,
        "until": row.until.isoformat(),
        "amount_minor": minor,
    }
    record(caller, action, "member", row.member_id, at=at, after=after, reason=reason)

"""Tiers that were not earned: given by hand, by invitation or on trial, with an end or until they are taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.engine import tiering
from laoke.engine.tiering import Bought, How, Ladder, Standing, Step
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.members import selectors as members
from laoke.members.errors import UnknownMember
from laoke.members.normal.person import checked_reason
from laoke.tiers import clock, standing
from laoke.tiers import ladder as ladders
from laoke.tiers.errors import TierNotAssigned
from laoke.tiers.models import TierChange
from laoke.tiers.standing import State

# What staff gives. Bought ones and those of a paid membership come from where these are sold.
BY_STAFF = (How.MANUAL, How.TRIAL, How.INVITATION)
TRIAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a member stands after a tier was given or taken back. `changed` is false for a repeat."""

    member_id: int
    tier: str
    changed: bool


def last_day(days: int, at: datetime) -> date:
    """The last of so many days, the day of `at` the first of them."""
    return at.astimezone(settings.LAOKE.zone).date() + timedelta(days=days - 1)


def assign(
    caller: Caller, member_id: int, tier: str, *, how: How, until: date | None, reason: str, at: datetime
) -> Assignment:
    """Give a member a tier through the day `until`, or without an end. A repeat changes nothing.

    By hand a tier is set, up or down, and nothing lowers the member below it meanwhile. A trial and an invitation only
    lift; afterwards the member has what was earned by then, or what it had before if that is better.

    Raises:
        MissingScope, ReasonMissing, UnknownMember, MemberErased, TierNotAssigned.
    """
    caller.require(Scope.TIERS_ASSIGN)
    assert how in BY_STAFF
    return give(caller, member_id, tier, how=how, until=until, reason=checked_reason(reason), at=at)


def give(
    caller: Caller, member_id: int, tier: str, *, how: How, until: date | None, reason: str = "", at: datetime
) -> Assignment:
    """As `assign`, for services of this module that have asked who may do it."""
    with transaction.atomic(), hot_cursor() as cursor:
        number, ladder, state = settled(cursor, member_id, at)
        today, here = _today(at), state.standing
        had = here.assigned
        if had and (had.tier, had.how, had.until) == (tier, how, until):
            return Assignment(number, here.tier, False)
        _check(ladder, number, state, tier, how, until, today)
        after = put(cursor, number, ladder, state, tier, how=how, until=until, at=at)
        record(
            caller,
            "member.tier_assigned",
            "member",
            number,
            at=at,
            before=_told(state),
            after=_told(state._replace(standing=after)),
            reason=reason,
        )
        return Assignment(number, after.tier, True)


def remove(caller: Caller, member_id: int, *, reason: str, at: datetime) -> Assignment:
    """Take back a tier that was assigned, before its last day. The member has what it has earned, or had before.

    Raises:
        MissingScope, ReasonMissing, UnknownMember, MemberErased.
        TierNotAssigned: none is assigned, or one that was sold.
    """
    caller.require(Scope.TIERS_ASSIGN)
    return take_away(caller, member_id, BY_STAFF, reason=checked_reason(reason), at=at)


def take_away(
    caller: Caller, member_id: int, given: Collection[How], *, reason: str = "", at: datetime
) -> Assignment:
    """As `remove`, for services of this module that have asked who may do it, of tiers `given` in these ways."""
    with transaction.atomic(), hot_cursor() as cursor:
        number, ladder, state = settled(cursor, member_id, at)
        if state.standing.assigned is None:
            raise TierNotAssigned("nothing_assigned")
        if state.standing.assigned.how not in given:
            raise TierNotAssigned("sold")
        after = drop(cursor, number, ladder, state, at)
        record(
            caller,
            "member.tier_removed",
            "member",
            number,
            at=at,
            before=_told(state),
            after=_told(state._replace(standing=after)),
            reason=reason,
        )
        return Assignment(number, after.tier, True)


def put(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    ladder: Ladder,
    state: State,
    tier: str,
    *,
    how: How,
    until: date | None,
    at: datetime,
) -> Standing:
    """Write down that a tier is assigned to a member whose account is locked, in place of one assigned before."""
    today = _today(at)
    verdict = tiering.assign(ladder, state.standing, tier, today, how=how, until=until)
    if verdict.move:
        standing.move_member(
            cursor, member_id, verdict.move, ladder=ladder, at=at, recorded_at=at, until=until
        )
    _keep(cursor, member_id, ladder, state.after(verdict.standing, due=None), today)
    return verdict.standing


def drop(cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, state: State, at: datetime) -> Standing:
    """Write down that a tier assigned is taken back from a member whose account is locked."""
    today = _today(at)
    until = start_of_day(today + timedelta(days=1), settings.LAOKE.zone)

    def bought(since: datetime) -> Sequence[Bought]:
        return standing.bought(cursor, ladder, member_id, since, until)

    facts = clock.reader(ladder, bought)
    verdict = tiering.unassign(ladder, state.standing, facts(state.standing, at), today)
    step = Step(today, verdict.standing, verdict.move)
    for move, told in clock.moves_of(ladder, state.standing, step, lambda: facts(verdict.standing, at)):
        standing.move_member(cursor, member_id, move, ladder=ladder, at=at, recorded_at=at, told=told)
    _keep(cursor, member_id, ladder, state.after(verdict.standing, due=None), today)
    return verdict.standing


def _today(at: datetime) -> date:
    return at.astimezone(settings.LAOKE.zone).date()


def settled(cursor: psycopg.Cursor[Any], member_id: int, at: datetime) -> tuple[int, Ladder, State]:
    """The member, locked, with everything written down that the clock has brought.

    Raises:
        UnknownMember, MemberErased
        TierNotAssigned: the member is blocked.
    """
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    while True:
        number = members.resolve({"member_id": member_id}).id
        row = cursor.execute(
            "select m.status from members_member m join points_account a on a.member_id = m.id where m.id = %s "
            "for key share of m for no key update of a",
            (number,),
        ).fetchone()
        if row is None:
            raise UnknownMember
        if row[0] != "merged":  # while the lock was waited for
            break
    if row[0] != "active":
        raise TierNotAssigned("member_not_active")
    state = clock.settle(cursor, number, ladder, _today(at), at)
    if state is None:
        raise UnknownMember
    return number, ladder, state


def _check(
    ladder: Ladder, member_id: int, state: State, tier: str, how: How, until: date | None, today: date
) -> None:
    here = state.standing
    if all(rung.code != tier for rung in ladder.tiers):
        raise TierNotAssigned("unknown_tier")
    if until is not None and until < today:
        raise TierNotAssigned("day_passed")
    if here.assigned and here.assigned.how is not how:
        raise TierNotAssigned("assigned_otherwise")
    if how is How.TRIAL:
        if until is None:
            raise TierNotAssigned("no_end")
        tried = TierChange.objects.filter(member_id=member_id, to_tier=tier, cause="trial_assigned")
        if tried.exists() and not (here.assigned and here.assigned.tier == tier):
            raise TierNotAssigned("tried_before")
        if not here.assigned and ladder.rank(tier) <= ladder.rank(here.tier):
            raise TierNotAssigned("not_higher")


def _keep(cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, state: State, today: date) -> None:
    last = standing.last_purchase(cursor, member_id, ladder, today)
    standing.keep(cursor, member_id, state._replace(due=standing.due(ladder, state.standing, last)))
    # Whoever waits for the account's lock learns by its version that the tier may be another one now.
    cursor.execute("update points_account set version = version + 1 where member_id = %s", (member_id,))


def _told(state: State) -> dict[str, Any]:
    gone = state.standing.assigned
    return {
        "tier": state.standing.tier,
        "assigned": gone.tier if gone else None,
        "how": gone.how.value if gone else None,
        "until": gone.until.isoformat() if gone and gone.until else None,
    }

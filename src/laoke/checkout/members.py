"""Reading, and locking, what the rules need to know about a member."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import psycopg
from django.conf import settings

from laoke.checkout.errors import MemberNotActive
from laoke.checkout.offer_facts import WITH_THE_MEMBER
from laoke.checkout.programme import Programme
from laoke.checkout.types import MemberFacts, MemberKey
from laoke.engine.tiering import Activity
from laoke.foundation import sql
from laoke.foundation.sql import Statement, hot_cursor, numbered
from laoke.members.errors import UnknownMember
from laoke.points import ledger
from laoke.segments import audience, one
from laoke.tiers import clock, standing
from laoke.tiers.standing import State

READ = sql.load("laoke.checkout", "read_member")
LOCK = sql.statement("laoke.checkout", "lock_member")

# The account row moved while its lock was waited for; with the lock held, one more reading is current. A merge or its
# undoing meanwhile may have the next reading find another account, which has to be waited for anew.
_READINGS = 6


class Read(NamedTuple):
    """The facts of a member with the generations of reference data they were read beside."""

    facts: MemberFacts
    programme: int
    catalogue: int
    status: str


class FirstAnswer(NamedTuple):
    """What was answered when this idempotency key came for the first time."""

    fingerprint: bytes
    status: int
    answer: str


class Locked(NamedTuple):
    """A locked account, its facts, and the first answer if the command is a repeat."""

    facts: MemberFacts | None
    programme: int
    catalogue: int
    first_answer: FirstAnswer | None
    order_id: int


def read(cursor: psycopg.Cursor[Any], key: MemberKey, programme: Programme, at: datetime) -> Read:
    """The facts of one active member as of `at`, without a lock; with them what offers ask of the member.

    Raises:
        UnknownMember, MemberNotActive
    """
    found = _read(cursor, key, programme, at, programme.asks - WITH_THE_MEMBER)
    _must_be_active(found.status)
    return found


def read_any(cursor: psycopg.Cursor[Any], key: MemberKey, programme: Programme, at: datetime) -> Read:
    """As `read`, whatever the member's status: returns are taken from blocked and erased members too.

    Raises:
        UnknownMember
    """
    return _read(cursor, key, programme, at, frozenset())


def _read(
    cursor: psycopg.Cursor[Any],
    key: MemberKey,
    programme: Programme,
    at: datetime,
    asks: frozenset[str],
    *,
    _again: bool = False,
) -> Read:
    part = one.part(asks)
    parameters = _parameters(key, programme, at)
    if part.names:
        parameters |= audience.moment(at, settings.LAOKE.zone)
    _reading(part).run(cursor, parameters)
    row = cursor.fetchone()
    if row is None:
        raise UnknownMember()
    status, merged_into = row[1], row[2]
    if merged_into is not None:
        return _read(cursor, MemberKey(merged_into), programme, at, asks)
    if row[12] is not None and row[12] <= at.astimezone(settings.LAOKE.zone).date() and not _again:
        clock.settle_now(row[0], at)
        return _read(cursor, MemberKey(row[0]), programme, at, asks, _again=True)
    facts = _facts(row[0], row[3], row[4:10], programme, row[13], at)
    if part.names:
        facts = replace(facts, known=part.read(row[14:]))
    return Read(facts, row[10] or 0, row[11] or 0, status)


@cache
def _reading(part: one.Part) -> Statement:
    """The question about a member, with what offers ask added to it: one trip to the database instead of two."""
    if not part.names:
        return numbered(READ)
    return numbered(
        f"select r.*, {part.columns} from ({READ}) r "  # noqa: S608 -- our own words
        f"join members_member m on m.id = r.id {part.joins}"
    )


def lock(
    cursor: psycopg.Cursor[Any],
    key: MemberKey,
    programme: Programme,
    at: datetime,
    now: datetime,
    caller: str,
    command: str,
) -> Locked:
    """As `read`, holding the account's lock until the running transaction ends, with everything written down that the
    clock has brought until `now`.

    Raises:
        UnknownMember, MemberNotActive: unless the command is a repeat, which is answered whatever became
            of the member since.
    """
    parameters = _parameters(key, programme, at) | {"now": now, "caller": caller, "key": command}
    settled = brought = False
    for _ in range(_READINGS):
        LOCK.run(cursor, parameters)
        row = cursor.fetchone()
        if row is None:
            raise UnknownMember()
        if row[2] is not None:  # merged away while the lock was waited for
            return lock(cursor, MemberKey(row[2]), programme, at, now, caller, command)
        if row[3] != row[4]:
            continue
        # Holds that are over, points that came while some are owed, a tier whose days are over: written down, then
        # read once more.
        if not settled and (row[17] or (row[5] and row[8])):
            with hot_cursor() as hot:
                ledger.lock(hot, row[0], at, programme.points.terms, now=now)
            settled = True
            continue
        today = at.astimezone(settings.LAOKE.zone).date()
        if not brought and row[25] is not None and row[25] <= today:
            with hot_cursor() as hot:
                clock.settle(hot, row[0], programme.ladder, today, now)
            brought = True
            continue
        break
    else:
        raise AssertionError("the account moved although it is locked")
    if row[13] is not None:
        return Locked(
            None, row[11] or 0, row[12] or 0, FirstAnswer(bytes(row[13]), row[14], row[15]), row[16]
        )
    _must_be_active(row[1])
    late = row[26]
    if not late and programme.ladder.counts_acts:
        with hot_cursor() as hot:
            late = standing.acted_after(hot, programme.ladder, row[0], at)
    facts = replace(
        _facts(row[0], row[3], row[5:11], programme, row[27], at),
        stand=State.read((row[6], row[7], *row[18:26], row[27])),
        late=late,
    )
    return Locked(facts, row[11] or 0, row[12] or 0, None, row[16])


def _parameters(key: MemberKey, programme: Programme, at: datetime) -> dict[str, object]:
    zone = settings.LAOKE.zone
    return {
        "member_id": key.member_id,
        "kind": key.kind,
        "issuer": key.issuer,
        "blind_index": key.blind_index,
        "at": at,
        "window_starts": [window.start(at, zone) for window in programme.ladder.windows],
    }


def _facts(
    member_id: int, version: int, row: tuple[Any, ...], programme: Programme, joined: date, at: datetime
) -> MemberFacts:
    debt, tier, since, available, spend, purchases = row
    repaid = min(
        debt, available
    )  # points that came since are owed, whether or not anybody has written it down
    ladder = programme.ladder
    activity = {window: Activity(spend[i], purchases[i]) for i, window in enumerate(ladder.windows)}
    if ladder.years or ladder.counts_acts:
        with hot_cursor() as hot:
            activity = standing.completed(hot, ladder, member_id, activity, joined, at)
    return MemberFacts(
        member_id=member_id,
        available=available - repaid,
        debt=debt - repaid,
        tier=tier,
        tier_since=since,
        activity=activity,
        version=version,
    )


def _must_be_active(status: str) -> None:
    if status != "active":
        raise MemberNotActive(f"The member is {status}", member_status=status)

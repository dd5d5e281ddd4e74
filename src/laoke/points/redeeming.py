"""Spending points outside an order, and undoing it: for the modules above that have something to give for them.

Call within the transaction that books what the member gets for the points: both happen or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.db import transaction

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.lots import Take
from laoke.engine.ledger.terms import Terms
from laoke.engine.policy import Household
from laoke.foundation.access import Caller
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.points import events, ledger, policy, pooling
from laoke.points.errors import (
    AccountSuspended,
    BadParty,
    BadPoints,
    BadReference,
    PointsOwed,
    SpendingTaken,
    UnknownSpending,
)
from laoke.points.ledger import Cause, LockedAccount
from laoke.points.models import Spending

Sink = Spending.Sink

LARGEST = 10_000_000
LONGEST_REFERENCE = 64
PARTIES = ("charity", "partner")


@dataclass(frozen=True, slots=True)
class Spent:
    """Points that left an account. `first` is false for a repeat, which changes nothing.

    `available` is what the member could spend right after of their own; None for a repeat. Of the points, `pooled` are
    of others of the household, of so many `people`.
    """

    spending_id: int
    member_id: int
    points: int
    available: int | None
    first: bool
    pooled: int = 0
    people: int = 0


@dataclass(frozen=True, slots=True)
class Undone:
    """Points that came back: `to_lots` to where they were with their old expiry, `fresh` as new points of grace, since
    theirs had expired. `repaid` of them settled a debt at once. `first` as in `Spent`. Of all, `others` went back to
    others of the household.
    """

    spending_id: int
    member_id: int
    points: int
    to_lots: int
    fresh: int
    repaid: int
    first: bool
    others: int = 0


def spend(
    caller: Caller,
    member_id: int,
    points: int,
    *,
    sink: Sink,
    reference: str,
    party: str = "",
    note: str = "",
    at: datetime,
    household: bool = False,
) -> Spent:
    """Spend a member's points for one thing, in the order of use. Who may do this is for the caller's module to say.

    Args:
        household: whether points of those the member lives with may be spent too, where the programme says so and they
            share them. Only for who has not locked an account yet.
        sink: what kind of thing; `reference` which one, 1 to 64 characters: of one kind it is spent on once, a repeat
            is recognised by it.
        party: who gets the points where that is not the programme: `charity:<code>` or `partner:<code>`.
        note: shown to the member beside the movement.
    Raises:
        UnknownMember, MemberErased.
        AccountSuspended: the member is blocked.
        BadPoints, BadReference, BadParty.
        InsufficientPoints: fewer can be spent; PointsOwed: none, the member owes some.
        SpendingTaken: the reference stands for another spending.
    """
    _check(points, reference, party)
    with transaction.atomic(), hot_cursor() as cursor:
        rules = policy.in_force()
        pool = None
        if household and rules.household is Household.POOL:
            pool = _lock_pool(cursor, member_id, at, rules.terms)
        account = pool.buyer if pool else lock_active(cursor, member_id, at, rules.terms)
        if before := Spending.objects.filter(sink=sink, reference=reference).first():
            return _again(before, account.member_id, points, party)
        own = min(points, account.available(at)) if pool else points
        takes = spendable(account, own, at)
        if pool and pool.points < points - own:
            raise InsufficientPoints(wanted=points, available=own + pool.points)
        spending_id = record(cursor, caller, account.member_id, points, sink, reference, party, at)
        if spending_id is None:
            # Spent by another member while this one waited for nobody.
            raise SpendingTaken(sink, reference)
        cause = Cause(at=at, recorded_at=at, note=note, spending_id=spending_id, party=party)
        drawn = pool.draw(points - own, cause) if pool and points > own else pooling.Drawn((), ())
        account.take((*takes, *drawn.takes), "redemption", cause)
        account.close()
        available = account.available(at)
        outbox.add(
            events.SPENT,
            {
                "spending_id": spending_id,
                "member_id": account.member_id,
                "sink": sink,
                "reference": reference,
                "points": points,
                "points_available": available,
            },
            at=at,
            member_id=account.member_id,
        )
        return Spent(
            spending_id,
            account.member_id,
            points,
            available,
            first=True,
            pooled=points - own,
            people=len(drawn.givers),
        )


def undo(caller: Caller, sink: Sink, reference: str, *, note: str = "", at: datetime) -> Undone:
    """Give back what a spending took: to its lots with their old expiry; what has expired meanwhile comes as new points
    with the grace the programme gives. A debt is repaid from it. A blocked member gets points back too.

    Raises:
        UnknownSpending
    """
    with transaction.atomic(), hot_cursor() as cursor:
        found = Spending.objects.filter(sink=sink, reference=reference).first()
        if found is None:
            raise UnknownSpending(sink, reference)
        # Whose it is now: two members may have been merged since.
        givers = pooling.givers_of_spending(cursor, found.pk)
        account, accounts = _lock_all(cursor, found.member_id, givers, at)
        # Under the lock: a twin may have undone it while this one waited.
        row = Spending.objects.get(pk=found.pk)
        if row.undone_at is not None:
            return Undone(row.pk, account.member_id, row.points, 0, 0, 0, first=False)
        row.undone_at, row.undone_by = at, caller.label
        row.save(update_fields=["undone_at", "undone_by"])
        spent = ledger.spent_by_spending(cursor, row.pk)
        cause = Cause(at=at, recorded_at=at, note=note, spending_id=row.pk, party=row.party)
        owed = account.debt
        fresh, others = pooling.restore(cursor, account, accounts, spent, row.points, cause)
        account.close()
        outbox.add(
            events.SPENDING_UNDONE,
            {
                "spending_id": row.pk,
                "member_id": account.member_id,
                "sink": row.sink,
                "reference": row.reference,
                "points": row.points,
                "points_available": account.available(at),
            },
            at=at,
            member_id=account.member_id,
        )
        return Undone(
            row.pk,
            account.member_id,
            row.points,
            row.points - fresh,
            fresh,
            owed - account.debt,
            first=True,
            others=others,
        )


def whose(sink: Sink, reference: str) -> list[int]:
    """Whose points a spending took, its member's number among them, as their accounts are locked to undo it: by number.

    Raises:
        UnknownSpending
    """
    found = Spending.objects.filter(sink=sink, reference=reference).first()
    if found is None:
        raise UnknownSpending(sink, reference)
    with hot_cursor() as cursor:
        givers = pooling.givers_of_spending(cursor, found.pk)
    return sorted({members.kept_id(each) for each in (found.member_id, *givers)})


def lock_active(
    cursor: psycopg.Cursor[Any], member_id: int, at: datetime, terms: Terms | None = None
) -> LockedAccount:
    """Lock the account of a member that takes part; of one merged away, the kept one's.

    Raises:
        UnknownMember, MemberErased, AccountSuspended
    """
    members.resolve({"member_id": member_id})
    account = lock_kept(cursor, member_id, at, terms)
    if account.status != "active":
        raise AccountSuspended(account.status)
    return account


def spendable(account: LockedAccount, points: int, at: datetime) -> tuple[Take, ...]:
    """Which lots so many points are taken from.

    Raises:
        PointsOwed, InsufficientPoints
    """
    if account.debt:
        raise PointsOwed(account.debt)
    return account.plan(points, at)


def lock_kept(
    cursor: psycopg.Cursor[Any], member_id: int, at: datetime, terms: Terms | None = None
) -> LockedAccount:
    """Whose points they are now: a merge may come in while the lock is waited for."""
    while True:
        account = ledger.lock(cursor, members.kept_id(member_id), at, terms)
        if account.status != "merged":
            return account


def record(
    cursor: psycopg.Cursor[Any],
    caller: Caller,
    member_id: int,
    points: int,
    sink: Sink,
    reference: str,
    party: str,
    at: datetime,
) -> int | None:
    """Write a spending down; returns its number, None when the reference is taken."""
    row = cursor.execute(
        "insert into points_spending (member_id, sink, reference, points, party, at, spent_by) "
        "values (%s, %s, %s, %s, %s, %s, %s) on conflict (sink, reference) do nothing returning id",
        (member_id, sink, reference, points, party, at, caller.label),
    ).fetchone()
    return row[0] if row else None


def _lock_pool(cursor: psycopg.Cursor[Any], member_id: int, at: datetime, terms: Terms) -> pooling.Pool:
    """As `lock_active`, with the accounts of those who share with the member."""
    members.resolve({"member_id": member_id})
    while True:
        kept = members.kept_id(member_id)
        pool = pooling.lock(cursor, kept, members.sharing(kept), at, terms)
        if pool.buyer.status != "merged":
            break
    if pool.buyer.status != "active":
        raise AccountSuspended(pool.buyer.status)
    return pool


def _lock_all(
    cursor: psycopg.Cursor[Any], member_id: int, givers: list[int], at: datetime
) -> tuple[LockedAccount, dict[int, LockedAccount]]:
    """As `lock_kept`, with the accounts of those whose points were spent too."""
    while True:
        kept = members.kept_id(member_id)
        account, accounts = pooling.lock_givers(cursor, kept, givers, at)
        if account.status != "merged":
            return account, accounts


def _again(before: Spending, member_id: int, points: int, party: str) -> Spent:
    same = (members.kept_id(before.member_id), before.points, before.party) == (member_id, points, party)
    if not same:
        raise SpendingTaken(Sink(before.sink), before.reference)
    return Spent(before.pk, member_id, points, None, first=False)


def _check(points: int, reference: str, party: str) -> None:
    if not 1 <= points <= LARGEST:
        raise BadPoints(LARGEST)
    if not (1 <= len(reference) <= LONGEST_REFERENCE and reference.isprintable()):
        raise BadReference(LONGEST_REFERENCE)
    kind, colon, code = party.partition(":")
    if party and not (kind in PARTIES and colon and 1 <= len(code) <= 60 and code.isprintable()):
        raise BadParty(", ".join(PARTIES))

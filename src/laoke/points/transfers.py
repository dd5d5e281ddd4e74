"""Points that members give to each other, and taking such a gift back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db.models import Q, Sum

from laoke.engine.ledger.lots import Lot, Take
from laoke.engine.ledger.terms import Received, Shortage
from laoke.engine.policy import PointsPolicy, Transfers
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.idempotency.services import Answer, Command, once
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.members.normal.person import checked_reason
from laoke.points import events, ledger, policy
from laoke.points.errors import (
    AccountSuspended,
    BadPoints,
    TransferLimit,
    TransfersOff,
    TransferToSelf,
    TransferUndone,
    UnknownTransfer,
)
from laoke.points.ledger import Cause, LockedAccount
from laoke.points.models import Transfer
from laoke.points.redeeming import LARGEST, spendable

LONGEST_NOTE = 200
# What a transfer took from the giver and made for the receiver, piece by piece.
PIECES = (
    "select out.lot_id, -out.points, l.accrued_at, l.expires_at, l.remaining, l.order_id, l.available_at, l.held, "
    "l.member_id, born.id from points_posting out join points_lot l on l.id = out.lot_id "
    "join points_posting into_ on into_.transfer_id = out.transfer_id and into_.points = -out.points "
    "and into_.at = out.at and into_.kind = 'transfer' "
    "join points_lot born on born.id = into_.lot_id and born.carried_from_id = out.lot_id "
    "where out.transfer_id = %s and out.kind = 'transfer' and out.points < 0 and out.at = %s order by out.id"
)
# Where these lots are now: a merge carries points over into lots of the kept member. And what of them has expired.
HEIRS = (
    "with recursive heir as (select id as born, id as lot_id from points_lot where id = any(%(born)s) union all "
    "select heir.born, l.id from heir join points_lot l on l.carried_from_id = heir.lot_id and l.origin = 'merge') "
    "select heir.born, heir.lot_id, case when l.expires_at <= %(at)s then l.remaining - l.held else 0 end - "
    "coalesce((select sum(p.points) from points_posting p where p.lot_id = l.id and p.kind = 'expiry'), 0)::int "
    "from heir join points_lot l on l.id = heir.lot_id"
)


@dataclass(frozen=True, slots=True)
class TransferView:
    """Points one member gave to another."""

    transfer_id: int
    giver_id: int
    receiver_id: int
    points: int
    at: datetime
    note: str
    undone_at: datetime | None


def give(
    caller: Caller, giver_id: int, receiver_id: int, points: int, note: str, command: Command, *, at: datetime
) -> Answer:
    """Points go from one member to another, those first that the giver would use first.

    Each keeps the day on which it ends, or is as good as new, as the programme says. A debt of the receiver is repaid.

    Returns:
        {"transfer_id", "giver_id", "receiver_id", "points", "points_available"} as JSON, the last of the giver.
    Raises:
        MissingScope, BadPoints, TransfersOff, TransferToSelf, UnknownMember, MemberErased, AccountSuspended,
        PointsOwed, InsufficientPoints, IdempotencyKeyReused.
        TransferLimit: more than the programme lets a member give away on a day.
    """
    caller.require(Scope.POINTS_TRANSFER)
    if not 1 <= points <= LARGEST:
        raise BadPoints(LARGEST)

    def act() -> dict[str, Any]:
        rules = policy.in_force()
        if rules.transfers is Transfers.OFF:
            raise TransfersOff
        for member_id in (giver_id, receiver_id):
            members.resolve({"member_id": member_id})
        with hot_cursor() as cursor:
            giver, receiver = _lock_both(cursor, giver_id, receiver_id, at)
            for account in (giver, receiver):
                if account.status != "active":
                    raise AccountSuspended(account.status)
            day = at.astimezone(settings.LAOKE.zone).date()
            _require_within(rules, giver.member_id, points, day)
            takes = spendable(giver, points, at)
            row = Transfer.objects.create(
                giver_id=giver.member_id,
                receiver_id=receiver.member_id,
                points=points,
                at=at,
                biz_date=day,
                note=note,
                made_by=caller.label,
            )
            cause = Cause(at=at, recorded_at=at, note=note, transfer_id=row.pk)
            fresh = giver.terms.validity.ends(at, settings.LAOKE.zone)
            for take in takes:
                lot = giver.lots[take.lot_id]
                restart = giver.terms.received is Received.RESTART
                born, ends = (at, fresh) if restart else (lot.accrued_at, lot.expires_at)
                giver.take([take], "transfer", cause)
                receiver.accrue(
                    take.points, ends, "transfer", "transfer", cause, born, carried_from=take.lot_id
                )
            giver.close()
            receiver.close()
            said = {
                "transfer_id": row.pk,
                "giver_id": giver.member_id,
                "receiver_id": receiver.member_id,
                "points": points,
            }
            audit.record(caller, "points.transferred", "transfer", row.pk, at=at, after=said, reason=note)
            outbox.add(events.TRANSFERRED, said, at=at, member_id=receiver.member_id)
            return said | {"points_available": giver.available(at)}

    return once(caller, command, act, at=at)


def undo(
    caller: Caller, transfer_id: int, reason: str, command: Command, *, force: bool = False, at: datetime
) -> Answer:
    """Take a gift back, for who gave it: into the lots it came from, as far as it has not expired with the receiver.

    What comes back to a lot that has ended meanwhile comes as new points of grace. A blocked member is no obstacle.

    Args:
        force: what the receiver has spent becomes a debt; otherwise it is refused.
    Returns:
        {"transfer_id", "giver_id", "receiver_id", "points", "expired", "points_debt"} as JSON: points that came back,
        those that had expired, what the receiver owes now.
    Raises:
        MissingScope, ReasonMissing, UnknownTransfer, TransferUndone, TransferToSelf, IdempotencyKeyReused.
        InsufficientPoints: the receiver has spent them.
    """
    caller.require(Scope.POINTS_TRANSFER)
    why = checked_reason(reason)

    def act() -> dict[str, Any]:
        found = Transfer.objects.filter(pk=transfer_id).first()
        if found is None:
            raise UnknownTransfer
        with hot_cursor() as cursor:
            giver, receiver = _lock_both(cursor, found.giver_id, found.receiver_id, at)
            row = Transfer.objects.get(pk=transfer_id)
            if row.undone_at is not None:
                raise TransferUndone
            row.undone_at, row.undone_by, row.undone_why = at, caller.label, why
            row.save(update_fields=["undone_at", "undone_by", "undone_why"])
            pieces = _pieces(cursor, row)
            own, expired = _heirs(cursor, [piece.born for piece in pieces], at)
            home = [replace(piece, points=piece.points - expired[piece.born]) for piece in pieces]
            points = sum(piece.points for piece in home)
            cause = Cause(at=at, recorded_at=at, note=why, transfer_id=row.pk)
            terms = replace(
                receiver.terms, expired_counts=False, shortage=Shortage.RECOVER if force else Shortage.FORBID
            )
            receiver.take_back(own, points, cause, "transfer", terms)
            spent = [
                (Take(piece.lot.id, piece.points), piece.lot, piece.owner) for piece in home if piece.points
            ]
            giver.restore(spent, points, cause, "transfer")
            giver.close()
            receiver.close()
            said = {
                "transfer_id": row.pk,
                "giver_id": giver.member_id,
                "receiver_id": receiver.member_id,
                "points": points,
            }
            audit.record(caller, "points.transfer_undone", "transfer", row.pk, at=at, after=said, reason=why)
            outbox.add(events.TRANSFER_UNDONE, said, at=at, member_id=giver.member_id)
            return said | {"expired": row.points - points, "points_debt": receiver.debt}

    return once(caller, command, act, at=at)


def one(transfer_id: int) -> TransferView:
    """A transfer.

    Raises:
        UnknownTransfer
    """
    row = Transfer.objects.filter(pk=transfer_id).first()
    if row is None:
        raise UnknownTransfer
    return _view(row)


def of_member(member_id: int, *, after: str | None, limit: int) -> tuple[list[TransferView], str | None]:
    """A page of what a member gave and received, the newest first.

    Raises:
        UnknownMember, BadCursor
    """
    kept = members.kept_id(member_id)
    rows = Transfer.objects.filter(Q(giver_id=kept) | Q(receiver_id=kept))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [_view(row) for row in page], more


@dataclass(frozen=True, slots=True)
class _Piece:
    """Points that went from one lot, as it is now, to a lot that they made."""

    lot: Lot
    owner: int
    born: int
    points: int


def _pieces(cursor: psycopg.Cursor[Any], row: Transfer) -> list[_Piece]:
    rows = cursor.execute(PIECES, (row.pk, row.at)).fetchall()
    return [_Piece(Lot(each[0], *each[2:8]), each[8], each[9], each[1]) for each in rows]


def _heirs(cursor: psycopg.Cursor[Any], born: list[int], at: datetime) -> tuple[list[int], dict[int, int]]:
    """The lots in which the points of a gift are now, and how many of each piece have expired."""
    lots, expired = [], dict.fromkeys(born, 0)
    for piece, lot_id, points in cursor.execute(HEIRS, {"born": born, "at": at}).fetchall():
        lots.append(lot_id)
        expired[piece] += points
    return lots, expired


def _view(row: Transfer) -> TransferView:
    return TransferView(row.pk, row.giver_id, row.receiver_id, row.points, row.at, row.note, row.undone_at)


def _require_within(rules: PointsPolicy, giver_id: int, points: int, day: date) -> None:
    if not rules.transfers_per_day:
        return
    given = Transfer.objects.filter(giver_id=giver_id, biz_date=day, undone_at=None)
    left = rules.transfers_per_day - (given.aggregate(points=Sum("points"))["points"] or 0)
    if points > left:
        raise TransferLimit(rules.transfers_per_day, max(0, left))


def _lock_both(
    cursor: psycopg.Cursor[Any], giver_id: int, receiver_id: int, at: datetime
) -> tuple[LockedAccount, LockedAccount]:
    """Lock both accounts in the order of their numbers: two who give to each other at once do not block each other.

    Raises:
        TransferToSelf: they are, or have become, one member.
    """
    while True:
        ids: Sequence[int] = [members.kept_id(giver_id), members.kept_id(receiver_id)]
        if ids[0] == ids[1]:
            raise TransferToSelf
        locked: Mapping[int, LockedAccount] = {
            member_id: ledger.lock(cursor, member_id, at) for member_id in sorted(ids)
        }
        if all(account.status != "merged" for account in locked.values()):
            return locked[ids[0]], locked[ids[1]]

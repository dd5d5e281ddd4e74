"""Reading a member's points: what is there, until when, and how it came to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from laoke.engine.ledger import lots as rules
from laoke.engine.ledger.lots import Lot
from laoke.foundation import paging
from laoke.members.errors import UnknownMember
from laoke.points import policy
from laoke.points.models import Account, Hold, HoldPart, Posting
from laoke.points.models import Lot as LotRow

# Lots of one member at once: more would be years of daily shopping.
MOST_LOTS = 500
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenLot:
    """Points of one accrual that can still be spent."""

    lot_id: int
    origin: str
    order_id: int | None
    accrued_at: datetime
    expires_at: datetime
    points: int
    remaining: int
    held: int
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class Coming:
    """Points that are there and can be used from an instant on."""

    available_at: datetime
    points: int


@dataclass(frozen=True, slots=True)
class Points:
    """An account at an instant. `lots` in order of use, the first MOST_LOTS of `lots_open`.

    `balance` is the sum of all postings: what is available, held or pending, less debt, and until the nightly sweep
    what has expired today. `coming` says when pending points can be used, the soonest first.
    """

    member_id: int
    balance: int
    available: int
    held: int
    pending: int
    coming: tuple[Coming, ...]
    debt: int
    earned_total: int
    redeemed_total: int
    expired_total: int
    expiring_soon: int
    expiring_until: datetime
    lots_open: int
    lots: tuple[OpenLot, ...]


@dataclass(frozen=True, slots=True)
class PostingView:
    """One movement."""

    posting_id: int
    kind: str
    contra: str
    points: int
    at: datetime
    recorded_at: datetime
    lot_id: int | None
    order_id: int | None
    return_id: int | None
    spending_id: int | None
    transfer_id: int | None
    note: str


def account(member_id: int, at: datetime) -> Points:
    """A member's points as they can be used at `at`.

    Raises:
        UnknownMember
    """
    row = Account.objects.filter(pk=member_id).first()
    if row is None:
        raise UnknownMember
    rows = {lot.pk: lot for lot in _open(member_id, at)}
    lots = lots_at(row, at, rows.values())
    available = rules.available(lots, at)
    repaid = min(row.debt, available)
    coming: dict[datetime, int] = {}
    for lot in lots:
        if lot.is_pending(at) and lot.available_at:
            coming[lot.available_at] = coming.get(lot.available_at, 0) + lot.free
    spendable = rules.in_order_of_use(lots, at, policy.in_force().terms.order_of_use)
    shown = [*spendable, *(lot for lot in lots if not lot.is_usable(at))]
    return Points(
        member_id=member_id,
        balance=row.balance,
        available=available - repaid,
        held=sum(lot.held for lot in lots),
        pending=sum(coming.values()),
        coming=tuple(Coming(*pair) for pair in sorted(coming.items())),
        debt=row.debt - repaid,
        earned_total=row.earned_total,
        redeemed_total=row.redeemed_total,
        expired_total=row.expired_total,
        expiring_soon=sum(lot.free for lot in lots if lot.expires_at <= at + SOON),
        expiring_until=at + SOON,
        lots_open=len(lots),
        lots=tuple(
            OpenLot(
                lot.id,
                rows[lot.id].origin,
                rows[lot.id].order_id,
                lot.accrued_at,
                lot.expires_at,
                rows[lot.id].points,
                lot.remaining,
                lot.held,
                lot.available_at if lot.is_pending(at) else None,
            )
            for lot in shown[:MOST_LOTS]
        ),
    )


def lots_at(account: Account, at: datetime, rows: Iterable[LotRow] | None = None) -> list[Lot]:
    """An account's open lots at an instant, as the rules take them: holds whose time is over hold nothing."""
    freed: dict[int, int] = {}
    if account.held:
        over = HoldPart.objects.filter(
            hold__member_id=account.pk, hold__state=Hold.State.OPEN, hold__until__lte=at
        )
        for lot_id, points in over.values_list("lot_id", "points"):
            freed[lot_id] = freed.get(lot_id, 0) + points
    return [
        Lot(
            row.pk,
            row.accrued_at,
            row.expires_at,
            row.remaining,
            row.order_id,
            row.available_at,
            row.held - freed.get(row.pk, 0),
        )
        for row in (_open(account.pk, at) if rows is None else rows)
    ]


def _open(member_id: int, at: datetime) -> list[LotRow]:
    rows = LotRow.objects.filter(member_id=member_id, remaining__gt=0, expires_at__gt=at)
    return list(rows.order_by("expires_at", "accrued_at", "id"))


def postings(member_id: int, *, after: str | None, limit: int) -> tuple[list[PostingView], str | None]:
    """A page of a member's movements in the order they were recorded, the newest first.

    Raises:
        UnknownMember, BadCursor
    """
    if not Account.objects.filter(pk=member_id).exists():
        raise UnknownMember
    rows = Posting.objects.filter(member_id=member_id)
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [
        PostingView(
            row.pk,
            row.kind,
            row.contra,
            row.points,
            row.at,
            row.recorded_at,
            row.lot_id,
            row.order_id,
            row.return_id,
            row.spending_id,
            row.transfer_id,
            row.note,
        )
        for row in page
    ], more

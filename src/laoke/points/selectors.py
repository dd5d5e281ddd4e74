"""Reading a member's points: what is there, until when, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from laoke.foundation import paging
from laoke.members.errors import UnknownMember
from laoke.points.models import Account, Lot, Posting

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


@dataclass(frozen=True, slots=True)
class Points:
    """An account at an instant. `lots` in order of use, the first MOST_LOTS of `lots_open`.

    `balance` is the sum of all postings: what is available, less debt, and until the nightly sweep what has
    expired today.
    """

    member_id: int
    balance: int
    available: int
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
    note: str


def account(member_id: int, at: datetime) -> Points:
    """A member's points as they can be used at `at`.

    Raises:
        UnknownMember
    """
    row = Account.objects.filter(pk=member_id).first()
    if row is None:
        raise UnknownMember
    usable = Lot.objects.filter(member_id=member_id, remaining__gt=0, expires_at__gt=at)
    held = list(usable.order_by("expires_at", "accrued_at", "id"))
    return Points(
        member_id=member_id,
        balance=row.balance,
        available=sum(lot.remaining for lot in held),
        debt=row.debt,
        earned_total=row.earned_total,
        redeemed_total=row.redeemed_total,
        expired_total=row.expired_total,
        expiring_soon=sum(lot.remaining for lot in held if lot.expires_at <= at + SOON),
        expiring_until=at + SOON,
        lots_open=len(held),
        lots=tuple(
            OpenLot(
                lot.pk, lot.origin, lot.order_id, lot.accrued_at, lot.expires_at, lot.points, lot.remaining
            )
            for lot in held[:MOST_LOTS]
        ),
    )


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
            row.note,
        )
        for row in page
    ], more

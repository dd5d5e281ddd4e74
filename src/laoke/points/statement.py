"""A member's account as a statement: what is there, when it ends, and how the balance came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.points import selectors
from laoke.points.models import Account


@dataclass(frozen=True, slots=True)
class OpenLot:
    """Points that expire together. `expires_at` is the first instant at which they no longer can be used."""

    origin: str
    order_id: int | None
    accrued_at: datetime
    expires_at: datetime
    points: int
    remaining: int
    held: int
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one cause moved at one instant, and the balance after it.

    `points` is signed. `moved` counts points that changed hands within the account: a repayment sums to nothing
    and still took that many from lots for the debt.
    """

    at: datetime
    kind: str
    order_id: int | None
    return_id: int | None
    note: str
    points: int
    moved: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """An account at an instant. `available` can be spent, `held` is set aside, `pending` comes later; `balance` is what
    the postings sum to: it counts the debt, and lots past their time that no sweep has met yet."""

    available: int
    held: int
    pending: int
    balance: int
    debt: int
    earned_total: int
    redeemed_total: int
    expired_total: int
    lots: tuple[OpenLot, ...]
    entries: tuple[Entry, ...]


def statement(member_id: int, at: datetime, *, entries: int = 20) -> Statement | None:
    """The account of a member; None when there is none.

    Args:
        entries: how many of the newest movements; they come oldest first.
    """
    account = Account.objects.filter(pk=member_id).first()
    if account is None:
        return None
    now = selectors.account(member_id, at)
    lots = tuple(
        OpenLot(
            lot.origin,
            lot.order_id,
            lot.accrued_at,
            lot.expires_at,
            lot.points,
            lot.remaining,
            lot.held,
            lot.available_at,
        )
        for lot in now.lots
    )
    with hot_cursor() as cursor:
        cursor.execute(sql.load("laoke.points", "statement"), {"member_id": member_id, "limit": entries})
        moved = tuple(Entry(*row) for row in reversed(cursor.fetchall()))
    return Statement(
        available=now.available,
        held=now.held,
        pending=now.pending,
        balance=account.balance,
        debt=now.debt,
        earned_total=account.earned_total,
        redeemed_total=account.redeemed_total,
        expired_total=account.expired_total,
        lots=lots,
        entries=moved,
    )

"""A member's points as an account statement: what is there until when, and every movement with the balance after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.conf import settings

from laoke.checkout import programme
from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.labels import ORIGINS
from laoke.surfaces.console.selectors.happenings import told
from laoke.surfaces.console.selectors.member.cards import SOON_DAYS, PointsCard, points_card
from laoke.surfaces.console.selectors.member.head import Head, head_of
from laoke.surfaces.console.selectors.member.state import State, state_of

_PACKAGE = "laoke.surfaces.console"
PAGE = 30
MOST_LOTS = 100


@dataclass(frozen=True, slots=True)
class LotRow:
    """Points of one accrual that can still be spent, until the end of `last_day`."""

    origin: Any
    order_id: int | None
    order_no: str
    accrued_at: datetime
    last_day: date
    days: int
    soon: bool
    points: int
    remaining: int
    held: int
    usable_from: datetime | None


@dataclass(frozen=True, slots=True)
class Movement:
    """What one cause moved at one instant. `lots` are (last day, points): what it took from or gave to.

    Of a repayment `points` is zero and `moved` what went from lots to the debt.
    """

    at: datetime
    label: Any
    sign: str
    points: int
    moved: int
    balance: int
    order_id: int | None
    order_no: str
    note: str
    lots: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The account. `lots` are shown on the first page only; `cut` says that there are more of them."""

    head: Head
    card: PointsCard
    lots: tuple[LotRow, ...]
    cut: bool
    rows: tuple[Movement, ...]
    after: str
    later: bool


def statement_page(caller: Caller, member_id: int, mark: str | None, at: datetime) -> StatementPage:
    """The statement below a mark.

    Raises:
        MissingScope, BadCursor, and as `state_of`.
    """
    caller.require(Scope.POINTS_READ)
    below = paging.read(mark, paging.instant, paging.number)
    state = state_of(caller, member_id, at)
    values = {
        "member_id": member_id,
        "stores": None if state.stores is None else list(state.stores),
        "mark_at": below[0] if below else None,
        "mark_id": below[1] if below else None,
        "limit": PAGE + 1,
    }
    with hot_cursor() as cursor:
        found = cursor.execute(load(_PACKAGE, "member_statement"), values).fetchall()
    page, more = paging.cut(found, PAGE, lambda row: paging.write(row[1], row[0]))
    lots = () if below else _lots(state)
    return StatementPage(
        head=head_of(caller, state),
        card=points_card(programme.current(), state),
        lots=lots[:MOST_LOTS],
        cut=len(lots) > MOST_LOTS,
        rows=tuple(_movement(*row) for row in page),
        after=more or "",
        later=below is not None,
    )


def last_day(expires_at: datetime) -> date:
    """The last day on which points that expire at an instant can be used."""
    return (expires_at - datetime.resolution).astimezone(settings.LAOKE.zone).date()


def _lots(state: State) -> tuple[LotRow, ...]:
    values = {
        "member_id": state.id,
        "stores": None if state.stores is None else list(state.stores),
        "at": state.at,
        "limit": MOST_LOTS + 1,
    }
    today = state.at.astimezone(settings.LAOKE.zone).date()
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "member_lots"), values).fetchall()
    shown = []
    for origin, accrued_at, expires_at, points, remaining, order_id, order_no, held, usable_from in rows:
        day = last_day(expires_at)
        days = (day - today).days
        shown.append(
            LotRow(
                ORIGINS.get(origin, origin),
                order_id,
                order_no or "",
                accrued_at,
                day,
                days,
                days <= SOON_DAYS,
                points,
                remaining,
                held,
                usable_from,
            )
        )
    return tuple(shown)


def _movement(
    _first_id: int,
    at: datetime,
    kind: str,
    points: int,
    moved: int,
    balance: int,
    order_id: int | None,
    order_no: str | None,
    note: str,
    lots: str,
) -> Movement:
    label, sign, note = told(kind, order_no, note)
    parts = tuple((last_day(datetime.fromisoformat(end)), amount) for end, amount in orjson.loads(lots))
    return Movement(at, label, sign, points, moved, balance, order_id, order_no or "", note, parts)

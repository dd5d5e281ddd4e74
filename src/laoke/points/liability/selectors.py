"""What was closed, for reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings

from laoke.foundation.access import Caller, Scope
from laoke.kernel.calendar import add_months
from laoke.points.liability.errors import MonthNotClosed, UnknownMonthRequest
from laoke.points.liability.models import LiabilityClose, MonthRequest


@dataclass(frozen=True, slots=True)
class CohortView:
    """The points of one month of issue, summed since issue; money is what is left of the deferral.

    The open ones end in the months from `ends_first` to `ends_last`; None: some have no end, or it was not kept.
    """

    month: date
    issued: int
    redeemed: int
    taken_back: int
    expired: int
    open: int
    lapsing: int
    ends_first: date | None
    ends_last: date | None
    liability_minor: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """One journal entry."""

    at: datetime
    cause: str
    debit: str
    credit: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class MonthView:
    """One closed month in one line.

    `earned_minor` is what the points of its purchases would settle, `paid_minor` what was paid for these.
    """

    month: date
    closed_at: datetime
    closed_by: str
    points_open: int
    face_minor: int
    lapsing: int
    liability_minor: int
    earned_minor: int
    paid_minor: int | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A month to be closed or reopened (`act`). `own` tells whether the one who looks asked for it.

    `problem` is the code of what stopped it, `found` its numbers.
    """

    request_id: int
    month: date
    act: str
    reason: str
    state: str
    asked_at: datetime
    asked_kind: str
    asked_id: int
    asked_by: str
    decided_at: datetime | None
    decided_by: str
    note: str
    ended_at: datetime | None
    problem: str
    found: dict[str, int]
    own: bool


@dataclass(frozen=True, slots=True)
class CloseView:
    """One month as it was closed. `face_minor` is what all open points would settle.

    None stands where a close did not keep it: `paid_minor` was paid for the purchases of the month that earned its
    `purchased` points, `postings` were held against lots and accounts.
    """

    month: date
    closed_at: datetime
    closed_by: str
    points_open: int
    points_debt: int
    worth_points: int
    worth_minor: int
    face_minor: int
    lapsing: int
    lapsing_low: int | None
    lapsing_high: int | None
    liability_minor: int
    liability_low_minor: int | None
    liability_high_minor: int | None
    paid_minor: int | None
    postings: int | None
    movement: dict[str, int]
    late: dict[str, int]
    expiries: list[dict[str, Any]]
    cohorts: tuple[CohortView, ...]
    entries: tuple[EntryView, ...]


def closed_month(caller: Caller, month: date | None) -> CloseView:
    """A closed month; the newest when none is named.

    Raises:
        MissingScope.
        MonthNotClosed: it has not been closed.
    """
    caller.require(Scope.POINTS_LIABILITY)
    return view(close_of(month))


def close_of(month: date | None) -> LiabilityClose:
    """The row of a closed month, or of the newest.

    Raises:
        MonthNotClosed.
    """
    rows = LiabilityClose.objects.filter(reopened_at=None).order_by("-month")
    row = rows.first() if month is None else rows.filter(month=month.replace(day=1)).first()
    if row is None:
        raise MonthNotClosed(month)
    return row


def closed_months(caller: Caller, limit: int = 60) -> list[MonthView]:
    """The closed months, the newest first.

    Raises:
        MissingScope.
    """
    caller.require(Scope.POINTS_LIABILITY)
    rows = (
        LiabilityClose.objects.filter(reopened_at=None)
        .defer("curve", "held", "expiries", "late")
        .order_by("-month")[:limit]
    )
    return [_month(row) for row in rows]


def next_month(*, at: datetime) -> date:
    """The first day of the month to be closed next, over or not; before the first close the one before `at`'s."""
    newest = LiabilityClose.objects.filter(reopened_at=None).order_by("-month").first()
    today = at.astimezone(settings.LAOKE.zone).date()
    return add_months(newest.month, 1) if newest else add_months(today.replace(day=1), -1)


def requests(caller: Caller, limit: int = 10) -> list[RequestView]:
    """Requests to close or reopen a month, the newest first.

    Raises:
        MissingScope.
    """
    caller.require(Scope.POINTS_LIABILITY)
    return [_request(row, caller) for row in MonthRequest.objects.order_by("-pk")[:limit]]


def request(caller: Caller, request_id: int) -> RequestView:
    """One request.

    Raises:
        MissingScope, UnknownMonthRequest.
    """
    caller.require(Scope.POINTS_LIABILITY)
    row = MonthRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise UnknownMonthRequest
    return _request(row, caller)


def view(row: LiabilityClose) -> CloseView:
    """A close as plain values."""
    movement = {what: points for what, points in row.movement.items() if what != "sums"}
    return CloseView(
        month=row.month,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        points_open=row.points_open,
        points_debt=row.points_debt,
        worth_points=row.worth_points,
        worth_minor=row.worth_minor,
        face_minor=_face(row, row.points_open),
        lapsing=row.lapsing,
        lapsing_low=row.lapsing_low,
        lapsing_high=row.lapsing_high,
        liability_minor=row.liability_minor,
        liability_low_minor=row.liability_low_minor,
        liability_high_minor=row.liability_high_minor,
        paid_minor=row.paid_minor,
        postings=row.postings,
        movement=movement,
        late=row.late,
        expiries=row.expiries,
        cohorts=tuple(
            CohortView(
                month=each.month,
                issued=each.purchased + each.granted,
                redeemed=each.redeemed,
                taken_back=each.withdrawn,
                expired=each.expired,
                open=each.open,
                lapsing=each.lapsing,
                ends_first=each.ends_first,
                ends_last=each.ends_last,
                liability_minor=each.deferral_minor
                + each.grants_minor
                - each.taken_back_minor
                - each.released_minor,
            )
            for each in row.cohorts.order_by("month")
        ),
        entries=tuple(
            EntryView(each.at, each.cause, each.debit, each.credit, each.amount_minor)
            for each in row.entries.order_by("id")
        ),
    )


def _face(row: LiabilityClose, points: int) -> int:
    return points * row.worth_minor // row.worth_points


def _month(row: LiabilityClose) -> MonthView:
    return MonthView(
        month=row.month,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        points_open=row.points_open,
        face_minor=_face(row, row.points_open),
        lapsing=row.lapsing,
        liability_minor=row.liability_minor,
        earned_minor=_face(row, row.movement["purchased"]),
        paid_minor=row.paid_minor,
    )


def _request(row: MonthRequest, caller: Caller) -> RequestView:
    return RequestView(
        request_id=row.pk,
        month=row.month,
        act=row.act,
        reason=row.reason,
        state=row.state,
        asked_at=row.asked_at,
        asked_kind=row.asked_kind,
        asked_id=row.asked_id,
        asked_by=row.asked_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
        ended_at=row.ended_at,
        problem=row.problem,
        found=row.found,
        own=(row.asked_kind, row.asked_id) == (caller.kind, caller.id),
    )

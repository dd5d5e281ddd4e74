"""What was closed, for reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from laoke.foundation.access import Caller, Scope
from laoke.points.liability.errors import MonthNotClosed
from laoke.points.liability.models import LiabilityClose


@dataclass(frozen=True, slots=True)
class CohortView:
    """The points of one month of issue, summed since issue; money is what is left of the deferral."""

    month: date
    issued: int
    redeemed: int
    taken_back: int
    expired: int
    open: int
    lapsing: int
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
class CloseView:
    """One month as it was closed. `face_minor` is what all open points would settle."""

    month: date
    closed_at: datetime
    closed_by: str
    points_open: int
    points_debt: int
    face_minor: int
    lapsing: int
    lapsing_low: int | None
    lapsing_high: int | None
    liability_minor: int
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
    caller.require(Scope.POINTS_READ)
    rows = LiabilityClose.objects.filter(reopened_at=None).order_by("-month")
    newest = rows.first()
    row = newest if month is None else rows.filter(month=month.replace(day=1)).first()
    if row is None:
        raise MonthNotClosed(month)
    return view(row)


def view(row: LiabilityClose) -> CloseView:
    """A close as plain values."""
    movement = {what: points for what, points in row.movement.items() if what != "sums"}
    return CloseView(
        month=row.month,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        points_open=row.points_open,
        points_debt=row.points_debt,
        face_minor=row.points_open * row.worth_minor // row.worth_points,
        lapsing=row.lapsing,
        lapsing_low=row.lapsing_low,
        lapsing_high=row.lapsing_high,
        liability_minor=row.liability_minor,
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

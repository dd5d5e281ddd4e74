"""What points are worth: one closed month, what is asked for, and the months to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from laoke.checkout import programme
from laoke.engine.policy import PointsPolicy
from laoke.foundation.access import Caller, Scope
from laoke.foundation.jobs import selectors as jobs
from laoke.foundation.staff import selectors as staff
from laoke.kernel.calendar import add_months, start_of_day
from laoke.points.adjustments import selectors as adjustments
from laoke.points.liability import forecasting, selectors
from laoke.points.liability.errors import MonthNotClosed, NoCurve
from laoke.points.liability.forecasting import Change, Forecast
from laoke.points.liability.requests import TASK
from laoke.points.liability.selectors import CloseView, CohortView, MonthView, RequestView
from laoke.surfaces.console.bars import Picture, Piece, picture

COHORTS = 12
YEAR = 12

# What moved points, with the sums of the ledger that it is made of.
MOVES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (pgettext_lazy("points moved", "Purchases"), ("purchased",)),
    (_("Redeemed"), ("redeemed", "restored")),
    (_("Expired"), ("expired",)),
    (_("Taken back"), ("taken_back",)),
    (_("By hand"), ("given", "taken")),
    (pgettext_lazy("points moved", "Transfers"), ("moved",)),
)
CAUSES: dict[str, Any] = {
    "opening": _("Outstanding before the first close"),
    "deferral": _("Points earned by purchases, deferred"),
    "grants": _("Points given without a sale"),
    "taken-back": _("Taken back with returns"),
    "redemption": _("Released with redemption"),
    "breakage": _("Breakage, in proportion to redemption"),
    "true-up": _("Change of the expectation"),
    "reversal": _("Reversal on reopening"),
}
ACCOUNTS: dict[str, Any] = {
    "contract-liability": _("Contract liability"),
    "revenue": _("Revenue"),
    "selling-expense": _("Selling expense"),
    "opening-balance": _("Opening balance"),
}
PROBLEMS: dict[str, Any] = {
    "not-reconciled": _("The ledger does not reconcile"),
    "requests-open": _("Adjustments wait for a decision"),
    "month-not-over": _("The month is not over"),
    "month-out-of-order": _("Another month comes first"),
    "month-not-closed": _("The month is not closed"),
}


@dataclass(frozen=True, slots=True)
class Move:
    """Points moved in the month by one cause."""

    label: Any
    points: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The points of one month of issue; shares of None where there is nothing to share."""

    view: CohortView
    left: float | None
    breakage: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry in words."""

    cause: Any
    debit: Any
    credit: Any
    amount_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """Points that end in one month to come."""

    month: date
    points: int
    redeemed: int
    lapsing: int


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed month with all its figures.

    Attributes:
        face_change: of the face value against the month before; None for the first.
        give_back: what the points earned by purchases settle, of what these paid, over `give_back_months`.
        moves: None of them is left out but those that moved nothing in most shops.
    """

    view: CloseView
    previous: date | None
    face_change: float | None
    breakage: float | None
    breakage_low: float | None
    breakage_high: float | None
    give_back: float | None
    give_back_months: int
    declared: float
    moves: tuple[Move, ...]
    waterfall: Picture
    endings: tuple[Ending, ...]
    ends: Picture
    cohorts: tuple[Cohort, ...]
    more_cohorts: int
    by_hand: int
    entries: tuple[Entry, ...]
    late: tuple[Move, ...]
    newest: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that is open, or the newest one that ended badly. `since` while a worker is at it."""

    view: RequestView
    problem: Any
    may_decide: bool
    working: bool
    lost: bool


@dataclass(frozen=True, slots=True)
class LiabilityPage:
    """The page. `closed` is None before the first close.

    Attributes:
        next_month: the one to be closed next; `over` says whether it can be.
        waiting: adjustments asked for in it that nobody decided.
    """

    closed: Closed | None
    months: tuple[MonthView, ...]
    next_month: date
    over: bool
    waiting: int
    asked: Asked | None
    history: tuple[RequestView, ...]
    may_close: bool
    rules: PointsPolicy
    as_table: str
    all_cohorts: bool
    narrowed: bool

    @property
    def can_ask(self) -> bool:
        """Whether the button to close leads anywhere."""
        return (
            self.may_close
            and self.over
            and not self.waiting
            and not (self.asked and self.asked.view.state in OPEN)
        )


OPEN = ("waiting", "approved")


def liability_page(
    caller: Caller, at: datetime, month: date | None, *, as_table: str, all_cohorts: bool, narrowed: bool
) -> LiabilityPage:
    """A closed month, the newest unless one is named.

    Raises:
        MissingScope.
        MonthNotClosed: the month named is not closed.
    """
    months = selectors.closed_months(caller)
    closed = None
    if months or month is not None:
        closed = _closed(selectors.closed_month(caller, month), months, all_cohorts=all_cohorts)
    following = add_months(months[0].month, 1) if months else selectors.next_month(at=at)
    rules = programme.current().points
    over = start_of_day(add_months(following, 1), settings.LAOKE.zone)
    requests = selectors.requests(caller)
    return LiabilityPage(
        closed=closed,
        months=tuple(months),
        next_month=following,
        over=over <= at,
        waiting=adjustments.waiting_before(over, at=at) if over <= at else 0,
        asked=_asked(requests, caller),
        history=tuple(requests),
        may_close=Scope.POINTS_CLOSE in caller.scopes,
        rules=rules,
        as_table=as_table,
        all_cohorts=all_cohorts,
        narrowed=narrowed,
    )


def asked_now(caller: Caller) -> Asked | None:
    """What the box of the request shows."""
    return _asked(selectors.requests(caller, 1), caller)


def others_who_may_close(caller: Caller) -> int:
    """How many other accounts may let a request pass."""
    return len(
        [each for each in staff.holders(Scope.POINTS_CLOSE) if (caller.kind, caller.id) != ("staff", each)]
    )


def _asked(requests: Sequence[RequestView], caller: Caller) -> Asked | None:
    if not requests or requests[0].state not in (*OPEN, "failed", "refused"):
        return None
    view = requests[0]
    work = jobs.of(TASK) if view.state == "approved" else None
    return Asked(
        view,
        PROBLEMS.get(view.problem, view.problem),
        Scope.POINTS_CLOSE in caller.scopes and view.state == "waiting" and not view.own,
        view.state == "approved",
        work is not None and work.state == "failed",
    )


def _closed(view: CloseView, months: Sequence[MonthView], *, all_cohorts: bool) -> Closed:
    before = next((each for each in months if each.month < view.month), None)
    year = [each for each in months if add_months(view.month, -YEAR) < each.month <= view.month]
    known = [each for each in year if each.paid_minor is not None]
    paid = sum(each.paid_minor or 0 for each in known)
    moves = tuple(Move(label, sum(view.movement[what] for what in parts)) for label, parts in MOVES)
    moves = tuple(each for place, each in enumerate(moves) if each.points or place < 5)
    endings = tuple(
        Ending(
            date.fromisoformat(f"{each['month']}-01"),
            each["points"],
            each["points"] - each["lapsing"],
            each["lapsing"],
        )
        for each in view.expiries
    )
    open_ones = [each for each in view.cohorts if each.open or each.liability_minor]
    shown = open_ones if all_cohorts else open_ones[-COHORTS:]
    return Closed(
        view=view,
        previous=before.month if before else None,
        face_change=_share(view.face_minor - before.face_minor, before.face_minor) if before else None,
        breakage=_share(view.lapsing, view.points_open),
        breakage_low=_share(view.lapsing_low, view.points_open),
        breakage_high=_share(view.lapsing_high, view.points_open),
        give_back=_share(sum(each.earned_minor for each in known), paid),
        give_back_months=len(known),
        declared=float(programme.current().points.give_back),
        moves=moves,
        waterfall=_waterfall(view, moves),
        endings=endings,
        ends=picture(
            [
                (
                    each.month,
                    (
                        Piece(0, each.redeemed, "kept"),
                        Piece(each.redeemed, each.points, "lost"),
                    ),
                )
                for each in endings
            ],
            left=9,
        ),
        cohorts=tuple(
            Cohort(each, _share(each.open, each.issued), _share(each.lapsing, each.open)) for each in shown
        ),
        more_cohorts=len(open_ones) - len(shown),
        by_hand=view.movement["given"] + view.movement["taken"],
        entries=tuple(
            Entry(CAUSES[each.cause], ACCOUNTS[each.debit], ACCOUNTS[each.credit], each.amount_minor, each.at)
            for each in view.entries
        ),
        late=tuple(
            Move(label, points)
            for label, parts in MOVES
            if (points := sum(view.late.get(what, 0) for what in parts))
        ),
        newest=bool(months) and months[0].month == view.month,
    )


def _waterfall(view: CloseView, moves: Sequence[Move]) -> Picture:
    opening, closing = view.movement["opening"], view.movement["closing"]
    columns: list[tuple[object, list[Piece]]] = [(_("Opening"), [Piece(0, opening, "total", opening)])]
    level = opening
    for each in moves:
        after = level + each.points
        columns.append((each.label, [Piece(level, after, "up" if each.points >= 0 else "down", each.points)]))
        level = after
    columns.append((_("Closing"), [Piece(0, closing, "total", closing)]))
    return picture(columns, broken=True)


def _share(part: int | None, whole: int) -> float | None:
    return part / whole if part is not None and whole else None


@dataclass(frozen=True, slots=True)
class Age:
    """Of the points open at an age, how many are redeemed in that month of their life; what is left then."""

    age: int
    redeemed: float | None
    left: float | None


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """The months to come. `refused` says why there are none."""

    form: Any
    found: Forecast | None
    picture: Picture | None
    ages: tuple[Age, ...]
    rows: tuple[tuple[Any, Any], ...]
    refused: str
    difference_minor: int
    difference_open: int

    @property
    def lower_minor(self) -> int:
        """By how much the liability is lower."""
        return -self.difference_minor


def forecast_page(caller: Caller, form: Any, change: Change, ahead: int) -> ForecastPage:
    """The months to come from the newest close.

    Raises:
        MissingScope.
    """
    try:
        found = forecasting.look_ahead(caller, None, change, ahead)
        hazards = forecasting.curve_of(caller, None)
    except (MonthNotClosed, NoCurve) as refused:
        return ForecastPage(form, None, None, (), (), refused.detail, 0, 0)
    changed = found.changed or (None,) * len(found.now)
    rows = tuple(zip(found.now, changed, strict=True))
    columns: list[tuple[object, list[Piece]]] = []
    for now, other in rows:
        pieces = [Piece(0, now.liability_minor, "kept" if other is None else "lost")]
        if other is not None:
            pieces.append(Piece(0, other.liability_minor, "kept"))
        columns.append((now.month, pieces))
    last, apart = rows[-1]
    return ForecastPage(
        form=form,
        found=found,
        picture=picture(columns, left=9, beside=True, share=0.66),
        ages=tuple(_ages(hazards)),
        rows=rows,
        refused="",
        difference_minor=apart.liability_minor - last.liability_minor if apart else 0,
        difference_open=apart.open - last.open if apart else 0,
    )


def _ages(hazards: Sequence[float | None]) -> list[Age]:
    found, left = [], 1.0
    known = True
    for age, hazard in enumerate(hazards):
        known = known and hazard is not None
        left *= 1 - (hazard or 0)
        found.append(Age(age, hazard, left if known else None))
    while found and found[-1].redeemed is None:
        found.pop()
    return found

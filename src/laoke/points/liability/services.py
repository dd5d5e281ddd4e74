"""Closing a month, and reopening the newest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from laoke.engine.liability.contract import Book, Facts, Movement, advance
from laoke.engine.liability.curves import Curve, Held, fit, interval, lapse_of, lapsing
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.kernel.rounding import Rounding, round_ratio
from laoke.members.normal.person import checked_reason
from laoke.points import policy
from laoke.points.adjustments import selectors as adjustments
from laoke.points.adjustments.errors import RequestsOpen
from laoke.points.liability import flows
from laoke.points.liability.errors import MonthNotClosed, MonthNotOver, MonthOutOfOrder
from laoke.points.liability.flows import Books, Totals, first_day, number
from laoke.points.liability.models import LiabilityClose, LiabilityCohort, LiabilityEntry

# Accounts of the journal. Their numbers in the books of the retailer are the retailer's.
LIABILITY, REVENUE, EXPENSE, OPENING = "contract-liability", "revenue", "selling-expense", "opening-balance"
AHEAD = 12


def close(caller: Caller, month: date, *, at: datetime) -> LiabilityClose:
    """Close a month: value what is outstanding at its end and book the difference to the month before.

    A month closed already is answered as it was closed. Tills go on meanwhile; what they post into the closed month
    afterwards is booked in the next one and named there. The first close brings what was outstanding before its
    month as an opening balance.

    Args:
        month: any day of it, in the programme's time zone.
    Raises:
        MissingScope, MonthNotOver, NotReconciled.
        RequestsOpen: adjustments asked for before its end still wait for a second person.
        MonthOutOfOrder: an earlier month has to be closed first, or a later one is closed.
    """
    caller.require(Scope.POINTS_CLOSE)
    closing = number(month)
    _over(closing, at)
    closed = LiabilityClose.objects.filter(month=first_day(closing), reopened_at=None).first()
    if closed:
        return closed
    _nothing_waits(closing, at)
    try:
        with _snapshot():
            return _close(caller, closing, at)
    except IntegrityError:
        # Somebody closed it at the same time: theirs holds.
        return LiabilityClose.objects.get(month=first_day(closing), reopened_at=None)


def could_close(month: date, *, at: datetime) -> None:
    """Refuse as `close` would, as far as can be told without reading the ledger.

    Raises:
        MonthNotOver, MonthOutOfOrder, RequestsOpen.
    """
    closing = number(month)
    _over(closing, at)
    newest = _newest()
    if newest and number(newest.month) + 1 != closing:
        raise MonthOutOfOrder(first_day(number(newest.month) + 1))
    _nothing_waits(closing, at)


def could_reopen(month: date) -> None:
    """Refuse as `reopen` would.

    Raises:
        MonthNotClosed, MonthOutOfOrder.
    """
    newest = _newest()
    if newest is None or newest.month < month.replace(day=1):
        raise MonthNotClosed(month)
    if newest.month != month.replace(day=1):
        raise MonthOutOfOrder(newest.month)


def is_closed(month: date) -> bool:
    """Whether a month is closed."""
    return LiabilityClose.objects.filter(month=month.replace(day=1), reopened_at=None).exists()


@transaction.atomic
def reopen(caller: Caller, month: date, reason: str, *, at: datetime) -> LiabilityClose:
    """Reopen the newest closed month: each of its entries is booked the other way round, none is removed.

    Raises:
        MissingScope, ReasonMissing, MonthNotClosed.
        MonthOutOfOrder: a later month is closed.
    """
    caller.require(Scope.POINTS_CLOSE)
    why = checked_reason(reason)
    newest = LiabilityClose.objects.select_for_update().filter(reopened_at=None).order_by("-month").first()
    could_reopen(month)
    assert newest is not None
    LiabilityEntry.objects.bulk_create(
        LiabilityEntry(
            close=newest,
            cause="reversal",
            debit=entry.credit,
            credit=entry.debit,
            amount_minor=entry.amount_minor,
            at=at,
        )
        for entry in newest.entries.order_by("id")
    )
    newest.reopened_at, newest.reopened_by, newest.reopened_why = at, caller.label, why
    newest.save(update_fields=["reopened_at", "reopened_by", "reopened_why"])
    audit.record(caller, "liability.reopened", "month", _named(newest), at=at, reason=why)
    return newest


def _close(caller: Caller, closing: int, at: datetime) -> LiabilityClose:
    zone = settings.LAOKE.zone
    before = _newest()
    if before and number(before.month) + 1 != closing:
        raise MonthOutOfOrder(first_day(number(before.month) + 1))
    in_force = policy.at_version(generations.current(generations.PROGRAMME))
    worth = (in_force.spend.points, in_force.spend.worth_minor)
    booked = _booked(before)
    with hot_cursor() as cursor:
        books = flows.read(cursor, closing, zone)
        totals = books.totals(closing)
        paid = flows.sales(cursor, [month for month in totals if month not in booked], zone)
    cohorts = books.cohorts(closing)
    curve = fit(cohorts)
    held = books.held(closing)
    opening: dict[int, Book] = booked
    if before is None:
        # As it would have been valued then, without what is known now.
        early = _expected(books, fit(books.cohorts(closing - 1)), closing - 1)
        opening = {
            month: advance(Book(), _facts(of, early.get(month, 0)), paid.get(month, 0), worth)[0]
            for month, of in books.totals(closing - 1).items()
        }
    expected = _expected(books, curve, closing)
    steps = {
        month: advance(
            opening.get(month, Book()), _facts(of, expected.get(month, 0)), paid.get(month, 0), worth
        )
        for month, of in totals.items()
    }
    points_open = sum(each.points for each in held)
    lapse = lapsing(curve, held, closing)
    span = interval(cohorts, lambda other: lapsing(other, held, closing), points_open)
    liability = sum(book.liability_minor for book, _ in steps.values())
    bounds: list[int] | None = None
    if span:
        bounds = [
            _liability_if(other, lapse, totals, expected, (opening, paid, worth))
            for other in (span.high, span.low)
        ]
    start = books.movement(closing - 1)
    since = before.movement["sums"] if before else start
    done = LiabilityClose.objects.create(
        month=first_day(closing),
        closed_at=at,
        closed_by=caller.label,
        worth_points=worth[0],
        worth_minor=worth[1],
        points_open=points_open,
        points_debt=books.debt(closing),
        lapsing=lapse,
        lapsing_low=span.low if span else None,
        lapsing_high=span.high if span else None,
        liability_minor=liability,
        liability_low_minor=bounds[0] if bounds else None,
        liability_high_minor=bounds[1] if bounds else None,
        paid_minor=paid.get(closing, 0),
        postings=books.postings,
        movement=_movement(since, books.movement(closing)),
        late={what: start[what] - since[what] for what in flows.MOVES if start[what] != since[what]},
        expiries=_expiries(curve, books, closing),
        curve=list(curve.hazards),
        held=[[each.month, each.expires, each.points] for each in held],
    )
    ends = _ends(held)
    LiabilityCohort.objects.bulk_create(
        LiabilityCohort(
            close=done,
            month=first_day(month),
            purchased=of.purchased,
            granted=of.granted,
            withdrawn=of.withdrawn,
            redeemed=of.redeemed,
            expired=of.expired,
            open=of.open,
            lapsing=of.open - expected.get(month, 0),
            ends_first=ends.get(month, (None, None))[0],
            ends_last=ends.get(month, (None, None))[1],
            deferral_minor=steps[month][0].deferral_minor,
            grants_minor=steps[month][0].grants_minor,
            taken_back_minor=steps[month][0].taken_back_minor,
            released_minor=steps[month][0].released_minor,
        )
        for month, of in totals.items()
    )
    moved = [movement for _, movement in steps.values()]
    carried = 0 if before else sum(book.liability_minor for book in opening.values())
    LiabilityEntry.objects.bulk_create(
        LiabilityEntry(close=done, cause=cause, debit=debit, credit=credit, amount_minor=amount, at=at)
        for cause, debit, credit, amount in _entries(carried, moved)
    )
    audit.record(
        caller,
        "liability.closed",
        "month",
        _named(done),
        at=at,
        after={"points": points_open},
    )
    return done


def _newest() -> LiabilityClose | None:
    return LiabilityClose.objects.filter(reopened_at=None).order_by("-month").first()


def _over(closing: int, at: datetime) -> None:
    if start_of_day(first_day(closing + 1), settings.LAOKE.zone) > at:
        raise MonthNotOver(first_day(closing))


def _nothing_waits(closing: int, at: datetime) -> None:
    over = start_of_day(first_day(closing + 1), settings.LAOKE.zone)
    if waiting := adjustments.waiting_before(over, at=at):
        raise RequestsOpen(waiting)


def _named(close: LiabilityClose) -> str:
    return f"{close.month:%Y-%m}"


@contextmanager
def _snapshot() -> Iterator[None]:
    """One transaction that sees one state of the ledger throughout."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("set transaction isolation level repeatable read")
        yield


def _booked(before: LiabilityClose | None) -> dict[int, Book]:
    if before is None:
        return {}
    return {
        number(row.month): Book(
            purchased=row.purchased,
            granted=row.granted,
            redeemed=row.redeemed,
            expected=row.open - row.lapsing,
            deferral_minor=row.deferral_minor,
            grants_minor=row.grants_minor,
            taken_back_minor=row.taken_back_minor,
            released_minor=row.released_minor,
        )
        for row in before.cohorts.all()
    }


def _facts(of: Totals, expected: int) -> Facts:
    return Facts(of.purchased, of.granted, of.withdrawn, of.redeemed, of.expired, expected)


def _expected(books: Books, curve: Curve, until: int) -> dict[int, int]:
    """Of the points open at the end of month `until`, how many will be redeemed, by month of issue."""
    found: dict[int, int] = {}
    for each in books.held(until):
        found[each.month] = found.get(each.month, 0) + each.points - lapse_of(curve, each, until)
    return found


def _liability_if(
    lapse: int,
    counted: int,
    totals: dict[int, Totals],
    expected: dict[int, int],
    priced: tuple[dict[int, Book], dict[int, int], tuple[int, int]],
) -> int:
    """The liability, were `lapse` points expected to lapse instead of `counted`: every month of issue in proportion."""
    opening, paid, worth = priced
    whole = sum(of.open for of in totals.values())
    found = 0
    for month, of in totals.items():
        lapsing = of.open - expected.get(month, 0)
        if lapse > counted:
            # More of what was expected to be redeemed lapses.
            lapsing += round_ratio((of.open - lapsing) * (lapse - counted), whole - counted, Rounding.HALF_UP)
        elif counted:
            lapsing = round_ratio(lapsing * lapse, counted, Rounding.HALF_UP)
        facts = _facts(of, of.open - lapsing)
        book, _ = advance(opening.get(month, Book()), facts, paid.get(month, 0), worth)
        found += book.liability_minor
    return found


def _ends(held: list[Held]) -> dict[int, tuple[date, date | None]]:
    """When open points end, by month of issue: the first and the last month, None for the last if some never do."""
    found: dict[int, tuple[date, date | None]] = {}
    for issued in {each.month for each in held}:
        months = [each.expires for each in held if each.month == issued]
        known = [month for month in months if month is not None]
        if known:
            last = first_day(max(known)) if len(known) == len(months) else None
            found[issued] = (first_day(min(known)), last)
    return found


def _movement(since: dict[str, int], until: dict[str, int]) -> dict[str, object]:
    moved = {what: until[what] - since[what] for what in flows.MOVES}
    return {"opening": sum(since.values()), **moved, "closing": sum(until.values()), "sums": until}


def _expiries(curve: Curve, books: Books, closing: int) -> list[dict[str, object]]:
    found = []
    held = books.held(closing)
    for month in range(closing + 1, closing + 1 + AHEAD):
        ending = [each for each in held if each.expires == month]
        found.append(
            {
                "month": f"{first_day(month):%Y-%m}",
                "points": sum(each.points for each in ending),
                "lapsing": lapsing(curve, ending, closing),
            }
        )
    return found


def _entries(carried: int, moved: list[Movement]) -> Iterator[tuple[str, str, str, int]]:
    """Cause, debit, credit, amount; an amount below zero goes the other way round."""
    lines = (
        ("opening", OPENING, LIABILITY, carried),
        ("deferral", REVENUE, LIABILITY, sum(each.deferral for each in moved)),
        ("grants", EXPENSE, LIABILITY, sum(each.grants for each in moved)),
        ("taken-back", LIABILITY, REVENUE, sum(each.taken_back for each in moved)),
        ("redemption", LIABILITY, REVENUE, sum(each.redemption for each in moved)),
        ("breakage", LIABILITY, REVENUE, sum(each.breakage for each in moved)),
        ("true-up", LIABILITY, REVENUE, sum(each.true_up for each in moved)),
    )
    for cause, debit, credit, amount in lines:
        if amount > 0:
            yield cause, debit, credit, amount
        elif amount < 0:
            yield cause, credit, debit, -amount

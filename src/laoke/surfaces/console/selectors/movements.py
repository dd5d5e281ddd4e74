"""Every movement of points, the newest first: by kind, member, store and day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from laoke.foundation import paging
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.members.errors import UnknownMember
from laoke.points import selectors as points
from laoke.surfaces.console.labels import HAPPENINGS
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.happenings import told
from laoke.surfaces.console.selectors.member.statement import last_day
from laoke.surfaces.console.selectors.stores import Place, limit_of, places
from laoke.surfaces.console.templatetags.figures import named

_PACKAGE = "laoke.surfaces.console"
PAGE = 50
# Every kind of movement, as the list offers them; a transfer goes one way or the other.
KINDS: dict[str, Any] = {
    **{
        kind: HAPPENINGS[kind][0]
        for kind in (
            "accrual",
            "redemption",
            "clawback",
            "restoration",
            "adjustment",
            "expiry",
            "repayment",
            "merge",
        )
    },
    "transfer": _lazy("Between members"),
}
# With a store chosen, movements of others are passed over: so many are looked through for one page.
_WALKS = (2_000, 10_000, 40_000)
_FILE_WALK = 10_000
_LONGEST_ID = 18
_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MovementFilter:
    """What the list is narrowed to; empty: anything. Days are those of the shop's zone, both included."""

    kind: str = ""
    member: str = ""
    store: str = ""
    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.member or self.store or self.since or self.until)


@dataclass(frozen=True, slots=True)
class MovementLine:
    """One movement of one lot, or of the debt where `lot_id` is None; the lot can be used through `last_day`."""

    id: int
    at: datetime
    kind: str
    label: Any
    contra: str
    points: int
    note: str
    member_id: int
    name: str
    lot_id: int | None
    last_day: date | None
    order_id: int | None
    order_no: str
    store: Named | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What the member that the list is narrowed to has now."""

    available: int
    held: int
    pending: int
    debt: int


@dataclass(frozen=True, slots=True)
class MovementsPage:
    """A page. `misread`: a day or a number that is none. `looked_to`: how far was looked where the page is not full and
    there is more. `orders`: whether the reader may open orders."""

    filter: MovementFilter
    misread: bool
    rows: tuple[MovementLine, ...]
    kinds: tuple[tuple[str, Any], ...]
    places: tuple[Place, ...]
    holding: Holding | None
    after: str
    later: bool
    looked_to: datetime | None
    orders: bool


class _Mark(NamedTuple):
    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A filter as the statements take it. `stores` None: all, and movements without an order."""

    kinds: tuple[str, ...]
    member_id: int | None
    stores: tuple[int, ...] | None
    since: datetime
    begins: _Mark
    misread: bool


class _Walked(NamedTuple):
    seen: int
    last: _Mark
    ids: list[int]


def movements_page(caller: Caller, asked: MovementFilter, after: str | None, at: datetime) -> MovementsPage:
    """A page of movements. A caller limited to stores sees those of orders there.

    Raises:
        MissingScope, BadCursor
    """
    caller.require(Scope.POINTS_READ)
    known = places(caller)
    wanted = _wanted(caller, asked, known)
    below = paging.read(after, paging.instant, paging.number)
    mark, ended = _Mark(*below) if below else wanted.begins, False
    ids: list[int] = []
    for walk in (PAGE + 1,) if wanted.stores is None else _WALKS:
        walked = _walk(wanted, mark, walk)
        ids += walked.ids
        ended = walked.seen < walk
        if ended or len(ids) > PAGE:
            break
        mark = walked.last
    rows = _lines(ids[:PAGE])
    full = len(ids) > PAGE
    further = paging.write(rows[-1].at, rows[-1].id) if full else "" if ended else paging.write(*mark)
    return MovementsPage(
        filter=asked,
        misread=wanted.misread,
        rows=rows,
        kinds=tuple(KINDS.items()),
        places=known,
        holding=_holding(wanted, caller, at),
        after=further,
        later=below is not None,
        looked_to=None if full or ended else mark.at,
        orders=Scope.ORDERS_READ in caller.scopes,
    )


def movement_rows(caller: Caller, asked: MovementFilter) -> Iterator[list[str]]:
    """All movements of a filter as rows of text for a file, the head first; a part of them in memory at a time.

    Raises:
        MissingScope: at once.
    """
    caller.require(Scope.POINTS_READ)
    wanted = _wanted(caller, asked, places(caller))
    # The language of the page is over when the file is written.
    language = translation.get_language() or settings.LANGUAGE_CODE
    head = [
        pgettext("of an entry", "Number"),
        _("Time"),
        _("Member number"),
        _("Member"),
        _("What"),
        _("What, code"),
        _("Points"),
        _("Other side"),
        _("Lot"),
        _("Last day"),
        _("Order"),
        _("Store"),
        _("Note"),
    ]

    def rows() -> Iterator[list[str]]:
        yield head
        mark = wanted.begins
        while True:
            walked = _walk(wanted, mark, _FILE_WALK)
            for line in _lines(walked.ids):
                with translation.override(language):
                    yield _cells(line)
            if walked.seen < _FILE_WALK:
                return
            mark = walked.last

    return rows()


def _wanted(caller: Caller, asked: MovementFilter, known: Sequence[Place]) -> _Wanted:
    zone = settings.LAOKE.zone
    since, until = _day(asked.since), _day(asked.until)
    member_id = _number(asked.member)
    place = next((each for each in known if each.key == asked.store), None)
    stores = tuple(sorted(place.stores)) if place else None
    if stores is None and (limited := limit_of(caller)) is not None:
        stores = tuple(limited)
    last = _END if until is None else datetime.combine(until + timedelta(days=1), time.min, zone)
    return _Wanted(
        kinds=(asked.kind,) if asked.kind in KINDS else tuple(KINDS),
        member_id=member_id,
        stores=stores,
        since=_BEGINNING if since is None else datetime.combine(since, time.min, zone),
        begins=_Mark(last, 0),
        misread=bool(asked.since and since is None)
        or bool(asked.until and until is None)
        or bool(asked.member and member_id is None)
        or bool(asked.store and place is None),
    )


def _walk(wanted: _Wanted, mark: _Mark, walk: int) -> _Walked:
    values = {
        "kinds": list(wanted.kinds),
        "member_id": wanted.member_id,
        "stores": None if wanted.stores is None else list(wanted.stores),
        "since": wanted.since,
        "mark_at": mark.at,
        "mark_id": mark.id,
        "walk": walk,
    }
    name = "movements_walk" if wanted.member_id is None else "movements_of_member"
    with hot_cursor() as cursor:
        row = cursor.execute(load(_PACKAGE, name), values).fetchone()
    assert row is not None
    count, last_at, last_id, ids = row
    return _Walked(count, _Mark(last_at, last_id) if count else mark, ids)


def _lines(ids: Sequence[int]) -> tuple[MovementLine, ...]:
    if not ids:
        return ()
    with hot_cursor() as cursor:
        rows = cursor.execute(load(_PACKAGE, "movements"), {"ids": list(ids)}).fetchall()
    return tuple(
        MovementLine(
            id=posting_id,
            at=at,
            kind=kind,
            label=_label(kind, amount, order_no, note),
            contra=contra,
            points=amount,
            note=told(kind, order_no, note)[2],
            member_id=member_id,
            name=name,
            lot_id=lot_id,
            last_day=last_day(expires_at) if expires_at else None,
            order_id=order_id,
            order_no=order_no or "",
            store=Named(store, store_en or store) if store else None,
        )
        for (
            posting_id, at, kind, contra, amount, note, member_id, name, lot_id, expires_at, order_id, order_no,
            store, store_en,
        ) in rows
    )  # fmt: skip


def _label(kind: str, amount: int, order_no: str | None, note: str) -> Any:
    if kind == "transfer":
        kind = "transfer:in" if amount > 0 else "transfer:out"
    return told(kind, order_no, note)[0]


def _holding(wanted: _Wanted, caller: Caller, at: datetime) -> Holding | None:
    """Of a member; nobody limited to stores is told what was earned elsewhere."""
    if wanted.member_id is None or caller.stores is not None:
        return None
    try:
        found = points.account(wanted.member_id, at)
    except UnknownMember:
        return None
    return Holding(found.available, found.held, found.pending, found.debt)


def _cells(line: MovementLine) -> list[str]:
    return [
        str(line.id),
        line.at.astimezone(settings.LAOKE.zone).isoformat(timespec="seconds"),
        str(line.member_id),
        line.name,
        str(line.label),
        line.kind,
        str(line.points),
        line.contra,
        _("debt") if line.lot_id is None else str(line.lot_id),
        "" if line.last_day is None else line.last_day.isoformat(),
        line.order_no,
        named(line.store) if line.store else "",
        line.note,
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_ID else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # The day after it has to exist, and to be one the database can hold in any zone.
    return day if 1900 < day.year < 9999 else None

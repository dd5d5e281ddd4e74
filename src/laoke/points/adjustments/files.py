"""Adjustments from a file: checked as a whole, then booked in batches, each member under lock.

A run that was stopped or killed goes on with the next one; what was booked under a name is not booked again, whatever
stands around it in the file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from laoke.engine.ledger.errors import InsufficientPoints
from laoke.engine.ledger.terms import OrderOfUse
from laoke.foundation import generations
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.errors import LaokeError
from laoke.members import selectors as members
from laoke.members.errors import ReasonMissing
from laoke.members.normal.person import checked_reason
from laoke.points import policy, services
from laoke.points.adjustments.errors import BadFile
from laoke.points.adjustments.limits import LARGEST
from laoke.points.adjustments.models import AdjustmentFile, AdjustmentRow

_PACKAGE = "laoke.points.adjustments"
# Whose accounts are locked at once, and for how long tills that serve one of them wait.
BATCH = 2_000
_READ = 20_000
_LONGEST_NAME = 120


class Row(NamedTuple):
    """One row as it stands in the file. `line` counts from the header, which is line 1."""

    line: int
    member: str
    points: str
    reason: str


class Refused(NamedTuple):
    """A row that was not booked, and why: member, unknown, erased, points, reason, short, merged."""

    line: int
    why: str


class Watch(Protocol):
    """Who looks on."""

    @property
    def stop_requested(self) -> bool:
        """Whether to end after the batch in hand."""

    def phase(self, name: str, total: int = 0) -> None:
        """A new stretch of work begins."""

    def advance(self, count: int) -> None:
        """So many more rows are done."""


@dataclass(slots=True)
class Outcome:
    """What became of a file. `points` are given less taken."""

    name: str
    rows: int = 0
    booked: int = 0
    known: int = 0
    points: int = 0
    stopped: bool = False
    refused: list[Refused] = field(default_factory=list)


def adjust(
    caller: Caller,
    name: str,
    rows: Iterable[Row],
    *,
    by: str,
    at: datetime,
    watch: Watch,
    dry_run: bool = False,
    batch: int = BATCH,
) -> Outcome:
    """Book the adjustments of a file. Needs no open transaction; each batch is one.

    Args:
        name: what a repeat goes by: under the same name the same rows are booked once.
        by: what the file names members by: member_id, card, phone ...
        dry_run: check everything, book nothing.
    Raises:
        MissingScope, OutsideStores.
        BadFile: a name that cannot be one, or another run of this name is under way.
    """
    caller.require(Scope.POINTS_ADJUST)
    caller.require_whole_shop()
    if not (1 <= len(name) <= _LONGEST_NAME and name.isprintable()):
        raise BadFile(_("The name of the file takes 1 to 120 printable characters."))
    outcome = Outcome(name)
    with _alone(name):
        with transaction.atomic(), hot_cursor() as cursor:
            _read(cursor, rows, by, outcome, watch)
            fresh = _keep(cursor, caller, outcome, at)
            if dry_run:
                outcome.refused += _short(cursor, outcome.name, at)
                transaction.set_rollback(True)
        if not dry_run:
            watch.phase("booking", fresh)
            _book(caller, outcome, at, watch, batch)
    outcome.refused.sort()
    return outcome


def _read(cursor: psycopg.Cursor[Any], rows: Iterable[Row], by: str, outcome: Outcome, watch: Watch) -> None:
    """Bring the rows that can be used into a table at hand."""
    cursor.execute("drop table if exists pg_temp.adjusting")
    cursor.execute(
        "create temp table adjusting (line int, member_id bigint, points int, reason text) on commit drop"
    )
    watch.phase("reading")
    reasons: dict[str, str | None] = {}
    for part in _parts(rows, _READ):
        owners, bad = _owners(by, (row.member for row in part))
        with cursor.copy("copy adjusting from stdin") as copy:
            for row in part:
                points, member_id = _points(row.points), owners.get(row.member)
                if row.reason not in reasons:
                    reasons[row.reason] = _reason(row.reason)
                why = reasons[row.reason]
                if member_id is None:
                    outcome.refused.append(Refused(row.line, "member" if row.member in bad else "unknown"))
                elif points is None:
                    outcome.refused.append(Refused(row.line, "points"))
                elif why is None:
                    outcome.refused.append(Refused(row.line, "reason"))
                else:
                    copy.write_row((row.line, member_id, points, why))
        outcome.rows += len(part)
        watch.advance(len(part))
    while cursor.execute(load(_PACKAGE, "living")).rowcount:
        pass
    cursor.execute("analyze adjusting")
    gone = cursor.execute(load(_PACKAGE, "nobody")).fetchall()
    outcome.refused += [Refused(*row) for row in gone]


def _keep(cursor: psycopg.Cursor[Any], caller: Caller, outcome: Outcome, at: datetime) -> int:
    """Keep the rows that are new. What an earlier run left undone is forgotten: this file says it anew, or does not."""
    file, made = AdjustmentFile.objects.get_or_create(
        name=outcome.name, defaults={"begun_at": at, "begun_by": caller.label}
    )
    if not made:
        left = AdjustmentRow.objects.filter(file=file)
        (left.filter(number__gt=file.done) | left.exclude(refused="")).delete()
    values = {"file": file.pk, "done": file.done, "at": at}
    row = cursor.execute(load(_PACKAGE, "keep_rows"), values).fetchone()
    assert row is not None
    fresh = int(row[0])
    outcome.known = outcome.rows - len(outcome.refused) - fresh
    return fresh


def _book(caller: Caller, outcome: Outcome, at: datetime, watch: Watch, batch: int) -> None:
    file = AdjustmentFile.objects.get(name=outcome.name)
    in_force = policy.at_version(generations.current(generations.PROGRAMME))
    run = _Run(caller, at, in_force.terms.validity.ends(at, settings.LAOKE.zone), in_force.terms.order_of_use)
    while not outcome.stopped:
        with transaction.atomic(), hot_cursor() as cursor:
            rows = cursor.execute(
                "select number, line, member_id, points, reason from points_adjustmentrow "
                "where file_id = %s and number > %s order by number limit %s",
                (file.pk, file.done, batch),
            ).fetchall()
            if not rows:
                break
            refused = run.book(cursor, [_Waiting(*row) for row in rows])
            if refused:
                cursor.execute(
                    "update points_adjustmentrow r set refused = t.why "
                    "from unnest(%s::int[], %s::text[]) as t (number, why) "
                    "where r.file_id = %s and r.number = t.number",
                    (list(refused), list(refused.values()), file.pk),
                )
            file.done = rows[-1][0]
            file.save(update_fields=["done"])
        lines = {row[0]: row[1] for row in rows}
        outcome.refused += [Refused(lines[number], why) for number, why in refused.items()]
        outcome.booked += len(rows) - len(refused)
        outcome.points += sum(row[3] for row in rows if row[0] not in refused)
        watch.advance(len(rows))
        outcome.stopped = watch.stop_requested
    if outcome.booked:
        told = {"rows": outcome.booked, "points": outcome.points, "name": outcome.name}
        audit.record(caller, "points.adjusted_many", "adjustment_file", file.pk, at=at, after=told)


class _Waiting(NamedTuple):
    number: int
    line: int
    member_id: int
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Run:
    """What all batches of a run have in common."""

    caller: Caller
    at: datetime
    expires_at: datetime
    order: OrderOfUse

    def book(self, cursor: psycopg.Cursor[Any], rows: list[_Waiting]) -> dict[int, str]:
        """Book rows, several of a member one after the other; returns those that cannot be, with why."""
        ids = sorted({row.member_id for row in rows})
        locked = {
            row[0]: row[1:]
            for row in cursor.execute(
                # The member first, as ledger.lock does, all in the order of their numbers.
                "select m.id, m.status, a.debt > 0 or a.held > 0 from members_member m "
                "join points_account a on a.member_id = m.id where m.id = any(%s) order by m.id "
                "for key share of m for no key update of a",
                (ids,),
            ).fetchall()
        }
        refused: dict[int, str] = {}
        left = []
        for row in rows:
            status = locked[row.member_id][0] if row.member_id in locked else "unknown"
            if status in ("merged", "erased", "unknown"):
                refused[row.number] = status
            else:
                left.append(row)
        while left:
            seen: set[int] = set()
            later: list[_Waiting] = []
            now: list[_Waiting] = []
            for row in left:
                (later if row.member_id in seen else now).append(row)
                seen.add(row.member_id)
            self._round(cursor, now, {row.member_id: locked[row.member_id][1] for row in now}, refused)
            left = later
        return refused

    def _round(
        self,
        cursor: psycopg.Cursor[Any],
        rows: list[_Waiting],
        by_hand: Mapping[int, bool],
        refused: dict[int, str],
    ) -> None:
        """At most one row of each member. What is owed or set aside only the ledger settles: few have either."""
        plain = [row for row in rows if not by_hand[row.member_id]]
        gives = [row for row in plain if row.points > 0]
        takes = [row for row in plain if row.points < 0]
        if gives:
            held = self._available(cursor, [row.member_id for row in gives])
            values = self._values(gives) | {
                "available": [held.get(row.member_id, 0) for row in gives],
                "expires_at": self.expires_at,
            }
            cursor.execute(load(_PACKAGE, "give"), values)
        if takes:
            values = self._values(takes) | {"by_age": self.order is OrderOfUse.AGE}
            gave = {row[0] for row in cursor.execute(load(_PACKAGE, "take"), values).fetchall()}
            refused.update((row.number, "short") for row in takes if row.member_id not in gave)
        for row in rows:
            if by_hand[row.member_id]:
                try:
                    services.move(row.member_id, row.points, row.reason, at=self.at)
                except InsufficientPoints:
                    refused[row.number] = "short"

    def _available(self, cursor: psycopg.Cursor[Any], ids: list[int]) -> dict[int, int]:
        rows = cursor.execute(
            "select member_id, sum(remaining - held) from points_lot where member_id = any(%(ids)s) "
            "and remaining > 0 and expires_at > %(at)s and (available_at is null or available_at <= %(at)s) "
            "group by member_id",
            {"ids": ids, "at": self.at},
        ).fetchall()
        return {row[0]: int(row[1]) for row in rows}

    def _values(self, rows: list[_Waiting]) -> dict[str, Any]:
        return {
            "members": [row.member_id for row in rows],
            "points": [abs(row.points) for row in rows],
            "reasons": [row.reason for row in rows],
            "at": self.at,
            "recorded_at": self.at,
        }


def _short(cursor: psycopg.Cursor[Any], name: str, at: datetime) -> list[Refused]:
    """Rows that would take more than there is, of those kept a moment ago."""
    found: list[Refused] = []
    left: dict[int, tuple[int, int]] = {}
    rows = cursor.execute(load(_PACKAGE, "would_be_short"), {"name": name, "at": at}).fetchall()
    for line, member_id, points, available, debt in rows:
        available, debt = left.get(member_id, (available, debt))
        if points > 0:
            available += points
            repaid = min(debt, available)
            available, debt = available - repaid, debt - repaid
        elif -points <= available:
            available += points
        else:
            found.append(Refused(line, "short"))
        left[member_id] = available, debt
    return found


def _owners(by: str, values: Iterable[str]) -> tuple[dict[str, int], Mapping[str, LaokeError | None]]:
    if by != "member_id":
        return members.find_many(by, set(values))
    owners: dict[str, int] = {}
    bad: dict[str, LaokeError | None] = {}
    for value in values:
        if value.isascii() and value.isdigit() and len(value) <= 18:
            owners[value] = int(value)
        else:
            bad[value] = None
    return owners, bad


def _points(text: str) -> int | None:
    text = text.strip().replace("−", "-").replace("－", "-").removeprefix("+")
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 8):
        return None
    points = int(text)
    return points if 1 <= abs(points) <= LARGEST else None


def _reason(text: str) -> str | None:
    try:
        return checked_reason(text)
    except ReasonMissing:
        return None


def _parts(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    every = iter(rows)
    while part := list(itertools.islice(every, size)):
        yield part


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One run of a name at a time, however it ends: the lock goes with the connection."""
    key = f"laoke adjustment file {name}"
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise BadFile(_("Another run of this file is under way."))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [key])

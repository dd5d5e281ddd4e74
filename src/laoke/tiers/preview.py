"""What a ladder would do to everybody, looked at before it holds; and doing exactly that.

A preview judges every member by a ladder as at a review of that instant and keeps who would move. Applying it puts the
ladder in force and moves those members, as of the instant of the preview. Members who bought, returned or moved since
are judged anew as of now; where that comes to something else for too many, the preview is refused as outdated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings
from django.db import transaction

from laoke.engine.tiering import Ladder, Move
from laoke.foundation import generations, sql
from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit.services import record
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import months_before, start_of_day
from laoke.tiers import clock, moving
from laoke.tiers import ladder as ladders
from laoke.tiers.errors import PreviewOutdated, UnknownPreview
from laoke.tiers.judging import Bench, Numbers
from laoke.tiers.models import Standing, TierPreview, TierPreviewMove

MEMBERS = sql.load("laoke.tiers", "members_to_judge")
SINCE = sql.load("laoke.tiers", "moved_since")
BATCH = 20_000
MOVED_AT_ONCE = 2_000
KEPT_DAYS = 7
# More members than these, and more than one of twenty who would move: what was looked at is not what would happen.
FEW, ONE_OF = 10, 20
State = TierPreview.State
Advance = Callable[[int], bool]
Check = Callable[[Ladder], object]


class Cell(NamedTuple):
    """Members who would go from one tier to another, or stay, and the money they paid in twelve months."""

    from_tier: str
    to_tier: str
    members: int
    spend_minor: int


class TierCount(NamedTuple):
    """Members of a tier before and after; and what a member of it cost in benefits in twelve months.

    `benefit_minor` is None where nothing is known: the tier is new, or nobody was on it. `unchanged`: members of it if
    everybody were judged by the ladder in force; what differs from that the rules make, the rest would come anyway.
    """

    code: str
    before: int
    after: int
    benefit_minor: int | None
    unchanged: int


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview as it was made. `cost_minor`: more benefits in a year than by the ladder in force, at what members of
    each tier had; None: unknown.

    `outcomes`: once applied, members who moved `as_previewed`, `otherwise`, and those judged anew who `stayed`.
    """

    number: int
    state: str
    as_of: datetime
    made_by: str
    document: Mapping[str, Any]
    judged: int
    up: int
    down: int
    spend_minor: int
    cost_minor: int | None
    tiers: tuple[TierCount, ...]
    cells: tuple[Cell, ...]
    outcomes: Mapping[str, int]


def make(
    caller: Caller, ladder: Ladder, *, at: datetime, batch: int = BATCH, advance: Advance | None = None
) -> Preview | None:
    """Judge everybody by a ladder as of `at`, and keep who would move. Nobody is moved.

    Returns:
        None when it was stopped (`advance` is told the members done and returns False): nothing is kept.
    Raises:
        MissingScope
    """
    caller.require(Scope.PROGRAMME_WRITE)
    row = _row(caller, ladder, at)
    bench = Bench.at(ladder, at, months_before(at, 12, settings.LAOKE.zone))
    held = _in_force()
    as_it_is = bench if held == ladder else Bench.at(held, at)
    unchanged: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    spend: Counter[tuple[str, str]] = Counter()
    after = 0
    while members := _members(at, after, batch):
        ids = [member_id for member_id, *_ in members]
        with hot_cursor() as cursor:
            numbers = bench.numbers(cursor, ids)
            others = numbers if as_it_is is bench else as_it_is.numbers(cursor, ids)
            with cursor.copy(
                "copy tiers_tierpreviewmove (preview_id, member_id, from_tier, to_tier) from stdin"
            ) as copy:
                for member_id, tier, floor, settled in members:
                    mine = numbers.get(member_id)
                    move = bench.judge(tier, floor, mine, settled=settled)
                    cell = (tier, move.to_tier if move else tier)
                    cells[cell] += 1
                    stays = (
                        move
                        if as_it_is is bench
                        else as_it_is.judge(tier, floor, others.get(member_id), settled=settled)
                    )
                    unchanged[stays.to_tier if stays else tier] += 1
                    if mine:
                        spend[cell] += mine[-2]
                    if move:
                        copy.write_row((row.pk, member_id, *cell))
        after = ids[-1]
        if advance and not advance(len(ids)):
            TierPreview.objects.filter(pk=row.pk).delete()
            return None
    row.found = _found(ladder, cells, spend, unchanged, at)
    row.state = State.READY
    row.save(update_fields=["found", "state"])
    return _view(row)


def everybody() -> int:
    """How many members a preview judges."""
    return Standing.objects.count()


def of(number: int) -> Preview:
    """A preview that was made.

    Raises:
        UnknownPreview: there is none of this number.
    """
    return _view(_get(number))


def newest(most: int = 20) -> list[Preview]:
    """The newest previews, the newest first."""
    rows = TierPreview.objects.exclude(state=State.MAKING).order_by("-id")[:most]
    return [_view(row) for row in rows]


def sample(number: int, from_tier: str, to_tier: str, most: int = 20) -> list[int]:
    """Some of the members who would move from one tier to another, those longest in the programme first."""
    moves = TierPreviewMove.objects.filter(preview_id=number, from_tier=from_tier, to_tier=to_tier)
    return list(moves.order_by("member_id").values_list("member_id", flat=True)[:most])


def changes(number: int) -> bool:
    """Whether a preview is of another ladder than the one it was made under."""
    row = _get(number)
    return bool(row.document != row.before)


def digest(number: int) -> str:
    """A fingerprint of what a preview shows: its ladder, the one in force then, and what came of it."""
    row = _get(number)
    shown = orjson.dumps([row.document, row.before, row.found], option=orjson.OPT_SORT_KEYS)
    return sha256(shown).hexdigest()


def apply(
    caller: Caller,
    number: int,
    *,
    at: datetime,
    advance: Advance | None = None,
    check: Check | None = None,
) -> Preview:
    """Put the ladder of a preview in force and move exactly whom it moves. A stopped run goes on when it is repeated,
    and a repeat of a finished one changes nothing.

    The ladder holds for everybody from the first commit on; members follow in batches.

    Args:
        check: raises where the ladder does not fit what else is published. It runs before anything is held, and again
            when the programme changed until then; not when the ladder holds already.
    Raises:
        MissingScope, UnknownPreview, what `check` raises: nothing is published and nobody is moved.
        PreviewOutdated: the ladder in force is another one than it was made under, it is older than KEPT_DAYS, or too
            many members would move otherwise by now.
    """
    caller.require(Scope.PROGRAMME_WRITE)
    row = _get(number)
    if row.state == State.READY:
        row = _begun(caller, row, at, check)
    if row.state == State.APPLIED:
        return _view(row)
    ladder = ladders.parse(row.document)
    while done := _apply_batch(row, ladder, at):
        if advance and not advance(done):
            return _view(row)
    row.state = State.APPLIED
    row.save(update_fields=["state"])
    return _view(row)


def to_apply(number: int) -> int:
    """How many members applying has still to look at, those who moved meanwhile not counted."""
    return TierPreviewMove.objects.filter(preview_id=number, outcome="").count()


def rejudge(caller: Caller, *, at: datetime, advance: Advance | None = None) -> Preview | None:
    """Judge everybody by the ladder in force now, and move them; first goes on with what was stopped.

    Returns:
        None when it was stopped before anybody was moved.
    Raises:
        MissingScope
    """
    row = TierPreview.objects.filter(state=State.APPLYING).order_by("-id").first()
    if row is not None:
        return apply(caller, row.pk, at=at, advance=advance)
    made = make(caller, _in_force(), at=at, advance=advance)
    return made and apply(caller, made.number, at=at, advance=advance)


def _get(number: int) -> TierPreview:
    row = TierPreview.objects.filter(pk=number).exclude(state=State.MAKING).first()
    if row is None:
        raise UnknownPreview
    return row


def _in_force() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))


def _row(caller: Caller, ladder: Ladder, at: datetime) -> TierPreview:
    with hot_cursor() as cursor:
        marks = [
            cursor.execute(f"select coalesce(max(id), 0) from {table}").fetchone()[0]  # type: ignore[index]  # noqa: S608 -- ours
            for table in ("purchases_order", "purchases_orderreturn", "tiers_tierchange")
        ]
    return TierPreview.objects.create(
        document=ladders.to_document(ladder),
        before=ladders.to_document(_in_force()),
        state=State.MAKING,
        as_of=at,
        made_by=caller.label,
        last_order=marks[0],
        last_return=marks[1],
        last_change=marks[2],
    )


def _members(at: datetime, after: int, batch: int) -> list[tuple[int, str, str, bool]]:
    parameters = {"day": _day(at), "after": after, "batch": batch}
    with hot_cursor() as cursor:
        return cursor.execute(MEMBERS, parameters).fetchall()


def _day(at: datetime) -> datetime:
    return start_of_day(_date(at), settings.LAOKE.zone)


def _date(at: datetime) -> date:
    return at.astimezone(settings.LAOKE.zone).date()


def _found(
    ladder: Ladder,
    cells: Counter[tuple[str, str]],
    spend: Counter[tuple[str, str]],
    unchanged: Counter[str],
    at: datetime,
) -> dict[str, Any]:
    before, after = Counter[str](), Counter[str]()
    for (source, target), members in cells.items():
        before[source] += members
        after[target] += members
    codes = [tier.code for tier in ladder.tiers]
    codes += sorted((set(before) | set(unchanged)) - set(codes))
    cost = _benefits(at)
    per_member = {
        code: cost.get(code, 0) // before[code] if cost and before[code] else None for code in codes
    }
    return {
        "tiers": [[code, before[code], after[code], per_member[code], unchanged[code]] for code in codes],
        "cells": [
            [*cell, cells[cell], spend[cell]] for cell in sorted(cells, key=lambda c: _order(codes, c))
        ],
    }


def _order(codes: Sequence[str], cell: tuple[str, str]) -> tuple[int, int]:
    return codes.index(cell[0]), codes.index(cell[1])


def _benefits(at: datetime) -> dict[str, int]:
    """What benefits that members used in the last twelve months cost, by their tier then; empty: none has a cost."""
    with hot_cursor() as cursor:
        cursor.execute(
            "select tier, sum(cost_minor)::bigint from benefits_benefituse "
            "where undone_at is null and cost_minor > 0 and used_at > %s group by tier",
            (months_before(at, 12, settings.LAOKE.zone),),
        )
        return dict(cursor.fetchall())


def _view(row: TierPreview) -> Preview:
    found = row.found or {"tiers": [], "cells": []}
    codes = [tier[0] for tier in found["tiers"]]
    # Previews of before the ladder in force was tried beside have the numbers of before.
    tiers = tuple(TierCount(*(tier if len(tier) > 4 else [*tier, tier[1]])) for tier in found["tiers"])
    cells = tuple(Cell(*cell) for cell in found["cells"])
    moving_cells = [cell for cell in cells if cell.from_tier != cell.to_tier]
    # A rung that the ladder no longer has stands behind the others and below them.
    rank = {code: place if code in _codes(row) else -1 for place, code in enumerate(codes)}
    up = sum(cell.members for cell in moving_cells if rank[cell.to_tier] > rank[cell.from_tier])
    moved = sum(cell.members for cell in moving_cells)
    known = all(tier.benefit_minor is not None for tier in tiers if tier.unchanged != tier.after)
    return Preview(
        number=row.pk,
        state=row.state,
        as_of=row.as_of,
        made_by=row.made_by,
        document=row.document,
        judged=sum(cell.members for cell in cells),
        up=up,
        down=moved - up,
        spend_minor=sum(cell.spend_minor for cell in moving_cells),
        cost_minor=sum((tier.after - tier.unchanged) * (tier.benefit_minor or 0) for tier in tiers)
        if known
        else None,
        tiers=tiers,
        cells=cells,
        outcomes=_outcomes(row),
    )


def _codes(row: TierPreview) -> set[str]:
    return {tier["code"] for tier in row.document["tiers"]}


def _outcomes(row: TierPreview) -> dict[str, int]:
    if row.state not in (State.APPLYING, State.APPLIED):
        return {}
    outcomes = TierPreviewMove.objects.filter(preview_id=row.pk).exclude(outcome="")
    counted = Counter(outcomes.values_list("outcome", flat=True))
    return {name: counted[name] for name in ("as_previewed", "otherwise", "stayed")}


def _begun(caller: Caller, row: TierPreview, at: datetime, check: Check | None) -> TierPreview:
    """Check and begin. Checking takes seconds with thousands of offers and holds nobody up."""
    ladder = ladders.parse(row.document)
    while True:
        version = generations.current(generations.PROGRAMME)
        if check and row.document != row.before:
            check(ladder)
        begun = _begin(caller, row.pk, at, version)
        if begun is not None:
            return begun


@transaction.atomic
def _begin(caller: Caller, number: int, at: datetime, version: int) -> TierPreview | None:
    """Put the ladder in force, and note who is judged anew; None: the programme is another than `version` by now."""
    if generations.hold(generations.PROGRAMME) != version:
        return None
    row = TierPreview.objects.select_for_update().get(pk=number)
    if row.state != State.READY:
        return row
    if ladders.to_document(_in_force()) != row.before:
        raise PreviewOutdated("ladder")
    if at - row.as_of > timedelta(days=KEPT_DAYS):
        raise PreviewOutdated("age")
    ladder = ladders.parse(row.document)
    with hot_cursor() as cursor:
        marks: dict[str, Any] = {
            "last_order": row.last_order,
            "last_return": row.last_return,
            "last_change": row.last_change,
        }
        marks |= {"at": row.as_of, "counts_acts": ladder.counts_acts}
        anew = [found[0] for found in cursor.execute(SINCE, marks)]
        differ = _differing(cursor, row, ladder, anew, at)
        moves = TierPreviewMove.objects.filter(preview_id=number).count()
        if differ > FEW and differ * ONE_OF > moves:
            raise PreviewOutdated("members", differ=differ, moves=moves)
        cursor.execute(
            "insert into tiers_tierpreviewmove (preview_id, member_id, from_tier, to_tier, again) "
            "select %s, n, s.tier, s.tier, true from unnest(%s::bigint[]) n "
            "join tiers_standing s on s.member_id = n "
            "on conflict (preview_id, member_id) do update set again = true",
            (number, anew),
        )
        newest_order = cursor.execute("select coalesce(max(id), 0) from purchases_order").fetchone()
    if row.document != row.before:
        ladders.publish(caller, ladder, at=at)
    version = generations.current(generations.PROGRAMME)
    told = {"preview": number, "moves": moves}
    record(caller, "ladder.applied", "programme", version, at=at, after=told)
    row.state, row.applied_at, row.applied_by = State.APPLYING, at, caller.label
    row.orders_then = newest_order[0] if newest_order else 0
    row.save(update_fields=["state", "applied_at", "applied_by", "orders_then"])
    return row


def _differing(
    cursor: psycopg.Cursor[Any], row: TierPreview, ladder: Ladder, anew: Sequence[int], at: datetime
) -> int:
    """How many members would move by now who would not have, or elsewhere, or no more."""
    bench, differ = Bench.at(ladder, at), 0
    for start in range(0, len(anew), BATCH):
        ids = anew[start : start + BATCH]
        previewed = _stored(cursor, row.pk, ids)
        numbers = bench.numbers(cursor, ids)
        for member_id, tier, floor, settled in _stand(cursor, ids, at):
            move = bench.judge(tier, floor, numbers.get(member_id), settled=settled)
            differ += _ways(move) != previewed.get(member_id)
    return differ


def _ways(move: Move | None) -> tuple[str, str] | None:
    return (move.from_tier, move.to_tier) if move else None


def _stored(cursor: psycopg.Cursor[Any], number: int, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    cursor.execute(
        "select member_id, from_tier, to_tier from tiers_tierpreviewmove "
        "where preview_id = %s and member_id = any(%s)",
        (number, list(ids)),
    )
    return {row[0]: (row[1], row[2]) for row in cursor}


def _stand(cursor: psycopg.Cursor[Any], ids: Sequence[int], at: datetime) -> list[tuple[int, str, str, bool]]:
    return cursor.execute(
        "select member_id, tier, floor_tier, since < %s from tiers_standing "
        "where member_id = any(%s) order by member_id",
        (_day(at), list(ids)),
    ).fetchall()


@transaction.atomic
def _apply_batch(row: TierPreview, ladder: Ladder, at: datetime) -> int:
    """Move the next members; returns how many were looked at."""
    with hot_cursor() as cursor:
        open_rows = cursor.execute(
            "select member_id, from_tier, to_tier, again from tiers_tierpreviewmove "
            "where preview_id = %s and outcome = '' order by member_id limit %s",
            (row.pk, MOVED_AT_ONCE),
        ).fetchall()
        ids = [found[0] for found in open_rows]
        if not ids:
            return 0
        # The account's lock is the member's lock: what is read from here on no sale or return can change.
        cursor.execute(
            "select 1 from points_account where member_id = any(%s) order by member_id for no key update",
            (ids,),
        )
        brought = clock.settle_due(cursor, ids, ladder, _date(at), at)
        bought = {
            found[0]
            for found in cursor.execute(
                "select member_id from purchases_order where id > %s and member_id = any(%s)",
                (row.orders_then, ids),
            )
        }
        wanted = {found[0]: (found[1], found[2]) for found in open_rows}
        anew = {member_id for member_id, _, _, again in open_rows if again} | brought | bought
        moves = dict(_judged(cursor, ladder, row.as_of, [each for each in ids if each not in anew]))
        moves.update(_judged(cursor, ladder, at, sorted(anew)))
        for member_id, move in [*moves.items()]:
            if (
                member_id not in anew and _ways(move) != wanted[member_id]
            ):  # changed by what leaves no mark: a merge
                moves.pop(member_id)
        moving.write(cursor, ladder, moves, at=at, recorded_at=at)
        outcomes = [_outcome(moves.get(member_id), wanted[member_id]) for member_id in ids]
        cursor.execute(
            "update tiers_tierpreviewmove m set outcome = n.outcome "
            "from unnest(%s::bigint[], %s::text[]) as n (member_id, outcome) "
            "where m.preview_id = %s and m.member_id = n.member_id",
            (ids, outcomes, row.pk),
        )
    return len(ids)


def _outcome(move: Move | None, wanted: tuple[str, str]) -> str:
    if move is None:
        return "stayed"
    return "as_previewed" if _ways(move) == wanted else "otherwise"


def _judged(
    cursor: psycopg.Cursor[Any], ladder: Ladder, at: datetime, ids: Sequence[int]
) -> Iterator[tuple[int, Move]]:
    bench = Bench.at(ladder, at)
    numbers: Mapping[int, Numbers] = bench.numbers(cursor, ids)
    for member_id, tier, floor, settled in _stand(cursor, ids, at):
        move = bench.judge(tier, floor, numbers.get(member_id), settled=settled)
        if move:
            yield member_id, move

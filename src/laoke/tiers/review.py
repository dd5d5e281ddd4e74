"""The review of tiers on a review day: down to what is earned, recorded with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.engine import tiering
from laoke.engine.tiering import Ladder, Move
from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.points.activities import selectors as activities
from laoke.tiers import clock, due, moving, standing
from laoke.tiers.judging import Bench

DUE = sql.load("laoke.tiers", "due_for_review")
BEFORE = sql.load("laoke.tiers", "before_review")
BATCH = 2_000


class Reviewed(NamedTuple):
    """What a review did: members judged, and the tier of each one that moved."""

    judged: int
    moved: dict[int, str]


def review(
    ladder: Ladder,
    day: date,
    *,
    now: datetime,
    batch: int = BATCH,
    advance: Callable[[int], bool] | None = None,
) -> Reviewed:
    """Judge every member above the lowest tier as of the start of `day`; everybody, where reviews lift members.

    Batches are transactions of their own; a member is judged once per review day, so the review can be stopped
    (`advance` is told the members done and returns False) and repeated.
    """
    at = start_of_day(day, settings.LAOKE.zone)
    parameters = {
        "lowest": due.passed_over(ladder),
        "review_date": day,
        "at": at,
        "batch": batch,
    }
    bench = Bench.before(ladder, at)
    judged, after = 0, 0
    moved: dict[int, str] = {}
    while True:
        with transaction.atomic(), hot_cursor() as cursor:
            ids = [row[0] for row in cursor.execute(DUE, parameters | {"after": after})]
            if not ids:
                return Reviewed(judged, moved)
            # The account's lock is the member's lock: what is read from here on no sale or return can change.
            cursor.execute(
                "select 1 from points_account where member_id = any(%s) order by member_id for no key update",
                (ids,),
            )
            brought = clock.settle_due(cursor, ids, ladder, day, now)
            rows = cursor.execute(BEFORE, parameters | {"member_ids": ids}).fetchall()
            numbers = bench.numbers(cursor, [row[0] for row in rows])
            moves: dict[int, Move] = {}
            for member_id, tier, floor in rows:
                move = bench.judge(tier, floor, numbers.get(member_id))
                if move is not None:
                    moves[member_id] = move
            moving.write(cursor, ladder, moves, at=at, recorded_at=now)
            moved.update((member_id, move.to_tier) for member_id, move in moves.items())
            moved.update(_since(cursor, ladder, list(moves), moved, at, now))
            moved.update(
                (member_id, tier) for member_id, tier, _ in rows if member_id in brought - set(moved)
            )
            cursor.execute(
                "update tiers_standing set reviewed_date = %s where member_id = any(%s)",
                (day, [row[0] for row in rows]),
            )
            judged += len(rows)
            after = ids[-1]
        if advance and not advance(len(rows)):
            return Reviewed(judged, moved)


def _since(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_ids: Sequence[int],
    tiers: Mapping[int, str],
    at: datetime,
    now: datetime,
) -> Iterator[tuple[int, str]]:
    """Judge the purchases made since the review day began, and what else the ladder counts, for members the review has
    moved: their upgrades.

    The review is held some hours after its instant, or days when the machine was off. A purchase in between found
    the tier of before and brought no move; had the review come first, it would have.
    """
    bought = cursor.execute(
        "select member_id, placed_at, id from purchases_order where member_id = any(%s) and placed_at >= %s "
        "order by placed_at, id",
        (list(member_ids), at),
    ).fetchall()
    now_at = dict(tiers)
    if ladder.counts_acts:
        acts = activities.acts(cursor, member_ids, at, standing.END)
        done = [(member_id, act.at, None) for member_id, act in acts if act.at <= now]
        bought = sorted([*bought, *done], key=lambda each: (each[1], each[2] or 0))
    for member_id, placed_at, order_id in bought:
        facts = standing.facts(cursor, ladder, member_id, placed_at)
        move = tiering.upgrade(ladder, now_at[member_id], facts)
        if move is not None:
            standing.move_member(
                cursor, member_id, move, ladder=ladder, at=placed_at, recorded_at=now, order_id=order_id
            )
            now_at[member_id] = move.to_tier
            yield member_id, move.to_tier

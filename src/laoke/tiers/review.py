"""The review of tiers on a review day: down to what is earned, recorded with its reasons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from laoke.engine import tiering
from laoke.engine.tiering import Activity, Ladder
from laoke.foundation import sql
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.tiers import standing

DUE = sql.load("laoke.tiers", "due_for_review")
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
    """Judge every member above the lowest tier as of the start of `day`.

    Batches are transactions of their own; a member is judged once per review day, so the review can be stopped
    (`advance` is told the members done and returns False) and repeated.
    """
    at = start_of_day(day, settings.LAOKE.zone)
    parameters = {
        "lowest": ladder.lowest.code,
        "review_date": day,
        "at": at,
        "window_starts": [window.start(at, settings.LAOKE.zone) for window in ladder.windows],
        "batch": batch,
    }
    judged, moved, after = 0, {}, 0
    while True:
        with transaction.atomic(), hot_cursor() as cursor:
            rows = cursor.execute(DUE, parameters | {"after": after}).fetchall()
            if not rows:
                return Reviewed(judged, moved)
            ids = [row[0] for row in rows]
            # The account's lock is the member's lock: a sale that is upgrading this member waits or is seen.
            cursor.execute(
                "select a.member_id, s.tier from points_account a join tiers_standing s using (member_id) "
                "where a.member_id = any(%s) order by a.member_id for no key update of a",
                (ids,),
            )
            still = dict(cursor.fetchall())
            for member_id, tier, spend, purchases in rows:
                if still.get(member_id) != tier:
                    continue
                facts = {window: Activity(spend[i], purchases[i]) for i, window in enumerate(ladder.windows)}
                move = tiering.review(ladder, tier, facts)
                if move is not None:
                    standing.move_member(cursor, member_id, move, at=at, recorded_at=now)
                    moved[member_id] = move.to_tier
            # Whoever waits for the account's lock learns by its version that the tier is another one now.
            cursor.execute(
                "update points_account set version = version + 1 where member_id = any(%s)",
                ([member_id for member_id in ids if member_id in moved],),
            )
            cursor.execute(
                "update tiers_standing set reviewed_date = %s where member_id = any(%s)", (day, ids)
            )
            judged += len(rows)
            after = ids[-1]
        if advance and not advance(len(rows)):
            return Reviewed(judged, moved)

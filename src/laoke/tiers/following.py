"""A member's tier comes with registration and follows a merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from laoke.engine.tiering import Ladder, Move
from laoke.foundation import generations
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.purchases import selectors as purchases
from laoke.tiers import ladder as ladders
from laoke.tiers import standing
from laoke.tiers.models import Standing, TierChange


def after_merge(ladder: Ladder, kept: tuple[int, str], gone: tuple[int, str], at: datetime) -> str:
    """The tier a merge would lead to now, by the ladder in force. Members are given with the tiers they have."""
    with hot_cursor() as cursor:
        ours, theirs = (_activity(cursor, ladder, member_id, at) for member_id, _ in (kept, gone))
    both = [
        (spend + more, count + others) for (spend, count), (more, others) in zip(ours, theirs, strict=True)
    ]
    return standing.best(ladder, (kept[1], gone[1]), both)


def after_unmerge(
    ladder: Ladder, kept_id: int, moved: Mapping[str, Any], orders: Sequence[int], at: datetime
) -> tuple[str, str]:
    """The tiers of the kept and the gone member that undoing a merge would lead to now, by the ladder in force.

    Args:
        moved: what `TiersFollow.merge` gave.
        orders: those that would go back to the gone member.
    """
    with hot_cursor() as cursor:
        together = _activity(cursor, ladder, kept_id, at)
        theirs = purchases.activity_of_orders(cursor, orders, standing.starts(ladder, at), at)
    ours = [
        (spend - less, count - others)
        for (spend, count), (less, others) in zip(together, theirs, strict=True)
    ]
    return (
        standing.best(ladder, (moved["kept_tier"],), ours),
        standing.best(ladder, (moved["gone_tier"],), theirs),
    )


class TiersFollow:
    """See laoke.members.followers."""

    name = "tiers"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Everybody starts on the lowest rung."""
        lowest = _ladder().lowest.code
        joined = members.registered_at(member_ids)
        since = [joined[member_id] for member_id in member_ids]
        with hot_cursor() as cursor:
            cursor.execute(
                "with new as (select * from unnest(%s::bigint[], %s::timestamptz[]) as n (member_id, since)), "
                "standings as ("
                "insert into tiers_standing (member_id, tier, since) select member_id, %s, since from new) "
                "insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, recorded_at) "
                "select member_id, '', %s, since, 'enrolled', '[]', %s from new",
                (list(member_ids), since, lowest, lowest, at),
            )

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """The kept member has the best of both tiers, or a better one that both histories together reach."""
        ladder = _ladder()
        with hot_cursor() as cursor:
            kept, gone = _tier(cursor, kept_id), _tier(cursor, gone_id)
            best = standing.best(ladder, (kept, gone), _activity(cursor, ladder, kept_id, at))
            _move(cursor, kept_id, kept, best, "merged", at)
            _move(cursor, gone_id, gone, ladder.lowest.code, "merged", at)
        return {"kept_tier": kept, "gone_tier": gone}

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """Each has its own tier again, or a better one that its own purchases reach by now."""
        ladder = _ladder()
        with hot_cursor() as cursor:
            for member_id, before in ((kept_id, moved["kept_tier"]), (gone_id, moved["gone_tier"])):
                best = standing.best(ladder, (before,), _activity(cursor, ladder, member_id, at))
                _move(cursor, member_id, _tier(cursor, member_id), best, "merge_undone", at)

    def export(self, member_id: int) -> Mapping[str, object]:
        """The tier and every move."""
        standing_row = Standing.objects.filter(pk=member_id).first()
        return {
            "tier": standing_row.tier if standing_row else None,
            "changes": [
                {"at": change.at.isoformat(), "to": change.to_tier, "cause": change.cause}
                for change in TierChange.objects.filter(member_id=member_id).order_by("id")
            ],
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """Tiers hold only the number of the member: they stay."""


def _ladder() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))


def _tier(cursor: psycopg.Cursor[Any], member_id: int) -> str:
    row = cursor.execute("select tier from tiers_standing where member_id = %s", (member_id,)).fetchone()
    assert row is not None
    return str(row[0])


def _activity(
    cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, at: datetime
) -> list[tuple[int, int]]:
    return purchases.activity(cursor, member_id, standing.starts(ladder, at), at)


def _move(
    cursor: psycopg.Cursor[Any], member_id: int, current: str, target: str, cause: str, at: datetime
) -> None:
    if current != target:
        standing.move_member(cursor, member_id, Move(current, target, cause, ()), at=at, recorded_at=at)

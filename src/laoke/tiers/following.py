"""A member's tier comes with registration and follows a merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import psycopg
from django.conf import settings

from laoke.engine.tiering import Activity, Bought, History, Ladder, Move, Window
from laoke.engine.tiering.windows import BEGINNING
from laoke.foundation import generations
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members
from laoke.purchases import selectors as purchases
from laoke.tiers import clock, standing
from laoke.tiers import ladder as ladders
from laoke.tiers.models import Standing, TierChange, TierSale


def after_merge(ladder: Ladder, kept: tuple[int, str], gone: tuple[int, str], at: datetime) -> str:
    """The tier a merge would lead to now, by the ladder in force. Members are given with the tiers they have."""
    with hot_cursor() as cursor:
        begins = _starts(cursor, ladder, kept[0], at)
        ours, theirs = (
            standing.since(cursor, ladder, member_id, begins, at) for member_id, _ in (kept, gone)
        )
    both = {window: did.with_other(theirs[window]) for window, did in ours.items()}
    return standing.best(ladder, (kept[1], gone[1]), both)


def after_unmerge(
    ladder: Ladder,
    ids: tuple[int, int],
    moved: Mapping[str, Any],
    orders: Sequence[int],
    at: datetime,
    events: Sequence[int] = (),
) -> tuple[str, str]:
    """The tiers of the kept and the gone member that undoing a merge would lead to now, by the ladder in force.

    Args:
        ids: of the kept and the gone member.
        moved: what `TiersFollow.merge` gave.
        orders: those that would go back to the gone member, with `events` beside buying.
    """
    with hot_cursor() as cursor:
        ours, theirs = (_starts(cursor, ladder, member_id, at) for member_id in ids)
        together = standing.since(cursor, ladder, ids[0], ours, at)
        acts = standing.acts(cursor, ladder, ids[0], BEGINNING, standing.END, only=frozenset(events))
        less = _of_orders(cursor, ladder, orders, acts, ours, at)
        left = {window: did.with_other(less[window], -1) for window, did in together.items()}
        gone = less if theirs == ours else _of_orders(cursor, ladder, orders, acts, theirs, at)
    return (
        standing.best(ladder, (moved["kept_tier"],), left),
        standing.best(ladder, (moved["gone_tier"],), gone),
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
        """The kept member has the best of both tiers, or a better one that both histories together reach.

        Its period and a tier assigned come with the tier; of two tiers assigned the kept member's stays.
        """
        ladder = _ladder()
        with hot_cursor() as cursor:
            states = standing.load(cursor, [kept_id, gone_id])
            kept, gone = states[kept_id].standing, states[gone_id].standing
            best = standing.best(ladder, (kept.tier, gone.tier), standing.facts(cursor, ladder, kept_id, at))
            _move(cursor, ladder, kept_id, kept.tier, best, "merged", at)
            _move(cursor, ladder, gone_id, gone.tier, ladder.lowest.code, "merged", at)
            if best != kept.tier or (gone.assigned and not kept.assigned):
                _carry(cursor, ladder, kept_id, states[gone_id], at)
            _carry(cursor, ladder, gone_id, None, at)
        return {
            "kept_tier": kept.tier,
            "gone_tier": gone.tier,
            "kept": standing.as_kept(states[kept_id]),
            "gone": standing.as_kept(states[gone_id]),
        }

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """Each has its own tier again, or a better one that its own purchases reach by now."""
        ladder = _ladder()
        with hot_cursor() as cursor:
            for member_id, name in ((kept_id, "kept"), (gone_id, "gone")):
                before, now = moved[f"{name}_tier"], standing.load(cursor, [member_id])[member_id]
                best = standing.best(ladder, (before,), standing.facts(cursor, ladder, member_id, at))
                _move(cursor, ladder, member_id, now.standing.tier, best, "merge_undone", at)
                # Merges of before the clock kept only the tier.
                if best == before and name in moved:
                    own = standing.of_kept(moved[name], now.since, now.standing.joined)
                    standing.keep(cursor, member_id, own)
                    clock.settle(cursor, member_id, ladder, at.astimezone(settings.LAOKE.zone).date(), at)

    def export(self, member_id: int) -> Mapping[str, object]:
        """The tier and every move."""
        standing_row = Standing.objects.filter(pk=member_id).first()
        return {
            "tier": standing_row.tier if standing_row else None,
            "changes": [
                {"at": change.at.isoformat(), "to": change.to_tier, "cause": change.cause}
                for change in TierChange.objects.filter(member_id=member_id).order_by("id")
            ],
            "bought": [
                {
                    "at": sale.sold_at.isoformat(),
                    "tier": sale.tier,
                    "points": sale.points,
                }
                for sale in TierSale.objects.filter(member_id=member_id).order_by("id")
            ],
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """Tiers hold only the number of the member: they stay."""


def _ladder() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))


Starts = list[tuple[Window, datetime]]


def _starts(cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, at: datetime) -> Starts:
    return ladder.starts(at, settings.LAOKE.zone, standing.joined(cursor, ladder, member_id))


def _of_orders(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    orders: Sequence[int],
    acts: Sequence[Bought],
    starts: Starts,
    at: datetime,
) -> dict[Window, Activity]:
    begins = [start for _, start in starts]
    found = purchases.activity_of_orders(cursor, orders, begins, at)
    earned = [0] * len(begins)
    if ladder.counts_points:
        earned = purchases.points_of_orders(cursor, orders, begins, at)
    done = History(act.deed for act in acts).facts(starts, at)
    return {
        window: Activity(*did, points).with_other(done[window])
        for (window, _), did, points in zip(starts, found, earned, strict=True)
    }


def _carry(
    cursor: psycopg.Cursor[Any], ladder: Ladder, member_id: int, other: standing.State | None, at: datetime
) -> None:
    """Give a member the period and the tier assigned of another; None: no tier assigned."""
    mine = standing.load(cursor, [member_id])[member_id]
    own, today = mine.standing, at.astimezone(settings.LAOKE.zone).date()
    if other is None:
        mine = mine._replace(standing=replace(own, assigned=None))
    else:
        theirs = other.standing
        if theirs.tier == own.tier and (theirs.valid_until or date.max) > (own.valid_until or date.max):
            own = replace(own, period=theirs.period, valid_until=theirs.valid_until, extended=theirs.extended)
            mine = mine._replace(extended_from=other.extended_from)
        mine = mine._replace(standing=replace(own, assigned=own.assigned or theirs.assigned))
    standing.keep(cursor, member_id, mine)
    clock.settle(cursor, member_id, ladder, today, at)


def _move(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    member_id: int,
    current: str,
    target: str,
    cause: str,
    at: datetime,
) -> None:
    if current != target:
        move = Move(current, target, cause, ())
        standing.move_member(cursor, member_id, move, ladder=ladder, at=at, recorded_at=at)

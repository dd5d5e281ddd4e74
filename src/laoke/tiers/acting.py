"""Judging a member right after something was done beside buying, or undone: as after a purchase, or a return."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Fall, Ladder, Move, Window
from laoke.foundation import generations
from laoke.points.activities.watching import Act
from laoke.tiers import clock, standing
from laoke.tiers import ladder as ladders
from laoke.tiers.standing import State

_UNDONE = "undone_downgraded"


class TiersWatch:
    """See laoke.points.activities.watching."""

    def counted(
        self, cursor: psycopg.Cursor[Any], member_id: int, act: Act, at: datetime, now: datetime
    ) -> None:
        """Up or down where the ladder does so at once, or a longer period. What comes late may lift what came after."""
        ladder = _ladder()
        if not ladder.counts_acts:
            return
        state = _settled(cursor, member_id, ladder, at, now)
        if state is None:
            return
        here, zone = state.standing, settings.LAOKE.zone
        others = standing.orders_after(cursor, member_id, ladder, at, here.joined, without=act.event_id)
        late = any(other.bought.at > at for other in others)
        found = standing.facts(cursor, ladder, member_id, at)
        if here.valid_until is not None and not late:
            found = {**found, **standing.own_activity(member_id, ladder, here, (0, 0, 0), at)}
        moved_at = max(at, state.since)
        verdict = tiering.after_deed(ladder, here, found, moved_at.astimezone(zone).date(), late=late)
        tier, changed = here.tier, verdict.standing != here
        if verdict.move:
            tier = verdict.move.to_tier
            _move(cursor, member_id, verdict.move, ladder, moved_at, now)
        elif changed:
            last = standing.last_purchase(cursor, member_id, ladder, _day(at))
            due = standing.due(ladder, verdict.standing, last)
            standing.keep(cursor, member_id, state.after(verdict.standing, due=due))
        since = moved_at if verdict.move else state.since
        if late:
            own = standing.done(act)
            for move, when, order_id in standing.lifted(ladder, tier, others, own, here.joined):
                _move(cursor, member_id, move, ladder, max(when, since), now, order_id)
                changed = True
        if changed:
            _tell_waiting(cursor, member_id)

    def uncounted(
        self, cursor: psycopg.Cursor[Any], member_id: int, before: Act, after: Act, now: datetime
    ) -> None:
        """A tier that only what is undone had reached is taken back, or one that what is left does not reach, where the
        ladder takes tiers at once.
        """
        ladder = _ladder()
        if not ladder.counts_acts:
            return
        state = _settled(cursor, member_id, ladder, now, now)
        if state is None:
            return
        here, moves = state.standing, []
        if ladder.fall is Fall.AT_ONCE:
            done = standing.facts(cursor, ladder, member_id, now)
            moves.append(tiering.fall(ladder, here.tier, done, _UNDONE, here.floor))
        moves.append(_back(cursor, member_id, ladder, state, before, after))
        found = [move for move in moves if move]
        if found:
            move = min(found, key=lambda move: ladder.rank(move.to_tier))
            _move(cursor, member_id, move, ladder, now, now)
            _tell_waiting(cursor, member_id)
        clock.after_return(cursor, member_id, ladder, now, now)


def _back(
    cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, state: State, before: Act, after: Act
) -> Move | None:
    path = standing.paths(cursor, [member_id]).get(member_id)
    if path is None or not path.climb:
        return None

    def starting(at: datetime) -> list[tuple[Window, datetime]]:
        return ladder.starts(at, settings.LAOKE.zone, state.standing.joined)

    first = standing.reach(path, starting)
    if before.at < first:  # older than anything the tier rests on
        return None
    others = standing.bought(cursor, ladder, member_id, first, standing.END, without=before.event_id)
    undone = standing.done(before), standing.done(after)
    floor = state.standing.floor
    return tiering.withdraw(ladder, state.standing.tier, path, others, undone, starting, floor, _UNDONE)


def _settled(
    cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, at: datetime, now: datetime
) -> State | None:
    """Where the member stands, with what the clock has brought by the day of `at` written down."""
    state = standing.load(cursor, [member_id]).get(member_id)
    if state is not None and state.due is not None and state.due <= _day(at):
        return clock.settle(cursor, member_id, ladder, _day(at), now)
    return state


def _move(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    move: Move,
    ladder: Ladder,
    at: datetime,
    now: datetime,
    order_id: int | None = None,
) -> None:
    standing.move_member(cursor, member_id, move, ladder=ladder, at=at, recorded_at=now, order_id=order_id)


def _tell_waiting(cursor: psycopg.Cursor[Any], member_id: int) -> None:
    """Whoever waits for the account's lock learns by its version that the tier may be another one now."""
    cursor.execute("update points_account set version = version + 1 where member_id = %s", (member_id,))


def _day(at: datetime) -> date:
    return at.astimezone(settings.LAOKE.zone).date()


def _ladder() -> Ladder:
    return ladders.at_version(generations.current(generations.PROGRAMME))

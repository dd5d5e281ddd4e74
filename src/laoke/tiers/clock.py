"""What the clock brings to members: ends of periods, of tiers assigned, and of those nobody buys for.

The night brings it to everybody; the till, a return and whoever assigns a tier to that one member first, so that it
makes no difference when the night came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import transaction

from laoke.engine import tiering
from laoke.engine.tiering import Bought, Facts, History, How, Ladder, Move, Standing, Step
from laoke.foundation import generations, sql
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.tiers import ladder as ladders
from laoke.tiers import standing
from laoke.tiers.memberships import ending
from laoke.tiers.standing import State

DUE = sql.load("laoke.tiers", "due_by_the_clock")
BATCH = 500

# What is left of a member's purchases from an instant on.
Purchases = Callable[[datetime], Sequence[Bought]]


class Change(NamedTuple):
    """A change of tier with its instant. `told`: whether anybody is told of it."""

    move: Move
    at: datetime
    told: bool


class Brought(NamedTuple):
    """Where a member stands by a day, and the changes of tier that led there."""

    state: State
    changes: tuple[Change, ...]


class Run(NamedTuple):
    """What a night did: members looked at, and changes of tier."""

    looked: int
    moved: int


def reader(ladder: Ladder, purchases: Purchases) -> Callable[[Standing, datetime], Facts]:
    """What was done in each window of the ladder that ends with an instant, for a standing."""
    zone = settings.LAOKE.zone

    def facts(here: Standing, at: datetime) -> Facts:
        starts = [(window, window.start(at, zone, here.anchors)) for window in ladder.all_windows]
        if not starts:
            return {}
        history = History(bought.deed for bought in purchases(min(start for _, start in starts)))
        return history.facts(starts, at)

    return facts


def bring(
    ladder: Ladder, state: State, today: date, purchases: Purchases, last: Callable[[], date | None]
) -> Brought:
    """Everything the clock brings to one member by `today`.

    Args:
        last: the day of the last purchase by today of which something was kept.
    """
    zone, facts = settings.LAOKE.zone, reader(ladder, purchases)
    changes: list[Change] = []
    here = state._replace(standing=tiering.begin(ladder, state.standing, today))
    last_purchase = last()
    for step in tiering.bring(ladder, here.standing, today, zone, facts, last_purchase, here.standing.since):
        at = max(start_of_day(step.day, zone), here.since)
        for move, told in moves_of(ladder, here.standing, step, lambda: facts(step.standing, at)):  # noqa: B023
            changes.append(Change(move, at, told))
        here = here.after(step.standing, moved_at=at if step.move else None, due=None)
    due = standing.due(ladder, here.standing, last_purchase)
    # What changed nothing today is looked at again tomorrow.
    return Brought(here._replace(due=due and max(due, today + timedelta(days=1))), tuple(changes))


def moves_of(
    ladder: Ladder, before: Standing, step: Step, facts: Callable[[], Facts]
) -> Iterator[tuple[Move, bool]]:
    """The changes of tier of one step. Where a tier assigned ends and the member has earned more than it had before,
    these are two: back to that, and up to what is earned, which returns can take.
    """
    gone, now = before.assigned, step.standing.tier
    ended = gone is not None and step.standing.assigned is None
    back = gone.back if ended and gone and ladder.rank(before.tier) <= ladder.rank(gone.tier) else None
    if back and ladder.rank(now) > ladder.rank(back.tier):
        yield Move(before.tier, back.tier, step.standing.cause, ()), now != before.tier
        reached = tiering.findings(ladder.tier(now), facts())
        yield Move(back.tier, now, "threshold_reached", reached), True
    elif step.move:
        yield step.move, True


def settle(
    cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, today: date, now: datetime
) -> State | None:
    """Write down what the clock has brought to a member by `today`, the account locked; None where it stands nowhere.

    Whoever waits for the account's lock learns by its version that something has changed.
    """
    state = standing.load(cursor, [member_id]).get(member_id)
    if state is None:
        return None
    until = start_of_day(today + timedelta(days=1), settings.LAOKE.zone)

    def bought(since: datetime) -> Sequence[Bought]:
        return standing.bought(cursor, ladder, member_id, since, until)

    brought = bring(
        ladder, state, today, bought, lambda: standing.last_purchase(cursor, member_id, ladder, today)
    )
    for change in brought.changes:
        standing.move_member(
            cursor, member_id, change.move, ladder=ladder, at=change.at, recorded_at=now, told=change.told
        )
    standing.keep(cursor, member_id, brought.state)
    had = state.standing.assigned
    if had and had.how is How.PAID and brought.state.standing.assigned is None:
        ending.expired([member_id], today, now)
    if brought.state.standing != state.standing:
        cursor.execute("update points_account set version = version + 1 where member_id = %s", (member_id,))
    return brought.state


def after_return(
    cursor: psycopg.Cursor[Any], member_id: int, ladder: Ladder, at: datetime, now: datetime
) -> None:
    """What a return changes besides the tier: a period is not longer that returned goods made longer, and a tier may
    have gone without purchases for longer than it seemed.
    """
    if not ladder.timed:
        return
    state = standing.load(cursor, [member_id])[member_id]
    today = at.astimezone(settings.LAOKE.zone).date()
    until = start_of_day(today + timedelta(days=1), settings.LAOKE.zone)
    shorter = without_extension(
        ladder, state, lambda since: standing.bought(cursor, ladder, member_id, since, until), at
    )
    if shorter is not state:
        standing.keep(cursor, member_id, shorter)
    settle(cursor, member_id, ladder, today, now)


def without_extension(ladder: Ladder, state: State, purchases: Purchases, at: datetime) -> State:
    """The standing with its period as it was, where what is left of the purchases did not make it longer."""
    here, zone = state.standing, settings.LAOKE.zone
    if state.extended_from is None or here.period is None:
        return state
    began = start_of_day(here.period, zone)
    first = min([began, *(window.start(began, zone, here.anchors) for window in ladder.all_windows)])
    if tiering.still_extended(ladder, here, purchases(first), at, zone):
        return state
    shorter = replace(here, valid_until=state.extended_from, extended=False)
    return State(shorter, state.since, None, state.due)


def settle_now(member_id: int, at: datetime) -> None:
    """As `settle`, in a transaction of its own, by the ladder in force."""
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    with transaction.atomic(), hot_cursor() as cursor:
        _lock(cursor, [member_id])
        settle(cursor, member_id, ladder, at.astimezone(settings.LAOKE.zone).date(), at)


def waiting(at: datetime) -> int:
    """How many members `run` would look at."""
    parameters = _parameters(at)
    with hot_cursor() as cursor:
        return len(cursor.execute(DUE, parameters | {"after": 0, "batch": None}).fetchall())


def run(*, at: datetime, batch: int = BATCH, advance: Callable[[int], bool] | None = None) -> Run:
    """Bring everybody what the clock brings by the day of `at`.

    Batches are transactions of their own, so it can be stopped (`advance` is told the members done and returns
    False) and repeated: who was looked at is not due again.
    """
    parameters = _parameters(at) | {"batch": batch}
    ladder = ladders.at_version(generations.current(generations.PROGRAMME))
    looked = moved = after = 0
    while True:
        with transaction.atomic(), hot_cursor() as cursor:
            ids = [row[0] for row in cursor.execute(DUE, parameters | {"after": after})]
            if not ids:
                return Run(looked, moved)
            _lock(cursor, ids)
            before = standing.load(cursor, ids)
            for member_id in ids:
                state = settle(cursor, member_id, ladder, parameters["today"], at)
                moved += state is not None and state.standing.tier != before[member_id].standing.tier
            looked += len(ids)
            after = ids[-1]
        if advance and not advance(len(ids)):
            return Run(looked, moved)


def settle_due(
    cursor: psycopg.Cursor[Any], member_ids: Sequence[int], ladder: Ladder, today: date, now: datetime
) -> set[int]:
    """Of these members, settle those that something has come for by `today`; their accounts are locked."""
    due = cursor.execute(
        "select member_id from tiers_standing where member_id = any(%s) and due_date <= %s order by member_id",
        (list(member_ids), today),
    ).fetchall()
    for (member_id,) in due:
        settle(cursor, member_id, ladder, today, now)
    return {row[0] for row in due}


def _lock(cursor: psycopg.Cursor[Any], member_ids: Sequence[int]) -> None:
    cursor.execute(
        "select 1 from points_account where member_id = any(%s) order by member_id for no key update",
        (list(member_ids),),
    )


def _parameters(at: datetime) -> dict[str, Any]:
    version = generations.current(generations.PROGRAMME)
    return {
        "today": at.astimezone(settings.LAOKE.zone).date(),
        "timed": list(ladders.at_version(version).timed),
        "version": ladders.number_at(version),
    }

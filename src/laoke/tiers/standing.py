"""Where members stand on the ladder: judging a return, and writing a move."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson
import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import (
    CLIMBING,
    Activity,
    Bought,
    Climb,
    History,
    Ladder,
    Move,
    Path,
    Starts,
    Window,
)
from laoke.foundation import sql

PATHS = sql.load("laoke.tiers", "paths")


def starts(ladder: Ladder, at: datetime) -> list[datetime]:
    """The first instant of each window of a ladder that ends at `at`."""
    return [window.start(at, settings.LAOKE.zone) for window in ladder.windows]


def best(ladder: Ladder, had: Iterable[str], activity: Iterable[tuple[int, int]]) -> str:
    """The best of the tiers had before and of what purchases reach; of equals the first.

    Args:
        activity: spend in minor units and purchases in each window of the ladder.
    """
    facts = {window: Activity(*numbers) for window, numbers in zip(ladder.windows, activity, strict=True)}
    return max((*had, tiering.qualified(ladder, facts).code), key=ladder.rank)


def history(cursor: psycopg.Cursor[Any], member_id: int, since: datetime, at: datetime) -> History:
    """What is left of a member's purchases from `since` until `at`, one by one."""
    cursor.execute(
        "select placed_at, paid_minor - refunded_minor, total_minor > returned_minor from purchases_order "
        "where member_id = %s and placed_at >= %s and placed_at <= %s",
        (member_id, since, at),
    )
    return History(Bought(*row).deed for row in cursor)


def move_member(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    move: Move,
    *,
    at: datetime,
    recorded_at: datetime,
    order_id: int | None = None,
) -> None:
    """Write a change of tier with its cause and reasons, and the event that tells of it."""
    reasons = orjson.dumps([found.as_json() for found in move.findings]).decode()
    cursor.execute(
        "update tiers_standing set tier = %s, since = %s where member_id = %s", (move.to_tier, at, member_id)
    )
    cursor.execute(
        "insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, order_id, recorded_at) "
        "values (%s, %s, %s, %s, %s, %s::jsonb, %s, %s)",
        (member_id, move.from_tier, move.to_tier, at, move.cause, reasons, order_id, recorded_at),
    )
    payload = {
        "member_id": member_id,
        "from_tier": move.from_tier,
        "to_tier": move.to_tier,
        "cause": move.cause,
        "order_id": order_id,
    }
    cursor.execute(
        "insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at) "
        "values ('tier.changed', %s::jsonb, %s, %s, %s)",
        (orjson.dumps(payload).decode(), member_id, recorded_at, recorded_at),
    )


def paths(cursor: psycopg.Cursor[Any], member_ids: Iterable[int]) -> dict[int, Path]:
    """How members came to their tiers; one who never moved is not in the answer."""
    cursor.execute(PATHS, {"climbing": list(CLIMBING), "member_ids": list(member_ids)})
    found: dict[int, Path] = {}
    for member_id, from_tier, cause, at in cursor:
        path = found.setdefault(member_id, Path(None, []))
        if cause in CLIMBING:
            path = Path(None, [*path.climb, Climb(from_tier, cause, at)])
        elif from_tier:  # nobody stands anywhere before the enrolment
            path = Path(at, path.climb)
        found[member_id] = path
    return found


def reach(path: Path, starting: Starts) -> datetime:
    """The earliest purchase that judging a return looks at."""
    if path.ground_at is None:
        return datetime.min.replace(tzinfo=UTC)
    first = min([path.ground_at, *(move.at for move in path.climb)])
    return min([first, *(start for _, start in starting(first))])


def after_return(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    ladder: Ladder,
    order_id: int,
    *,
    refunded_minor: int,
    returned_minor: int,
    zone: tzinfo,
) -> Move | None:
    """Find out whether a tier must be withdrawn that only goods now returned had reached.

    Args:
        order_id: the order that goods came back of; the return has been added up on it already.
        refunded_minor: of this return, money; `returned_minor` the value of its goods.
    """
    row = cursor.execute("select tier from tiers_standing where member_id = %s", (member_id,)).fetchone()
    path = paths(cursor, [member_id]).get(member_id)
    if row is None or path is None or not path.climb:
        return None

    def starting(at: datetime) -> list[tuple[Window, datetime]]:
        return [(window, window.start(at, zone)) for window in ladder.windows]

    others, returned = [], None
    for number, at, spend, left in cursor.execute(
        "select id, placed_at, paid_minor - refunded_minor, total_minor - returned_minor from purchases_order "
        "where member_id = %s and placed_at >= %s",
        (member_id, reach(path, starting)),
    ):
        if number == order_id:
            before = Bought(at, spend + refunded_minor, left + returned_minor > 0)
            returned = before, Bought(at, spend, left > 0)
        else:
            others.append(Bought(at, spend, left > 0))
    if returned is None:  # older than anything the tier rests on
        return None
    return tiering.withdraw(ladder, str(row[0]), path, others, returned, starting)

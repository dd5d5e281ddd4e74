"""Where members stand on the ladder: judging a return, and writing a move."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import psycopg

from laoke.engine import tiering
from laoke.engine.tiering import CLIMBING, Climb, Facts, Ladder, Move


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


def after_return(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    ladder: Ladder,
    placed_at: datetime,
    facts_at: Callable[[datetime], Facts],
) -> Move | None:
    """Find out whether a tier must be withdrawn that only goods now returned had reached.

    Args:
        placed_at: when the returned goods were bought.
        facts_at: the member's activity as of an instant, returns counted.
    """
    row = cursor.execute("select tier from tiers_standing where member_id = %s", (member_id,)).fetchone()
    moves = cursor.execute(
        "select from_tier, cause, at from tiers_tierchange where member_id = %s order by id desc",
        (member_id,),
    ).fetchall()
    climb = [Climb(*move) for move in itertools.takewhile(lambda move: move[1] in CLIMBING, moves)]
    return tiering.withdraw(ladder, str(row[0]), climb, placed_at, facts_at) if row else None

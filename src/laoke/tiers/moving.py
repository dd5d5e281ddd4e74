"""Writing the moves of many members with a few statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import psycopg
from django.conf import settings

from laoke.engine import tiering
from laoke.engine.tiering import Ladder, Move, Standing
from laoke.tiers import standing

_STANDINGS = (
    "update tiers_standing s set tier = n.tier, since = %s, period_date = n.period, valid_until = n.until, "
    "extended_from = null, due_date = least(n.due, s.floor_until + 1), "
    "dues_version = coalesce((select number from foundation_generation where name = 'programme'), 0) "
    "from unnest(%s::bigint[], %s::text[], %s::date[], %s::date[], %s::date[]) "
    "as n (member_id, tier, period, until, due) where s.member_id = n.member_id"
)
_CHANGES = (
    "insert into tiers_tierchange (member_id, from_tier, to_tier, at, cause, reasons, recorded_at) "
    "select n.member_id, n.from_tier, n.to_tier, %s, n.cause, n.reasons, %s "
    "from rows from (unnest(%s::bigint[]), unnest(%s::text[]), unnest(%s::text[]), unnest(%s::text[]), "
    "jsonb_array_elements(%s::jsonb)) as n (member_id, from_tier, to_tier, cause, reasons)"
)
_TOLD = (
    "insert into foundation_outboxmessage (topic, payload, member_id, occurred_at, available_at) "
    "select 'tier.changed', n.payload, n.member_id, %s, %s "
    "from rows from (unnest(%s::bigint[]), jsonb_array_elements(%s::jsonb)) as n (member_id, payload)"
)


def write(
    cursor: psycopg.Cursor[Any],
    ladder: Ladder,
    moves: Mapping[int, Move],
    *,
    at: datetime,
    recorded_at: datetime,
) -> None:
    """What `standing.move_member` writes, for each of the moves; the accounts are locked.

    Whoever waits for an account's lock learns by its version that the tier is another one now.
    """
    if not moves:
        return
    ids, found = list(moves), list(moves.values())
    day = at.astimezone(settings.LAOKE.zone).date()
    stood = {
        code: tiering.stand_on(ladder, Standing(code, day, "", day), code, day, "")
        for code in {move.to_tier for move in found}
    }
    dues = []
    for member_id, move in moves.items():
        bought = (
            standing.last_purchase(cursor, member_id, ladder, day) if move.to_tier in ladder.timed else None
        )
        dues.append(
            standing.due(ladder, stood[move.to_tier], bought) if move.to_tier in ladder.timed else None
        )
    here = [stood[move.to_tier] for move in found]
    tiers = [move.to_tier for move in found]
    cursor.execute(
        _STANDINGS,
        (at, ids, tiers, [each.period for each in here], [each.valid_until for each in here], dues),
    )
    # As one JSON value: a list of texts would have each of their quotes escaped.
    reasons = orjson.dumps([[each.as_json() for each in move.findings] for move in found]).decode()
    cursor.execute(
        _CHANGES,
        (at, recorded_at, ids, [move.from_tier for move in found], tiers, [m.cause for m in found], reasons),
    )
    told = [
        standing.telling(ladder, member_id, move, stood[move.to_tier].valid_until, None)
        for member_id, move in moves.items()
    ]
    cursor.execute(_TOLD, (recorded_at, recorded_at, ids, orjson.dumps(told).decode()))
    cursor.execute("update points_account set version = version + 1 where member_id = any(%s)", (ids,))

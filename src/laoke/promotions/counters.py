"""Counting uses and money of offers with limits: exact at any concurrency, without one row that all tills wait for.

Limits are split into slots. An order takes from the slot of its number; only when that has run dry are all slots of the
offer locked, in order, and allotments moved. The database refuses a slot above its allotment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg
from django.db import transaction

from laoke.engine.pricing.board import Uses
from laoke.foundation.sql import hot_cursor
from laoke.promotions.pacing import Pace

SLOTS = 8
NO_PACES: Mapping[str, Pace] = MappingProxyType({})


class Taken(NamedTuple):
    """One use of an offer: what it gives to one order."""

    key: str
    amount_minor: int


class Limits(NamedTuple):
    """What a programme lets an offer give. `pace`: how the budget goes out, None: all of it at once. `alarm_at`:
    percent of the budget at which somebody is told.
    """

    key: str
    in_total: int | None
    budget_minor: int | None
    pace: Pace | None
    alarm_at: Sequence[int]


def allot(offers: Iterable[Limits], *, version: int, today: date) -> None:
    """Share the limits of offers out over their slots, beside what was used already. Call in a transaction.

    Args:
        version: of the programme that says these limits.
        today: the day in the programme's zone.
    """
    wanted = {each.key: each for each in offers}
    if not wanted:
        return
    with hot_cursor() as cursor:
        # As everybody locks: by key as Python sorts it, and slot.
        rows = cursor.execute(
            "select key, slot, uses, spent_minor from promotions_offercounter where key = any(%s) "
            'order by key collate "C", slot for update',
            (list(wanted),),
        ).fetchall()
        there: dict[str, list[tuple[int, int, int]]] = {}
        for key, slot, uses, spent in rows:
            there.setdefault(key, []).append((slot, uses, spent))
        shared = [slot for key in there for slot in _slots(wanted[key], there[key], today)]
        cursor.execute(
            "update promotions_offercounter c set uses_allotted = n.uses, spent_allotted = n.spent "
            "from unnest(%s::text[], %s::smallint[], %s::bigint[], %s::bigint[]) as n (key, slot, uses, spent) "
            "where c.key = n.key and c.slot = n.slot",
            _columns(shared, 4),
        )
        # What never had a limit is not counted.
        anew = [
            slot
            for key, each in wanted.items()
            if key not in there and (each.in_total is not None or each.budget_minor is not None)
            for slot in _slots(each, [(slot, 0, 0) for slot in range(SLOTS)], today)
        ]
        cursor.execute(
            "insert into promotions_offercounter (key, slot, uses, spent_minor, uses_allotted, spent_allotted) "
            "select n.key, n.slot, 0, 0, n.uses, n.spent "
            "from unnest(%s::text[], %s::smallint[], %s::bigint[], %s::bigint[]) as n (key, slot, uses, spent)",
            _columns(anew, 4),
        )
        cursor.execute(
            "insert into promotions_offerallowance "
            "(key, programme_version, in_total, budget_minor, first_day, days, alarm_at) "
            "select n.key, %s, n.in_total, n.budget, n.first_day, n.days, n.alarm_at from unnest(%s::text[], "
            "%s::bigint[], %s::bigint[], %s::date[], %s::int[], %s::jsonb[]) "
            "as n (key, in_total, budget, first_day, days, alarm_at) "
            "on conflict (key) do update set programme_version = excluded.programme_version, "
            "in_total = excluded.in_total, budget_minor = excluded.budget_minor, "
            "first_day = excluded.first_day, days = excluded.days, alarm_at = excluded.alarm_at "
            "where (promotions_offerallowance.in_total, promotions_offerallowance.budget_minor, "
            "promotions_offerallowance.first_day, promotions_offerallowance.days, "
            "promotions_offerallowance.alarm_at) is distinct from "
            "(excluded.in_total, excluded.budget_minor, excluded.first_day, excluded.days, excluded.alarm_at)",
            (version, *_columns([_allowance(wanted[key]) for key in sorted(wanted)], 6)),
        )


def _slots(
    limits: Limits, slots: Sequence[tuple[int, int, int]], today: date
) -> list[tuple[str, int, int | None, int | None]]:
    """The allotments of each slot of an offer, from (slot, uses, money)."""
    out = limits.budget_minor if limits.pace is None else limits.pace.out_by(today)
    uses = _shares(limits.in_total, [slot[1] for slot in slots])
    spent = _shares(out, [slot[2] for slot in slots])
    return [(limits.key, slot[0], mine, money) for slot, mine, money in zip(slots, uses, spent, strict=True)]


def _allowance(limits: Limits) -> tuple[Any, ...]:
    pace = limits.pace
    first_day, days = (None, None) if pace is None else (pace.first_day, pace.days)
    alarms = json.dumps(list(limits.alarm_at))
    return limits.key, limits.in_total, limits.budget_minor, first_day, days, alarms


def _columns(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as columns, one a parameter."""
    return [[row[column] for row in rows] for column in range(width)]


def _shares(limit: int | None, used: list[int]) -> list[int | None]:
    """What each slot may hold: what it holds already, and an equal share of what the limit leaves."""
    if limit is None:
        return [None] * len(used)
    left = max(0, limit - sum(used))
    return [
        mine + left // len(used) + (1 if slot < left % len(used) else 0) for slot, mine in enumerate(used)
    ]


def used(
    cursor: psycopg.Cursor[Any], keys: Iterable[str], paces: Mapping[str, Pace] = NO_PACES, *, today: date
) -> dict[str, Uses]:
    """Uses and money of some offers so far, by everybody; with the money that is held back for later days."""
    wanted = sorted(keys)
    if not wanted:
        return {}
    rows = cursor.execute(
        "select key, sum(uses)::bigint, sum(spent_minor)::bigint from promotions_offercounter "
        "where key = any($1) group by key",
        (wanted,),
        prepare=True,
    ).fetchall()
    return {
        key: Uses(
            total=uses,
            spent_minor=spent + (pace.budget_minor - pace.out_by(today) if (pace := paces.get(key)) else 0),
        )
        for key, uses, spent in rows
    }


class _Dry(Exception):
    """A slot has too little left."""


class _Short(Exception):
    """Offers have too little left, whatever the slot."""


def take(cursor: psycopg.Cursor[Any], order_id: int, wanted: Iterable[Taken], *, today: date) -> list[str]:
    """Count one use of each of these offers; or none, and the keys of those that have too little left today.

    Locks are always waited for in the order of key and slot. An update whose slot turns out to be dry once it has been
    waited for leaves that slot locked all the same: so its savepoint is given up before all slots are asked for.
    """
    in_order = sorted(wanted)
    try:
        with transaction.atomic():
            for each in in_order:
                if not _take(cursor, order_id % SLOTS, each):
                    raise _Dry
        return []
    except _Dry:
        pass
    try:
        with transaction.atomic():
            short = [each.key for each in in_order if not _gather(cursor, order_id % SLOTS, each, today)]
            if short:
                raise _Short
            return []
    except _Short:
        return short


def _take(cursor: psycopg.Cursor[Any], slot: int, each: Taken) -> bool:
    cursor.execute(
        "update promotions_offercounter set uses = uses + 1, spent_minor = spent_minor + $3 "
        "where key = $1 and slot = $2 and (uses_allotted is null or uses < uses_allotted) "
        "and (spent_allotted is null or spent_minor + $3 <= spent_allotted)",
        (each.key, slot, each.amount_minor),
        prepare=True,
    )
    return cursor.rowcount == 1


def _gather(cursor: psycopg.Cursor[Any], slot: int, each: Taken, today: date) -> bool:
    """Move what the other slots have left into this one, if together they have enough.

    With an even pace the day may have brought more: it is shared out here, when the first order of the day needs it.
    """
    rows = cursor.execute(
        "select slot, uses, uses_allotted, spent_minor, spent_allotted from promotions_offercounter "
        "where key = $1 order by slot for update",
        (each.key,),
        prepare=True,
    ).fetchall()
    if not rows:
        return False
    # Read under the locks of the slots, under which it is written too.
    paced = cursor.execute(
        "select budget_minor, first_day, days from promotions_offerallowance where key = $1 and days is not null",
        (each.key,),
        prepare=True,
    ).fetchone()
    free_uses = None if rows[0][2] is None else sum(row[2] - row[1] for row in rows)
    free_money = None if rows[0][4] is None else sum(row[4] - row[3] for row in rows)
    if paced is not None:
        free_money = max(0, Pace(*paced).out_by(today) - sum(row[3] for row in rows))
    if (free_uses is not None and free_uses < 1) or (
        free_money is not None and free_money < each.amount_minor
    ):
        return False
    for other, uses, _, spent, _ in rows:
        if other == slot:
            allotted = (
                None if free_uses is None else uses + free_uses,
                None if free_money is None else spent + free_money,
            )
            taken = (1, each.amount_minor)
        else:
            allotted = (None if free_uses is None else uses, None if free_money is None else spent)
            taken = (0, 0)
        cursor.execute(
            "update promotions_offercounter set uses_allotted = $3, spent_allotted = $4, uses = uses + $5, "
            "spent_minor = spent_minor + $6 where key = $1 and slot = $2",
            (each.key, other, *allotted, *taken),
            prepare=True,
        )
    return True


def give_back(
    cursor: psycopg.Cursor[Any], order_id: int, back: Mapping[str, tuple[int, int]], *, today: date
) -> None:
    """Count uses and money back that returns gave back: (uses, minor units) by offer.

    Where the limits were lowered below what was used, as much is taken off the allotment: it cannot go out again.
    """
    for key in sorted(back):
        uses, minor = back[key]
        slot = order_id % SLOTS
        if any(_too_much(cursor, key, today)):
            # One at a time: two that both saw the same excess would both take it off.
            cursor.execute(
                "select from promotions_offercounter where key = %s order by slot for update", (key,)
            )
        cursor.execute(
            "update promotions_offercounter set uses = uses - %s, spent_minor = spent_minor - %s "
            "where key = %s and slot = %s",
            (uses, minor, key, slot),
        )
        # Limits and allotments together change only under the locks of all slots, and this one is held now.
        uses_above, spent_above = _too_much(cursor, key, today)
        uses_above, spent_above = min(uses, uses_above), min(minor, spent_above)
        if uses_above > 0 or spent_above > 0:
            cursor.execute(
                "update promotions_offercounter set uses_allotted = uses_allotted - %s, "
                "spent_allotted = spent_allotted - %s where key = %s and slot = %s",
                (uses_above, spent_above, key, slot),
            )


def _too_much(cursor: psycopg.Cursor[Any], key: str, today: date) -> tuple[int, int]:
    """Uses and money that are allotted beyond the limits, since these were lowered or the pace is slower."""
    row = cursor.execute(
        "select a.in_total, a.budget_minor, a.first_day, a.days, "
        "sum(c.uses_allotted)::bigint, sum(c.spent_allotted)::bigint "
        "from promotions_offerallowance a join promotions_offercounter c on c.key = a.key "
        "where a.key = %s group by a.key",
        (key,),
    ).fetchone()
    if row is None:
        return 0, 0
    in_total, budget, first_day, days, uses_allotted, spent_allotted = row
    out = budget if days is None else Pace(budget, first_day, days).out_by(today)
    return _above(uses_allotted, in_total), _above(spent_allotted, out)


def _above(allotted: int | None, limit: int | None) -> int:
    return 0 if allotted is None or limit is None else max(0, allotted - limit)

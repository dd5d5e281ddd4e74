"""What becomes of the offers of an order when its goods come back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg

from laoke.kernel.sharing import share_so_far
from laoke.promotions import counters


class Returned(NamedTuple):
    """A line of an order and what of it has come back, this return included."""

    line_no: int
    quantity_milli: int
    returned_milli: int


def take_back(cursor: psycopg.Cursor[Any], order_id: int, lines: Iterable[Returned], at: datetime) -> None:
    """Give back what offers took off goods that came back: money to budgets, and the use with the last piece.

    Call with the order locked.
    """
    rows = cursor.execute(
        "select id, key, lines, returned_minor, counted from promotions_offeruse "
        "where order_id = %s and undone_at is null",
        (order_id,),
        prepare=True,
    ).fetchall()
    if not rows:
        return
    by_number = {str(line.line_no): line for line in lines}
    everything = all(line.returned_milli >= line.quantity_milli for line in by_number.values())
    back: dict[str, tuple[int, int]] = {}
    for number, key, text, before, counted in rows:
        amounts = orjson.loads(text)
        touched = [by_number[line_no] for line_no in amounts]
        so_far = sum(
            share_so_far(amounts[str(line.line_no)], line.returned_milli, line.quantity_milli)
            for line in touched
        )
        # An offer that took off no line, a gift say, is over with the whole order.
        ended = all(line.returned_milli >= line.quantity_milli for line in touched) if touched else everything
        if so_far == before and not ended:
            continue
        cursor.execute(
            "update promotions_offeruse set returned_minor = %s, undone_at = %s where id = %s",
            (so_far, at if ended else None, number),
        )
        if counted:
            back[key] = (1 if ended else 0, so_far - before)
    counters.give_back(cursor, order_id, back)

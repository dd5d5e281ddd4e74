"""What the rules of earning gave to each line of an order: a return takes back what its lines earned.

Kept where a programme has such rules. Without one every line earned at the same rate, and nothing has to be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import psycopg

from laoke.foundation import sql

RECORD = sql.statement("laoke.points", "record_earning")
COLUMNS = "points_orderearning (order_id, lines, rules)"


class OrderEarned(NamedTuple):
    """Points of an order by line number, and by rule in the order in which they applied; what a cap took is below
    zero."""

    order_id: int
    lines: Mapping[int, int]
    rules: Sequence[tuple[str, int]]

    def row(self) -> tuple[int, str, str]:
        """As the table has it."""
        lines = {str(number): points for number, points in self.lines.items() if points}
        return self.order_id, orjson.dumps(lines).decode(), orjson.dumps(self.rules).decode()


def record(cursor: psycopg.Cursor[Any], earned: OrderEarned) -> None:
    """Keep what an order earned, on a raw cursor, in its transaction."""
    RECORD.run(cursor, dict(zip(("order_id", "lines", "rules"), earned.row(), strict=True)))


def of_orders(cursor: psycopg.Cursor[Any], order_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """Points by line number, by order; orders that earned at one rate are left out."""
    rows = cursor.execute(
        "select order_id, lines::text from points_orderearning where order_id = any(%s)", (list(order_ids),)
    ).fetchall()
    return {
        order_id: {int(number): points for number, points in orjson.loads(lines).items()}
        for order_id, lines in rows
    }

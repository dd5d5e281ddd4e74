"""What is paid for bringing an order to the shopper: beside the goods, and back with the last of them."""

from __future__ import annotations

from typing import Any

import psycopg


def record(
    cursor: psycopg.Cursor[Any], order_id: int, method: str, fee_minor: int, discount_minor: int
) -> None:
    """Keep what an order's delivery cost, and what offers took off it. Call in the order's transaction."""
    cursor.execute(
        "insert into purchases_ordershipping (order_id, method, fee_minor, discount_minor) "
        "values ($1, $2, $3, $4)",
        (order_id, method, fee_minor, discount_minor),
        prepare=True,
    )


def give_back(cursor: psycopg.Cursor[Any], order_id: int) -> int:
    """Give back what was paid for the delivery of an order whose last piece is back; minor units, once."""
    row = cursor.execute(
        "update purchases_ordershipping set refunded_minor = fee_minor - discount_minor "
        "where order_id = %s and refunded_minor = 0 returning refunded_minor",
        (order_id,),
        prepare=True,
    ).fetchone()
    return int(row[0]) if row else 0

"""A shop of any size, made by SQL in seconds: members with accounts, lots, tiers and orders, products, a till's key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

STATEMENTS = Path(__file__).with_suffix(".sql")


def build(connection: psycopg.Connection[Any], members: int, *, orders: int = 3, lines: bool = True) -> None:
    """Fill an empty, migrated database: `members` members with `orders` orders of two lines each."""
    for statement in STATEMENTS.read_text(encoding="utf-8").split(";\n"):
        if statement.strip() and (lines or "purchases_orderline" not in statement):
            text = statement.replace("{members}", str(members)).replace("{orders}", str(orders))
            connection.execute(text.encode())
            connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.execute("checkpoint")
    connection.autocommit = False

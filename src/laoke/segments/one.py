"""What is known of one member: the values the Python reading of a condition asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import cache
from typing import Any

import psycopg

from laoke.foundation.sql import Statement, numbered
from laoke.segments.attributes import HOMES, JOINS
from laoke.segments.audience import moment


def known(
    cursor: psycopg.Cursor[Any], member_id: int, names: Iterable[str], at: datetime, zone: tzinfo
) -> dict[str, Any]:
    """The attributes of a member by name; what is not known is left out.

    Args:
        cursor: a raw cursor.
        names: attributes asked for; others than of members are passed over.
    """
    wanted = tuple(sorted(name for name in names if name in HOMES))
    if not wanted:
        return {}
    _statement(wanted).run(cursor, {"member_id": member_id, **moment(at, zone)})
    row = cursor.fetchone()
    if row is None:
        return {}
    return {
        name: frozenset(value) if HOMES[name].attribute.several else value
        for name, value in zip(wanted, row, strict=True)
        if value is not None
    }


@cache
def _statement(names: tuple[str, ...]) -> Statement:
    columns = ", ".join(HOMES[name].sql for name in names)
    joins = " ".join(
        JOINS[join] for join in dict.fromkeys(each for name in names for each in HOMES[name].needs)
    )
    return numbered(f"select {columns} from members_member m {joins} where m.id = %(member_id)s::bigint")  # noqa: S608

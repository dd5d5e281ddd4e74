"""What is known of one member: the values the Python reading of a condition asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import cache
from typing import Any, NamedTuple

import psycopg

from laoke.foundation.sql import Statement, numbered
from laoke.segments.attributes import HOMES, JOINS
from laoke.segments.audience import moment


class Part(NamedTuple):
    """What has to be added to a question about one member, to learn these attributes by the way.

    `columns` and `joins` speak of `m` (members_member); the parameters are those of `audience.moment`.
    """

    names: tuple[str, ...]
    columns: str
    joins: str

    def read(self, values: Sequence[Any]) -> dict[str, Any]:
        """The attributes by name; what is not known is left out."""
        return {
            name: frozenset(value) if HOMES[name].attribute.several else value
            for name, value in zip(self.names, values, strict=True)
            if value is not None
        }


@cache
def part(names: frozenset[str]) -> Part:
    """The part for some attributes; others than of members are passed over."""
    wanted = tuple(sorted(name for name in names if name in HOMES))
    needed = dict.fromkeys(join for name in wanted for join in HOMES[name].needs)
    columns = ", ".join(HOMES[name].sql for name in wanted)
    return Part(wanted, columns, " ".join(JOINS[join].of_one for join in needed))


def known(
    cursor: psycopg.Cursor[Any],
    member_id: int,
    names: frozenset[str],
    at: datetime,
    zone: tzinfo,
    *,
    counted_until: datetime | None = None,
) -> dict[str, Any]:
    """The attributes of a member by name; what is not known is left out.

    Args:
        cursor: a raw cursor.
        names: attributes asked for; others than of members are passed over.
        counted_until: orders up to here are counted; None: up to `at`.
    """
    wanted = part(names)
    if not wanted.names:
        return {}
    values = {"member_id": member_id, **moment(at, zone), "at": counted_until or at}
    _statement(wanted).run(cursor, values)
    row = cursor.fetchone()
    return {} if row is None else wanted.read(row)


def known_of_many(
    cursor: psycopg.Cursor[Any], member_ids: Sequence[int], names: frozenset[str], at: datetime, zone: tzinfo
) -> dict[int, dict[str, Any]]:
    """As `known`, of several members at once, by member."""
    wanted = part(names)
    if not wanted.names:
        return {}
    _statement_of_many(wanted).run(cursor, {"members": list(member_ids), **moment(at, zone)})
    return {row[0]: wanted.read(row[1:]) for row in cursor.fetchall()}


@cache
def _statement_of_many(wanted: Part) -> Statement:
    return numbered(
        f"select m.id, {wanted.columns} from members_member m {wanted.joins} "  # noqa: S608 -- our own words
        "where m.id = any(%(members)s::bigint[])"
    )


@cache
def _statement(wanted: Part) -> Statement:
    return numbered(
        f"select {wanted.columns} from members_member m {wanted.joins} "  # noqa: S608 -- our own words
        "where m.id = %(member_id)s::bigint"
    )

"""One person may have several rows: the member, and those merged into it, directly or by way of others."""

from __future__ import annotations

from laoke.foundation.sql import hot_cursor, load
from laoke.members.types import MemberId


def rows_of(member_id: MemberId) -> list[MemberId]:
    """The member's id, then those of the rows merged into it, nearest first."""
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.members", "rows_of_person"), [member_id])
        return [row_id for (row_id,) in cursor]

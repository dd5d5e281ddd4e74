"""How many coupons of a template are out: limits in total and for each member, exact at any concurrency.

Limits are kept as rows, not only in the documents: whoever issues under an older version of the programme, on a quote
say, is bound by those in force now.

Everybody locks in one order, so that nobody waits crosswise: the table (`begin`), all coupons by their number, then by
template its limit and what members have of it, by their number. So limits are counted once all coupons are locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import psycopg

from laoke.benefits.coupons.documents import TemplateDocument
from laoke.foundation.sql import hot_cursor


class Admitted(NamedTuple):
    """Who may get theirs, in the order they were asked for, and why others may not."""

    members: list[int]
    refused: dict[int, str]


def put_in_force(wanted: Mapping[str, TemplateDocument]) -> None:
    """Have exactly the limits of these templates. What a new limit counts, it counts from the coupons there are.

    Call in the transaction that publishes, which no other publication is beside. When a limit changes it waits for
    whoever is issuing right now, and they for it.
    """
    with hot_cursor() as cursor:
        there = {
            key: (most, most_each)
            for key, most, most_each in cursor.execute(
                "select template, most, most_each from benefits_couponlimit"
            ).fetchall()
        }
        changed = {
            key: (document.limits.in_total, document.limits.per_member)
            for key, document in wanted.items()
            if there.get(key, (None, None)) != (document.limits.in_total, document.limits.per_member)
        }
        if changed:
            cursor.execute("lock table benefits_coupon in share row exclusive mode")
        for key, (most, most_each) in changed.items():
            before = there.get(key, (None, None))
            if most is None and most_each is None:
                cursor.execute("delete from benefits_couponlimit where template = %s", (key,))
            else:
                cursor.execute(
                    "insert into benefits_couponlimit (template, most, most_each, issued) values (%(key)s::text, "
                    "%(most)s::bigint, %(each)s::bigint, case when %(most)s::bigint is not null then "
                    "(select count(*) from benefits_coupon where template = %(key)s::text and state <> 'revoked') end) "
                    "on conflict (template) do update set most = excluded.most, most_each = excluded.most_each, "
                    "issued = excluded.issued",
                    {"key": key, "most": most, "each": most_each},
                )
            if (before[1] is None) == (most_each is None):
                continue
            cursor.execute("delete from benefits_couponsofmember where template = %s", (key,))
            if most_each is not None:
                cursor.execute(
                    "insert into benefits_couponsofmember (template, member_id, issued) "
                    "select template, issued_to, count(*) from benefits_coupon "
                    "where template = %s and state <> 'revoked' and issued_to is not null group by 1, 2",
                    (key,),
                )


def begin(cursor: psycopg.Cursor[Any]) -> None:
    """Call before coupons are locked or limits looked at: a publication that brings new ones waits for the end of this
    transaction.
    """
    cursor.execute("lock table benefits_coupon in row exclusive mode")


def admit(cursor: psycopg.Cursor[Any], template: str, members: Sequence[int], each: int) -> Admitted:
    """Count `each` coupons for each of these members, who have to be in the order of their number.

    A member gets all or none.
    """
    row = cursor.execute(
        "select most, most_each from benefits_couponlimit where template = %s", (template,)
    ).fetchone()
    if row is None:
        return Admitted(list(members), {})
    most, most_each = row
    # The row of the template first: everybody locks in this order.
    left = None if most is None else _left(cursor, template)
    passed, refused = list(members), {}
    if most_each is not None:
        passed = _count_each(cursor, template, members, each, most_each)
        held = set(passed)
        refused = {member: "member_limit" for member in members if member not in held}
    if left is not None:
        fitting, rest = passed[: left // each], passed[left // each :]
        refused |= dict.fromkeys(rest, "total_limit")
        if most_each is not None and rest:
            cursor.execute(
                "update benefits_couponsofmember set issued = issued - %s "
                "where template = %s and member_id = any(%s)",
                (each, template, rest),
            )
        _add(cursor, template, len(fitting) * each)
        passed = fitting
    return Admitted(passed, refused)


def admit_codes(cursor: psycopg.Cursor[Any], template: str, wanted: int) -> int:
    """Count coupons for nobody in particular: as many as the limit in total leaves, at most so many."""
    row = cursor.execute("select most from benefits_couponlimit where template = %s", (template,)).fetchone()
    if row is None or row[0] is None:
        return wanted
    fitting = min(wanted, _left(cursor, template))
    _add(cursor, template, fitting)
    return fitting


def take_off(cursor: psycopg.Cursor[Any], revoked: Sequence[tuple[str, int | None]]) -> None:
    """Coupons were revoked: (template, first member) of each. Call once, with all coupons locked.

    Rows without a limit are not there to be changed.
    """
    for template, member in sorted(revoked, key=lambda each: (each[0], each[1] or 0)):
        cursor.execute(
            "update benefits_couponlimit set issued = issued - 1 where template = %s and issued is not null",
            (template,),
        )
        if member is not None:
            cursor.execute(
                "update benefits_couponsofmember set issued = issued - 1 where template = %s and member_id = %s",
                (template, member),
            )


def _left(cursor: psycopg.Cursor[Any], template: str) -> int:
    row = cursor.execute(
        "select most - issued from benefits_couponlimit where template = %s for update", (template,)
    ).fetchone()
    assert row is not None
    return max(0, int(row[0]))


def _add(cursor: psycopg.Cursor[Any], template: str, count: int) -> None:
    cursor.execute(
        "update benefits_couponlimit set issued = issued + %s where template = %s", (count, template)
    )


def _count_each(
    cursor: psycopg.Cursor[Any], template: str, members: Sequence[int], each: int, most_each: int
) -> list[int]:
    if each > most_each:
        return []
    rows = cursor.execute(
        "insert into benefits_couponsofmember as held (template, member_id, issued) "
        "select %(template)s, member_id, %(each)s from unnest(%(members)s::bigint[]) with ordinality "
        "as wanted (member_id, place) order by place "
        "on conflict (template, member_id) do update set issued = held.issued + excluded.issued "
        "where held.issued + excluded.issued <= %(most)s returning member_id",
        {"template": template, "each": each, "members": list(members), "most": most_each},
    ).fetchall()
    passed = {row[0] for row in rows}
    return [member for member in members if member in passed]

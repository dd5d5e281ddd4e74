"""How many coupons of a template are out: limits in total and for each member, exact at any concurrency.

Limits are kept as rows, not only in the documents: whoever issues under an older version of the programme, on a quote
say, is bound by those in force now.

Everybody locks in one order, so that nobody waits crosswise: the table (`begin`), all coupons by their number, then by
template its limit and what members have of it, by their number. So limits are counted once all coupons are locked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg

from laoke.benefits.coupons.documents import TemplateDocument
from laoke.foundation.sql import hot_cursor


class Admitted(NamedTuple):
    """Who may get theirs, in the order they were asked for, and why others may not."""

    members: list[int]
    refused: dict[int, str]


def put_in_force(wanted: Mapping[str, TemplateDocument]) -> None:
    """Have exactly the limits of these templates. A new limit in total counts the coupons there are; what members have
    is counted when it is first asked for.

    Call in the transaction that publishes, which no other publication is beside. When there comes to be a limit, or no
    more, it waits for whoever is issuing right now, and they for it; another number just holds.
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
            if there.get(key, _NONE) != (document.limits.in_total, document.limits.per_member)
        }
        if any(_kinds(there.get(key, _NONE)) != _kinds(limits) for key, limits in changed.items()):
            cursor.execute("lock table benefits_coupon in share row exclusive mode")
        for key, (most, most_each) in changed.items():
            had_most, had_most_each = _kinds(there.get(key, _NONE))
            if most is None and most_each is None:
                cursor.execute("delete from benefits_couponlimit where template = %s", (key,))
            else:
                cursor.execute(
                    "insert into benefits_couponlimit as held (template, most, most_each, issued) "
                    "values (%(key)s::text, %(most)s::bigint, %(each)s::bigint, "
                    "case when %(counts)s then (select count(*) from benefits_coupon "
                    "where template = %(key)s::text and state <> 'revoked') end) "
                    "on conflict (template) do update set most = excluded.most, most_each = excluded.most_each, "
                    "issued = case when excluded.most is not null then coalesce(excluded.issued, held.issued) end",
                    {
                        "key": key,
                        "most": most,
                        "each": most_each,
                        "counts": most is not None and not had_most,
                    },
                )
            if had_most_each and most_each is None:
                cursor.execute("delete from benefits_couponsofmember where template = %s", (key,))


_NONE = (None, None)


def _kinds(limits: tuple[int | None, int | None]) -> tuple[bool, bool]:
    most, most_each = limits
    return most is not None, most_each is not None


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


def take_off(cursor: psycopg.Cursor[Any], revoked: Iterable[tuple[str, int | None]]) -> None:
    """Coupons were revoked: (template, first member) of each. Call once for all, with all of them locked and revoked.

    Rows without a limit are not there to be changed.
    """
    counted = Counter(revoked)
    for template, of_it in groupby(sorted(counted, key=_in_order), key=itemgetter(0)):
        members = [member for _, member in of_it]
        cursor.execute(
            "update benefits_couponlimit set issued = issued - %s where template = %s and issued is not null",
            (sum(counted[template, member] for member in members), template),
        )
        for member in members:
            if member is not None:
                # Who was never counted is counted now, without them: see `_count_each`.
                cursor.execute(
                    "insert into benefits_couponsofmember as held (template, member_id, issued) "
                    "select l.template, %(member)s, (select count(*) from benefits_coupon c "
                    "where c.issued_to = %(member)s and c.template = l.template and c.state <> 'revoked') "
                    "from benefits_couponlimit l where l.template = %(template)s and l.most_each is not null "
                    "on conflict (template, member_id) do update set issued = held.issued - %(less)s",
                    {"template": template, "member": member, "less": counted[template, member]},
                )


def forget(cursor: psycopg.Cursor[Any], members: Sequence[int]) -> None:
    """Count anew what members have, when it is next asked for. Call with all coupons locked that they got first."""
    cursor.execute(
        "delete from benefits_couponsofmember h using (select template, member_id from benefits_couponsofmember "
        'where member_id = any(%s) order by template collate "C", member_id for update) gone '
        "where h.template = gone.template and h.member_id = gone.member_id",
        (list(members),),
    )


def _in_order(revoked: tuple[str, int | None]) -> tuple[str, int]:
    template, member = revoked
    return template, member or 0


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
    """Whoever has no row yet is counted from the coupons there are. A row that comes meanwhile goes before the count:
    whoever issues or revokes leaves one behind.
    """
    if each > most_each:
        return []
    rows = cursor.execute(
        "insert into benefits_couponsofmember as held (template, member_id, issued) "
        "select %(template)s, wanted.member_id, there.issued + %(each)s "
        "from unnest(%(members)s::bigint[]) with ordinality as wanted (member_id, place) "
        "cross join lateral (select count(*) as issued from benefits_coupon c where c.issued_to = wanted.member_id "
        "and c.template = %(template)s and c.state <> 'revoked') there "
        "where there.issued + %(each)s <= %(most)s order by wanted.place "
        "on conflict (template, member_id) do update set issued = held.issued + %(each)s "
        "where held.issued + %(each)s <= %(most)s returning member_id",
        {"template": template, "each": each, "members": list(members), "most": most_each},
    ).fetchall()
    passed = {row[0] for row in rows}
    return [member for member in members if member in passed]

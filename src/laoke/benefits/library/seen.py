"""Which benefits members were shown: awareness, for the rate that is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from laoke.benefits.library import publication
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor
from laoke.members import selectors as members


def note(caller: Caller, member_id: int, benefits: Sequence[str], *, at: datetime) -> int:
    """A member was shown these benefits; returns how many are new to them. A repeat moves only when they saw it last.

    Raises:
        MissingScope, UnknownBenefit, UnknownMember, MemberErased
    """
    caller.require(Scope.BENEFITS_USE)
    library = publication.in_force()
    for key in benefits:
        library.get(key)
    with hot_cursor() as cursor:
        rows = cursor.execute(
            "insert into benefits_benefitseen as held (member_id, benefit, first_at, last_at) "
            "select %(member)s, key, %(at)s, %(at)s from unnest(%(keys)s::text[]) as shown (key) order by key "
            "on conflict (member_id, benefit) do update set last_at = greatest(held.last_at, excluded.last_at) "
            "returning xmax = 0",
            {
                "member": members.resolve({"member_id": member_id}).id,
                "keys": sorted(set(benefits)),
                "at": at,
            },
        ).fetchall()
    return sum(first for (first,) in rows)

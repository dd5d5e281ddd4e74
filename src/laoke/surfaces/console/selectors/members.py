"""Finding members, and who of them an account may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.members import selectors as members
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
PAGE = 50
# For an account limited to stores so many matches are looked at; more of them call for a longer search text.
_MOST_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class FoundMember:
    """One line of the list, masked. Tier and points are None where the role may not see them."""

    id: int
    name: str
    status: str
    phone: str
    card: str
    more_phones: int
    tier: Named | None
    face: str
    points: int | None
    last_purchase_at: datetime | None
    registered_at: datetime
    store: Named


@dataclass(frozen=True, slots=True)
class MemberList:
    """A page of members; `after` opens the next, None when this is the last. `cut`: there may be more matches."""

    text: str
    rows: tuple[FoundMember, ...]
    after: str | None
    cut: bool
    limited: bool
    tiers_shown: bool
    points_shown: bool


def member_list(caller: Caller, text: str, after: str | None, at: datetime) -> MemberList:
    """Members that the text may mean, newest registration first; without a text all of them.

    Raises:
        BadCursor.
    """
    text = text.strip()
    limits = limit_of(caller)
    # Whom a limited account may see is known only beside the matches, so it gets one long page instead of many.
    page = members.search(text, limit=PAGE if limits is None else _MOST_LOOKED_AT, after=after)
    beside = _beside(limits, [row.id for row in page.rows], at)
    shown = [row for row in page.rows if beside[row.id][-1]]
    ladder = programme.current().ladder
    see_tier, see_points = Scope.TIERS_READ in caller.scopes, Scope.POINTS_READ in caller.scopes
    rows = []
    for row in shown:
        tier_code, points, last_at, store, store_en, _visible = beside[row.id]
        rank = ladder.rank(tier_code)
        rows.append(
            FoundMember(
                id=row.id,
                name=row.name_masked,
                status=row.status.value,
                phone=row.phones_masked[0] if row.phones_masked else "",
                card=row.cards_masked[0] if row.cards_masked else "",
                more_phones=max(0, len(row.phones_masked) - 1),
                tier=tier_name(ladder.tiers[rank]) if see_tier else None,
                face=face(rank, len(ladder.tiers)),
                points=points if see_points else None,
                last_purchase_at=last_at,
                registered_at=row.registered_at,
                store=Named(store or "", store_en or store or ""),
            )
        )
    following = page.after if limits is None else None
    cut = limits is not None and page.after is not None
    return MemberList(text, tuple(rows), following, cut, limits is not None, see_tier, see_points)


def _beside(limits: list[int] | None, ids: list[int], at: datetime) -> dict[int, tuple[Any, ...]]:
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "member_rows"), {"stores": limits, "ids": ids, "at": at})
        return {row[0]: row[1:] for row in cursor}

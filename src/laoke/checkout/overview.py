"""One member at a glance: who, how many points, which tier and which class. Composed of what each module tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller, Scope
from laoke.members import selectors as members
from laoke.members.types import Profile
from laoke.points import selectors as points
from laoke.points.selectors import Points
from laoke.segments.explained import Explained, explained
from laoke.tiers import selectors as tiers
from laoke.tiers.selectors import Stand


@dataclass(frozen=True, slots=True)
class Overview:
    """`classes` is None before the first night's computation, and for callers that may not see it."""

    profile: Profile
    points: Points
    stand: Stand
    classes: Explained | None


def overview(caller: Caller, member_id: int, at: datetime) -> Overview:
    """Everything about a member that a counter or a mini-program shows first; of merged members the kept one.

    Raises:
        MissingScope, UnknownMember, MemberErased
    """
    for scope in (Scope.MEMBERS_READ, Scope.POINTS_READ, Scope.TIERS_READ):
        caller.require(scope)
    known = members.resolve({"member_id": member_id})
    return Overview(
        members.profile(known.id),
        points.account(known.id, at),
        tiers.stand(known.id, at),
        explained(known.id) if Scope.INSIGHT_READ in caller.scopes else None,
    )

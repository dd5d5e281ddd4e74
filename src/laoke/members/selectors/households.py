"""Who lives with whom."""

from __future__ import annotations

from collections.abc import Sequence

from laoke.foundation.sql import hot_cursor
from laoke.members.errors import UnknownMember
from laoke.members.models import HouseholdMember, Member
from laoke.members.types import HouseholdPerson, HouseholdView, MemberId

_SHARING = (
    "select them.member_id from members_householdmember me join members_householdmember them "
    "on them.household_id = me.household_id and them.member_id <> me.member_id and them.shares_points "
    "where me.member_id = %(member)s and (%(among)s::bigint[] is null or them.member_id = any(%(among)s::bigint[])) "
    "order by them.member_id"
)


def sharing(
    member_id: MemberId, *, among: Sequence[MemberId] | None = None, hold: bool = False
) -> list[MemberId]:
    """Who of those a member lives with lets them spend their points, by member number.

    Args:
        among: only these.
        hold: it stays so until the running transaction ends: who leaves, or takes their word back, waits for it.
    """
    with hot_cursor() as cursor:
        question = _SHARING + (" for share of me, them" if hold else "")
        values = {"member": member_id, "among": None if among is None else list(among)}
        return [row[0] for row in cursor.execute(question, values).fetchall()]


def household(member_id: MemberId) -> HouseholdView | None:
    """The household a member lives in, with everybody in it, who joined first first; None where they live in none.

    Raises:
        UnknownMember.
    """
    row = HouseholdMember.objects.filter(member=member_id).first()
    if row is None:
        if not Member.objects.filter(pk=member_id).exists():
            raise UnknownMember
        return None
    people = HouseholdMember.objects.filter(household=row.household_id).select_related("member")
    return HouseholdView(
        row.household_id,
        tuple(
            HouseholdPerson(each.member_id, each.member.name_masked, each.joined_at, each.shares_points)
            for each in people.order_by("joined_at", "member")
        ),
    )


def live_together(one: MemberId, other: MemberId) -> bool:
    """Whether two members live in the same household."""
    homes = HouseholdMember.objects.filter(member__in=[one, other]).values_list("household", flat=True)
    return one != other and len(homes) == 2 and homes[0] == homes[1]

"""Who lives with whom."""

from __future__ import annotations

from laoke.members.errors import UnknownMember
from laoke.members.models import HouseholdMember, Member
from laoke.members.types import HouseholdPerson, HouseholdView, MemberId


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

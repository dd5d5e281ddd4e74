"""The locks on members, in one place and one order (ascending id), so that no two commands deadlock.

Editing takes FOR NO KEY UPDATE. Merging, undoing and erasing take FOR UPDATE: that also waits for, and holds up,
everybody who writes facts about the member and took FOR KEY SHARE for it, as a foreign key does by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from laoke.members.errors import MemberErased, MemberMerged, UnknownMember
from laoke.members.models import Member
from laoke.members.selectors.lookup import kept_id
from laoke.members.types import MemberId, MemberStatus


def for_edit(member_id: MemberId) -> Member:
    """Lock one living member.

    Raises:
        UnknownMember, MemberMerged, MemberErased.
    """
    member = Member.objects.select_for_update(no_key=True).filter(pk=member_id).first()
    if member is None:
        raise UnknownMember
    require_alive(member)
    return member


def exclusively(member_ids: Iterable[MemberId]) -> dict[MemberId, Member]:
    """Lock members against every other writer; ids nobody has are missing from the answer."""
    rows = Member.objects.select_for_update().filter(pk__in=list(member_ids)).order_by("pk")
    return {member.pk: member for member in rows}


def require_alive(member: Member) -> None:
    """Refuse rows that no longer stand for a person."""
    if member.status == MemberStatus.ERASED:
        raise MemberErased(member.pk)
    if member.status == MemberStatus.MERGED:
        raise MemberMerged(member.pk, kept_id(member.pk))

"""Words on members."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.outbox import services as outbox
from laoke.members import events, locks
from laoke.members.models import MemberTag
from laoke.members.normal.person import checked_source, checked_tags
from laoke.members.types import MemberId


@transaction.atomic
def tag(
    *, caller: Caller, member_id: MemberId, tags: Sequence[str], at: datetime, source: str = "staff"
) -> tuple[str, ...]:
    """Put words on a member; those already there keep their source and date.

    Returns:
        The words that are new.
    Raises:
        BadTag, BadMemberField, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    wanted, known_source = checked_tags(tuple(tags)), checked_source(source)
    locks.for_edit(member_id)
    had = set(MemberTag.objects.filter(member_id=member_id, tag__in=wanted).values_list("tag", flat=True))
    new = tuple(word for word in wanted if word not in had)
    if new:
        MemberTag.objects.bulk_create(
            MemberTag(member_id=member_id, tag=word, source=known_source, added_at=at) for word in new
        )
        payload = {"member_id": member_id, "tags": list(new), "source": known_source}
        outbox.add(events.TAGGED, payload, at=at, member_id=member_id)
    return new


@transaction.atomic
def untag(*, caller: Caller, member_id: MemberId, tags: Sequence[str], at: datetime) -> tuple[str, ...]:
    """Take words off a member.

    Returns:
        The words that were there.
    Raises:
        BadTag, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    unwanted = checked_tags(tuple(tags))
    locks.for_edit(member_id)
    rows = MemberTag.objects.filter(member_id=member_id, tag__in=unwanted)
    had = set(rows.values_list("tag", flat=True))
    gone = tuple(word for word in unwanted if word in had)
    if gone:
        rows.delete()
        payload = {"member_id": member_id, "tags": list(gone)}
        outbox.add(events.UNTAGGED, payload, at=at, member_id=member_id)
    return gone

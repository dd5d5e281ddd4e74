"""The person goes, the numbers stay: orders, points and consents keep a member id that leads to nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from laoke.foundation.access import Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.members import events, followers, locks, persons
from laoke.members.errors import MemberMerged, UnknownMember
from laoke.members.models import Identity, Member, MemberTag, Merge
from laoke.members.normal.person import checked_reason
from laoke.members.selectors.lookup import kept_id
from laoke.members.services import households
from laoke.members.services.profiles import FIELDS, assign, empty, touch
from laoke.members.types import MemberId, MemberStatus

# Which shop a member of the past belonged to says nothing about who it was; reports by shop stay right.
_PERSONAL = tuple(field for field in FIELDS if field != "home_store_id")


def erase_person(*, caller: Caller, member_id: MemberId, reason: str, at: datetime) -> bool:
    """Erase a person from this member and from the rows merged into it. It cannot be undone.

    Name, birth date, gender, language, identities, tags and household go; consents stay, they hold no more than the
    id. Merges of these rows can no longer be undone and forget what they moved and why.

    Returns:
        Whether there was anything to erase; a repeat answers False.
    Raises:
        UnknownMember, ReasonMissing, MissingScope.
        MemberMerged: erase the member it was merged into; the row goes with it.
    """
    caller.require(Scope.MEMBERS_ERASE)
    why = checked_reason(reason)
    return once_more(lambda: _erase(caller, member_id, why, at))


@transaction.atomic
def _erase(caller: Caller, member_id: MemberId, why: str, at: datetime) -> bool:
    ids = persons.rows_of(member_id)
    rows = locks.exclusively(ids)
    if member_id not in rows:
        raise UnknownMember
    # A merge or its undoing may have come between the look and the lock.
    while set(ids) != set(now := persons.rows_of(member_id)):
        ids = now
        rows = locks.exclusively(ids)
    member = rows[member_id]
    if member.status == MemberStatus.ERASED:
        return False
    if member.status == MemberStatus.MERGED:
        raise MemberMerged(member_id, kept_id(member_id))

    Identity.objects.filter(member_id__in=ids).delete()
    MemberTag.objects.filter(member_id__in=ids).delete()
    households.forget(ids)
    for row in rows.values():
        _empty(row, at)
    # Those undone long ago as well: they name tags of the person, and no repeat will ever need them.
    Merge.objects.filter(Q(kept__in=ids) | Q(gone__in=ids)).update(moved={}, reason="")
    for row_id in ids:
        for follower in followers.registered():
            follower.erase(row_id, at)
    merged_ids = ids[1:]
    audit.record(
        caller, "member.erased", "member", member_id, at=at, after={"merged_ids": merged_ids}, reason=why
    )
    payload = {"member_id": member_id, "merged_ids": merged_ids}
    outbox.add(events.ERASED, payload, at=at, member_id=member_id)
    return True


def _empty(member: Member, at: datetime) -> None:
    for field in _PERSONAL:
        assign(member, field, empty(field))
    member.status = MemberStatus.ERASED
    touch(member, at)

"""Blocking a member who abuses the programme, and lifting the block."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.members import events, locks
from laoke.members.normal.person import checked_reason
from laoke.members.services.profiles import touch
from laoke.members.types import MemberId, MemberStatus


def block(*, caller: Caller, member_id: MemberId, reason: str, at: datetime) -> bool:
    """Block a member. What a blocked member may not do is decided where it would be done.

    Returns:
        Whether this changed anything; a repeat answers False.
    Raises:
        ReasonMissing, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    return _set(caller, member_id, MemberStatus.BLOCKED, events.BLOCKED, reason, at)


def unblock(*, caller: Caller, member_id: MemberId, reason: str, at: datetime) -> bool:
    """Lift the block; as `block`."""
    return _set(caller, member_id, MemberStatus.ACTIVE, events.UNBLOCKED, reason, at)


@transaction.atomic
def _set(
    caller: Caller, member_id: MemberId, status: MemberStatus, topic: str, reason: str, at: datetime
) -> bool:
    caller.require(Scope.MEMBERS_WRITE)
    why = checked_reason(reason)
    member = locks.for_edit(member_id)
    if member.status == status:
        return False
    before, member.status = member.status, status
    touch(member, at)
    audit.record(
        caller,
        topic,
        "member",
        member_id,
        at=at,
        before={"status": str(before)},
        after={"status": status.value},
        reason=why,
    )
    outbox.add(topic, {"member_id": member_id, "version": member.version}, at=at, member_id=member_id)
    return True

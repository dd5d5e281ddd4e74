"""What members agreed to. Answers are added, never changed; the newest holds."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.outbox import services as outbox
from laoke.members import events, locks
from laoke.members.models import ConsentEvent
from laoke.members.normal.person import checked_consent, checked_source
from laoke.members.types import ConsentChannel, ConsentPurpose, MemberId


@transaction.atomic
def record_consent(
    *,
    caller: Caller,
    member_id: MemberId,
    channel: str,
    purpose: str,
    granted: bool,
    at: datetime,
    source: str,
) -> bool:
    """Record an answer with the moment it was given; a repeat of the same answer of that moment adds nothing.

    Returns:
        Whether the answer that holds is another one now. An answer older than the one that holds is kept as
        history and changes nothing.
    Raises:
        BadConsent, BadMemberField, UnknownMember, MemberMerged, MemberErased, MissingScope.
    """
    caller.require(Scope.MEMBERS_WRITE)
    known_channel, known_purpose = checked_consent(channel, purpose)
    known_source = checked_source(source)
    locks.for_edit(member_id)
    before = newest(member_id, known_channel, known_purpose)
    ConsentEvent.objects.get_or_create(
        member_id=member_id,
        channel=known_channel,
        purpose=known_purpose,
        granted=granted,
        at=at,
        source=known_source,
        defaults={"recorded_by": caller.label[:120]},
    )
    after = newest(member_id, known_channel, known_purpose)
    assert after is not None
    if before is not None and before.granted == after.granted:
        return False
    payload = {
        "member_id": member_id,
        "channel": known_channel.value,
        "purpose": known_purpose.value,
        "granted": after.granted,
        "source": known_source,
    }
    outbox.add(events.CONSENT_CHANGED, payload, at=at, member_id=member_id)
    return True


def newest(member_id: MemberId, channel: ConsentChannel, purpose: ConsentPurpose) -> ConsentEvent | None:
    """The event that holds."""
    rows = ConsentEvent.objects.filter(member_id=member_id, channel=channel, purpose=purpose)
    return rows.order_by("-at", "-id").first()

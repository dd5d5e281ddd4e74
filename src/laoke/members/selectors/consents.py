"""What a member agrees to now."""

from __future__ import annotations

from laoke.foundation.sql import hot_cursor, load
from laoke.members.types import Consent, ConsentChannel, ConsentPurpose, MemberId


def consents(member_id: MemberId) -> tuple[Consent, ...]:
    """The answers that hold, one per channel and purpose that was ever asked, in order of their names."""
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.members", "current_consents"), [member_id])
        return tuple(
            Consent(ConsentChannel(channel), ConsentPurpose(purpose), granted, at, source, recorded_by)
            for channel, purpose, granted, at, source, recorded_by, _ in cursor
        )


def has_consent(member_id: MemberId, channel: str, purpose: str) -> bool:
    """Whether the newest answer is yes. Who was never asked has not agreed."""
    with hot_cursor() as cursor:
        cursor.execute(
            "select granted from members_consentevent where member_id = %s and channel = %s and purpose = %s "
            "order by at desc, id desc limit 1",
            [member_id, channel, purpose],
        )
        row = cursor.fetchone()
    return bool(row and row[0])

"""The end of paid memberships: by the clock, with the tier they gave; or with the person.

Stands below the clock of tiers, which calls it: it knows nothing of standings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings

from laoke.foundation.outbox import services as outbox
from laoke.kernel.calendar import start_of_day
from laoke.tiers.memberships import events
from laoke.tiers.memberships.models import Membership


def expired(member_ids: Sequence[int], today: date, now: datetime) -> None:
    """End what runs of these members and is over by `today`; their accounts are locked."""
    if not member_ids:
        return
    over = Membership.objects.filter(
        member_id__in=member_ids, state=Membership.State.RUNNING, through__lt=today
    ).order_by("member_id")
    for row in over:
        end(
            row,
            Membership.State.ENDED,
            start_of_day(row.through + timedelta(days=1), settings.LAOKE.zone),
            now,
        )


def end(row: Membership, state: Membership.State, at: datetime, now: datetime) -> None:
    """Write down that one has ended, and say so."""
    row.state, row.ended_at, row.renews = state, at, False
    row.save(update_fields=["state", "ended_at", "renews", "moved_minor"])
    outbox.add(
        events.ENDED,
        {
            "membership_id": row.pk,
            "member_id": row.member_id,
            "plan": row.plan,
            "tier": row.tier,
            "until": row.until.isoformat(),
            "cause": state.value,
        },
        at=now,
        member_id=row.member_id,
    )

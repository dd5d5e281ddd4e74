"""Telling members ahead that a paid membership ends: 30, 7 and 1 days before, once each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from laoke.foundation.outbox import services as outbox
from laoke.tiers.memberships import events
from laoke.tiers.memberships.models import Membership

# Days ahead, the last word first.
STAGES = (1, 7, 30)
BATCH = 1_000


def tell(*, at: datetime, batch: int = BATCH, advance: Callable[[int], bool] | None = None) -> int:
    """Announce what ends within 30 days and was not told at its stage yet; returns how many.

    A notice is kept with its event in one transaction: a run that was killed or comes twice tells nobody twice. Nights
    without a run are caught up with the latest stage. Who renews is told anew before the new end.
    """
    today = at.astimezone(settings.LAOKE.zone).date()
    told, before = 0, 0
    for stage in STAGES:
        after = 0
        while numbers := _waiting(today, before, stage, after, batch):
            after = numbers[-1]
            sent = _tell(numbers, today, before, stage, at)
            told += sent
            if advance and not advance(sent):
                return told
        before = stage + 1
    return told


def _waiting(today: date, least: int, most: int, after: int, batch: int) -> list[int]:
    rows = _untold(today, least, most).filter(pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:batch])


def _untold(today: date, least: int, most: int) -> QuerySet[Membership]:
    # What was told of this end at this stage or a later one is not told again.
    earlier = Q(told_until=None) | ~Q(told_until=F("until")) | Q(told_days__gt=most)
    return Membership.objects.filter(
        earlier,
        state=Membership.State.RUNNING,
        until__range=(today + timedelta(days=least), today + timedelta(days=most)),
    )


def _tell(numbers: list[int], today: date, least: int, most: int, at: datetime) -> int:
    with transaction.atomic():
        rows = list(_untold(today, least, most).filter(pk__in=numbers).select_for_update().order_by("pk"))
        for row in rows:
            row.told_until, row.told_days = row.until, most
        Membership.objects.bulk_update(rows, ["told_until", "told_days"])
        outbox.add_many(
            events.ENDING,
            [
                (
                    row.member_id,
                    {
                        "membership_id": row.pk,
                        "member_id": row.member_id,
                        "plan": row.plan,
                        "tier": row.tier,
                        "until": row.until.isoformat(),
                        "days": (row.until - today).days,
                        "trial": row.trial,
                        "renews": row.renews,
                    },
                )
                for row in rows
            ],
            at=at,
        )
    return len(rows)

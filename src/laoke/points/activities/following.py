"""Events follow their member when two are merged, and come back with the undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from laoke.foundation.access import SYSTEM
from laoke.points.activities import referrals
from laoke.points.activities.models import Activity

_ONE_PERSON = "merged: the friend was the same person"


def moved_events(followers: Mapping[str, Any]) -> list[int]:
    """The events that a merge moved, by what the followers of it gave."""
    moved = followers.get(ActivitiesFollow.name, {})
    return [*moved.get("mine", ()), *moved.get("brought", ())]


class ActivitiesFollow:
    """See laoke.members.followers."""

    name = "activities"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """Nobody begins with events."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """Events go to the kept member. A referral between the two was one of oneself: it is undone. Of two referrals
        of the same friend the older one stays."""
        both = {kept_id, gone_id}
        mine = Activity.objects.filter(member_id=gone_id)
        brought = Activity.objects.filter(friend_id=gone_id)
        for event in Activity.objects.filter(referrals.OPEN, member_id__in=both, friend_id__in=both):
            referrals.undo(SYSTEM, event.pk, _ONE_PERSON, now=at, merging=both)
        doubled = Activity.objects.filter(referrals.OPEN, friend_id__in=both).order_by("id")
        for event in doubled[1:]:
            referrals.undo(SYSTEM, event.pk, _ONE_PERSON, now=at, merging=both)
        moved = {
            "mine": list(mine.values_list("pk", flat=True)),
            "brought": list(brought.values_list("pk", flat=True)),
        }
        mine.update(member_id=kept_id)
        brought.update(friend_id=kept_id)
        return moved

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, Any], at: datetime) -> None:
        """What was moved goes back."""
        Activity.objects.filter(pk__in=moved.get("mine", ()), member_id=kept_id).update(member_id=gone_id)
        Activity.objects.filter(pk__in=moved.get("brought", ()), friend_id=kept_id).update(friend_id=gone_id)

    def export(self, member_id: int) -> Mapping[str, object]:
        """Every event."""
        rows = Activity.objects.filter(member_id=member_id).order_by("id")
        return {
            "events": [
                {
                    "at": row.at.isoformat(),
                    "kind": row.kind,
                    "subject": row.subject,
                    "points": row.points + row.bonus,
                }
                for row in rows
            ]
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """What events were about may tell of the person; that they were stays."""
        Activity.objects.filter(member_id=member_id).update(subject="")

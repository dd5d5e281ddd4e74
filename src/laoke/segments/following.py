"""What was computed about a member goes when the member goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from laoke.segments.models import MemberFeatures


class SegmentsFollow:
    """See laoke.members.followers. Features are computed anew every night: nothing needs to be moved."""

    name = "segments"

    def registered(self, member_ids: Sequence[int], at: datetime) -> None:
        """The next night's computation brings the first features."""

    def merge(self, kept_id: int, gone_id: int, at: datetime) -> Mapping[str, object]:
        """The merged-away member is nobody any more."""
        MemberFeatures.objects.filter(pk=gone_id).delete()
        return {}

    def unmerge(self, kept_id: int, gone_id: int, moved: Mapping[str, object], at: datetime) -> None:
        """The next night's computation brings both members' features."""

    def export(self, member_id: int) -> Mapping[str, object]:
        """Scores and classes."""
        row = MemberFeatures.objects.filter(pk=member_id).values().first()
        if row is None:
            return {}
        return {
            name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()
        }

    def erase(self, member_id: int, at: datetime) -> None:
        """A profile computed from behaviour is personal: it goes."""
        MemberFeatures.objects.filter(pk=member_id).delete()

"""What an account was told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.surfaces.console.notices.kinds import KINDS
from laoke.surfaces.console.notices.models import Notice


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as a sentence in the language of the page. `path` may be empty."""

    text: str
    icon: str
    tone: str
    path: str
    at: datetime
    new: bool


def newest(staff_id: int, limit: int = 50) -> tuple[Told, ...]:
    """The account's notices, newest first."""
    rows = Notice.objects.filter(staff_id=staff_id).order_by("-at", "-id")[:limit]
    return tuple(
        Told(
            text=KINDS[row.kind].say(row.data),
            icon=KINDS[row.kind].icon,
            tone=KINDS[row.kind].tone,
            path=row.path,
            at=row.at,
            new=row.read_at is None,
        )
        for row in rows
        if row.kind in KINDS
    )

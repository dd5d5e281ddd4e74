"""Django's sessions in a table of our own, which can say whose a session is, since when and from where.

Source: https://docs.djangoproject.com/en/5.2/topics/http/sessions/#extending-database-backed-session-engines
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from laoke.foundation.staff.models import StaffSession

# `seen_at` is written at most this often: most requests read the session and write nothing.
SEEN_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who knocks, as far as a session remembers it. `address` is masked already."""

    at: datetime
    address: str
    agent: str


class SessionStore(DatabaseStore):
    """The session of one request. `visitor` is told by the middleware; without one nothing is marked as seen."""

    visitor: Visitor | None = None
    _row: StaffSession | None = None

    @classmethod
    def get_model_class(cls) -> type[StaffSession]:
        """The table."""
        return StaffSession

    def load(self) -> dict[str, Any]:
        """Read the session, and mark it as seen every now and then."""
        row: StaffSession | None = self._get_session_from_db()  # type: ignore[attr-defined]
        self._row = row
        if row is None:
            return {}
        visitor = self.visitor
        if visitor is not None and row.staff_id is not None and visitor.at - row.seen_at >= SEEN_EVERY:
            row.seen_at, row.address, row.agent = visitor.at, visitor.address, visitor.agent
            StaffSession.objects.filter(pk=row.pk).update(
                seen_at=row.seen_at, address=row.address, agent=row.agent
            )
        data: dict[str, Any] = self.decode(row.session_data)
        return data

    def create_model_instance(self, data: dict[str, Any]) -> StaffSession:
        """The row to save: what it knew stays, unless the key is new, as after signing in."""
        row = cast(StaffSession, super().create_model_instance(data))
        before, visitor = self._row, self.visitor
        if before is not None and before.session_key == row.session_key:
            row.public_id, row.started_at, row.seen_at = before.public_id, before.started_at, before.seen_at
            row.address, row.agent = before.address, before.agent
        else:
            row.started_at = row.seen_at = visitor.at if visitor else timezone.now()
            if visitor is not None:
                row.address, row.agent = visitor.address, visitor.agent
        row.staff_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        self._row = row
        return row

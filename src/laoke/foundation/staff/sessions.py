"""Which browsers an account is signed in with, and ending that. It holds from the browser's next request on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from laoke.foundation.access import Caller, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.staff.errors import NoSuchSession
from laoke.foundation.staff.models import Staff, StaffSession


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. `address` is masked, `agent` is browser and system; either may be empty."""

    id: UUID
    staff_id: int
    started_at: datetime
    seen_at: datetime
    address: str
    agent: str
    current: bool


def of(caller: Caller, staff_id: int, current_key: str | None, *, at: datetime) -> list[Session]:
    """The sessions of an account that are not over, the one last seen first: one's own, or anybody's with the scope.

    Args:
        current_key: key of the session that asks, to mark it.
    Raises:
        MissingScope.
    """
    _permit(caller, staff_id)
    rows = StaffSession.objects.filter(staff_id=staff_id, expire_date__gt=at).order_by(
        "-seen_at", "public_id"
    )
    return [
        Session(
            row.public_id,
            staff_id,
            row.started_at,
            row.seen_at,
            row.address,
            row.agent,
            row.session_key == current_key,
        )
        for row in rows.defer("session_data")[:200]
    ]


def end(caller: Caller, staff_id: int, session_id: UUID, *, at: datetime) -> None:
    """Sign one browser of an account out.

    Raises:
        MissingScope, NoSuchSession.
    """
    _permit(caller, staff_id)
    with transaction.atomic():
        gone, _ = StaffSession.objects.filter(staff_id=staff_id, public_id=session_id).delete()
        if not gone:
            raise NoSuchSession
        _audit(caller, staff_id, 1, at)


def end_all(caller: Caller, staff_id: int, *, at: datetime, but: str | None = None) -> int:
    """Sign every browser of an account out, but the one whose session has the key `but`; returns how many.

    Raises:
        MissingScope.
    """
    _permit(caller, staff_id)
    with transaction.atomic():
        gone, _ = StaffSession.objects.filter(staff_id=staff_id).exclude(session_key=but or "").delete()
        if gone:
            _audit(caller, staff_id, gone, at)
    return gone


def owner_of(session_key: str) -> int | None:
    """Whose a session is or was, as long as its row is kept; None when nobody knows."""
    if not session_key:
        return None
    return StaffSession.objects.filter(pk=session_key).values_list("staff_id", flat=True).first()


def counts(staff_ids: Sequence[int], *, at: datetime) -> dict[int, int]:
    """How many sessions accounts have that are not over, by the accounts' id."""
    found: dict[int, int] = {}
    rows = StaffSession.objects.filter(staff_id__in=staff_ids, expire_date__gt=at)
    for staff_id in rows.values_list("staff_id", flat=True):
        found[staff_id] = found.get(staff_id, 0) + 1
    return found


def purge(at: datetime) -> int:
    """Delete the sessions that are over: whoever just closes the browser leaves one behind. Returns how many."""
    gone, _ = StaffSession.objects.filter(expire_date__lte=at).delete()
    return gone


def _permit(caller: Caller, staff_id: int) -> None:
    if not (caller.kind == "staff" and caller.id == staff_id):
        caller.require(Scope.STAFF)


def _audit(caller: Caller, staff_id: int, sessions: int, at: datetime) -> None:
    username = Staff.objects.values_list("username", flat=True).get(pk=staff_id)
    audit.record(caller, "staff.signed-out", "staff", username, at=at, after={"sessions": sessions})

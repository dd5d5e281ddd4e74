"""Writing the audit trail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from laoke.foundation.access import Caller
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.sql import hot_cursor


def record(
    caller: Caller,
    action: str,
    object_kind: str,
    object_id: object,
    *,
    at: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Add one entry within the running transaction.

    Args:
        action: verb of the thing done, e.g. "apikey.revoked", "member.revealed".
        before, after: plain JSON values of what changed. Never personal data: name the field, not its content.
    """
    AuditEntry.objects.create(
        at=at,
        actor_kind=caller.kind,
        actor_id=caller.id,
        actor=caller.label,
        action=action,
        object_kind=object_kind,
        object_id=str(object_id),
        before=before,
        after=after,
        reason=reason,
    )


def record_many(
    caller: Caller,
    action: str,
    object_kind: str,
    changes: Sequence[tuple[object, Mapping[str, object] | None, Mapping[str, object] | None]],
    *,
    at: datetime,
    reason: str = "",
) -> None:
    """As `record`, for many objects at once. `changes` are (object id, before, after)."""
    if not changes:
        return
    with (
        hot_cursor() as cursor,
        cursor.copy(
            "copy foundation_auditentry (at, actor_kind, actor_id, actor, action, object_kind, object_id, "
            "before, after, reason) from stdin"
        ) as copy,
    ):
        for object_id, before, after in changes:
            copy.write_row(
                (
                    at,
                    caller.kind,
                    caller.id,
                    caller.label,
                    action,
                    object_kind,
                    str(object_id),
                    _json(before),
                    _json(after),
                    reason,
                )
            )


def _json(values: Mapping[str, object] | None) -> str | None:
    return None if values is None else json.dumps(values)

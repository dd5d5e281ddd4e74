"""Putting notices under the bell, and having them read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from laoke.foundation.access import Scope
from laoke.foundation.staff import selectors as staff
from laoke.surfaces.console.notices.kinds import KINDS
from laoke.surfaces.console.notices.models import Notice

KEEP = timedelta(days=90)


def tell(staff_id: int, kind: str, data: Mapping[str, object], at: datetime, *, path: str = "") -> None:
    """Put a line under the bell of one account.

    Args:
        kind: one of `kinds.KINDS`.
        data: what the sentence of the kind names; plain JSON values without personal data.
        path: the page that shows more.
    """
    tell_all([staff_id], kind, data, at, path=path)


def tell_all(
    staff_ids: Iterable[int], kind: str, data: Mapping[str, object], at: datetime, *, path: str = ""
) -> None:
    """Put the same line under the bells of several accounts."""
    if kind not in KINDS:
        raise ValueError(f"there is no notice of the kind {kind}")
    Notice.objects.bulk_create(
        Notice(staff_id=staff_id, kind=kind, data=dict(data), path=path, at=at) for staff_id in staff_ids
    )


def tell_holders(
    scope: Scope, kind: str, data: Mapping[str, object], at: datetime, *, path: str = ""
) -> None:
    """Put a line under the bells of the active accounts that hold `scope` for the whole shop."""
    tell_all(staff.holders(scope), kind, data, at, path=path)


def mark_read(staff_id: int, at: datetime) -> int:
    """All of an account's notices are read; returns how many were not."""
    return Notice.objects.filter(staff_id=staff_id, read_at=None).update(read_at=at)


def purge(at: datetime) -> None:
    """Forget what is older than 90 days."""
    Notice.objects.filter(at__lt=at - KEEP).delete()

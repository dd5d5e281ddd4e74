"""Who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller, Role, Scope
from laoke.foundation.staff.models import Staff


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account without its password. `store_ids` and `region_ids` both None: it sees everything."""

    username: str
    name: str
    role: Role
    language: str
    active: bool
    store_ids: tuple[int, ...] | None
    region_ids: tuple[int, ...] | None
    created_at: datetime
    last_login: datetime | None


def accounts(caller: Caller) -> list[Account]:
    """All accounts by user name, the disabled ones too.

    Raises:
        MissingScope
    """
    caller.require(Scope.STAFF)
    return [described(row) for row in Staff.objects.order_by("username")]


def described(row: Staff) -> Account:
    """The account as others may see it."""
    return Account(
        username=row.username,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        active=row.is_active,
        store_ids=None if row.store_ids is None else tuple(row.store_ids),
        region_ids=None if row.region_ids is None else tuple(row.region_ids),
        created_at=row.created_at,
        last_login=row.last_login,
    )

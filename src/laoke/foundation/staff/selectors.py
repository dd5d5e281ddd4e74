"""Who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import Caller, Role, Scope
from laoke.foundation.staff.errors import NoSuchStaff
from laoke.foundation.staff.models import Staff


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account without its secrets. `store_ids` and `region_ids` both None: it sees everything.

    `codes` tells whether it is asked for one-time codes, `password` whether it has one, `sign_on` whether it is tied
    to a person at the identity provider.
    """

    id: int
    username: str
    name: str
    role: Role
    language: str
    active: bool
    store_ids: tuple[int, ...] | None
    region_ids: tuple[int, ...] | None
    created_at: datetime
    last_login: datetime | None
    codes: bool
    password: bool
    sign_on: bool


def accounts(caller: Caller) -> list[Account]:
    """All accounts by user name, the disabled ones too.

    Raises:
        MissingScope
    """
    caller.require(Scope.STAFF)
    return [described(row) for row in Staff.objects.order_by("username")]


def account(caller: Caller, staff_id: int) -> Account:
    """One account: one's own, or anybody's with the scope to manage staff.

    Raises:
        MissingScope, NoSuchStaff.
    """
    if not (caller.kind == "staff" and caller.id == staff_id):
        caller.require(Scope.STAFF)
    row = Staff.objects.filter(pk=staff_id).first()
    if row is None:
        raise NoSuchStaff(str(staff_id))
    return described(row)


def described(row: Staff) -> Account:
    """The account as others may see it."""
    return Account(
        id=row.pk,
        username=row.username,
        name=row.name,
        role=Role(row.role),
        language=row.language,
        active=row.is_active,
        store_ids=None if row.store_ids is None else tuple(row.store_ids),
        region_ids=None if row.region_ids is None else tuple(row.region_ids),
        created_at=row.created_at,
        last_login=row.last_login,
        codes=row.code_secret is not None,
        password=row.has_usable_password(),
        sign_on=row.sso_subject is not None,
    )

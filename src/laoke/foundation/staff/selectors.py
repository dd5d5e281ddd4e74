"""Who has an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from laoke.foundation.access import ROLE_SCOPES, Caller, Role, Scope
from laoke.foundation.audit.models import AuditEntry
from laoke.foundation.staff.errors import NoSuchStaff
from laoke.foundation.staff.models import Staff


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account without its secrets. `store_ids` and `region_ids` both None: it sees everything.

    `codes` tells whether it is asked for one-time codes, `password` whether it has one and `given` whether somebody
    else chose it, `sign_on` whether it is tied
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
    given: bool
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


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who changed an account last, and when."""

    actor: str
    at: datetime


def last_change(caller: Caller, username: str) -> LastChange | None:
    """The last change of an account that the audit trail knows; signing in is none.

    Raises:
        MissingScope
    """
    caller.require(Scope.STAFF)
    entries = AuditEntry.objects.filter(object_kind="staff", object_id=username)
    entry = entries.exclude(action="staff.signed-in").order_by("-at", "-pk").first()
    return None if entry is None else LastChange(entry.actor, entry.at)


def holders(scope: Scope) -> list[int]:
    """Ids of the active accounts whose role holds `scope` and that are limited to no stores."""
    roles = [role.value for role, scopes in ROLE_SCOPES.items() if scope in scopes]
    rows = Staff.objects.filter(is_active=True, role__in=roles, store_ids=None, region_ids=None)
    return list(rows.order_by("id").values_list("id", flat=True))


def role_of(staff_id: int) -> Role:
    """The role of an account, disabled or not.

    Raises:
        NoSuchStaff
    """
    role = Staff.objects.filter(pk=staff_id).values_list("role", flat=True).first()
    if role is None:
        raise NoSuchStaff(str(staff_id))
    return Role(role)


def owner_names(limit: int = 3) -> list[str]:
    """Names of active owners, the longest serving first: whom to ask. For anybody who has an account."""
    rows = Staff.objects.filter(is_active=True, role=Role.OWNER).order_by("id")
    return list(rows.values_list("name", flat=True)[:limit])


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
        given=row.password_given,
        sign_on=row.sso_subject is not None,
    )

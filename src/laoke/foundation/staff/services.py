"""Staff accounts: making them, changing what they may do, and who they are as a Caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from laoke.foundation.access import ROLE_SCOPES, Caller, Role, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.staff.errors import LastOwner, NoSuchStaff, UnknownRole, UsernameTaken, WeakPassword
from laoke.foundation.staff.models import Staff

# Given region ids, the ids of their stores. Regions belong to a module above this one, so callers bring it.
StoresOfRegions = Callable[[Sequence[int]], frozenset[int]]


def create(
    caller: Caller,
    username: str,
    name: str,
    role: str,
    password: str,
    *,
    at: datetime,
    language: str = "zh-hans",
    store_ids: Sequence[int] | None = None,
    region_ids: Sequence[int] | None = None,
) -> Staff:
    """Make an account. `store_ids` and `region_ids` limit what it sees; both None: everything.

    Raises:
        MissingScope, UnknownRole, UsernameTaken, WeakPassword.
    """
    caller.require(Scope.STAFF)
    staff = Staff(
        username=username,
        name=name,
        role=_role(role).value,
        language=language,
        store_ids=store_ids,
        region_ids=region_ids,
        created_at=at,
    )
    _check_password(password, staff)
    staff.set_password(password)
    try:
        with transaction.atomic():
            staff.save(force_insert=True)
            audit.record(caller, "staff.created", "staff", username, at=at, after=_powers(staff))
    except IntegrityError:
        raise UsernameTaken(username) from None
    return staff


def change_role(caller: Caller, username: str, role: str, *, at: datetime) -> Staff:
    """Give an account another role. Holds from its next request on.

    Raises:
        MissingScope, NoSuchStaff, UnknownRole, LastOwner.
    """
    wanted = _role(role)

    def change(staff: Staff) -> None:
        if wanted is not Role.OWNER:
            _keep_an_owner(staff)
        staff.role = wanted.value

    return _change(caller, username, "staff.role-changed", change, at)


def change_scope(
    caller: Caller,
    username: str,
    *,
    store_ids: Sequence[int] | None,
    region_ids: Sequence[int] | None,
    at: datetime,
) -> Staff:
    """Limit an account to stores and regions; both None: everything.

    Raises:
        MissingScope, NoSuchStaff.
    """

    def change(staff: Staff) -> None:
        staff.store_ids = None if store_ids is None else sorted(store_ids)
        staff.region_ids = None if region_ids is None else sorted(region_ids)

    return _change(caller, username, "staff.scope-changed", change, at)


def disable(caller: Caller, username: str, *, at: datetime) -> Staff:
    """Shut an account out; its sessions end with their next request.

    Raises:
        MissingScope, NoSuchStaff, LastOwner.
    """

    def change(staff: Staff) -> None:
        _keep_an_owner(staff)
        staff.is_active = False

    return _change(caller, username, "staff.disabled", change, at)


def enable(caller: Caller, username: str, *, at: datetime) -> Staff:
    """Let a disabled account in again.

    Raises:
        MissingScope, NoSuchStaff.
    """

    def change(staff: Staff) -> None:
        staff.is_active = True

    return _change(caller, username, "staff.enabled", change, at)


def set_password(caller: Caller, username: str, password: str, *, at: datetime) -> Staff:
    """Set a password: one's own, or anybody's with the scope to manage staff. Ends the account's sessions.

    Raises:
        MissingScope, NoSuchStaff, WeakPassword.
    """

    def change(staff: Staff) -> None:
        _check_password(password, staff)
        staff.set_password(password)

    own = caller.kind == "staff" and caller.label == username
    return _change(caller, username, "staff.password-set", change, at, own=own)


def choose_language(staff_id: int, language: str) -> None:
    """Remember the language an account reads its pages in: its own matter, so it leaves no audit entry."""
    Staff.objects.filter(pk=staff_id).update(language=language)


def caller_for(staff: Staff, stores_of_regions: StoresOfRegions) -> Caller:
    """The account as a Caller: the scopes of its role, limited to its stores and those of its regions."""
    stores: frozenset[int] | None = None
    if staff.store_ids is not None or staff.region_ids is not None:
        stores = frozenset(staff.store_ids or ())
        if staff.region_ids:
            stores |= stores_of_regions(staff.region_ids)
    scopes = ROLE_SCOPES[Role(staff.role)] if staff.is_active else frozenset()
    return Caller(
        kind="staff",
        id=staff.pk,
        label=staff.username,
        scopes=frozenset(scope.value for scope in scopes),
        stores=stores,
    )


def _change(
    caller: Caller,
    username: str,
    action: str,
    change: Callable[[Staff], None],
    at: datetime,
    *,
    own: bool = False,
) -> Staff:
    if not own:
        caller.require(Scope.STAFF)
    with transaction.atomic():
        staff = Staff.objects.select_for_update().filter(username=username).first()
        if staff is None:
            raise NoSuchStaff(username)
        before = _powers(staff)
        change(staff)
        staff.save()
        audit.record(caller, action, "staff", username, at=at, before=before, after=_powers(staff))
    return staff


def _keep_an_owner(staff: Staff) -> None:
    if staff.role != Role.OWNER:
        return
    # All owners are locked, in one order: two owners who disable each other at once would both succeed otherwise.
    owners = Staff.objects.select_for_update().filter(role=Role.OWNER, is_active=True).order_by("pk")
    if {owner.pk for owner in owners} <= {staff.pk}:
        raise LastOwner


def _role(role: str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise UnknownRole(role) from None


def _check_password(password: str, staff: Staff) -> None:
    try:
        validate_password(password, staff)
    except ValidationError as error:
        raise WeakPassword(error.messages) from None


def _powers(staff: Staff) -> dict[str, object]:
    return {
        "role": staff.role,
        "active": staff.is_active,
        "store_ids": staff.store_ids,
        "region_ids": staff.region_ids,
    }

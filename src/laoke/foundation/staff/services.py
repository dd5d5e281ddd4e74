"""Staff accounts: making them, changing what they may do, and who they are as a Caller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import ROLE_SCOPES, WHOLE_SHOP, Caller, Role, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.staff.errors import (
    BadStaffName,
    BadUsername,
    LastOwner,
    NoSuchStaff,
    OwnerSeesAll,
    UnknownRole,
    UsernameTaken,
    WeakPassword,
    WrongPassword,
)
from laoke.foundation.staff.models import Staff, StaffSession

# Given region ids, the ids of their stores. Regions belong to a module above this one, so callers bring it.
StoresOfRegions = Callable[[Sequence[int]], frozenset[int]]


def create(
    caller: Caller,
    username: str,
    name: str,
    role: str,
    password: str | None,
    *,
    at: datetime,
    language: str = "zh-hans",
    store_ids: Sequence[int] | None = None,
    region_ids: Sequence[int] | None = None,
    given: bool = False,
) -> Staff:
    """Make an account. `store_ids` and `region_ids` limit what it sees; both None: everything.

    Args:
        password: None for an account that only the identity provider lets in.
        given: somebody else knows the password, so the person has to choose another before anything else.
    Raises:
        MissingScope, BadUsername, BadStaffName, UnknownRole, UsernameTaken, WeakPassword.
    """
    caller.require(Scope.STAFF)
    if not (1 <= len(username) <= 64 and username.isprintable() and " " not in username):
        raise BadUsername
    staff = Staff(
        username=username,
        name=_name(name),
        role=_role(role).value,
        language=language,
        store_ids=store_ids,
        region_ids=region_ids,
        created_at=at,
    )
    _check_limits(staff)
    if password is not None:
        _check_password(password, staff)
    staff.set_password(password)
    staff.password_given = given and password is not None
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
        MissingScope, NoSuchStaff, UnknownRole, LastOwner, OwnerSeesAll.
    """
    wanted = _role(role)

    def change(staff: Staff) -> None:
        if wanted is not Role.OWNER:
            _keep_an_owner(staff)
        staff.role = wanted.value
        _check_limits(staff)

    return _change(caller, username, "staff.role-changed", change, at)


def edit(
    caller: Caller,
    username: str,
    *,
    name: str,
    role: str,
    store_ids: Sequence[int] | None,
    region_ids: Sequence[int] | None,
    at: datetime,
) -> Staff:
    """Change name, role and limits of an account at once. Holds from its next request on.

    Raises:
        MissingScope, NoSuchStaff, BadStaffName, UnknownRole, LastOwner, OwnerSeesAll.
    """
    wanted, called = _role(role), _name(name)

    def change(staff: Staff) -> None:
        if wanted is not Role.OWNER:
            _keep_an_owner(staff)
        staff.name, staff.role = called, wanted.value
        staff.store_ids = None if store_ids is None else sorted(store_ids)
        staff.region_ids = None if region_ids is None else sorted(region_ids)
        _check_limits(staff)

    return _change(caller, username, "staff.edited", change, at)


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
        MissingScope, NoSuchStaff, OwnerSeesAll.
    """

    def change(staff: Staff) -> None:
        staff.store_ids = None if store_ids is None else sorted(store_ids)
        staff.region_ids = None if region_ids is None else sorted(region_ids)
        _check_limits(staff)

    return _change(caller, username, "staff.scope-changed", change, at)


def disable(caller: Caller, username: str, *, at: datetime) -> Staff:
    """Shut an account out; its sessions end with their next request.

    Raises:
        MissingScope, NoSuchStaff, LastOwner.
    """

    def change(staff: Staff) -> None:
        _keep_an_owner(staff)
        staff.is_active = False
        StaffSession.objects.filter(staff=staff).delete()

    return _change(caller, username, "staff.disabled", change, at)


def enable(caller: Caller, username: str, *, at: datetime) -> Staff:
    """Let a disabled account in again.

    Raises:
        MissingScope, NoSuchStaff.
    """

    def change(staff: Staff) -> None:
        staff.is_active = True

    return _change(caller, username, "staff.enabled", change, at)


def set_password(
    caller: Caller, username: str, password: str, *, at: datetime, given: bool | None = None
) -> Staff:
    """Set a password: one's own, or anybody's with the scope to manage staff. Ends the account's sessions.

    Args:
        given: as in `create`; None: unless it is one's own.
    Raises:
        MissingScope, NoSuchStaff, WeakPassword.
    """

    own = caller.kind == "staff" and caller.label == username

    def change(staff: Staff) -> None:
        _check_password(password, staff)
        staff.set_password(password)
        staff.password_given = not own if given is None else given
        StaffSession.objects.filter(staff=staff).delete()

    return _change(caller, username, "staff.password-set", change, at, own=own)


def change_own_password(caller: Caller, old: str, new: str, *, at: datetime, keep: str | None) -> Staff:
    """Change one's own password. Ends the account's sessions but the one whose key is `keep`.

    That session still has to be told: it carries a hash of the password (`auth.update_session_auth_hash`).

    Args:
        old: the present password; not looked at when the account has none because it came by the identity provider.
    Raises:
        WrongPassword, WeakPassword.
    """

    def change(staff: Staff) -> None:
        if staff.has_usable_password() and not staff.check_password(old):
            raise WrongPassword
        _check_password(new, staff)
        staff.set_password(new)
        staff.password_given = False
        StaffSession.objects.filter(staff=staff).exclude(pk=keep or "").delete()

    return _change(caller, caller.label, "staff.password-set", change, at, own=caller.kind == "staff")


def replace_given_password(caller: Caller, new: str, *, at: datetime, keep: str | None) -> Staff:
    """Choose one's own password in place of one that somebody else knows. Sessions end as in `change_own_password`.

    The given one is not asked for again: whoever gets here came in with it a moment ago.

    Raises:
        WrongPassword: the present one is one's own already, and to change that takes it.
        WeakPassword: it is the given one, too.
    """

    def change(staff: Staff) -> None:
        if not staff.password_given:
            raise WrongPassword
        if staff.check_password(new):
            raise WeakPassword([_("This is the password you were given. Choose another one.")])
        _check_password(new, staff)
        staff.set_password(new)
        staff.password_given = False
        StaffSession.objects.filter(staff=staff).exclude(pk=keep or "").delete()

    return _change(caller, caller.label, "staff.password-set", change, at, own=caller.kind == "staff")


def signed_in(staff: Staff, means: str, *, at: datetime) -> None:
    """Note in the audit trail that somebody signed in, and by what: "password", "password, code", "sign-on"."""
    caller = Caller(kind="staff", id=staff.pk, label=staff.username, scopes=frozenset())
    audit.record(caller, "staff.signed-in", "staff", staff.username, at=at, after={"by": means})


def choose_language(staff_id: int, language: str) -> None:
    """Remember the language an account reads its pages in: its own matter, so it leaves no audit entry."""
    Staff.objects.filter(pk=staff_id).update(language=language)


def caller_for(staff: Staff, stores_of_regions: StoresOfRegions) -> Caller:
    """The account as a Caller: the scopes of its role, limited to its stores and those of its regions.

    One that is limited holds nothing that concerns the whole shop.
    """
    stores: frozenset[int] | None = None
    if staff.store_ids is not None or staff.region_ids is not None:
        stores = frozenset(staff.store_ids or ())
        if staff.region_ids:
            stores |= stores_of_regions(staff.region_ids)
    scopes = ROLE_SCOPES[Role(staff.role)] if staff.is_active else frozenset()
    if stores is not None:
        scopes -= WHOLE_SHOP
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


def _check_limits(staff: Staff) -> None:
    if staff.role == Role.OWNER and not (staff.store_ids is None and staff.region_ids is None):
        raise OwnerSeesAll


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


def _name(name: str) -> str:
    name = name.strip()
    if not (1 <= len(name) <= 100 and name.isprintable()):
        raise BadStaffName
    return name


def _check_password(password: str, staff: Staff) -> None:
    try:
        validate_password(password, staff)
    except ValidationError as error:
        raise WeakPassword(_why_weak(each) for each in error.error_list) from None


def _why_weak(error: ValidationError) -> str:
    """In the language of the page: Django's own sentence on the length is not translated into each."""
    if error.code == "password_too_short":
        least = (error.params or {})["min_length"]
        return _("The password is too short: it takes at least %(least)s characters.") % {"least": least}
    return " ".join(error.messages)


def _powers(staff: Staff) -> dict[str, object]:
    return {
        "role": staff.role,
        "active": staff.is_active,
        "password_given": staff.password_given,
        "store_ids": staff.store_ids,
        "region_ids": staff.region_ids,
    }

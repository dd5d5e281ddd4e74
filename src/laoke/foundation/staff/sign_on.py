"""Which account a person is who comes from the identity provider.

The first time the account is found by its user name; from then on by the provider's own, unchanging word for the
person (`sub`). A name that changes hands there opens nobody's account here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from laoke.foundation.access import SYSTEM, Caller, Role, Scope
from laoke.foundation.audit import services as audit
from laoke.foundation.config import Config
from laoke.foundation.staff import services
from laoke.foundation.staff.errors import (
    BadStaffName,
    BadUsername,
    LastOwner,
    NoSuchStaff,
    SignOnRefused,
    UsernameTaken,
)
from laoke.foundation.staff.models import Staff


def person(settings: Config, claims: Mapping[str, Any], *, at: datetime) -> Staff:
    """The account of the person these verified claims are about; made or given its role as the settings say.

    Raises:
        SignOnRefused: no account, a disabled one, one that is somebody else's, or no value that means a role.
    """
    subject = str(claims.get("sub", ""))
    if not 1 <= len(subject) <= 255:
        raise SignOnRefused(_("The sign-in service did not say who you are."))
    role = _role(settings, claims)
    with transaction.atomic():
        staff = Staff.objects.filter(sso_issuer=settings.oidc_issuer, sso_subject=subject).first()
        if staff is None:
            staff = _linked(settings, claims, subject, role, at)
        if not staff.is_active:
            raise SignOnRefused(_("Your account is disabled. Ask an owner."))
        if role is not None and staff.role != role:
            staff = _given(staff, role, at)
    return staff


def unlink(caller: Caller, username: str, *, at: datetime) -> None:
    """Forget who an account is at the identity provider; the next sign-in finds it by its name again.

    Raises:
        MissingScope, NoSuchStaff.
    """
    caller.require(Scope.STAFF)
    with transaction.atomic():
        changed = Staff.objects.filter(username=username).update(sso_issuer=None, sso_subject=None)
        if not changed:
            raise NoSuchStaff(username)
        audit.record(caller, "staff.sign-on-unlinked", "staff", username, at=at)


def _linked(
    settings: Config, claims: Mapping[str, Any], subject: str, role: Role | None, at: datetime
) -> Staff:
    username = _username(settings, claims)
    staff = Staff.objects.select_for_update().filter(username=username).first()
    if staff is None:
        staff = _made(settings, claims, username, role, at)
    elif staff.sso_subject is not None and staff.sso_issuer == settings.oidc_issuer:
        raise SignOnRefused(
            _("The account %(name)s belongs to somebody else at the sign-in service. Ask an owner.")
            % {"name": username}
        )
    if not staff.is_active:
        raise SignOnRefused(_("Your account is disabled. Ask an owner."))
    staff.sso_issuer, staff.sso_subject = settings.oidc_issuer, subject
    staff.save(update_fields=["sso_issuer", "sso_subject"])
    audit.record(SYSTEM, "staff.sign-on-linked", "staff", username, at=at)
    return staff


def _username(settings: Config, claims: Mapping[str, Any]) -> str:
    email, verified = claims.get("email"), claims.get("email_verified") in (True, "true")
    for claim in (settings.oidc_user_claim,) if settings.oidc_user_claim else ("preferred_username", "email"):
        told = claims.get(claim)
        if not isinstance(told, str) or not told:
            continue
        # An address that nobody confirmed can be anybody's; many providers repeat it as the name.
        if told == email and not verified and (claim == "email" or not settings.oidc_user_claim):
            raise SignOnRefused(
                _(
                    "Your e-mail address is not confirmed at the sign-in service. Confirm it there, then try again."
                )
            )
        return told
    raise SignOnRefused(_("The sign-in service did not say who you are."))


def _made(
    settings: Config, claims: Mapping[str, Any], username: str, role: Role | None, at: datetime
) -> Staff:
    if not settings.oidc_create_role:
        raise SignOnRefused(
            _("There is no account %(name)s here. Ask an owner to make one.") % {"name": username}
        )
    name = claims.get("name")
    full = "".join(letter for letter in name if letter.isprintable()) if isinstance(name, str) else ""
    wanted = role or Role(settings.oidc_create_role)
    try:
        return services.create(
            SYSTEM, username, full[:100] or username, wanted, None, at=at, language=settings.language
        )
    except (BadUsername, BadStaffName):
        raise SignOnRefused(_("The name that the sign-in service has for you cannot be used here.")) from None
    except (UsernameTaken, IntegrityError):
        raise SignOnRefused(_("The sign-in service did not confirm the sign-in. Try again.")) from None


def _role(settings: Config, claims: Mapping[str, Any]) -> Role | None:
    """The role that the claims mean; None when the provider decides no roles."""
    if not settings.oidc_role_claim:
        return None
    told = claims.get(settings.oidc_role_claim)
    values = told if isinstance(told, list) else [told]
    held = {value for value in values if isinstance(value, str)}
    for pair in settings.oidc_roles:
        value, _equals, role = pair.rpartition("=")
        if value in held:
            return Role(role)
    raise SignOnRefused(_("Your account at the sign-in service may not use Laoke. Ask whoever manages it."))


def _given(staff: Staff, role: Role, at: datetime) -> Staff:
    try:
        return services.change_role(SYSTEM, staff.username, role, at=at)
    except LastOwner:
        return staff  # somebody has to be able to manage staff: the role follows once there is another owner

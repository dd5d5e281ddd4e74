"""Refusals around staff accounts and signing in."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from laoke.foundation.access import Role
from laoke.kernel.errors import LaokeError


class NoSuchStaff(LaokeError):
    """No staff account has this user name."""

    code, status, title = "no-such-staff", 404, "No such account"

    def __init__(self, username: str) -> None:
        super().__init__(
            _("There is no account %(name)s. `laoke user list` shows those there are.") % {"name": username}
        )


class BadUsername(LaokeError):
    """A user name is 1 to 64 printable characters without blanks."""

    code, status, title = "bad-username", 422, "The user name cannot be used"

    def __init__(self) -> None:
        super().__init__(_("Take 1 to 64 letters, digits or signs, without blanks."))


class BadStaffName(LaokeError):
    """A person's name on an account is 1 to 100 characters."""

    code, status, title = "bad-staff-name", 422, "The name cannot be used"

    def __init__(self) -> None:
        super().__init__(_("Take 1 to 100 characters."))


class UsernameTaken(LaokeError):
    """Another staff account has this user name already."""

    code, status, title = "username-taken", 409, "This user name is taken"

    def __init__(self, username: str) -> None:
        super().__init__(_("There is already an account %(name)s. Choose another name.") % {"name": username})


class UnknownRole(LaokeError):
    """A staff account was given a role that does not exist."""

    code, status, title = "unknown-role", 422, "Unknown role"

    def __init__(self, role: str) -> None:
        super().__init__(
            _("There is no role %(role)s. Known are %(known)s.")
            % {"role": role, "known": ", ".join(role.value for role in Role)}
        )


class WeakPassword(LaokeError):
    """The password is too short, too common, or too much like the account."""

    code, status, title = "weak-password", 422, "Choose a stronger password"

    def __init__(self, reasons: Iterable[str]) -> None:
        reasons = list(reasons)
        super().__init__(" ".join(reasons), reasons=reasons)


class WrongPassword(LaokeError):
    """Who asks did not give the account's own password."""

    code, status, title = "wrong-password", 422, "The password is not right"

    def __init__(self) -> None:
        super().__init__(_("This is not your present password."))


class LastOwner(LaokeError):
    """The only active owner cannot be disabled or given another role: nobody could manage staff any more."""

    code, status, title = "last-owner", 409, "The last owner stays"

    def __init__(self) -> None:
        super().__init__(_("Make another account an owner first."))


class NoSuchSession(LaokeError):
    """The session to end is over already, or was never one of this account."""

    code, status, title = "no-such-session", 404, "No such session"

    def __init__(self) -> None:
        super().__init__(_("It is over already. Load the list again."))


class WrongCode(LaokeError):
    """A one-time code is wrong, too old, or was used before."""

    code, status, title = "wrong-code", 422, "The code is not right"

    def __init__(self) -> None:
        super().__init__(
            _(
                "This code is not right, or it was used before. Wait for the next one, and check the phone's clock."
            )
        )


class CodesAlreadyOn(LaokeError):
    """One-time codes are switched on for this account already."""

    code, status, title = "codes-already-on", 409, "Codes are on already"

    def __init__(self) -> None:
        super().__init__(_("Turn them off first to set up another phone."))


class OwnerSeesAll(LaokeError):
    """An owner was to be limited to stores: whoever manages accounts could give others more than they have."""

    code, status, title = "owner-sees-all", 422, "Owners see every store"

    def __init__(self) -> None:
        super().__init__(
            _("Owners manage accounts of every store. Choose another role, or leave the stores open."),
            field="stores",
        )


class CodesNotOn(LaokeError):
    """One-time codes are not switched on for this account."""

    code, status, title = "codes-not-on", 409, "Codes are not on"

    def __init__(self) -> None:
        super().__init__(_("This account is not asked for codes."))


class SetupOutdated(LaokeError):
    """A code was sent for a QR picture that was shown too long ago, or to somebody else."""

    code, status, title = "setup-outdated", 409, "This QR code is out of date"

    def __init__(self) -> None:
        super().__init__(_("It holds for 30 minutes. Open the page again and scan the new one."))


class SignOnRefused(LaokeError):
    """The identity provider's answer does not let anybody in; the detail says why."""

    code, status, title = "sign-on-refused", 403, "Signing in was not possible"


class SignOnUnavailable(LaokeError):
    """The identity provider cannot be asked, or gives answers that are none."""

    code, status, title = "sign-on-unavailable", 502, "The sign-in service does not answer"

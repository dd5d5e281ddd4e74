"""Refusals around staff accounts."""

from __future__ import annotations

from collections.abc import Iterable

from laoke.foundation.access import Role
from laoke.kernel.errors import LaokeError


class NoSuchStaff(LaokeError):
    """No staff account has this user name."""

    code, status, title = "no-such-staff", 404, "No such account"

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no account {username}. `laoke user list` shows those there are.")


class UsernameTaken(LaokeError):
    """Another staff account has this user name already."""

    code, status, title = "username-taken", 409, "This user name is taken"

    def __init__(self, username: str) -> None:
        super().__init__(f"There is already an account {username}. Choose another name.")


class UnknownRole(LaokeError):
    """A staff account was given a role that does not exist."""

    code, status, title = "unknown-role", 422, "Unknown role"

    def __init__(self, role: str) -> None:
        super().__init__(f"There is no role {role}. Known are {', '.join(role.value for role in Role)}.")


class WeakPassword(LaokeError):
    """The password is too short, too common, or too much like the account."""

    code, status, title = "weak-password", 422, "Choose a stronger password"

    def __init__(self, reasons: Iterable[str]) -> None:
        reasons = list(reasons)
        super().__init__(" ".join(reasons), reasons=reasons)


class LastOwner(LaokeError):
    """The only active owner cannot be disabled or given another role: nobody could manage staff any more."""

    code, status, title = "last-owner", 409, "The last owner stays"

    def __init__(self) -> None:
        super().__init__("Make another account an owner first.")

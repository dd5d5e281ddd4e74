"""What can be wrong with the database, and how to mend it."""

from __future__ import annotations

from typing import ClassVar

from laoke.kernel.errors import LaokeError


class DatabaseUrlMalformed(LaokeError):
    """DATABASE_URL cannot be read. The sentence never repeats the address: it holds a password."""

    code: ClassVar[str] = "database-url-malformed"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "DATABASE_URL cannot be read"

    def __init__(self, mend: str) -> None:
        super().__init__(f"DATABASE_URL: {mend}")


class DatabaseProgramsMissing(LaokeError):
    """No PostgreSQL of an accepted version was found on this machine."""

    code: ClassVar[str] = "database-programs-missing"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "No usable PostgreSQL was found"


class DatabaseHomeUnusable(LaokeError):
    """The folder of the embedded database cannot be used by this account."""

    code: ClassVar[str] = "database-home-unusable"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The database's folder cannot be used"


class DatabaseUnavailable(LaokeError):
    """The database did not start, did not stop or does not answer."""

    code: ClassVar[str] = "database-unavailable"
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The database is not available"


class BackupUnreadable(LaokeError):
    """The file is not a backup of Laoke, or it is damaged. Nothing was changed."""

    code: ClassVar[str] = "backup-unreadable"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The backup cannot be read"


class BackupFailed(LaokeError):
    """The backup could not be written. No file was left behind."""

    code: ClassVar[str] = "backup-failed"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The backup was not written"


class RestoreFailed(LaokeError):
    """The backup could not be restored. The data that was there is untouched."""

    code: ClassVar[str] = "restore-failed"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The backup was not restored"

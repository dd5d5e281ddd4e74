"""Refusals of uploads and of what is done with them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError


class UnknownImport(LaokeError):
    """There is no import of this number, or its files were somebody else's."""

    code, status, title = "unknown-import", 404, "No such import"

    def __init__(self) -> None:
        super().__init__(
            _(
                "There is no such import, or it is somebody else's: rows of a file are shown to whoever sent it only."
            )
        )


class NotYourImport(LaokeError):
    """The account may not import files of this kind."""

    code, status, title = "not-your-import", 403, "Not allowed"

    def __init__(self, kind: str) -> None:
        super().__init__(
            {
                "orders": _(
                    "Past orders change points, tiers and the books: an owner with access to all stores imports them."
                ),
            }.get(
                kind, _("This import needs an account of operations or an owner with access to all stores.")
            ),
            kind=kind,
        )


class UploadRefused(LaokeError):
    """What was sent cannot be taken in; nothing of it was kept."""

    code, status, title = "upload-refused", 422, "The files cannot be taken in"

    def __init__(self, detail: str, name: str = "") -> None:
        super().__init__(detail, field="files")
        self.name = name


class UploadBusy(LaokeError):
    """Somebody else is sending files: one upload at a time, so that the tills have the server to themselves."""

    code, status, title = "upload-busy", 409, "Another upload is under way"

    def __init__(self) -> None:
        super().__init__(_("Somebody is sending files at this moment. Try again when that has ended."))


class ImportMoved(LaokeError):
    """The import is not at the step any more that the page showed."""

    code, status, title = "import-moved", 409, "The import has moved on"

    def __init__(self) -> None:
        super().__init__(_("This import is at another step by now. Reload the page to see where it stands."))


class FilesGone(LaokeError):
    """The files of the import were removed: it is over, or older than seven days."""

    code, status, title = "files-gone", 410, "The files are gone"

    def __init__(self) -> None:
        super().__init__(_("The files of this import were removed. Send them again."))


class BadMappingName(LaokeError):
    """A mapping is kept under a name of 1 to 60 characters."""

    code, status, title = "bad-mapping-name", 422, "The name cannot be used"

    def __init__(self) -> None:
        super().__init__(_("Give the mapping a name of 1 to 60 characters."), field="name")


class MappingNameInUse(LaokeError):
    """The caller keeps another mapping under this name, and has not said that it may be replaced."""

    code, status, title = "mapping-name-in-use", 409, "The name is in use"

    def __init__(self, name: str, at: datetime) -> None:
        day = at.astimezone(settings.LAOKE.zone).date().isoformat()
        super().__init__(
            _("You have kept other assignments under the name “%(name)s” on %(day)s.")
            % {"name": name, "day": day},
            field="name",
        )


class UploadStalled(LaokeError):
    """The sender stopped sending, or sends so slowly that it would hold the server for hours."""

    code, status, title = "upload-stalled", 408, "The files did not come in time"

    def __init__(self) -> None:
        super().__init__(
            _(
                "The connection is too slow, or it broke off. Nothing was kept. Send the files again, or from a "
                "network with a better connection."
            )
        )


class MappingNameTaken(LaokeError):
    """Somebody else keeps a mapping under this name, which would be replaced."""

    code, status, title = "mapping-name-taken", 409, "The name is taken"

    def __init__(self, name: str, who: str) -> None:
        super().__init__(
            _("%(who)s keeps a mapping under the name “%(name)s”. Choose another name.")
            % {"who": who, "name": name},
            field="name",
        )

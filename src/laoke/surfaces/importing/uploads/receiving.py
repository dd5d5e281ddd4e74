"""Taking files out of a request as they come, straight to the disk: a few KiB of memory whatever their size."""

from __future__ import annotations

import os
import shutil
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest
from django.utils.translation import gettext as _

from laoke.surfaces.importing.uploads import folders
from laoke.surfaces.importing.uploads.errors import UploadRefused

MOST_FILES = 20
# What has to stay free on the disk: the database lives there.
_FREE = 1 << 30
_LOOK_EVERY = 64 << 20
_LONGEST_NAME = 100


def limit() -> int:
    """Bytes that one upload may have, all files together."""
    return int(settings.LAOKE.upload_mb) << 20


class Received(UploadedFile):  # type: ignore[type-arg]  # generic in the stubs only
    """A file that lies in its folder already. `stored` is its name there, `name` what the sender called it."""

    def __init__(self, name: str, stored: str, size: int) -> None:
        super().__init__(file=None, name=name, size=size)
        self.stored = stored


class ToNowhere(FileUploadHandler):
    """Throws files away: those of a request that is refused are read only for its sentence to be seen."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nobody gets it."""

    def file_complete(self, file_size: int) -> None:
        """There is none."""


class ToFolder(FileUploadHandler):
    """Writes each file of a request into one folder; `refused` says why it stopped, if it did."""

    def __init__(self, request: HttpRequest, folder: str) -> None:
        super().__init__(request)
        self.refused: UploadRefused | None = None
        self._folder = folder
        self._count = 0
        self._file: BinaryIO | None = None
        self._size = self._all = self._looked = 0

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """Open the next one."""
        super().new_file(*arguments, **named)
        self._count += 1
        if self._count > MOST_FILES:
            self._refuse(_("More than %(most)s files were sent at once.") % {"most": MOST_FILES})
        self._size = 0
        path = folders.place(self._folder, self._stored)
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write it; nobody else gets it."""
        assert self._file is not None
        self._size += len(raw_data)
        self._all += len(raw_data)
        if self._all > limit():
            self._refuse(_("The files are larger than %(most)s MiB together.") % {"most": limit() >> 20})
        if self._all - self._looked >= _LOOK_EVERY or not self._looked:
            self._looked = self._all
            if shutil.disk_usage(folders.root()).free < _FREE:
                self._refuse(_("The disk is nearly full. Make room on the server and try again."))
        try:
            self._file.write(raw_data)
        except OSError:
            self._refuse(_("The disk is nearly full. Make room on the server and try again."))

    def file_complete(self, file_size: int) -> Received:
        """The file is there."""
        assert self._file is not None
        self._file.close()
        return Received(shown_name(self.file_name or ""), self._stored, self._size)

    def upload_interrupted(self) -> None:
        """The sender went away."""
        if self._file is not None:
            self._file.close()

    @property
    def _stored(self) -> str:
        return f"{self._count}.part"

    def _refuse(self, detail: str) -> None:
        self.refused = UploadRefused(detail)
        if self._file is not None:
            self._file.close()
        # What is still to come is read and thrown away: otherwise browsers show a broken connection and no sentence.
        raise StopUpload(connection_reset=False)


def shown_name(name: str) -> str:
    """What a person called a file, as pages may show it: letters that cannot be seen or turn the line are left out."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return clean[:_LONGEST_NAME] or "?"

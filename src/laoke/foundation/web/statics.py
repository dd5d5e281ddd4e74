"""Static files straight from the packages, compressed: nothing to collect before the first start."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

_SHRINK = {".js", ".css", ".svg", ".json", ".html", ".txt", ".map"}
_LEAST_BYTES = 1024


class Statics(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """Middleware: WhiteNoise, with a compressed copy of every text beside the database instead of beside the file.

    Packages may lie where nobody may write. A copy is made once for each version of a file, at the start.
    """

    def get_static_file(self, path: str, url: str, stat_cache: dict[str, Any] | None = None) -> StaticFile:
        """The file with its headers, and its compressed copy where one pays."""
        packed = _packed(Path(path))
        if packed is None:
            return super().get_static_file(path, url, stat_cache)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings={"gzip": str(packed)})


def _packed(path: Path) -> Path | None:
    if path.suffix not in _SHRINK:
        return None
    known = path.stat()
    if known.st_size < _LEAST_BYTES:
        return None
    mark = hashlib.sha256(f"{path}\0{known.st_size}\0{known.st_mtime_ns}".encode()).hexdigest()[:24]
    folder: Path = settings.LAOKE.home / "run" / "static"
    target = folder / f"{mark}.gz"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{mark}.{os.getpid()}.{threading.get_ident()}"
        draft.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        draft.replace(target)  # several may make the same copy at once
    return target

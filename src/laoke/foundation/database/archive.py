"""The one file of a backup: a plain tar that holds `database.dump` (pg_dump's custom format) and `manifest.json`.

`tar xf` opens it anywhere, so a backup can be read with PostgreSQL's own tools even without Laoke. The manifest stands
last because the checksum is known only then.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from laoke.foundation.database.errors import BackupUnreadable

FORMAT = 1
DUMP, MANIFEST = "database.dump", "manifest.json"
CHUNK_BYTES = 256 * 1024

_DUMP_MAGIC = b"PGDMP"
_LARGEST_MANIFEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        made_at: when the dump was begun, UTC.
        server: version of the PostgreSQL that was dumped, such as "16.14".
        dump_bytes, sha256: size and checksum of the dump inside.
        about: what the caller noted: Laoke's version, which keys the data was encrypted with.
    """

    made_at: datetime
    server: str
    dump_bytes: int
    sha256: str
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def server_major(self) -> int:
        """The main version of that PostgreSQL."""
        return int(self.server.split(".")[0])


def write_archive(
    file: IO[bytes],
    dump: IO[bytes],
    *,
    made_at: datetime,
    server: str,
    about: Mapping[str, str],
    written: Callable[[int], None],
) -> Callable[[], Manifest]:
    """Copy a dump of unknown size into the archive; calling the answer seals it with its manifest.

    The two steps are apart so that the caller can look whether the dump succeeded before it says so.
    """
    file.write(_header(DUMP, 0, made_at))
    digest, size = hashlib.sha256(), 0
    while chunk := dump.read(CHUNK_BYTES):
        file.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        written(size)

    def seal() -> Manifest:
        manifest = Manifest(made_at, server, size, digest.hexdigest(), dict(about))
        text = json.dumps(_to_plain(manifest), ensure_ascii=False, indent=1).encode() + b"\n"
        file.write(_padding(size))
        file.write(_header(MANIFEST, len(text), made_at) + text + _padding(len(text)))
        file.write(bytes(2 * tarfile.BLOCKSIZE))
        file.seek(0)
        file.write(_header(DUMP, size, made_at))
        return manifest

    return seal


def read_manifest(path: Path) -> Manifest:
    """Read what a backup says of itself.

    Raises:
        BackupUnreadable: not a backup of Laoke, cut off, or of a format this version does not know.
    """
    return _open(path)[0]


def dump_chunks(path: Path) -> Iterator[bytes]:
    """The dump inside, piece by piece.

    Raises:
        BackupUnreadable: at the end, when the checksum does not match.
    """
    manifest, offset = _open(path)
    digest, left = hashlib.sha256(), manifest.dump_bytes
    with path.open("rb") as file:
        file.seek(offset)
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
    if left or digest.hexdigest() != manifest.sha256:
        raise BackupUnreadable(
            f"{path.name} is damaged: its checksum does not match. Copy it again from where it was kept, "
            "or take an earlier backup."
        )


def _open(path: Path) -> tuple[Manifest, int]:
    """The manifest, and where in the file the dump begins."""
    try:
        with tarfile.open(path, "r:") as tar:
            members = {member.name: member for member in tar.getmembers()}
            if set(members) != {DUMP, MANIFEST} or members[MANIFEST].size > _LARGEST_MANIFEST_BYTES:
                raise _not_ours(path)
            text = tar.extractfile(members[MANIFEST])
            dump = tar.extractfile(members[DUMP])
            if text is None or dump is None or dump.read(len(_DUMP_MAGIC)) != _DUMP_MAGIC:
                raise _not_ours(path)
            manifest = _from_plain(path, json.load(text))
            if manifest.dump_bytes != members[DUMP].size:
                raise _not_ours(path)
            return manifest, members[DUMP].offset_data
    except OSError as error:
        if isinstance(error, tarfile.TarError):
            raise _not_ours(path) from None
        raise BackupUnreadable(f"{path} cannot be read: {error.strerror}.") from None
    except (tarfile.TarError, ValueError, KeyError, TypeError):
        raise _not_ours(path) from None


def _not_ours(path: Path) -> BackupUnreadable:
    return BackupUnreadable(
        f"{path.name} is not a backup made by `laoke backup`, or it was cut off. "
        "A dump made by pg_dump itself is restored with pg_restore."
    )


def _to_plain(manifest: Manifest) -> dict[str, Any]:
    return {
        "laoke_backup": FORMAT,
        "made_at": manifest.made_at.isoformat(),
        "server": manifest.server,
        "dump_bytes": manifest.dump_bytes,
        "sha256": manifest.sha256,
        "about": manifest.about,
    }


def _from_plain(path: Path, plain: Any) -> Manifest:
    if plain["laoke_backup"] != FORMAT:
        raise BackupUnreadable(
            f"{path.name} is a backup of format {plain['laoke_backup']}; this version of laoke reads format {FORMAT}. "
            "Restore it with the version that made it, then update."
        )
    return Manifest(
        made_at=datetime.fromisoformat(plain["made_at"]),
        server=str(plain["server"]),
        dump_bytes=int(plain["dump_bytes"]),
        sha256=str(plain["sha256"]),
        about={str(key): str(value) for key, value in plain["about"].items()},
    )


def _header(name: str, size: int, made_at: datetime) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(made_at.timestamp())
    # GNU's form takes any size in one block, so that the block written first can be replaced at the end.
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

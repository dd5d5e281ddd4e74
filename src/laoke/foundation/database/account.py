"""Which account of the operating system runs the server.

PostgreSQL refuses to run as root, so root hands the server to an account without rights.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laoke.foundation.database.errors import DatabaseHomeUnusable
from laoke.foundation.database.programs import WHEEL, Programs, quiet_environment


@dataclass(frozen=True, slots=True)
class Account:
    """An account the server runs as; `drop` tells whether we have to become it first."""

    uid: int
    gid: int
    drop: bool

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child run as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drop else {}

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if self.drop:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_enter(self, folder: Path) -> bool:
        """Whether the account reaches a folder. Asked by trying: mode bits do not tell of ACLs."""
        return self._can(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])

    def can_run(self, programs: Programs) -> bool:
        """Whether the account reaches the programs and the libraries they load."""
        return all(self._can([programs[name], "-V"]) for name in ("postgres", "initdb"))

    def _can(self, command: list[str]) -> bool:
        try:
            tried = subprocess.run(
                command, capture_output=True, cwd="/", timeout=20, env=quiet_environment(), **self.popen
            )
        except PermissionError as error:
            # Two causes look alike: the program is out of reach, or this root may not change accounts.
            if error.filename in (None, "/"):
                raise _cannot_drop(self.uid) from None
            return False
        except (ValueError, OSError) as error:
            raise _cannot_drop(self.uid) from error
        return tried.returncode == 0


def server_account(data: Path) -> Account:
    """The account for a data folder: this one, or, for root, its owner, else `postgres`, else `nobody`.

    Raises:
        DatabaseHomeUnusable: the data belongs to another account, or root finds no account to hand it to.
    """
    owner = data.stat() if data.is_dir() else None
    if os.geteuid() != 0:
        if owner and owner.st_uid != os.geteuid():
            raise DatabaseHomeUnusable(
                f"{data} belongs to {_name(owner.st_uid)}. Run laoke as that account (or as root), "
                "or choose another folder with LAOKE_HOME."
            )
        return Account(os.geteuid(), os.getegid(), drop=False)
    if owner and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, drop=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, drop=True)
    raise DatabaseHomeUnusable(
        "PostgreSQL does not run as root, and there is neither an account `postgres` nor `nobody`. "
        "Make one (useradd --system postgres) or run laoke as a normal user."
    )


def reachable_programs(programs: Programs, account: Account, elsewhere: Path) -> Programs:
    """The programs themselves, or, when the account cannot reach them, a copy made once in `elsewhere`.

    Raises:
        DatabaseHomeUnusable: they are out of reach and not of the wheel, so what to copy is not known.
    """
    if account.can_run(programs):
        return programs
    tree = programs.folder.parent
    if tree.parent.name != WHEEL:
        raise DatabaseHomeUnusable(
            f"{programs.folder} cannot be read by {_name(account.uid)}, which has to run PostgreSQL for root. "
            "Open the folder to others (chmod -R o+rX) or run laoke as a normal user."
        )
    mark = hashlib.sha256(f"{tree}\0{(programs.folder / 'postgres').stat().st_mtime_ns}".encode())
    copy = elsewhere / f"programs-{programs.version}-{mark.hexdigest()[:12]}"
    copied = Programs(copy / WHEEL / tree.name / "bin", programs.version)
    if not copy.exists():
        _copy_wheel(tree, copy)
    if not account.can_run(copied):
        raise DatabaseHomeUnusable(
            f"The copy of PostgreSQL in {copy} cannot be run by {_name(account.uid)}. Remove that folder and "
            "start again; if /var is mounted noexec, install postgresql with the system's package manager."
        )
    return copied


def _copy_wheel(tree: Path, copy: Path) -> None:
    """Copy what a server needs of the wheel, with the libraries beside it, and show it only when whole."""
    open_folder(copy.parent)
    draft = copy.with_name(f".{copy.name}-{secrets.token_hex(4)}")
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(
                tree / part,
                draft / WHEEL / tree.name / part,
                symlinks=True,
                ignore=shutil.ignore_patterns("*.a", "pgxs", "pkgconfig"),
            )
        # The programs look for this folder beside the package (their run path is relative).
        libraries = tree.parent.parent / f"{WHEEL}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        try:
            draft.rename(copy)
        except OSError:
            # Another process was quicker; its copy is as good.
            if not copy.exists():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def open_folder(folder: Path) -> None:
    """Make a folder and its missing parents so that other accounts may pass through them."""
    for missing in [path for path in (*reversed(folder.parents), folder) if not path.exists()]:
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _name(uid: int) -> str:
    try:
        return f"the account {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the account number {uid}"


def _cannot_drop(uid: int) -> DatabaseHomeUnusable:
    return DatabaseHomeUnusable(
        f"PostgreSQL does not run as root, and this root may not become {_name(uid)} (a container without the "
        "capabilities SETUID and SETGID?). Run laoke as a normal user, or give the container these capabilities."
    )

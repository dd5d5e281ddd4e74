"""Where the embedded database keeps its data, its socket and its log.

Normally all in the home. Root hands the server to another account; when that account cannot reach the home (one below
/root, say), data, socket and log live in a folder of their own, and `home/postgres` is a link that leads there.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from laoke.foundation.database.account import Account, open_folder, server_account
from laoke.foundation.database.errors import DatabaseHomeUnusable

ELSEWHERE = Path("/var/lib/laoke-postgres")
NOTE = "WHERE-IS-THE-DATABASE.txt"
PORT = 5432

# A socket's path holds 107 bytes on Linux and 103 on macOS; "/.s.PGSQL.5432" takes 14 of them.
LONGEST_SOCKET_FOLDER = 103 - 14


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one cluster, all absolute, and the account that owns them."""

    home: Path
    data: Path
    socket: Path
    log: Path
    account: Account

    @property
    def tag(self) -> str:
        """A name for the server's processes, by which they are known in the process list."""
        return f"laoke-{hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]}"


def find_place(home: Path, elsewhere: Path = ELSEWHERE) -> Place:
    """Settle where a home's database lives, making the folders it needs. The answer stays the same for good.

    Called under the home's lock; the home exists.

    Raises:
        OSError: a folder cannot be made.
        DatabaseHomeUnusable: it belongs to another account.
    """
    home = home.resolve()
    link = home / "postgres"
    if not (link.is_dir() or link.is_symlink() or server_account(link).can_enter(home)):
        _settle_elsewhere(home, link, elsewhere)
    data = link.resolve()
    account = server_account(data)
    base = data.parent
    open_folder(base)
    log = base / "log"
    _own_folder(log, account)
    return Place(home, data, _socket_folder(base, account), log, account)


def _settle_elsewhere(home: Path, link: Path, elsewhere: Path) -> None:
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    number = 1
    while True:
        # A folder of that name was left by an older home at this path: its data is not ours to take up.
        base = elsewhere / (name if number == 1 else f"{name}-{number}")
        open_folder(elsewhere)
        try:
            base.mkdir()
            break
        except FileExistsError:
            number += 1
    base.chmod(0o755)
    (base / "home.txt").write_text(f"{home}\n", encoding="utf-8")
    link.symlink_to(base / "postgres")
    (home / NOTE).write_text(
        f"The database of this folder is kept in {base}\n"
        "because laoke runs as root, PostgreSQL does not, and the account that runs it cannot enter this folder.\n"
        "A backup of the files has to include both folders; `laoke backup` includes everything.\n"
        "When you remove this folder for good, remove that one too.\n\n"
        f"本文件夹的数据库存放在 {base}\n"
        "laoke 以 root 身份运行, 而 PostgreSQL 不能以 root 身份运行, 代为运行它的账户又无法进入本文件夹。\n"
        "按文件备份时请同时备份两个文件夹; `laoke backup` 的备份是完整的。彻底删除本文件夹时, 请一并删除上述文件夹。\n",
        encoding="utf-8",
    )


def _socket_folder(base: Path, account: Account) -> Path:
    """The folder of the server's socket: beside the data, or, when that path is too long, in the temporary folder.

    Beside the data it is found by every process, whatever its TMPDIR, and no cleaner of /tmp removes it.
    """
    beside = base / "run"
    if not beside.is_symlink() and (beside.is_dir() or _fits(beside)):
        _own_folder(beside, account)
        return beside
    if beside.is_symlink():
        folder = beside.readlink()
        if _try_own_folder(folder, account):
            return folder
    name = f"laoke-{account.uid}-{hashlib.sha256(os.fsencode(base)).hexdigest()[:12]}"
    roots = [root for root in (Path(tempfile.gettempdir()), Path("/tmp")) if _fits(root / f"{name}-9")]  # noqa: S108
    for root in roots:
        for folder in (root / name, *(root / f"{name}-{number}" for number in range(2, 10))):
            # A stranger may have taken the name in a folder open to all: then the next one.
            if _try_own_folder(folder, account):
                beside.unlink(missing_ok=True)
                beside.symlink_to(folder)
                return folder
    raise DatabaseHomeUnusable(
        f"No folder for the database's socket: the path of {beside} is too long or holds unusual characters, and "
        "the temporary folder cannot be used. Choose a shorter LAOKE_HOME."
    )


def _fits(folder: Path) -> bool:
    # Commas and quotes would have to be escaped differently by the server, libpq and addresses.
    short = len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER
    return short and re.fullmatch(r"[\w./+-]+", str(folder), re.ASCII) is not None


def _try_own_folder(folder: Path, account: Account) -> bool:
    try:
        _own_folder(folder, account)
    except OSError:
        return False
    info = folder.lstat()
    return folder.is_dir() and not folder.is_symlink() and info.st_uid == account.uid


def _own_folder(folder: Path, account: Account) -> None:
    """Make a folder that only the server's account (and root) may enter; leave one that is there as it is."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    account.give(folder)

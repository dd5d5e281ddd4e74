"""Root hands the server to another account; everybody else runs it themselves."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

import laoke
from laoke.foundation.database import Cluster
from laoke.foundation.database.errors import DatabaseHomeUnusable
from laoke.foundation.database.place import NOTE
from laoke.foundation.database.programs import WHEEL, Programs, find_server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another account")


def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def test_root_runs_the_server_in_an_open_home_as_an_account_without_rights(fresh: Cluster) -> None:
    with fresh.running():
        status = fresh.status()
        owner = status.data.stat().st_uid
        assert owner in {pwd.getpwnam(name).pw_uid for name in ("postgres", "nobody") if _exists(name)}
        assert Path(f"/proc/{status.pid}").stat().st_uid == owner
        assert status.data == fresh.home.resolve() / "postgres"
    assert not (fresh.home / NOTE).exists()


def test_root_keeps_the_data_elsewhere_when_the_home_is_closed(fresh: Cluster, ask) -> None:
    fresh.home.mkdir(mode=0o700)
    with fresh.running():
        ask(fresh, "CREATE TABLE kept AS SELECT 42 AS answer")
    data = fresh.status().data
    assert data.parent.parent == fresh.home.parent / "elsewhere"
    assert str(data.parent) in (fresh.home / NOTE).read_text()
    assert (data.parent / "home.txt").read_text() == f"{fresh.home}\n"
    with Cluster(fresh.home, elsewhere=fresh.home.parent / "elsewhere").running() as again:
        assert ask(again, "SELECT answer FROM kept") == 42


def test_a_home_made_anew_does_not_take_up_the_data_of_the_old_one(fresh: Cluster) -> None:
    fresh.home.mkdir(mode=0o700)
    before = fresh.place.data.parent
    shutil.rmtree(fresh.home)
    fresh.home.mkdir(mode=0o700)
    again = Cluster(fresh.home, elsewhere=fresh.home.parent / "elsewhere")
    assert again.place.data.parent == before.with_name(f"{before.name}-2")
    again.destroy()
    shutil.rmtree(before)
    del fresh.place


def test_programs_out_of_reach_are_copied_once(fresh: Cluster, open_folder: Path, ask) -> None:
    real = find_server()
    if real.folder.parent.parent.name != WHEEL:
        pytest.skip("the wheel is not installed")
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    package = real.folder.parent.parent
    for part in ("bin", "lib", "share"):
        shutil.copytree(real.folder.parent / part, closed / WHEEL / "pginstall" / part, symlinks=True)
    shutil.copytree(package.with_name(f"{WHEEL}.libs"), closed / f"{WHEEL}.libs")
    programs = Programs(closed / WHEEL / "pginstall" / "bin", real.version)
    for _ in range(2):
        with Cluster(fresh.home, programs=programs, elsewhere=open_folder / "elsewhere").running() as own:
            assert ask(own, "SELECT 1") == 1
            program = Path(f"/proc/{own.status().pid}/exe").readlink()
    (copy,) = (open_folder / "elsewhere").glob("programs-*")
    assert program == copy / WHEEL / "pginstall" / "bin" / "postgres"
    assert not list((open_folder / "elsewhere").glob(".programs-*"))


def test_programs_out_of_reach_that_are_not_the_wheels_are_told(fresh: Cluster, open_folder: Path) -> None:
    folder = open_folder / "private" / "bin"
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text("#!/bin/sh\n")
    folder.parent.chmod(0o700)
    with pytest.raises(
        DatabaseHomeUnusable, match=r"cannot be read by the account .* run laoke as a normal user"
    ):
        Cluster(fresh.home, programs=Programs(folder, "16.1")).start()


def test_a_normal_user_runs_the_server_and_root_joins_as_that_user(fresh: Cluster) -> None:
    """As `nobody`: makes the home, starts, stops. Then root uses the same home without changing whose it is."""
    paths = [Path(laoke.__file__).parents[1], Path(psycopg.__file__).parents[1]]
    environment = {"PYTHONPATH": ":".join(map(str, paths)), "PATH": os.environ["PATH"], "HOME": "/"}
    script = (
        "import sys; from pathlib import Path; from laoke.foundation.database import Cluster\n"
        "with Cluster(Path(sys.argv[1]), fast_and_loose=True).running() as cluster: print(cluster.status().ready)"
    )
    python = _python_for(nobody(), environment)
    fresh.home.mkdir(mode=0o700)
    os.chown(fresh.home, nobody().pw_uid, nobody().pw_gid)
    command = [python, "-c", script, str(fresh.home)]
    as_nobody = {"user": nobody().pw_uid, "group": nobody().pw_gid, "extra_groups": []}
    for _ in range(2):
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment, cwd="/", timeout=60, **as_nobody
        )
        assert done.stdout == "True\n", done.stderr
        with fresh.running():
            pid = fresh.status().pid
            assert Path(f"/proc/{pid}").stat().st_uid == nobody().pw_uid
    data = fresh.place.data
    assert data == fresh.home.resolve() / "postgres"
    os.chown(data, 0, 0)
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd="/", timeout=60, **as_nobody
    )
    assert "belongs to the account root" in done.stderr


def _python_for(account: pwd.struct_passwd, environment: dict[str, str]) -> str:
    """A Python that this account can run with our packages; the environment's own may lie in root's home."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        if not os.access(python, os.X_OK):
            continue
        try:
            tried = subprocess.run(
                [python, "-c", "import psycopg, psutil, laoke.kernel.errors"],
                env=environment,
                cwd="/",
                capture_output=True,
                user=account.pw_uid,
                group=account.pw_gid,
                extra_groups=[],
            )
        except PermissionError:
            continue
        if tried.returncode == 0:
            return python
    pytest.skip("no Python that another account can run with these packages")


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True

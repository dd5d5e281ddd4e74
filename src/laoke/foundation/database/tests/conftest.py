from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from laoke.foundation.database import Cluster


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that other accounts may enter (pytest's own is closed), with a short path for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="laoke-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared(open_folder: Path) -> Iterator[Cluster]:
    """One running cluster for every test that neither kills nor stops it."""
    cluster = Cluster(open_folder / "shared", fast_and_loose=True)
    with cluster.running():
        yield cluster


@pytest.fixture
def fresh(open_folder: Path) -> Iterator[Cluster]:
    """A cluster of the test's own that is not made yet; removed afterwards."""
    number = sum(1 for _ in open_folder.iterdir())
    cluster = Cluster(open_folder / f"own-{number}", fast_and_loose=True, elsewhere=open_folder / "elsewhere")
    yield cluster
    if cluster.home.exists():
        cluster.destroy()


@pytest.fixture(scope="session")
def _made(open_folder: Path) -> Cluster:
    # Safe settings: what is killed here has to keep every commit.
    cluster = Cluster(open_folder / "made")
    with cluster.running():
        pass
    return cluster


@pytest.fixture
def cluster(_made: Cluster) -> Iterator[Cluster]:
    """A cluster that is made and stopped, for tests that start, stop and kill it; stopped again afterwards."""
    assert _made.status().alive is False
    yield _made
    _made.stop()


def ask(cluster: Cluster, query: str, *parameters: object) -> object:
    """The one value a query answers with."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as connection:
        answer = connection.execute(query, parameters)  # type: ignore[arg-type]
        row = answer.fetchone() if answer.description else None
        return row[0] if row else None


@pytest.fixture(name="ask")
def _ask():
    return ask

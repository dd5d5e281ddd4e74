"""What a crash leaves behind, and how the next start deals with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from laoke.foundation.database import Cluster
from laoke.foundation.database.errors import DatabaseHomeUnusable, DatabaseUnavailable

pytestmark = pytest.mark.faults


def kill_postmaster(cluster: Cluster) -> None:
    pid = cluster.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def busy_session(cluster: Cluster) -> threading.Thread:
    """A session that computes and therefore does not notice that its postmaster is gone."""
    begun = threading.Event()

    def compute() -> None:
        with (
            suppress(psycopg.OperationalError),
            psycopg.connect(cluster.conninfo(), autocommit=True) as connection,
        ):
            begun.set()
            connection.execute("DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$")

    thread = threading.Thread(target=compute)
    thread.start()
    begun.wait(10)
    time.sleep(0.1)
    return thread


def test_a_killed_postmaster_comes_back_with_every_commit(cluster: Cluster, ask) -> None:
    with cluster.running():
        ask(cluster, "CREATE TABLE sold (number int)")
        connection = psycopg.connect(cluster.conninfo(), autocommit=True)
        for number in range(50):
            connection.execute("INSERT INTO sold VALUES (%s)", [number])
        session = busy_session(cluster)
        kill_postmaster(cluster)
        assert cluster.status().ready is False
        begun = time.monotonic()
        assert cluster.start(keep=False) is True
        assert time.monotonic() - begun < 10
        session.join(10)
        assert not session.is_alive()
        connection.close()
        assert ask(cluster, "SELECT count(*) FROM sold") == 50
    assert cluster.status().alive is False


def test_the_orphans_of_a_killed_postmaster_are_stopped_too(cluster: Cluster) -> None:
    cluster.start()
    session = busy_session(cluster)
    kill_postmaster(cluster)
    assert cluster.stop() is True
    session.join(10)
    assert cluster.status().alive is False


def test_a_killed_server_is_no_longer_kept(cluster: Cluster) -> None:
    cluster.start()
    kill_postmaster(cluster)
    with cluster.running():
        assert cluster.status().kept is False
    assert cluster.status().alive is False


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not a number\n",
        "999999\n/elsewhere\n",
        f"{os.getpid()}\n/nowhere\n1\n5432\n/tmp\n\n  1 1\nready   \n",
    ],
    ids=["empty", "rubbish", "dead process", "living stranger"],
)
def test_a_stale_pid_file_does_not_hinder(cluster: Cluster, ask, content: str) -> None:
    with cluster.running():
        ask(cluster, "CREATE TABLE IF NOT EXISTS survivor AS SELECT 42 AS answer")
        kill_postmaster(cluster)
    (cluster.place.data / "postmaster.pid").write_text(content)
    assert cluster.status().alive is False
    with cluster.running():
        assert ask(cluster, "SELECT answer FROM survivor") == 42


def test_a_pid_file_emptied_under_a_running_server_does_not_hide_it(cluster: Cluster) -> None:
    with cluster.running():
        pid = cluster.status().pid
        (cluster.place.data / "postmaster.pid").write_text("")
        assert cluster.status().pid == pid
        assert cluster.start(keep=False) is False
    assert cluster.status().alive is False


def test_a_half_made_database_is_made_anew(fresh: Cluster, ask) -> None:
    half = fresh.place.data.with_name("postgres.new")
    (half / "base").mkdir(parents=True)
    (half / "PG_VERSION").write_text("16\n")
    with fresh.running():
        assert ask(fresh, "SELECT 1") == 1
    assert not half.exists()


def test_a_folder_of_strangers_is_refused_and_left_as_it_is(fresh: Cluster) -> None:
    data = fresh.place.data
    data.mkdir()
    (data / "thesis.txt").write_text("mine")
    with pytest.raises(DatabaseHomeUnusable, match="no PostgreSQL data"):
        fresh.start()
    assert (data / "thesis.txt").read_text() == "mine"


def test_a_hanging_start_of_another_process_is_told(cluster: Cluster) -> None:
    _ = cluster.place
    with (
        cluster._alone(1),
        pytest.raises(DatabaseUnavailable, match="Another laoke has been starting or stopping"),
    ):
        cluster.start(timeout=0.1)

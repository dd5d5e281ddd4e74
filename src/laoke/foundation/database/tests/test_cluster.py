"""The embedded server: started, shared, stopped."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from laoke.foundation.database import Cluster, running
from laoke.foundation.database.errors import DatabaseHomeUnusable, DatabaseUnavailable

SOURCES = Path(__file__).parents[4]

# A process of its own, as the CLI would be: says when it is in, leaves when told.
USER = """
import sys
from pathlib import Path
from laoke.foundation.database import Cluster
with Cluster(Path(sys.argv[1]), fast_and_loose=True).running() as cluster:
    print(cluster.status().pid, flush=True)
    sys.stdin.readline()
"""


class User:
    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SOURCES)},
        )

    def comes_in(self) -> int:
        """Wait until it uses the server; the server's process."""
        return int(self.process.stdout.readline())  # type: ignore[union-attr]

    def leaves(self) -> None:
        self.process.communicate("\n", timeout=30)
        assert self.process.returncode == 0

    def is_killed(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def users(home: Path, count: int) -> Iterator[list[User]]:
    them = [User(home) for _ in range(count)]
    try:
        yield them
    finally:
        for user in them:
            user.is_killed()


def test_the_first_start_makes_a_database_that_sorts_alike_on_every_machine(shared: Cluster, ask) -> None:
    with psycopg.connect(shared.conninfo()) as connection:
        made = connection.execute(
            "SELECT datname, pg_encoding_to_char(encoding), datcollate, datctype, current_user, "
            "(SELECT rolsuper FROM pg_roles WHERE rolname = current_user) "
            "FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert made == ("laoke", "UTF8", "C", "C", "laoke", True)
    assert ask(
        shared, "SELECT string_agg(word, ' ' ORDER BY word) FROM unnest('{老,b,a,B,客}'::text[]) word"
    ) == ("B a b 客 老")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("listen_addresses", ""),
        ("max_connections", "100"),
        ("TimeZone", "UTC"),
        ("jit", "off"),
        ("random_page_cost", "1.1"),
        ("max_wal_size", "2GB"),
        ("password_encryption", "scram-sha-256"),
        ("log_min_duration_statement", "1s"),
        ("log_parameter_max_length", "0"),
        ("data_checksums", "on"),
        ("fsync", "off"),  # this cluster is of a test session
    ],
)
def test_the_server_runs_with_our_settings(shared: Cluster, ask, setting: str, value: str) -> None:
    assert ask(shared, "SELECT current_setting(%s)", setting) == value


def test_only_the_password_opens_and_only_this_account_may_read_it(shared: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(shared.conninfo(), password="guessed")
    assert stat.S_IMODE((shared.home / "database.password").stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.status().socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(shared.status().data.stat().st_mode) == 0o700


def test_starting_what_runs_changes_nothing(shared: Cluster) -> None:
    before = shared.status()
    assert shared.start(keep=False) is False
    assert shared.status() == before
    assert before.ready
    assert before.alive
    assert before.version.startswith(("15.", "16.", "17.", "18."))  # type: ignore[union-attr]


def test_a_restart_keeps_the_data(cluster: Cluster, ask) -> None:
    with cluster.running():
        ask(cluster, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert cluster.status().alive is False
    with running(cluster.home) as again:
        assert ask(again, "SELECT answer FROM kept") == 42
    assert cluster.status().alive is False


def test_who_leaves_last_stops_the_server(cluster: Cluster) -> None:
    with users(cluster.home, 2) as (first, second):
        assert first.comes_in() == second.comes_in()
        first.leaves()
        assert cluster.status().ready
        second.leaves()
        assert cluster.status().alive is False


def test_blocks_of_one_process_may_nest(cluster: Cluster) -> None:
    with cluster.running():
        with Cluster(cluster.home).running():
            pass
        assert cluster.status().ready
    assert cluster.status().alive is False


@pytest.mark.faults
def test_a_killed_user_counts_as_gone(cluster: Cluster) -> None:
    with users(cluster.home, 2) as (first, second):
        first.comes_in()
        second.comes_in()
        first.is_killed()
        assert cluster.status().ready
        second.leaves()
        assert cluster.status().alive is False


def test_a_forked_child_that_leaves_the_block_does_not_stop_the_server(cluster: Cluster) -> None:
    script = USER.replace(
        "    sys.stdin.readline()",
        "    import os\n    child = os.fork()\n    if child: os.waitpid(child, 0); print(cluster.status().ready)",
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(cluster.home)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
    )
    assert done.stdout.split()[-1] == "True", done
    assert cluster.status().alive is False


def test_a_server_started_to_stay_stays_until_it_is_stopped(cluster: Cluster) -> None:
    assert cluster.start() is True
    with cluster.running():
        pass
    assert cluster.status().kept
    assert cluster.stop() is True
    assert cluster.status().alive is False
    assert cluster.stop() is False


@pytest.mark.faults
def test_four_that_start_at_once_get_one_server(fresh: Cluster) -> None:
    with users(fresh.home, 4) as them:
        assert len({user.comes_in() for user in them}) == 1
        for user in them:
            user.leaves()
    assert fresh.status().alive is False


def test_a_setting_of_the_users_own_wins_and_survives(cluster: Cluster, ask) -> None:
    conf = cluster.status().data / "postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "work_mem = '13MB'\n")
    with cluster.running():
        assert ask(cluster, "SHOW work_mem") == "13MB"
        assert ask(cluster, "SHOW timezone") == "UTC"
    conf.write_text(good)


def test_a_setting_that_cannot_be_used_is_named(cluster: Cluster) -> None:
    conf = cluster.status().data / "postgresql.conf"
    good = conf.read_text()
    conf.write_text(good + "shared_buffers = 'plenty'\n")
    with pytest.raises(DatabaseUnavailable, match='invalid value for parameter "shared_buffers": "plenty"'):
        cluster.start()
    conf.write_text(good)
    assert cluster.start() is True


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(open_folder: Path, ask) -> None:
    cluster = Cluster(open_folder / ("long-" * 25) / "家", fast_and_loose=True)
    try:
        with cluster.running():
            assert ask(cluster, "SELECT 1") == 1
            assert len(str(cluster.status().socket)) < 90
            assert Cluster(cluster.home).target() == cluster.target()
    finally:
        socket = cluster.place.socket
        cluster.destroy()
    assert not socket.exists()


def test_a_lost_password_file_is_refused_and_not_replaced(cluster: Cluster) -> None:
    secret = cluster.home / "database.password"
    secret.rename(cluster.home / "aside")
    with pytest.raises(DatabaseHomeUnusable, match=r"database\.password is missing"):
        Cluster(cluster.home).target()
    assert not secret.exists()
    (cluster.home / "aside").rename(secret)


def test_a_wrong_password_file_is_told_at_once(cluster: Cluster) -> None:
    with cluster.running():
        right = (cluster.home / "database.password").read_text()
        (cluster.home / "database.password").write_text("other\n")
        with pytest.raises(DatabaseUnavailable, match="does not accept the password"):
            cluster.start(keep=False)
        (cluster.home / "database.password").write_text(right)


def test_a_home_that_cannot_be_made_is_told(open_folder: Path) -> None:
    (open_folder / "a-file").write_text("")
    with pytest.raises(DatabaseHomeUnusable, match="Not a directory"):
        Cluster(open_folder / "a-file" / "home").target()


def test_the_log_holds_no_values(shared: Cluster, ask) -> None:
    phone = "13800138000"
    with psycopg.connect(shared.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS people (phone text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES (%s) ON CONFLICT DO NOTHING", [phone])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", [phone])
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(f"INSERT INTO people VALUES ('{phone}')")
        connection.execute("SELECT pg_sleep(1.01), %s", [phone])
    logs = "".join(path.read_text() for path in shared.status().log.glob("*.log"))
    assert "duplicate key value" in logs
    assert "SELECT pg_sleep(1.01), $1" in logs
    assert phone not in logs

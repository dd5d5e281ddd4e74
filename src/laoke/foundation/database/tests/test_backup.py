"""Backups: one file out, one file in, and the old data safe until the new is proven."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from laoke.foundation.database import Cluster, DatabaseTarget, backup, dump, parse_url, read_manifest, restore
from laoke.foundation.database.errors import (
    BackupFailed,
    BackupUnreadable,
    DatabaseProgramsMissing,
    RestoreFailed,
)
from laoke.foundation.database.programs import Programs, find_client, quiet_environment

SOURCES = Path(__file__).parents[4]
AT = datetime(2026, 5, 1, 2, 3, 4, tzinfo=UTC)


def run(target: DatabaseTarget, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(target.conninfo(), autocommit=True) as connection:
        for statement in statements:
            answer = connection.execute(statement)  # type: ignore[arg-type]
        return answer.fetchall() if answer.description else []


def databases(target: DatabaseTarget) -> set[object]:
    return {name for (name,) in run(target, "SELECT datname FROM pg_database WHERE NOT datistemplate")}


def approve(target: DatabaseTarget) -> None:
    pass


@pytest.fixture(scope="module")
def _shop(shared: Cluster) -> Iterator[DatabaseTarget]:
    run(shared.target(), 'CREATE DATABASE "shop 1" TEMPLATE template0')
    yield parse_url(shared.url()).in_database("shop 1")
    run(shared.target(), 'DROP DATABASE "shop 1" WITH (FORCE)')


@pytest.fixture
def shop(_shop: DatabaseTarget, shared: Cluster) -> Iterator[DatabaseTarget]:
    """A database with two sales in it, reached as a DATABASE_URL would be. Every test leaves just this one behind."""
    run(
        _shop,
        "DROP TABLE IF EXISTS sales",
        "CREATE TABLE sales (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, article text, total_minor bigint)",
        "INSERT INTO sales (article, total_minor) VALUES ('米', 1250), ('tea', 900)",
    )
    yield _shop
    assert databases(shared.target()) == {"laoke", "postgres", "shop 1"}


@pytest.fixture
def backed_up(shop: DatabaseTarget, tmp_path: Path) -> Path:
    """A backup with the two sales, and a third one sold since."""
    file = tmp_path / "shop.laoke"
    dump(shop, file, at=AT, about={"version": "0.1.0"})
    run(shop, "INSERT INTO sales (article, total_minor) VALUES ('salt', 300)")
    return file


def articles(target: DatabaseTarget) -> str:
    ((words,),) = run(target, "SELECT string_agg(article, ' ' ORDER BY id) FROM sales")
    return str(words)


def test_a_restore_brings_back_what_was_dumped(shop: DatabaseTarget, backed_up: Path) -> None:
    seen, phases = [], []
    restore(
        shop,
        backed_up,
        lambda phase, done, total: phases.append((phase, done, total)),
        prove=lambda target: seen.append((target.name, articles(target), articles(shop))),
    )
    assert seen == [("shop 1_restoring", "米 tea", "米 tea salt")]
    assert articles(shop) == "米 tea"
    size = read_manifest(backed_up).dump_bytes
    assert phases == [("load", size, size), ("index", 0, None), ("prove", 0, None), ("swap", 0, None)]
    run(
        shop, "INSERT INTO sales (article, total_minor) VALUES ('oil', 300)"
    )  # the counter goes on behind the last
    assert articles(shop) == "米 tea oil"


def test_a_backup_tells_what_it_is(shared: Cluster, backed_up: Path) -> None:
    manifest = read_manifest(backed_up)
    assert manifest.made_at == AT
    assert manifest.about == {"version": "0.1.0"}
    assert manifest.server == shared.status().version
    assert backed_up.stat().st_mode & 0o777 == 0o600


def test_a_backup_opens_with_common_tools(shop: DatabaseTarget, backed_up: Path, tmp_path: Path) -> None:
    with tarfile.open(backed_up) as tar:
        tar.extractall(tmp_path, filter="data")
    programs = find_client(read_manifest(backed_up).server_major)
    listed = subprocess.run(
        [programs["pg_restore"], "-l", str(tmp_path / "database.dump")], capture_output=True, text=True
    )
    assert "TABLE DATA public sales" in listed.stdout


def test_the_embedded_database_restores_itself(cluster: Cluster, tmp_path: Path) -> None:
    file = tmp_path / "own.laoke"
    with cluster.running():
        target = cluster.target()
        run(target, "CREATE TABLE notes AS SELECT 'first' AS note")
        dump(target, file, at=AT)
        run(target, "UPDATE notes SET note = 'second'")
        restore(target, file, prove=approve)
        assert run(target, "SELECT note FROM notes") == [("first",)]
        run(target, "DROP TABLE notes")


def test_a_restore_that_is_not_proven_leaves_the_old_data(shop: DatabaseTarget, backed_up: Path) -> None:
    class Wrong(Exception):
        pass

    def refuse(target: DatabaseTarget) -> None:
        assert articles(target) == "米 tea"
        raise Wrong

    with pytest.raises(Wrong):
        restore(shop, backed_up, prove=refuse)
    assert articles(shop) == "米 tea salt"


def test_sessions_are_ended_at_the_swap_and_find_the_restored_data(
    shop: DatabaseTarget, backed_up: Path
) -> None:
    """A shop under load: sessions that come back at once do not hinder the swap."""
    done = threading.Event()
    last: list[str] = []

    def keep_asking() -> None:
        while not done.is_set():
            try:
                with psycopg.connect(shop.conninfo(), autocommit=True) as connection:
                    while not done.is_set():
                        last[:] = [connection.execute("SELECT max(article) FROM sales").fetchone()[0]]  # type: ignore[index]
            except psycopg.OperationalError:
                continue

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        restore(shop, backed_up, prove=approve)
        assert articles(shop) == "米 tea"
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert last == ["米"]


def damaged(path: Path, change: str) -> Path:
    whole = path.read_bytes()
    middle = 512 + read_manifest(path).dump_bytes - 100
    path.write_bytes(
        {
            "empty": b"",
            "text": b"order,total\n1,2\n" * 100,
            "dump of pg_dump": whole[512 : 512 + read_manifest(path).dump_bytes],
            "cut off": whole[: len(whole) // 2],
            "a byte changed": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "a later format": whole.replace(b'"laoke_backup": 1', b'"laoke_backup": 2'),
            "no dump inside": whole.replace(b"PGDMP", b"XXXXX"),
        }[change]
    )
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("empty", "not a backup made by"),
        ("text", "not a backup made by"),
        ("dump of pg_dump", "restored with pg_restore"),
        ("cut off", "or it was cut off"),
        ("a byte changed", "checksum does not match|pg_restore .* stopped"),
        ("a later format", "format 2; this version of laoke reads format 1"),
        ("no dump inside", "not a backup made by"),
    ],
)
def test_a_file_that_is_no_backup_of_ours_changes_nothing(
    shop: DatabaseTarget, backed_up: Path, change: str, told: str
) -> None:
    with pytest.raises((BackupUnreadable, RestoreFailed), match=told):
        restore(shop, damaged(backed_up, change), prove=approve)
    assert articles(shop) == "米 tea salt"


def test_a_missing_file_is_told(shop: DatabaseTarget, tmp_path: Path) -> None:
    with pytest.raises(BackupUnreadable, match="No such file"):
        restore(shop, tmp_path / "none.laoke", prove=approve)


def test_what_a_killed_restore_left_is_cleared(shop: DatabaseTarget, backed_up: Path) -> None:
    run(shop, 'CREATE DATABASE "shop 1_restoring"', 'CREATE DATABASE "shop 1_replaced"')
    restore(shop, backed_up, prove=approve)
    assert articles(shop) == "米 tea"


@pytest.mark.faults
def test_a_restore_killed_before_the_swap_leaves_the_old_data(
    shop: DatabaseTarget, backed_up: Path, shared: Cluster
) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from laoke.foundation.database import parse_url, restore\n"
        "restore(parse_url(sys.argv[1]), Path(sys.argv[2]), prove=lambda t: os.kill(os.getpid(), signal.SIGKILL))"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, shop.url(), str(backed_up)],
        env=os.environ | {"PYTHONPATH": str(SOURCES)},
    )
    assert killed.returncode == -signal.SIGKILL
    assert articles(shop) == "米 tea salt"
    assert "shop 1_restoring" in databases(shared.target())
    restore(shop, backed_up, prove=approve)
    assert articles(shop) == "米 tea"


def test_one_restore_at_a_time(shop: DatabaseTarget, backed_up: Path) -> None:
    def restore_inside(target: DatabaseTarget) -> None:
        with pytest.raises(RestoreFailed, match="Another restore of shop 1 is under way"):
            restore(shop, backed_up, prove=approve)

    restore(shop, backed_up, prove=restore_inside)
    assert articles(shop) == "米 tea"


def test_a_backup_of_a_newer_server_is_refused(
    shop: DatabaseTarget, backed_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up.write_bytes(backed_up.read_bytes().replace(b'"server": "1', b'"server": "9'))
    with pytest.raises(RestoreFailed, match=r"was made by PostgreSQL 9\d, this server is 1\d"):
        restore(shop, backed_up, prove=approve)
    assert articles(shop) == "米 tea salt"


def test_a_role_without_the_right_is_told_which(shop: DatabaseTarget, backed_up: Path) -> None:
    run(shop, "CREATE ROLE clerk LOGIN PASSWORD 'pw'")
    try:
        clerk = parse_url(shop.url().replace("//laoke:", "//clerk:").replace(shop.password, "pw"))
        with pytest.raises(RestoreFailed, match="ALTER ROLE clerk CREATEDB"):
            restore(clerk, backed_up, prove=approve)
    finally:
        run(shop, "DROP ROLE clerk")
    assert articles(shop) == "米 tea salt"


def test_a_dump_that_fails_leaves_the_older_one(
    shop: DatabaseTarget, backed_up: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = backed_up.read_bytes()
    failing = tmp_path / "bin"
    failing.mkdir()
    (failing / "pg_dump").write_text("#!/bin/sh\necho PGDMP; echo 'pg_dump: error: no room' >&2; exit 1\n")
    (failing / "pg_dump").chmod(0o755)
    monkeypatch.setattr(backup, "find_client", lambda major: Programs(failing, "16.1"))
    with pytest.raises(BackupFailed, match="pg_dump stopped: pg_dump: error: no room"):
        dump(shop, backed_up, at=AT)
    assert backed_up.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {backed_up.name, "bin"}


def test_a_dump_into_a_folder_that_is_not_there_is_told(shop: DatabaseTarget, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="No such file or directory"):
        dump(shop, tmp_path / "none" / "shop.laoke", at=AT)


def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    gone = parse_url(f"postgresql:///shop?host={tmp_path}")
    with pytest.raises(BackupFailed, match="does not answer"):
        dump(gone, tmp_path / "shop.laoke", at=AT)


def test_a_server_newer_than_every_client_is_told(
    shop: DatabaseTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_server_version", lambda target, refusal: 190001)
    with pytest.raises(DatabaseProgramsMissing, match="postgresql-client-19"):
        dump(shop, Path("never.laoke"), at=AT)


def test_the_password_is_not_on_the_command_line(shop: DatabaseTarget) -> None:
    assert shop.password
    assert shop.password not in shop.conninfo_without_password()
    assert "PGPASSWORD" not in quiet_environment()

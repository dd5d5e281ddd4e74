"""Backup and restore as processes: the round trip, and every backup that must not come in."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import psycopg
import pytest

from laoke.foundation.database import read_manifest
from laoke.surfaces.cli import backup


def ask(shop, query):
    with psycopg.connect(shop.cluster.conninfo(), autocommit=True) as connection:
        return connection.execute(query).fetchone()


def execute(shop, statement):
    with psycopg.connect(shop.cluster.conninfo(), autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture(scope="module")
def file(shop, tmp_path_factory):
    path = tmp_path_factory.mktemp("backup") / "shop.tar"
    done = shop.run("backup", str(path), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["bytes"], told["about"]["laoke"]) == (
        path.stat().st_size,
        read_manifest(path).about["laoke"],
    )
    return path


def test_a_restore_brings_everything_back_and_proves_it(shop, file):
    before = ask(shop, "select count(*), sum(points) from points_posting")
    (version,) = ask(shop, "select number from foundation_generation where name = 'programme'")
    execute(shop, "update members_member set gender = 'x'; delete from tiers_standing")
    assert shop.run("check").returncode == 1
    done = shop.run("restore", str(file), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["checks"] == told["checks_that_hold"] > 10
    assert ask(shop, "select count(*), sum(points) from points_posting") == before
    assert ask(shop, "select count(*) from members_member where gender = 'x'") == (0,)
    # A process that goes on running must not take a version of the replaced history for one of the restored.
    assert ask(shop, "select number from foundation_generation where name = 'programme'")[0] > version
    assert ask(shop, "select action from foundation_auditentry order by id desc limit 1") == (
        "database.restored",
    )


def test_a_tampered_file_changes_nothing(shop, file, tmp_path):
    tampered = tmp_path / "tampered.tar"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    tampered.write_bytes(content)
    execute(shop, "update members_member set gender = 'f' where id = (select min(id) from members_member)")
    for path in (tampered, tmp_path / "missing.tar"):
        done = shop.run("restore", str(path))
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
    assert ask(shop, "select gender from members_member order by id limit 1") == ("f",)


def test_other_keys_are_refused_unless_wanted(shop, file):
    key = base64.b64encode(b"k" * 32).decode()
    refused = shop.run("restore", str(file), LAOKE_DATA_KEY=key, LAOKE_INDEX_KEY=key)
    assert refused.returncode == 2
    assert "It needs the data key" in refused.stderr
    assert "and the index key" in refused.stderr
    wanted = shop.run("restore", str(file), "--other-keys", LAOKE_DATA_KEY=key)
    assert wanted.returncode == 0, wanted.stderr
    assert "The personal data in it cannot be read" in wanted.stderr


def test_keys_that_were_rotated_since_are_known(settings, file):
    manifest = read_manifest(file)
    needed = manifest.about["data_keys"]
    here, _ = backup._fingerprints()
    assert needed not in here
    assert backup._missing_keys(manifest)[0] == f"the data key {needed}"
    old = settings.LAOKE
    rotated = replace(old, data_key=b"n" * 32, old_data_keys=(old.data_key,))
    about = backup._about()
    settings.LAOKE = rotated
    assert backup._missing_keys(replace(manifest, about=about)) == []


def test_books_that_do_not_hold_stay_outside(shop, tmp_path):
    execute(
        shop,
        "begin; set local session_replication_role = replica; "
        "update points_posting set points = points + 1 where id = (select min(id) from points_posting); commit",
    )
    path = tmp_path / "broken.tar"
    assert shop.run("backup", str(path)).returncode == 0
    execute(
        shop,
        "begin; set local session_replication_role = replica; "
        "update points_posting set points = points - 1 where id = (select min(id) from points_posting); commit",
    )
    refused = shop.run("restore", str(path))
    assert refused.returncode == 2
    assert "lots: what remains of a lot is the sum of its postings (1 times not)" in refused.stderr
    assert ask(
        shop,
        "select count(*) from points_lot l where remaining <> "
        "(select sum(points) from points_posting where lot_id = l.id)",
    ) == (0,)
    assert shop.run("restore", str(path), "--unproven").returncode == 0

"""Stopped or killed at any time: the same command goes on, nothing is doubled, and the end is as without it."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from laoke.surfaces.importing.orders import playing
from laoke.surfaces.importing.tests.conftest import HEADER, ORDERS, ask, everything


class StopAfter:
    """A person who presses Ctrl-C after so many batches of orders."""

    def __init__(self, batches: int) -> None:
        self.left = batches
        self.playing = False

    def phase(self, name: str, total: int = 0) -> None:
        self.playing = name == "orders"

    def advance(self, count: int) -> None:
        self.left -= self.playing

    @property
    def stop_requested(self) -> bool:
        return self.left <= 0


def history(orders: int) -> list[tuple[str, ...]]:
    """Two purchases a day by seven members in turn, two lines each."""
    rows = []
    for number in range(orders):
        at = datetime(2025, 10, 1, 9) + timedelta(hours=12 * number)  # noqa: DTZ001 (as a till writes it)
        head = (f"A{number}", f"{at:%Y-%m-%d %H:%M}", f"S{number % 2}", f"card-{number % 7}")
        rows += [(*head, "milk", "1", "40.50", "50"), (*head, "rice", "0.5", "30", "30")]
    return rows


@pytest.mark.django_db
def test_an_import_that_was_stopped_goes_on(bring, rows_file, monkeypatch):
    monkeypatch.setattr(playing, "_ORDERS", 10)
    file = rows_file(history(50))
    first = bring(file, watch=StopAfter(2))
    assert (first.interrupted, first.added, first.known) == (True, 20, 0)
    assert ask("select count(*) from purchases_order") == [(20,)]
    assert ask("select state, done, total from foundation_taskprogress where name = 'import.orders'") == [
        ("stopped", 20, 50)
    ]
    second = bring(file)
    assert (second.interrupted, second.added, second.known) == (False, 30, 20)
    after = everything()
    third = bring(file)
    assert (third.added, third.known) == (0, 50)
    assert everything() == after


@pytest.mark.django_db
def test_who_stops_before_the_first_batch_has_changed_nothing(bring, rows_file):
    before = everything()
    assert bring(rows_file(history(5)), watch=StopAfter(0)).interrupted
    assert everything() == before


@pytest.mark.django_db
def test_a_batch_that_fails_leaves_nothing_of_it(bring, rows_file, monkeypatch):
    from laoke.checkout.replay import writing

    monkeypatch.setattr(playing, "_ORDERS", 10)
    real, calls = writing._write_members, []

    def fails_on_the_third(*values):
        calls.append(1)
        if len(calls) == 3:
            raise ConnectionError("the database went away")
        real(*values)

    monkeypatch.setattr(writing, "_write_members", fails_on_the_third)
    file = rows_file(history(50))
    with pytest.raises(ConnectionError):
        bring(file)
    assert ask("select count(*) from purchases_order") == [(20,)]
    assert bring(file).added == 30


_IMPORTER = """
    import sys
    import django
    from datetime import UTC, datetime
    from pathlib import Path

    django.setup()
    from laoke.checkout import programme
    from laoke.foundation.access import SYSTEM
    from laoke.surfaces.importing import Kind, Request, run
    from laoke.surfaces.importing.orders import playing

    playing._ORDERS = 20
    now = datetime(2026, 7, 1, tzinfo=UTC)
    need = [{"metric": "spend", "months": 3, "at_least": 150000}]
    ladder = {"tiers": [{"code": "basic"}, {"code": "gold", "needs": need}], "review": "monthly"}
    programme.apply(SYSTEM, {"ladder": ladder}, at=now)

    class Telling:
        stop_requested = False
        playing = False

        def phase(self, name, total=0):
            self.playing = name == "orders"
            print("phase", name, flush=True)

        def advance(self, count):
            if self.playing:
                print("batch", flush=True)

    outcome = run(SYSTEM, Request(Kind.ORDERS, [Path(sys.argv[1])], sys.argv[2]), now=now, watch=Telling())
    print("added", outcome.added, "known", outcome.known, flush=True)
"""
# Everything that must be the same with and without a death on the way; numbers of rows may differ by sequence gaps.
_BOOKS = (
    "select order_no, placed_at, total_minor, points_earned from purchases_order order by placed_at, order_no",
    "select o.order_no, l.line_no, l.net_minor, l.earn_base_minor from purchases_orderline l "
    "join purchases_order o on o.id = l.order_id order by o.placed_at, 1, 2",
    "select m.registered_at, a.balance, a.earned_total, a.expired_total, s.tier, s.since, s.reviewed_date "
    "from members_member m join points_account a on a.member_id = m.id join tiers_standing s on s.member_id = m.id "
    "order by m.registered_at",
    "select m.registered_at, c.from_tier, c.to_tier, c.at, c.cause from tiers_tierchange c "
    "join members_member m on m.id = c.member_id order by m.registered_at, c.at, c.id",
    "select m.registered_at, p.kind, p.points, p.at from points_posting p "
    "join members_member m on m.id = p.member_id order by m.registered_at, p.at, p.kind, p.points",
    "select count(*), sum(points), sum(remaining) from points_lot",
    "select sku, price_minor from purchases_product order by sku",
)


@pytest.fixture
def databases(django_db_setup, django_db_blocker):
    """Two empty, migrated databases beside the tests' own, with the settings of processes that use them."""
    target = settings.DATABASE_TARGET
    names = [f"import_{uuid.uuid4().hex[:12]}" for _ in range(2)]
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "laoke.project.settings",
        "DATABASE_URL": target.in_database(names[0]).url(),
    }
    with psycopg.connect(target.in_database("postgres").conninfo(), autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(names[0])))
        migrate = (
            "import django; django.setup(); from django.core.management import call_command; "
            "call_command('migrate', verbosity=0)"
        )
        subprocess.run([sys.executable, "-c", migrate], env=environ, check=True)
        server.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(names[1]), sql.Identifier(names[0])
            )
        )
        yield (
            [environ | {"DATABASE_URL": target.in_database(name).url()} for name in names],
            [target.in_database(name).conninfo() for name in names],
        )
        for name in names:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.mark.faults
def test_killed_in_the_middle_it_ends_as_if_it_had_not_been(databases, tmp_path):
    (killed, whole), (killed_books, whole_books) = databases
    file, mapping, script = tmp_path / "orders.csv", tmp_path / "mapping.yaml", tmp_path / "importer.py"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADER, *history(500)])
    mapping.write_text(textwrap.dedent(ORDERS), encoding="utf-8")
    script.write_text(textwrap.dedent(_IMPORTER), encoding="utf-8")
    command = [sys.executable, str(script), str(file), str(mapping)]

    assert _kill_after(command, killed, "phase members", tmp_path) == 0  # before anything was played
    first = _kill_after(command, killed, "batch", tmp_path, times=3)
    second = _kill_after(command, killed, "batch", tmp_path, times=8)
    assert 60 <= first < second < 500
    rest = subprocess.run(
        command, env=killed, check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    assert rest == f"added {500 - second} known {second}"
    again = subprocess.run(
        command, env=killed, check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]
    assert again == "added 0 known 500"

    subprocess.run(command, env=whole, check=True, capture_output=True)
    with psycopg.connect(killed_books) as one, psycopg.connect(whole_books) as other:
        for query in _BOOKS:
            assert one.execute(query).fetchall() == other.execute(query).fetchall(), query


def _kill_after(command: list[str], environ: dict[str, str], line: str, folder: Path, times: int = 1) -> int:
    """Kill the import when it has said `line` so often; answers with the orders that are in."""
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for said in process.stdout:
            times -= said.strip() == line
            if times == 0:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
        assert process.wait() == -signal.SIGKILL
    with psycopg.connect(environ["DATABASE_URL"]) as books:
        row = books.execute("select count(*) from purchases_order").fetchone()
    assert row is not None
    return int(row[0])

"""A wish to stop breaks off a statement of the engine that would take for ever, and only where nothing is written."""

from __future__ import annotations

import threading
import time

import duckdb
import pytest

from laoke.surfaces.importing import watch as watching
from laoke.surfaces.importing.watch import Breaking, Stopped

FOR_EVER = "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c where a.range + b.range = c.range"
pytestmark = pytest.mark.django_db


class Asked:
    """Somebody who asks to stop after so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def phase(self, name: str, total: int = 0) -> None:
        """Heard."""

    def advance(self, count: int) -> None:
        """Heard."""

    @property
    def stop_requested(self) -> bool:
        return time.monotonic() >= self._at


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(watching, "_LOOK_EVERY", 0.05)


def work(session, phase, *, dry_run):
    """A statement without end, and somebody who asks to stop after a moment."""
    with Breaking(session, Asked(0.2), dry_run=dry_run) as watch:
        watch.phase(phase)
        session.execute(FOR_EVER)


def test_a_statement_without_end_ends_when_somebody_asks():
    begun = time.monotonic()
    with duckdb.connect(config={"threads": 1}) as session:
        with pytest.raises(Stopped):
            work(session, "checking", dry_run=False)
        assert time.monotonic() - begun < 10
        # The engine is as before, and nobody looks any more.
        assert session.execute("select 42").fetchone() == (42,)
    assert not [thread for thread in threading.enumerate() if thread.name == "import stop"]


def test_a_trial_run_is_broken_off_in_every_phase():
    with duckdb.connect(config={"threads": 1}) as session, pytest.raises(Stopped):
        work(session, "members", dry_run=True)


def test_what_writes_is_left_to_end_its_batch():
    with (
        duckdb.connect(config={"threads": 1}) as session,
        Breaking(session, Asked(0.0), dry_run=False) as watch,
    ):
        watch.phase("orders")
        found = session.execute("select sum(range) from range(30000000)").fetchone()
        time.sleep(0.3)
        watch.advance(1)
        assert watch.stop_requested
    assert found == (449999985000000,)


def test_what_goes_wrong_otherwise_is_not_taken_for_a_stop():
    with (
        duckdb.connect() as session,
        pytest.raises(duckdb.CatalogException),
        Breaking(session, Asked(60), dry_run=True),
    ):
        session.execute("select * from nowhere")

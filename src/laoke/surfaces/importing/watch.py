"""How long work tells how far it has come, and hears that it should stop."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Protocol

import duckdb
from django.db import DatabaseError, InterfaceError, connection

# Nothing has been written to the database while these last.
HARMLESS = {"reading", "converting", "checking"}
_LOOK_EVERY = 1.0  # seconds


class Stopped(Exception):
    """Whoever looks on asked to stop before anything was written."""


class Watch(Protocol):
    """Someone who looks on."""

    def phase(self, name: str, total: int = 0) -> None:
        """A new stretch of work begins; `total` 0 when nobody knows how much it is."""

    def advance(self, count: int) -> None:
        """So much more is done."""

    @property
    def stop_requested(self) -> bool:
        """Whether to end after the batch in hand. May be asked by another thread than the one that works."""


class Breaking:
    """Passes everything on to a watch, and has the engine break off what it is at when the watch asks to stop.

    A statement of DuckDB may take minutes and asks nobody meanwhile, so a thread looks at the watch; it does so in
    phases that write nothing only, and in a trial run in all. For the length of a block; a wish to stop becomes
    Stopped there.
    """

    def __init__(self, session: duckdb.DuckDBPyConnection, watch: Watch, *, dry_run: bool) -> None:
        self._session = session
        self._watch = watch
        self._dry_run = dry_run
        self._harmless = False
        # Held while the engine is interrupted: no statement of a phase that writes may be hit by it.
        self._phasing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="import stop", daemon=True)

    def phase(self, name: str, total: int = 0) -> None:
        """A new stretch of work begins."""
        with self._phasing:
            self._harmless = self._dry_run or name in HARMLESS
        self._watch.phase(name, total)
        self._stop_early()

    def advance(self, count: int) -> None:
        """So much more is done."""
        self._watch.advance(count)
        self._stop_early()

    @property
    def stop_requested(self) -> bool:
        """Whether to end after the batch in hand."""
        return self._watch.stop_requested

    def __enter__(self) -> Breaking:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if isinstance(error, duckdb.InterruptException):
            raise Stopped from None

    def _stop_early(self) -> None:
        if self._harmless and self._watch.stop_requested:
            raise Stopped

    def _look(self) -> None:
        try:
            while not self._over.wait(_LOOK_EVERY):
                with suppress(DatabaseError, InterfaceError), self._phasing:
                    # Again and again: between two statements there is nothing to break off.
                    if self._harmless and self._watch.stop_requested:
                        self._session.interrupt()
        finally:
            connection.close()  # this thread's own, with which a watch may have asked the database


class Unwatched:
    """Nobody looks on."""

    stop_requested = False

    def phase(self, name: str, total: int = 0) -> None:
        """Nobody hears it."""

    def advance(self, count: int) -> None:
        """Nobody counts."""

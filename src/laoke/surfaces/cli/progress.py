"""How far a long command has come: a bar in a terminal, a line now and then elsewhere; and Ctrl-C between batches."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from laoke.surfaces.cli.session import console, say

_LINE_EVERY = 10.0  # seconds


class Rate(ProgressColumn):
    """Units a second since the beginning."""

    def render(self, task: Task) -> Text:
        """Empty until there is something to divide by."""
        elapsed = task.elapsed or 0.0
        return Text(f"{task.completed / elapsed:,.0f}/s" if task.completed and elapsed else "")


def bars() -> Progress:
    """The bars of every long command."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


class Work:
    """One stretch of work under way. Made by `shown`."""

    def __init__(self, title: str, total: int | None, unit: str, progress: Progress) -> None:
        self.done = 0
        self.stop_requested = False
        self._title, self._total, self._unit = title, total, unit
        self._progress = progress
        self._task = progress.add_task(title, total=total)
        self._begun = self._told = time.monotonic()

    def expect(self, total: int) -> None:
        """Say how much there is, once that is known."""
        if total != self._total:
            self._total = total
            self._progress.update(self._task, total=total)

    def advance(self, count: int) -> bool:
        """Count what was done; False when a person asked to stop."""
        self.reach(self.done + count)
        return not self.stop_requested

    def reach(self, done: int) -> None:
        """Say how much is done in all."""
        self.done = done
        self._progress.update(self._task, completed=done)
        if not console.is_terminal and time.monotonic() - self._told >= _LINE_EVERY:
            self._told = time.monotonic()
            say(self._line())

    def _line(self) -> str:
        rate = self.done / (time.monotonic() - self._begun)
        known = self._total is not None and rate > 0
        left = f", {max(0, self._total - self.done) / rate:,.0f} s left" if known and self._total else ""
        of = f" of {self._total:,}" if self._total is not None else ""
        return f"{self._title}: {self.done:,}{of} {self._unit}, {rate:,.0f}/s{left}"


@contextmanager
def shown(title: str, total: int | None, unit: str, *, stoppable: bool = False) -> Iterator[Work]:
    """Show how far the work of the block has come.

    Args:
        total: in `unit`s; None when nobody knows.
        stoppable: the first Ctrl-C (or SIGTERM) only sets `stop_requested`, so that the batch in hand is finished;
            the second one ends at once.
    """
    with bars() as progress:
        work = Work(title, total, unit, progress)
        if not console.is_terminal:
            say(f"{title} …")
        if not stoppable or threading.current_thread() is not threading.main_thread():
            yield work
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def ask(number: int, frame: FrameType | None) -> None:
            work.stop_requested = True
            say("Stopping after this batch … (once more to stop at once)")
            for each, handler in before.items():
                signal.signal(each, handler)

        for number in before:
            signal.signal(number, ask)
        try:
            yield work
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

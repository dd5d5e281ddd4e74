"""Showing how far long work has come, and letting a person stop it.

    with progress.track("recompute.tiers", total=members, at=at) as work:
        for batch in batches:
            ...
            work.advance(len(batch))
            if work.stop_requested:
                break

Rows are written on the connection of the caller: call `advance` between transactions, not within a long one, or
nobody sees it move.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import MappingProxyType

from laoke.foundation.jobs.models import TaskProgress
from laoke.foundation.jobs.stopping import STOPPING, Interrupted

_WRITE_EVERY = 1.0  # seconds
_NOTHING: Mapping[str, object] = MappingProxyType({})


class Tracked:
    """One piece of work under way. Made by `track`."""

    def __init__(self, row_id: int, at: datetime) -> None:
        self._row_id = row_id
        self._at = at
        self._begun = self._written = time.monotonic()
        self._stop = False
        self._interrupted = False
        self.done = 0
        self.detail: dict[str, object] = {}

    def advance(self, count: int = 1) -> None:
        """Add to what is done. Writes at most once a second, so it may be called in inner loops."""
        self.done += count
        self._write_sometimes()

    def phase(self, name: str, total: int = 0, unit: str = "") -> None:
        """A new stretch of the same work: what is done is counted from nothing again. Written at once.

        Args:
            name: stands in the detail as `phase`, with the instant it began as `phase_at`.
            total: how much there is to do in `unit`s; 0 when nobody knows.
        """
        self.done = 0
        self.detail |= {"phase": name, "phase_at": self.now().isoformat()}
        TaskProgress.objects.filter(pk=self._row_id).update(total=total, unit=unit)
        self._written = time.monotonic()
        self.write()

    def put_off(self) -> None:
        """End as if the process were stopping: the queue runs the work again in a moment, as often as it takes."""
        self._interrupted = True

    @property
    def stop_requested(self) -> bool:
        """Whether to end early: a person asked, or the process is stopping. Costs a query at most once a second."""
        if STOPPING.is_set():
            self._interrupted = True
        self._write_sometimes()
        return self._stop or self._interrupted

    @property
    def interrupted(self) -> bool:
        """Whether the work was told to end because its process is stopping, so it has to be run again."""
        return self._interrupted

    @property
    def stopped(self) -> bool:
        """Whether a person asked to stop."""
        return self._stop

    def now(self) -> datetime:
        """The instant of the start plus the time passed."""
        return self._at + timedelta(seconds=time.monotonic() - self._begun)

    def _write_sometimes(self) -> None:
        now = time.monotonic()
        if now - self._written >= _WRITE_EVERY:
            self._written = now
            self.write()

    def write(self, state: str = TaskProgress.RUNNING) -> None:
        """Write the row and read whether a stop was asked for."""
        ended = state != TaskProgress.RUNNING
        rows = TaskProgress.objects.filter(pk=self._row_id)
        now = self.now()
        rows.update(
            done=self.done,
            detail=self.detail,
            state=state,
            updated_at=now,
            finished_at=now if ended else None,
        )
        self._stop = rows.values_list("stop_requested", flat=True).first() or False


@contextmanager
def track(
    name: str,
    total: int,
    at: datetime,
    *,
    key: str = "",
    unit: str = "",
    detail: Mapping[str, object] = _NOTHING,
) -> Iterator[Tracked]:
    """Keep a progress row for the work of the block; a new run of the same name and key takes the row over.

    Args:
        total: how much there is to do, in `unit`s; 0 when nobody knows.
        detail: plain JSON values to show beside; no personal data. `work.detail` may add to it.
    Raises:
        Interrupted: at the end of the block, when the process is stopping and the work ended early for it.
    """
    row, _ = TaskProgress.objects.update_or_create(
        name=name,
        key=key,
        defaults={
            "done": 0,
            "total": total,
            "unit": unit,
            "state": TaskProgress.RUNNING,
            "detail": dict(detail),
            "stop_requested": False,
            "started_at": at,
            "updated_at": at,
            "finished_at": None,
        },
    )
    work = Tracked(row.pk, at)
    work.detail.update(detail)
    try:
        yield work
    except BaseException:
        work.write(TaskProgress.FAILED)
        raise
    if work.interrupted:
        work.write(TaskProgress.STOPPED)
        raise Interrupted(name)
    work.write(TaskProgress.STOPPED if work.stopped else TaskProgress.DONE)


def request_stop(name: str, key: str = "") -> bool:
    """Ask running work to end early; False when it is not running."""
    running = TaskProgress.objects.filter(name=name, key=key, state=TaskProgress.RUNNING)
    return running.update(stop_requested=True) > 0

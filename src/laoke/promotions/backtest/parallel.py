"""Parts of work in several processes at once, in their order."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from django.db import connection

from laoke.promotions.backtest import process
from laoke.promotions.backtest.reading import Slice

T_co = TypeVar("T_co", covariant=True)
Advance = Callable[[int, int], bool]
"""Called with how many orders are done and how many there are; False stops."""


class Stopped(Exception):
    """Whoever asked wants no more of it."""


class Worker(Protocol[T_co]):
    """What replays parts of the orders in one process."""

    def replay(self, part: Slice) -> T_co:
        """Replay a part."""
        ...


Replay = Callable[[Sequence[Slice]], Iterator[T_co]]


def processors() -> int:
    """How many may be used."""
    return len(os.sched_getaffinity(0))


@contextmanager
def replaying(
    here: Worker[T_co], made_by: str, order: Mapping[str, Any], processes: int
) -> Iterator[Replay[T_co]]:
    """A function that replays parts and gives the results in their order.

    Args:
        here: does it when one process is enough.
        made_by: `module:function` that makes such a worker of `order` (plain values) in another process.
    """
    if processes <= 1:
        yield lambda parts: map(here.replay, parts)
        return
    context = multiprocessing.get_context("spawn")
    start = (made_by, dict(order), connection.settings_dict["NAME"])
    pool = ProcessPoolExecutor(processes, context, process.begin, start)

    def replay(parts: Sequence[Slice]) -> Iterator[T_co]:
        """A few are under way at a time, so that little waits for its turn."""
        waiting: deque[Future[T_co]] = deque()
        for part in parts:
            waiting.append(pool.submit(process.replay, part))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield replay
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""Locks between processes, kept by the kernel: a process that dies, however it dies, lets go of them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from laoke.foundation.database.errors import DatabaseUnavailable

PAUSE_SECONDS = 0.02


@contextmanager
def one_at_a_time(path: Path, timeout: float) -> Iterator[None]:
    """Hold the only lock on a file for the length of the block.

    Raises:
        DatabaseUnavailable: another process held it for `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while (held := hold(path)) is None:
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(
                f"Another laoke has been starting or stopping the database for {timeout:.0f} seconds "
                f"(it holds {path}). Look for a process that hangs, end it and try again."
            )
        time.sleep(PAUSE_SECONDS)
    try:
        yield
    finally:
        os.close(held)


def hold(path: Path, *, shared: bool = False) -> int | None:
    """Lock a file, alone or shared, and return its descriptor; None when somebody else's lock forbids it.

    The lock belongs to the open file, not to the process: children that inherit the descriptor hold it too, and it
    ends when the last of them has closed it. That is why it is let go by os.close() and never by unlocking.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def is_held(path: Path) -> bool:
    """Whether anybody holds a lock on the file, alone or shared."""
    descriptor = hold(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False

"""Making many small objects at once without Python looking through all of them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let the collector of cycles rest. It would look for garbage every so many new objects and find none, since all
    of them are kept: loading 10,000 offers takes 1.2 s instead of 3.4 s.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

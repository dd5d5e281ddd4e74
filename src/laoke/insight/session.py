"""A DuckDB session with bounds: analytics share the machine with a till and must not take it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis


@contextmanager
def duckdb_session(*, memory_limit: str, threads: int, temp_directory: Path) -> Iterator[ibis.BaseBackend]:
    """An in-memory DuckDB behind Ibis, closed at the end.

    Args:
        memory_limit: DuckDB's own bound, such as "2GiB"; what does not fit is spilled. The process needs some
            hundred megabytes besides (interpreter, results handed over).
        threads: worker threads, at least 1.
        temp_directory: where intermediate results are spilled; made when absent.
    """
    temp_directory.mkdir(parents=True, exist_ok=True)
    session = ibis.duckdb.connect(
        memory_limit=memory_limit,
        threads=threads,
        temp_directory=str(temp_directory),
        # No result here depends on the order of rows, and keeping it costs memory.
        preserve_insertion_order=False,
        # An analysis must never reach for the network because a function lives in an extension.
        autoinstall_known_extensions=False,
    )
    try:
        yield session
    finally:
        session.disconnect()

"""Writing the lake: query results of PostgreSQL as Parquet, read by DuckDB's scanner in parallel."""

from __future__ import annotations

import importlib.util
import os
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path

import duckdb
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo

from laoke.kernel.errors import LaokeError


class LakeExportFailed(LaokeError):
    """The tables could not be read or the Parquet files not be written."""

    code, status, title = "lake-export-failed", 500, "The lake could not be exported"


def home() -> Path:
    """Where the lake of this installation lies."""
    return Path(settings.LAOKE.home) / "lake"


def export(relations: Mapping[str, str], root: Path) -> dict[str, int]:
    """Write each relation anew: `root`/name/data.parquet, replaced only when whole.

    Args:
        relations: for each name the query, in DuckDB's words over the attached database `shop`, which is read in
            parallel within one snapshot; `{zone}` in it stands for the programme's time zone as a quoted word.
    Returns:
        Rows written by name.
    Raises:
        LakeExportFailed
    """
    rows: dict[str, int] = {}
    try:
        with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as duck:
            duck.execute(f"set memory_limit = '{max(256, settings.LAOKE.memory_mb // 2)}MiB'")
            duck.execute("set threads = 2")
            duck.execute("set preserve_insertion_order = false")
            duck.execute(f"load '{_scanner()}'")
            duck.execute(f"attach '{_quoted(_conninfo())}' as shop (type postgres, read_only)")
            for name, query in relations.items():
                rows[name] = _write(duck, name, query, root)
    except (duckdb.Error, OSError) as error:
        # The message may quote the connection with its password: only its kind is told.
        raise LakeExportFailed(f"Exporting stopped with {type(error).__name__}") from None
    return rows


def _write(duck: duckdb.DuckDBPyConnection, name: str, query: str, root: Path) -> int:
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".draft-{os.getpid()}-{threading.get_ident()}"
    text = query.replace("{zone}", f"'{settings.LAOKE.time_zone}'")
    try:
        (count,) = duck.execute(
            f"copy ({text}) to '{_quoted(str(draft))}' (format parquet, compression zstd)"
        ).fetchone() or (0,)
        draft.replace(folder / "data.parquet")
    finally:
        draft.unlink(missing_ok=True)
    return int(count)


def remove(root: Path) -> None:
    """Delete a lake."""
    shutil.rmtree(root, ignore_errors=True)


def _conninfo() -> str:
    """The database Django is connected to, in a test the test's."""
    known = connection.get_connection_params()
    parts = {name: known[name] for name in ("host", "port", "dbname", "user", "password") if known.get(name)}
    options = settings.DATABASE_TARGET.options
    return make_conninfo(**parts, **{key: options[key] for key in options if key.startswith("ssl")})


def _scanner() -> str:
    spec = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    if spec is None or spec.origin is None:
        raise LakeExportFailed("The package duckdb-extension-postgres-scanner is not installed")
    version = f"v{duckdb.__version__}"
    path = Path(spec.origin).parent / "extensions" / version / "postgres_scanner.duckdb_extension"
    if not path.is_file():
        raise LakeExportFailed(
            f"The PostgreSQL scanner installed is not the one of DuckDB {duckdb.__version__}"
        )
    return _quoted(str(path))


def _quoted(text: str) -> str:
    return text.replace("'", "''")

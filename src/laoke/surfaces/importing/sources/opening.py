"""From paths to sources: told apart by their endings, columns looked up, text files and sheets converted."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import filecmp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from laoke.surfaces.importing.errors import BadMapping, BadSource
from laoke.surfaces.importing.expressions import Named, quoted
from laoke.surfaces.importing.mapping import ImportMapping, require
from laoke.surfaces.importing.sources import csv_files, xlsx_files
from laoke.surfaces.importing.watch import Watch

_TEXTS = {".csv", ".tsv", ".txt"}
_SHEETS = {".xlsx", ".xlsm"}
_PARQUET = {".parquet", ".pq"}


class WrongWidth(NamedTuple):
    """A row of a text file that has more or fewer cells than the header."""

    row_no: int
    expected: int
    actual: int


@dataclass(slots=True)
class Source:
    """A file ready to be queried: `cells` gives SQL of each used column as text over `relation`, `row` the row number.

    Row numbers count as the file does: with a header the first row of data is row 2, in Parquet it is row 1.
    """

    path: Path
    relation: str
    row: str
    cells: dict[str, str]
    wrong_widths: list[WrongWidth] = field(default_factory=list)


def open_sources(
    session: duckdb.DuckDBPyConnection,
    paths: Sequence[Path],
    mapping: ImportMapping,
    folder: Path,
    watch: Watch,
) -> list[Source]:
    """Open every file and check that the columns of the mapping are there, before anything is converted.

    Args:
        folder: where converted copies are put; whoever made it removes it.
    Raises:
        BadSource: a file that is missing, given twice, or not what it says it is.
        UnknownColumn: with the columns that exist.
    """
    _refuse_twins(paths)
    wanted = {named.name: named for named in mapping.named()}
    watch.phase("reading", sum(path.stat().st_size for path in paths))
    # Every header is looked at before the first row is read: a wrong column shows at once.
    opened = [_open(session, path, mapping, wanted) for path in paths]
    sources = []
    for number, (path, one) in enumerate(zip(paths, opened, strict=True)):
        if isinstance(one, Source):
            sources.append(one)
            watch.advance(path.stat().st_size)
        else:
            sources.append(_convert(path, one, wanted, folder / f"{number}.parquet", watch))
    return sources


def _refuse_twins(paths: Sequence[Path]) -> None:
    if not paths:
        raise BadMapping("", gettext("no file was given"))
    for path in paths:
        if not path.is_file():
            raise BadSource(path, _("there is no such file") if not path.exists() else _("is not a file"))
    for index, path in enumerate(paths):
        for other in paths[:index]:
            if path.stat().st_size and filecmp.cmp(path, other, shallow=False):
                raise BadSource(
                    path, _("has the same content as {other}. Give each file once"), other=other.name
                )


Table = csv_files.CsvTable | xlsx_files.XlsxTable


def _open(
    session: duckdb.DuckDBPyConnection, path: Path, mapping: ImportMapping, wanted: dict[str, Named]
) -> Source | Table:
    ending = path.suffix.lower()
    if ending in _PARQUET:
        return _parquet(session, path, wanted)
    table: Table
    if ending in _TEXTS:
        table = csv_files.CsvTable(path, mapping.file.encoding, mapping.file.delimiter)
    elif ending in _SHEETS:
        table = xlsx_files.XlsxTable(path, mapping.file.sheet)
    elif ending == ".xls":
        raise BadSource(path, _("is a workbook of Excel 97-2003. Open it and save it as .xlsx or .csv"))
    else:
        known = ", ".join(sorted(_TEXTS | _SHEETS | _PARQUET))
        raise BadSource(
            path,
            _("ends in {ending!r}; files are told apart by their endings {known}"),
            ending=ending or "nothing",
            known=known,
        )
    require(path, table.columns, wanted)
    return table


def _convert(path: Path, table: Table, wanted: dict[str, Named], target: Path, watch: Watch) -> Source:
    names = list(wanted)
    schema = pa.schema([("row_no", pa.int64()), *((f"c{i}", pa.string()) for i in range(len(names)))])
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        for batch in table.batches(names, watch):
            writer.write_batch(pa.record_batch(batch, schema=schema))
    cells = {name: clean(f"c{index}") for index, name in enumerate(names)}
    widths = [WrongWidth(*row) for row in table.wrong_widths]
    return Source(path, f"read_parquet({_path(target)})", "row_no", cells, widths)


def plain_parquet(
    session: duckdb.DuckDBPyConnection, path: Path, most: int
) -> tuple[list[str], list[list[str]]]:
    """The columns of single values and the first rows of them, as text.

    Raises:
        BadSource: it is no readable Parquet file.
    """
    relation = f"read_parquet({_path(path)})"
    try:
        described = session.execute(f"describe select * from {relation}").fetchall()
        types = {row[0]: str(row[1]) for row in described if _is_plain(str(row[1])) and row[0].isprintable()}
        wanted = {name: Named(name, "") for name in types}
        cells = [sql for _name, sql in _parquet_cells(path, types, wanted)]
        if not cells:
            raise BadSource(path, _("has no column of single values"))
        rows = session.execute(f"select {', '.join(cells)} from {relation} limit {most}").fetchall()
    except duckdb.Error:
        raise BadSource(path, _("is not a readable Parquet file")) from None
    return list(types), [["" if cell is None else cell for cell in row] for row in rows]


def _is_plain(kind: str) -> bool:
    return not (kind.startswith(("STRUCT", "MAP", "UNION", "BLOB")) or kind.endswith("]"))


def _parquet(session: duckdb.DuckDBPyConnection, path: Path, wanted: dict[str, Named]) -> Source:
    relation = f"read_parquet({_path(path)}, file_row_number = true)"
    try:
        described = session.execute(f"describe select * from {relation}").fetchall()
    except duckdb.Error:
        raise BadSource(path, _("is not a readable Parquet file")) from None
    types = {row[0]: str(row[1]) for row in described if row[0] != "file_row_number"}
    require(path, list(types), wanted)
    cells = dict(_parquet_cells(path, types, wanted))
    return Source(path, relation, "file_row_number + 1", cells)


def _parquet_cells(path: Path, types: dict[str, str], wanted: dict[str, Named]) -> Iterator[tuple[str, str]]:
    for name, named in wanted.items():
        column, kind = quoted(name), types[name]
        if not _is_plain(kind):
            raise BadMapping(
                named.place,
                gettext("column %(column)r of %(file)s holds %(kind)s, not single values")
                % {"column": name[:60], "file": path.name, "kind": kind[:40]},
            )
        if kind == "VARCHAR":
            yield name, clean(column)
        elif kind in {"DOUBLE", "FLOAT"}:
            # As spreadsheets show them: 0.1 + 0.2 is 0.3, not 0.30000000000000004.
            yield name, f"format('{{:.{15 if kind == 'DOUBLE' else 7}g}}', {column})"
        else:
            yield name, f"{column}::varchar"


def clean(column: str) -> str:
    """SQL of a cell without the spaces around it; null where nothing is left."""
    # Ordinary and full-width spaces, and what editors and exports leave at the edges.
    return f"nullif(trim({column}, ' ' || chr(9) || chr(10) || chr(13) || chr(160) || chr(12288) || chr(65279)), '')"


def _path(path: Path) -> str:
    # Brackets and stars in a name are part of the name here, not a pattern.
    text = str(path.absolute())
    for letter in "[*?":
        text = text.replace(letter, f"[{letter}]")
    return "'" + text.replace("'", "''") + "'"

"""Workbooks of Excel: the first sheet or a named one, read row by row, with bounds against files made to exhaust us."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import pyarrow as pa
from django.utils.translation import gettext_noop as _
from openpyxl.utils.exceptions import InvalidFileException

from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.watch import Watch

_BATCH = 20_000
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 2_000
# What Excel itself can fill a sheet with stays below; shared texts are held in memory as a whole.
_LARGEST_UNPACKED = 4 << 30
_LARGEST_SHARED = 256 << 20
_LARGEST_RATIO = 1_000
# A formula followed by the end of its cell or by an empty value.
_UNCOUNTED = re.compile(rb"(</f>|<f[^<>]*/>)\s*(<v\s*/>|<v></v>)?\s*</c>")
_BROKEN = (
    InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, EOFError,
    AttributeError, OSError, NotImplementedError, AssertionError,
)  # fmt: skip


class XlsxTable:
    """A sheet whose first row is its header. Rows are counted as Excel shows them."""

    def __init__(self, path: Path, sheet: str) -> None:
        self.path = path
        self.wrong_widths: list[tuple[int, int, int]] = []
        _weigh(path)
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        except _BROKEN:
            raise BadSource(path, _("is damaged, or no workbook of Excel")) from None
        names = book.sheetnames
        if sheet and sheet not in names:
            book.close()
            have = ", ".join(repr(name[:40]) for name in names[:30])
            raise BadSource(
                path, _("has no sheet {sheet!r}. Its sheets are {have}"), sheet=sheet[:40], have=have
            )
        self._book = book
        self.sheets = tuple(names)
        self._sheet: Any = book[sheet] if sheet else next(iter(book.worksheets), None)
        if self._sheet is None:
            raise BadSource(path, _("has no sheet with cells"))
        # What the file says of its size need not be true.
        self._sheet.reset_dimensions()
        try:
            header = next(self._sheet.iter_rows(max_row=1, max_col=_MOST_COLUMNS, values_only=True), ())
        except _BROKEN:
            raise BadSource(path, _("is damaged, or no workbook of Excel")) from None
        columns = ["" if value is None else _text(value).strip() for value in header]
        while columns and not columns[-1]:
            columns.pop()
        if not columns:
            raise BadSource(path, _("has no header in its first row"))
        self.columns: Sequence[str] = columns

    def first(self, count: int) -> list[list[str | None]]:
        """The first rows of data, every column. The workbook is closed after it."""
        try:
            return [
                [_cell(cell) for cell in row]
                for row in self._sheet.iter_rows(min_row=2, max_row=count + 1, max_col=len(self.columns))
            ]
        except _BROKEN:
            raise BadSource(self.path, _("is damaged, or no workbook of Excel")) from None
        finally:
            self._book.close()

    def formulas_without_results(self) -> bool:
        """Whether cells hold formulas whose results were never saved: they would be read as empty.

        Programs that write workbooks without Excel leave them. Looked for in the first 64 MiB of the sheet.
        """
        rest = b""
        with zipfile.ZipFile(self.path) as archive, archive.open(self._sheet._worksheet_path) as sheet:
            for _number in range(64):
                chunk = sheet.read(1 << 20)
                if not chunk:
                    return False
                if _UNCOUNTED.search(rest + chunk):
                    return True
                rest = chunk[-4096:]
        return False

    def batches(self, names: Sequence[str], watch: Watch) -> Iterator[list[pa.Array]]:
        """Row numbers and the named columns as text, some thousand rows at a time."""
        places = [list(self.columns).index(name) for name in names]
        size, done = self.path.stat().st_size, 0
        rows: list[int] = []
        cells: list[list[str | None]] = [[] for _ in names]
        try:
            for row_no, row in enumerate(
                self._sheet.iter_rows(min_row=2, max_col=len(self.columns)), start=2
            ):
                if row_no > _MOST_ROWS:
                    raise BadSource(
                        self.path,
                        _("has more than {most:,} rows, more than Excel can hold"),
                        most=_MOST_ROWS,
                    )
                rows.append(row_no)
                for column, place in zip(cells, places, strict=True):
                    column.append(_cell(row[place]) if place < len(row) else None)
                if len(rows) == _BATCH:
                    yield [pa.array(rows), *(pa.array(column, pa.string()) for column in cells)]
                    rows, cells = [], [[] for _ in names]
                    # A guess at how far it is: rows to come are not known beforehand.
                    done, before = done + (size - done) // 4, done
                    watch.advance(done - before)
        except _BROKEN:
            raise BadSource(
                self.path, _("is damaged behind row {row}"), row=rows[-1] if rows else 1
            ) from None
        finally:
            self._book.close()
        if rows:
            yield [pa.array(rows), *(pa.array(column, pa.string()) for column in cells)]
        watch.advance(size - done)


def _cell(cell: Any) -> str | None:
    value = cell.value
    if value is None:
        return None
    if isinstance(value, datetime) and value.time() == time() and "h" not in str(cell.number_format).lower():
        return value.date().isoformat()
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # Fifteen digits, as Excel shows them: sums carry noise behind.
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def _weigh(path: Path) -> None:
    """Look at the directory of the archive before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadSource(path, _("is damaged, or no workbook of Excel")) from None
    unpacked = sum(entry.file_size for entry in entries)
    shared = sum(entry.file_size for entry in entries if entry.filename.lower().endswith("sharedstrings.xml"))
    packed = max(1, path.stat().st_size)
    if unpacked > _LARGEST_UNPACKED or shared > _LARGEST_SHARED or unpacked > packed * _LARGEST_RATIO:
        raise BadSource(path, _("unpacks to more than can be read. Save the sheet as .csv and import that"))

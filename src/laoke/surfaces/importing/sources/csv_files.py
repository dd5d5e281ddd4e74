"""Text files: encoding and delimiter declared or found out, rows of another width set aside."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from django.utils.translation import gettext_noop as _

from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.watch import Watch

_CHUNK = 1 << 20
_GLANCE = 4 << 20
# A row longer than this is a quotation mark that was never closed.
_BLOCK = 4 << 20
_MOST_COLUMNS = 2_000
_GUESSES = ("utf-8", "gb18030")
_DELIMITERS = ",;\t|"


class CsvTable:
    """A text file with a header. Rows are counted as records, the header being row 1.

    `glance` looks at the beginning of the file only when it finds out the encoding.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str, *, glance: bool = False) -> None:
        self.path = path
        self.encoding = _encoding(path, encoding, most=_GLANCE if glance else 0)
        header = self._header()
        self.delimiter = delimiter or max(_DELIMITERS, key=header.count)
        try:
            self.columns: Sequence[str] = [
                name.strip() for name in next(csv.reader(io.StringIO(header), delimiter=self.delimiter))
            ]
        except (StopIteration, csv.Error):
            raise BadSource(path, _("has no header in its first row")) from None
        if len(self.columns) > _MOST_COLUMNS:
            raise BadSource(
                path,
                _("has {count:,} columns, more than the {most:,} that are read"),
                count=len(self.columns),
                most=_MOST_COLUMNS,
            )
        self.wrong_widths: list[tuple[int, int, int]] = []

    def batches(self, names: Sequence[str] | range, watch: Watch) -> Iterator[list[pa.Array]]:
        """Row numbers and the columns, named or by their places, as text, some thousand rows at a time."""
        every = [f"c{index}" for index in range(len(self.columns))]
        places = names if isinstance(names, range) else [list(self.columns).index(name) for name in names]
        used = [every[place] for place in places]
        skipped: set[int] = set()
        with self.path.open("rb") as file:
            counting = _Counting(file)
            try:
                reader = pacsv.open_csv(
                    counting,
                    read_options=pacsv.ReadOptions(
                        encoding=self.encoding,
                        use_threads=False,  # only then are rows that are set aside numbered
                        block_size=_BLOCK,
                        column_names=every,
                        skip_rows_after_names=1,
                    ),
                    parse_options=pacsv.ParseOptions(
                        delimiter=self.delimiter,
                        newlines_in_values=True,
                        ignore_empty_lines=False,
                        invalid_row_handler=lambda row: self._set_aside(row, skipped),
                    ),
                    convert_options=pacsv.ConvertOptions(
                        column_types={name: pa.string() for name in used},
                        include_columns=used,
                        strings_can_be_null=False,
                    ),
                )
                next_row = 2
                for batch in reader:
                    watch.advance(counting.fresh())
                    rows, next_row = _numbered(next_row, batch.num_rows, skipped)
                    yield [pa.array(rows), *(batch.column(name) for name in used)]
            except (pa.ArrowInvalid, UnicodeError) as error:
                raise BadSource(self.path, _explain(str(error)), most=_BLOCK >> 20) from None

    def _set_aside(self, row: Any, skipped: set[int]) -> str:
        skipped.add(row.number)
        if row.text.strip():
            self.wrong_widths.append((row.number, row.expected_columns, row.actual_columns))
        return "skip"

    def _header(self) -> str:
        with self.path.open(encoding=self.encoding, newline="") as file:
            text = file.read(_CHUNK)
        text = text.removeprefix("\ufeff")
        if "\0" in text:
            raise BadSource(self.path, _("is not a text file"))
        # Up to the end of the first record: a quoted name may hold line breaks.
        inside = False
        for index, letter in enumerate(text):
            if letter == '"':
                inside = not inside
            elif letter in "\r\n" and not inside:
                return text[:index]
        if len(text) >= _CHUNK - 1:
            raise BadSource(self.path, _("has a first row longer than a million characters"))
        return text


class _Counting(io.RawIOBase):
    """A file that knows how far it was read. Whoever looks on is told elsewhere: Arrow reads in threads of its own,
    and looking on may ask the database or raise."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self._fresh = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._fresh += len(data)
        return data

    def fresh(self) -> int:
        """Bytes read since the last question."""
        read, self._fresh = self._fresh, 0
        return read


def _numbered(first: int, count: int, skipped: set[int]) -> tuple[np.ndarray[Any, Any], int]:
    """The next `count` row numbers that were not set aside, and the one after."""
    last = first + count
    if not skipped:
        return np.arange(first, last), last
    numbers = np.arange(first, last + len(skipped) + 1)
    kept = numbers[~np.isin(numbers, list(skipped))]
    return kept[:count], int(kept[count])


def _encoding(path: Path, declared: str, most: int = 0) -> str:
    if declared:
        broken = _first_broken_line(path, declared, most)
        if broken:
            raise BadSource(
                path,
                _("is not {encoding} in line {line}. Correct file.encoding in the mapping"),
                encoding=declared,
                line=broken,
            )
        return declared
    with path.open("rb") as file:
        mark = file.read(2)
    if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return "utf-16"
    for encoding in _GUESSES:
        if not _first_broken_line(path, encoding, most):
            return encoding
    raise BadSource(
        path, _("is neither UTF-8 nor GB18030. Name its encoding as file.encoding in the mapping")
    )


def _first_broken_line(path: Path, encoding: str, most: int = 0) -> int:
    """The number of the first line that cannot be decoded, within the first `most` bytes if given; 0: all can."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                lines += decoder.decode(chunk).count("\n")
            except UnicodeDecodeError as error:
                return lines + chunk[: error.start].count(b"\n")
            if most and file.tell() >= most:
                return 0
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return lines
    return 0


def _explain(error: str) -> str:
    if "straddl" in error or "block" in error:
        return _("has a row longer than {most} MiB. Most likely a quotation mark is never closed")
    if "Empty CSV" in error:
        return _("has no header in its first row")
    return _("cannot be parsed as delimited text")

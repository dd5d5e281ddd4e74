"""A first look at a file that somebody sent: what it is by its content, its columns and its first rows.

Files come from anywhere, so the look is taken in a process of its own with bounds on memory and time and without the
keys of the programme. What it cannot survive costs that process and nothing else.
"""

from __future__ import annotations

import codecs
import json
import os
import resource
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from django.utils.translation import gettext_noop as _

from laoke.surfaces.importing.errors import BadSource

ROWS = 200
_SECONDS = 60
_MEMORY = 1 << 30  # bytes
# Of all cells together. They are kept in the memory of a web process while a page is made of them.
_CHARACTERS = 1_500_000
_ROWS_AT_LEAST = 20
# Longer than any field takes, so that what is too long is seen to be.
_LONGEST_CELL = 2_100
_BEGINNING = 1 << 16
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", _("is a workbook of Excel 97-2003. Open it and save it as .xlsx or .csv")),
    (b"%PDF", _("is a PDF, not a table. Export the table as CSV or XLSX")),
    (b"\x89PNG", _("is a picture, not a table. Export the table as CSV or XLSX")),
    (b"\xff\xd8\xff", _("is a picture, not a table. Export the table as CSV or XLSX")),
    (b"GIF8", _("is a picture, not a table. Export the table as CSV or XLSX")),
    (b"\x1f\x8b", _("is packed. Unpack it and send what is in it")),
    (b"7z\xbc\xaf", _("is packed. Unpack it and send what is in it")),
    (b"Rar!", _("is packed. Unpack it and send what is in it")),
)
# Refusals go back as catalogues know them; whoever asked says them in the language of the person.
_PROGRAM = (
    "import sys; from django.conf import settings; settings.configure(USE_I18N=False); "
    "from laoke.surfaces.importing import glance; glance.main(sys.argv[1])"
)
_ANYTHING = "latin-1"  # every byte is a letter in it
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")
# Reasons of notes; the sentences stand where they are shown.
UNSAVED_FORMULAS = "unsaved_formulas"
SHORTENED = "shortened"
UNSURE_ENCODING = "unsure_encoding"


@dataclass(frozen=True, slots=True)
class Glance:
    """What a file is and how it begins. `rows` hold a text a column; `encoding` and so on are as found out.

    `numbers` are those of the rows as the file counts. `wrong` are rows with another number of cells than the header,
    which are not among `rows`: their number, the cells expected and the cells found.
    """

    form: str  # "csv" | "xlsx" | "parquet"
    columns: list[str]
    rows: list[list[str]]
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    wrong: tuple[tuple[int, int, int], ...] = ()


def from_json(told: dict[str, Any]) -> Glance:
    """A look as `asdict` and JSON have left it; what an older version did not look for is not there."""
    wrong = tuple((row, expected, actual) for row, expected, actual in told.get("wrong", ()))
    tuples = {name: tuple(told.get(name, ())) for name in ("sheets", "notes", "numbers")}
    return Glance(**(told | tuples | {"wrong": wrong}))


def form_of(path: Path) -> str:
    """ "csv", "xlsx" or "parquet", by the content; names say nothing.

    Raises:
        BadSource: it is something else, and the sentence says what.
    """
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if not beginning:
        raise BadSource(path, _("is empty"))
    for mark, reason in _FOREIGN:
        if beginning.startswith(mark):
            raise BadSource(path, reason)
    if beginning.startswith(b"PAR1"):
        return "parquet"
    if beginning.startswith(b"PK"):
        return _archive(path)
    if beginning[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "csv"
    if b"\0" in beginning:
        raise BadSource(path, _("is not a text file"))
    if sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in beginning) * 100 > len(beginning):
        raise BadSource(path, _("is not a text file"))
    if beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise BadSource(
            path, _("is a web page that calls itself a table. Open it and save it as .xlsx or .csv")
        )
    return "csv"


def _archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadSource(path, _("is damaged, or no workbook of Excel")) from None
    if "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names):
        return "xlsx"
    raise BadSource(path, _("is packed. Unpack it and send what is in it"))


def glance(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Glance:
    """Look at a file. `encoding`, `delimiter` and `sheet` as in mappings; empty: found out.

    Raises:
        BadSource: with a sentence that says how to mend it.
    """
    form_of(path)
    environ = {name: value for name, value in os.environ.items() if not _secret(name)}
    asked = json.dumps([str(path), encoding, delimiter, sheet])
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, asked],
            env=environ,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        told = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        raise BadSource(
            path, _("cannot be read with the memory and time there are for a look. Save it anew as CSV")
        ) from None
    if "mend" in told:
        raise BadSource(path, told["mend"], **told["values"])
    return from_json(told)


def _secret(name: str) -> bool:
    return name.startswith(("LAOKE_", "PG")) or name == "DATABASE_URL"


def look(path: Path, encoding: str, delimiter: str, sheet: str) -> Glance:
    """The look itself; only to be taken in a process of its own."""
    form = form_of(path)
    if form == "xlsx":
        return _workbook(path, sheet)
    if form == "parquet":
        return _parquet(path)
    return _text(path, encoding, delimiter)


def _text(path: Path, encoding: str, delimiter: str) -> Glance:
    from laoke.surfaces.importing.sources.csv_files import CsvTable
    from laoke.surfaces.importing.watch import Unwatched

    notes: tuple[str, ...] = ()
    try:
        table = CsvTable(path, encoding, delimiter, glance=True)
    except BadSource:
        if encoding or _is_readable(path):
            raise
        # Shown as something, so that whoever knows the encoding can choose it.
        table, notes = CsvTable(path, _ANYTHING, delimiter, glance=True), (UNSURE_ENCODING,)
    places = range(len(table.columns))
    numbers: list[int] = []
    rows: list[list[str]] = []
    for batch in table.batches(places, Unwatched()):
        numbers, *first = [column[:ROWS].to_pylist() for column in batch]
        rows = [list(row) for row in zip(*first, strict=True)]
        break
    last = numbers[-1] if len(numbers) == ROWS else None
    wrong = tuple(row for row in table.wrong_widths if last is None or row[0] < last)[:ROWS]
    return _shortened(
        Glance(
            "csv",
            list(table.columns),
            rows,
            table.encoding,
            table.delimiter,
            notes=notes,
            numbers=tuple(numbers),
            wrong=wrong,
        )
    )


def _is_readable(path: Path) -> bool:
    """Whether the beginning of a text is in one of the encodings that are found out."""
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    if beginning[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(beginning)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _workbook(path: Path, sheet: str) -> Glance:
    from laoke.surfaces.importing.sources.xlsx_files import XlsxTable

    table = XlsxTable(path, sheet)
    notes = (UNSAVED_FORMULAS,) if table.formulas_without_results() else ()
    rows = [["" if cell is None else cell for cell in row] for row in table.first(ROWS)]
    numbers = tuple(range(2, len(rows) + 2))
    return _shortened(
        Glance("xlsx", list(table.columns), rows, sheets=table.sheets, notes=notes, numbers=numbers)
    )


def _parquet(path: Path) -> Glance:
    import duckdb

    from laoke.surfaces.importing.sources.opening import plain_parquet

    with duckdb.connect(config={"memory_limit": "384MiB", "threads": 1}) as session:
        columns, rows = plain_parquet(session, path, ROWS)
    return _shortened(Glance("parquet", columns, rows, numbers=tuple(range(1, len(rows) + 1))))


def _shortened(found: Glance) -> Glance:
    """Cells and rows as long and as many as all of them together may be."""
    width = max(1, len(found.columns))
    longest = min(_LONGEST_CELL, max(20, _CHARACTERS // (_ROWS_AT_LEAST * width)))
    rows: list[list[str]] = []
    room, cut = _CHARACTERS, False
    for row in found.rows:
        if room <= 0 and len(rows) >= _ROWS_AT_LEAST:
            break
        cut = cut or any(len(cell) > longest for cell in row)
        rows.append([cell[:longest] for cell in row] + [""] * (width - len(row)))
        # An empty cell costs memory too.
        room -= sum(max(8, len(cell)) for cell in rows[-1])
    notes = (*found.notes, SHORTENED) if cut else found.notes
    numbers = found.numbers[: len(rows)]
    wrong = tuple(each for each in found.wrong if len(rows) == len(found.rows) or each[0] < numbers[-1])
    return replace(found, rows=rows, notes=notes, numbers=numbers, wrong=wrong)


class _WithoutPandas:
    """pyarrow loads pandas where it finds it, which takes a third of a look's time; a look has no use for it."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main(asked: str) -> None:
    """The process: one file in, what was seen or what is wrong with it out, as JSON."""
    sys.meta_path.insert(0, _WithoutPandas)
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, encoding, delimiter, sheet = json.loads(asked)
    told: dict[str, Any]
    try:
        told = asdict(look(Path(path), encoding, delimiter, sheet))
    except BadSource as error:
        told = {"mend": error.mend, "values": error.values}
    json.dump(told, sys.stdout)

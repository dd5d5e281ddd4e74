"""Tables as files, written row by row: here what they have in common, and CSV that spreadsheets open rightly.

A cell is a text, a whole number, a Decimal, a day, or None. Texts never become formulas. In a workbook (workbooks.py)
a column says how its numbers are shown; in CSV they stand plain, for programs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Protocol

Cell = str | int | Decimal | date | None
MOST_XLSX_ROWS = 1_048_575  # a sheet has 1,048,576 rows, the first holds the headings
# What a spreadsheet takes for the beginning of a formula, in both widths.
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


class Shown(Enum):
    """How a workbook shows the values of a column; CSV takes no notice."""

    TEXT = "General"
    NUMBER = "0"  # a number that counts nothing: of a member, a score
    COUNT = "#,##0"
    MONEY = "money"  # with the sign and the decimals of the shop's currency
    DAY = "yyyy-mm-dd"


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column, and how its values are shown."""

    text: str
    shown: Shown = Shown.TEXT


class Table(Protocol):
    """A file that rows are written to."""

    def write(self, row: Sequence[Cell]) -> None:
        """Add a row."""

    def close(self) -> None:
        """End the file."""


class CsvTable:
    """CSV in UTF-8 with the mark that makes spreadsheets read it as such.

    A text that would be taken for a formula gets an apostrophe in front, which spreadsheets show as text.
    """

    def __init__(self, path: Path, heads: Sequence[Head]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._rows = csv.writer(self._file)
        self._rows.writerow([harmless(head.text) for head in heads])

    def write(self, row: Sequence[Cell]) -> None:
        """Add a row."""
        self._rows.writerow([harmless(cell) if isinstance(cell, str) else _plain(cell) for cell in row])

    def close(self) -> None:
        """End the file."""
        self._file.close()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: int | Decimal | date | None) -> str:
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """The text itself."""
        return text


def streamed(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows of text as CSV, written while they are read."""
    writer = csv.writer(_Echo())
    yield "\ufeff"  # or a spreadsheet would not see that it is UTF-8
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])

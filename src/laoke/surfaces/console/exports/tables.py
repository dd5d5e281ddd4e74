"""Tables as files, written row by row: CSV that spreadsheets open rightly, and XLSX.

A cell is a text, a whole number, a Decimal, a day, or None. Texts never become formulas. In a workbook a column says
how its numbers are shown; in CSV they stand plain, for programs.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter

Cell = str | int | Decimal | date | None
MOST_XLSX_ROWS = 1_048_575  # a sheet has 1,048,576 rows, the first holds the headings
_LONGEST_CELL = 32_767
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
        self._rows.writerow([_harmless(head.text) for head in heads])

    def write(self, row: Sequence[Cell]) -> None:
        """Add a row."""
        self._rows.writerow([_harmless(cell) if isinstance(cell, str) else _plain(cell) for cell in row])

    def close(self) -> None:
        """End the file."""
        self._file.close()


class XlsxTable:
    """A workbook with one sheet. Rows go to the disk as they come; texts are marked as texts.

    Args:
        sign, digits: what stands before an amount of money, and how many decimals it has.
    """

    def __init__(self, path: Path, heads: Sequence[Head], title: str, *, sign: str, digits: int) -> None:
        self._path = path
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(_sheet_name(title))
        self._sheet.freeze_panes = "A2"
        for number, head in enumerate(heads, start=1):
            width = max(12, min(40, len(head.text) * 2))
            self._sheet.column_dimensions[get_column_letter(number)].width = width
        # A quotation mark in the sign would end it.
        money = f'"{sign.replace(chr(34), "")}"#,##0' + (f".{'0' * digits}" if digits else "")
        self._styles = [
            self._style(money if head.shown is Shown.MONEY else head.shown.value) for head in heads
        ]
        cells = [self._text(head.text) for head in heads]
        for cell in cells:
            cell.font = Font(bold=True)
        self._sheet.append(cells)

    def write(self, row: Sequence[Cell]) -> None:
        """Add a row."""
        self._sheet.append(
            [
                self._text(cell) if isinstance(cell, str) else self._value(cell, style)
                for cell, style in zip(row, self._styles, strict=True)
            ]
        )

    def close(self) -> None:
        """End the file."""
        self._book.save(self._path)

    def _style(self, shown: str) -> StyleArray:
        """Looked up in the workbook once for a column; for every cell anew it would take longer than the writing."""
        cell = WriteOnlyCell(self._sheet)
        cell.number_format = shown
        return cell._style

    def _value(self, value: Decimal | date | int | None, style: StyleArray) -> WriteOnlyCell | None:
        if value is None:
            return None
        cell = WriteOnlyCell(self._sheet, value=value)
        cell._style = style
        return cell

    def _text(self, text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(self._sheet, value=ILLEGAL_CHARACTERS_RE.sub("", text)[:_LONGEST_CELL])
        cell.data_type = "s"  # a text that begins with = would be taken for a formula
        return cell


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(cell: int | Decimal | date | None) -> str:
    return "" if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def _sheet_name(title: str) -> str:
    kept = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title if letter.isprintable())
    return kept.strip()[:31] or "1"

"""Tables as XLSX workbooks, written row by row. Loaded by whoever writes one: the library takes 20 MB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.styles.cell_style import StyleArray
from openpyxl.utils import get_column_letter

from laoke.surfaces.console.exports.tables import Cell, Head, Shown

_LONGEST_CELL = 32_767


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


def _sheet_name(title: str) -> str:
    kept = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title if letter.isprintable())
    return kept.strip()[:31] or "1"

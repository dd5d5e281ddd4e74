"""How results are printed: JSON for scripts, aligned columns for people. Nothing is ever wrapped or cut."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.cells import cell_len

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain, indent=1) if as_json else text)


def columns(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> str:
    """Rows as aligned text under headings; `empty` when there are none."""
    if not rows:
        return empty
    return "\n".join(padded_columns([headings, *([_text(cell) for cell in row] for row in rows)]))


def padded_columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> Iterator[str]:
    """Rows of equal length as aligned lines, wide characters counted as a terminal shows them.

    Args:
        right: columns that end, rather than begin, at one line.
    """
    if not rows:
        return
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = []
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            room = " " * (width - cell_len(cell))
            cells.append(room + cell if i in right else cell + room)
        yield "  ".join(cells).rstrip()


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)

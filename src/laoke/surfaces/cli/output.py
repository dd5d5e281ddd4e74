"""How results are printed: JSON for scripts, aligned columns for people. Nothing is ever wrapped or cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.cells import cell_len

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain, indent=1) if as_json else text)


def columns(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> str:
    """Rows as aligned text, wide characters counted as the terminal shows them; `empty` when there are none."""
    if not rows:
        return empty
    lines = [list(headings), *([_text(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(line[i]) for line in lines) for i in range(len(headings))]
    return "\n".join(
        "  ".join(padded(cell, width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def padded(text: str, width: int) -> str:
    """Filled up with spaces to `width` columns of a terminal."""
    return text + " " * (width - cell_len(text))


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return str(cell)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)

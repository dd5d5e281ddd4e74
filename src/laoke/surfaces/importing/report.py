"""The report of what could not be used: a CSV that opens in a spreadsheet, one row a mistake."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import csv
from pathlib import Path

from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.problems import sentence
from laoke.surfaces.importing.staging import Stage

HEADER = ("file", "row", "field", "reason", "value")
_SHOWN = 60


def write(stage: Stage, path: Path) -> int:
    """Write every entry of `bad` in the order of files and rows; returns how many there are.

    Raises:
        BadSource: the report cannot be written there.
    """
    session = stage.session
    fields = [row[0] for row in session.execute("select distinct field from bad").fetchall()]
    shown = " ".join(f"when '{field}' then {stage.shown(field)}" for field in fields)
    session.execute(
        f"select b.file_no, b.row_no, b.field, b.problem, b.detail, case b.field {shown} else '' end "
        "from bad b left join raw r on r.file_no = b.file_no and r.row_no = b.row_no "
        "order by b.file_no, b.row_no, b.problem, b.field"
        if fields
        else "select 0, 0, '', 0, '', '' where false"
    )
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # With a byte order mark: without it Excel takes Chinese for something else.
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            while rows := session.fetchmany(10_000):
                count += len(rows)
                writer.writerows(
                    (
                        stage.sources[file_no].path.name,
                        row_no,
                        field,
                        _harmless(sentence(problem, detail or "")),
                        _harmless(value or ""),
                    )
                    for file_no, row_no, field, problem, detail, value in rows
                )
    except OSError as error:
        raise BadSource(path, f"the report cannot be written here ({error.strerror})") from None
    return count


def _harmless(text: str) -> str:
    """Short, on one line, and never a formula to a spreadsheet."""
    text = " ".join(text.split())
    if len(text) > _SHOWN * 4:
        text = text[: _SHOWN * 4] + "…"
    return "'" + text if text.startswith(("=", "+", "@", "\t", "-")) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()

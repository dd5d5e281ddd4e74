"""The report of what could not be used: a CSV that opens in a spreadsheet, one row a mistake."""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from django.utils.translation import gettext_noop as _

from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.outcome import MistakeKind
from laoke.surfaces.importing.problems import Problem, sentence
from laoke.surfaces.importing.staging import Stage

HEADER = ("file", "row", "field", "reason", "value")
_SHOWN = 60
_KINDS = 40


def kinds(stage: Stage) -> list[MistakeKind]:
    """What is wrong by field and kind, the most frequent first. Holds nothing of what stood in the rows."""
    rows = stage.session.execute(
        # What services refuse differs by its sentence; other details are limits, or numbers of single orders.
        "select field, problem, min(detail) as said, count(*) as n, min(struct_pack(f := file_no, r := row_no), 3) "
        f"from bad group by field, problem, if(problem = {int(Problem.REFUSED)}, detail, '') "
        f"order by n desc, field, problem, said limit {_KINDS}"
    ).fetchall()
    return [
        MistakeKind(
            field,
            Problem(problem).name,
            detail or "",
            count,
            tuple((place["f"], place["r"]) for place in first),
        )
        for field, problem, detail, count, first in rows
    ]


def write(stage: Stage, path: Path, names: Mapping[str, str]) -> int:
    """Write every entry of `bad` in the order of files and rows; returns how many there are.

    Args:
        names: what people call the files, by the names they lie under.
    Raises:
        BadSource: the report cannot be written there.
    """
    session = stage.session
    called = [names.get(source.path.name, source.path.name) for source in stage.sources]
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
                        _harmless(called[file_no]),
                        row_no,
                        field,
                        _harmless(sentence(problem, detail or "")),
                        _harmless(value or ""),
                    )
                    for file_no, row_no, field, problem, detail, value in rows
                )
    except OSError as error:
        raise BadSource(
            path, _("the report cannot be written here ({reason})"), reason=error.strerror
        ) from None
    return count


def _harmless(text: str) -> str:
    """Short, on one line, and never a formula to a spreadsheet."""
    text = " ".join(text.split())
    if len(text) > _SHOWN * 4:
        text = text[: _SHOWN * 4] + "…"
    return "'" + text if text.startswith(tuple("=+-@＝＋－＠")) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdigit()

"""The report of what could not be used: a CSV that opens in a spreadsheet, one row a mistake.

It is written in the words of whoever reads it. The console keeps the entries without words, and says them when the
report is fetched, in the language of the person who fetches it.
"""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_noop as _
from django.utils.translation import override, pgettext

from laoke.surfaces.importing.errors import BadSource
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.labels import label
from laoke.surfaces.importing.masks import mask
from laoke.surfaces.importing.outcome import MistakeKind, Unknown
from laoke.surfaces.importing.problems import Problem, code, sentence
from laoke.surfaces.importing.staging import Stage

_SHOWN = 60
_KINDS = 40
_MOST_UNKNOWN = 30
_MANY = 5_000
# Excel takes a mark at the beginning to see that a file is in UTF-8; without it Chinese becomes something else.
_MARK = "\ufeff"
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_UNKNOWN = {
    Problem.UNKNOWN_STORE: "stores",
    Problem.UNKNOWN_CHANNEL: "channels",
    Problem.UNKNOWN_PRODUCT: "products",
    Problem.UNKNOWN_MEMBER: "members",
}

# File, row, columns, field, number of the problem, detail, value.
Entry = tuple[str, int, str, str, int, str, str]


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


def unknown(stage: Stage) -> list[Unknown]:
    """The stores, channels, products and members that rows name and nobody knows, the most frequent codes first."""
    numbers = ", ".join(str(int(problem)) for problem in _UNKNOWN)
    found = stage.session.execute(
        f"select distinct field, problem from bad where problem in ({numbers}) order by problem, field"
    ).fetchall()
    told = []
    for field, problem in found:
        named = (
            f"from bad join row using (file_no, row_no) where bad.field = '{field}' and bad.problem = {problem} "
            f"and row.{field} is not null"
        )
        totals = stage.session.execute(f"select count(*), count(distinct row.{field}) {named}").fetchone()
        assert totals is not None
        codes = stage.session.execute(
            f"select row.{field}, count(*) as n {named} group by 1 order by n desc, 1 limit {_MOST_UNKNOWN}"
        ).fetchall()
        what = _UNKNOWN[Problem(problem)]
        # Who a member is stands in no outcome.
        shown = () if what == "members" else tuple((str(each), int(n)) for each, n in codes)
        told.append(Unknown(what, totals[1], totals[0], shown))
    return told


def write(stage: Stage, path: Path, names: Mapping[str, str], *, spoken: bool = True) -> int:
    """Write every entry of `bad` in the order of files and rows; returns how many there are.

    Args:
        names: what people call the files, by the names they lie under.
        spoken: in words, for a spreadsheet; otherwise for `speak`.
    Raises:
        BadSource: the report cannot be written there.
    """
    count = 0
    kind = stage.mapping.kind
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig" if spoken else "utf-8", newline="") as file:
            writer = csv.writer(file)
            if spoken:
                writer.writerow(_header())
            for entry in _entries(stage, names):
                count += 1
                writer.writerow(_line(kind, entry) if spoken else entry)
    except OSError as error:
        raise BadSource(
            path, _("the report cannot be written here ({reason})"), reason=error.strerror
        ) from None
    return count


def speak(path: Path, kind: Kind, language: str) -> Iterator[str]:
    """A report that was written without words, as the CSV for a spreadsheet, piece by piece."""
    with path.open(encoding="utf-8", newline="") as file:
        # A language holds for the thread: between two pieces it is given back.
        with override(language):
            head = _MARK + _csv([_header()])
        yield head
        reader = csv.reader(file)
        while rows := list(islice(reader, _MANY)):
            with override(language):
                piece = _csv(
                    [
                        _line(kind, (name, int(row), columns, field, int(problem), detail, value))
                        for name, row, columns, field, problem, detail, value in rows
                    ]
                )
            yield piece


def _entries(stage: Stage, names: Mapping[str, str]) -> Iterator[Entry]:
    session, mapping = stage.session, stage.mapping
    called = [names.get(source.path.name, source.path.name) for source in stage.sources]
    fields = [row[0] for row in session.execute("select distinct field from bad").fetchall()]
    if not fields:
        return
    columns = {field: " + ".join(stage.columns_of(field)) for field in fields}
    shown = " ".join(f"when '{field}' then {stage.shown(field)}" for field in fields)
    session.execute(
        f"select b.file_no, b.row_no, b.field, b.problem, b.detail, case b.field {shown} else '' end "
        "from bad b left join raw r on r.file_no = b.file_no and r.row_no = b.row_no "
        "order by b.file_no, b.row_no, b.problem, b.field"
    )
    while rows := session.fetchmany(10_000):
        for file_no, row_no, field, problem, detail, value in rows:
            masked = mask(mapping, field, value or "")
            yield called[file_no], row_no, columns[field], field, problem, detail or "", masked


def _header() -> list[str]:
    return [
        pgettext("import", "File"),
        pgettext("import", "Row"),
        pgettext("import", "Column in the file"),
        pgettext("import", "Field"),
        _t("What is wrong"),
        pgettext("import", "Code"),
        pgettext("import", "Value"),
    ]


def _line(kind: Kind, entry: Entry) -> list[str | int]:
    name, row_no, columns, field, problem, detail, value = entry
    return [
        _harmless(name),
        row_no,
        _harmless(columns),
        label(kind, field) if field else "",
        _harmless(sentence(problem, detail)),
        code(problem),
        _harmless(value),
    ]


def _csv(rows: Sequence[Sequence[str | int]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _harmless(text: str) -> str:
    """Short, on one line, and never a formula to a spreadsheet."""
    text = " ".join(text.split())
    if len(text) > _SHOWN * 4:
        text = text[: _SHOWN * 4] + "…"
    return "'" + text if text.startswith(tuple("=+-@＝＋－＠")) and not _NUMBER.fullmatch(text) else text

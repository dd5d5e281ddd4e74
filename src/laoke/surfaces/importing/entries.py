"""What stores, products and members have in common: usable rows one after another, each key once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from laoke.kernel.errors import LaokeError
from laoke.surfaces.importing.fields import Kind
from laoke.surfaces.importing.problems import Problem
from laoke.surfaces.importing.staging import Stage

# ruff: noqa: S608 (SQL is put together from fixed words and names of fields)
MANY = 5_000
# What services call a field, and what mappings do.
_FIELD_NAMES = {"price_minor": "price", "cost_minor": "cost"}

Row = dict[str, Any]


def keep_first(stage: Stage, key: str) -> None:
    """Of rows with the same key the first counts, the others are reported."""
    stage.session.execute(
        f"insert into bad select file_no, row_no, '{key}', {int(Problem.TWICE_IN_FILE)}, first from ("
        f"select file_no, row_no, {key}, "
        f"first_value(row_no) over same as first, row_number() over same as nth from row where {key} is not null "
        f"window same as (partition by {key} order by file_no, row_no)) where nth > 1"
    )


def usable(stage: Stage) -> Iterator[list[Row]]:
    """Rows with nothing wrong, in their order, some thousand at a time, by names of fields."""
    names = [each.name for each in stage.fields] + stage.extra_names
    values = [f"epoch_us({name}) as {name}" if name in stage.instants else name for name in names]
    reader = stage.session.cursor().execute(
        f"select file_no, row_no, {', '.join(values)} from row "
        "where (file_no, row_no) not in (select (file_no, row_no) from bad) order by file_no, row_no"
    )
    while rows := reader.fetchmany(MANY):
        yield [dict(zip(("file_no", "row_no", *names), row, strict=True)) for row in rows]


def count(stage: Stage) -> int:
    """How many rows `usable` gives, as far as is known by now."""
    return stage.count(
        "(select 1 from row where (file_no, row_no) not in (select (file_no, row_no) from bad))"
    )


def refuse(stage: Stage, row: Row, error: LaokeError) -> None:
    """Report that a service did not take a row. Details of refusals hold no personal data."""
    field = str(error.extensions.get("field", ""))
    if field == "code" and stage.mapping.kind is Kind.PRODUCTS:
        field = "category"  # the only code that a product's row makes
    mark(stage, row, _FIELD_NAMES.get(field, field), Problem.REFUSED, error.detail)


def mark(stage: Stage, row: Row, field: str, problem: Problem, detail: str = "") -> None:
    """Report something that is wrong with a row."""
    stage.session.execute(
        "insert into bad values (?, ?, ?, ?, ?)", [row["file_no"], row["row_no"], field, int(problem), detail]
    )


def tags(text: str | None) -> tuple[str, ...]:
    """The tags of a cell, each once."""
    return tuple(
        dict.fromkeys(tag for part in re.split("[;,|；，、｜]", text or "") if (tag := part.strip()))
    )

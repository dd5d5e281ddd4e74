"""The bench where files are turned into typed rows: a DuckDB of its own, with a bound on memory.

`raw` is a view of the used columns as text; `row` a table with one typed column a field; `bad` collects what is wrong,
one entry a mistake. Nothing here touches the database of the programme.
"""

# ruff: noqa: S608 (SQL is put together from fixed words, aliases of our own and literals quoted in expressions.py)

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from laoke.kernel.money import LARGEST_MINOR, minor_digits
from laoke.kernel.quantity import LARGEST_MILLI, MILLI
from laoke.surfaces.importing.expressions import DECIMALS, NUMBER, Aliases, Column, Expression, literal
from laoke.surfaces.importing.fields import FIELDS, Field, Takes
from laoke.surfaces.importing.mapping import ImportMapping, TimeForm
from laoke.surfaces.importing.problems import Problem

if TYPE_CHECKING:
    from laoke.surfaces.importing.sources import Source

EARLIEST = "timestamp '1990-01-01 00:00:00'"
# What Python's str.isprintable() refuses, as a pattern: codes with such letters look alike and are not.
_UNPRINTABLE = r"[\pC\p{Zl}\p{Zp}\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]"
_OFFSET = r":\d\d(\.\d+)? ?(Z|[+-]\d\d(:?\d\d)?)$"
_YES = ("true", "t", "yes", "y", "1", "on", "是", "√")
_NO = ("false", "f", "no", "n", "0", "off", "否", "×")


@contextmanager
def bench(home: Path, memory_mb: int) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB and a folder for copies of files, both gone at the end.

    Args:
        memory_mb: for the whole process; DuckDB gets half, the replay lives in the rest.
    """
    root = home / "imports"
    home.mkdir(parents=True, exist_ok=True)
    root.mkdir(mode=0o700, exist_ok=True)
    _sweep(root)
    # Copies and spilled rows may hold phone numbers, as the files themselves do: nobody else may look in here.
    # A worker may be at two imports at once, so the process alone does not name the folder.
    folder = Path(tempfile.mkdtemp(prefix=f"work-{os.getpid()}-", dir=root))
    session = duckdb.connect(
        config={
            "memory_limit": f"{max(128, memory_mb // 2)}MiB",
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
        }
    )
    try:
        session.execute("set TimeZone = 'UTC'")
        yield session, folder
    finally:
        session.close()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(root: Path) -> None:
    """Remove what killed imports have left."""
    for folder in root.glob("work-*"):
        pid = folder.name.removeprefix("work-").partition("-")[0]
        if not (pid.isdigit() and _alive(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Stage:
    """Typed rows of one import and what is wrong with them."""

    def __init__(
        self,
        session: duckdb.DuckDBPyConnection,
        sources: Sequence[Source],
        mapping: ImportMapping,
        *,
        zone: str,
        currency: str,
        until: datetime,
        extra: Mapping[str, tuple[Expression, Takes]] | None = None,
    ) -> None:
        """Read everything.

        Args:
            zone: where the mapping names none.
            currency: whose minor units money is kept in.
            until: later instants are in the future.
            extra: further cells to read, by name of their column in `row`, unchecked: null where they cannot be read.
        """
        self.session = session
        self.sources = sources
        self.mapping = mapping
        self.fields = [each for each in FIELDS[mapping.kind] if each.name in mapping.columns]
        self._zone = mapping.time.zone or zone
        self._digits = minor_digits(currency) if mapping.money_unit == "major" else 0
        self._until = until.astimezone(UTC)
        self._names = list(dict.fromkeys(named.name for named in mapping.named()))
        self.aliases: Aliases = {name: f"c{index}" for index, name in enumerate(self._names)}
        self._extra = extra or {}
        self.extra_names = list(self._extra)
        self.instants = {each.name for each in self.fields if each.takes is Takes.INSTANT} | {
            name for name, (_, takes) in self._extra.items() if takes is Takes.INSTANT
        }
        self._read()

    def _read(self) -> None:
        session, mapping = self.session, self.mapping
        stripped = f"replace(t, {literal(mapping.thousands)}, '')" if mapping.thousands else "t"
        if mapping.decimal != ".":
            stripped = f"replace({stripped}, {literal(mapping.decimal)}, '.')"
        # Decimals beyond what is kept would be rounded away unseen: such a text is no number here.
        finer = f"regexp_matches({stripped}, '[.][0-9]{{{DECIMALS}}}[0-9]*[1-9]')"
        session.execute(f"create macro as_number(t) as if({finer}, null, try_cast({stripped} as {NUMBER}))")
        session.execute(f"create macro as_double(t) as try_cast({stripped} as double)")
        session.execute(f"create view raw as {self._raw()}")
        session.execute(
            "create table bad (file_no integer, row_no bigint, field varchar, problem utinyint, detail varchar)"
        )
        for file_no, source in enumerate(self.sources):
            if source.wrong_widths:
                session.executemany(
                    "insert into bad values (?, ?, '', ?, ?)",
                    [
                        (file_no, each.row_no, Problem.WRONG_WIDTH, f"{each.actual} / {each.expected}")
                        for each in source.wrong_widths
                    ],
                )
        session.execute(f"create table row as {self._typed()}")
        for each in self.fields:
            session.execute(
                f"insert into bad select file_no, row_no, '{each.name}', problem_{each.name}, "
                f"{literal(self._detail(each))} from row where problem_{each.name} is not null"
            )
        self.rows_read = self.count("raw") + sum(len(source.wrong_widths) for source in self.sources)
        self.rows_kept = self.count("row")

    def count(self, relation: str) -> int:
        """Rows of a table or view."""
        found = self.session.execute(f"select count(*) from {relation}").fetchone()
        assert found is not None
        return int(found[0])

    def _raw(self) -> str:
        parts = []
        for file_no, source in enumerate(self.sources):
            cells = "".join(f", {source.cells[name]} as {alias}" for name, alias in self.aliases.items())
            parts.append(f"select {file_no} as file_no, {source.row} as row_no{cells} from {source.relation}")
        return " union all ".join(parts)

    def _typed(self) -> str:
        """Two steps: what the expressions give, then types and mistakes of it."""
        inner, outer = ["file_no", "row_no"], ["file_no", "row_no"]
        for each in self.fields:
            expression = self.mapping.columns[each.name]
            value, problem = self._column(each, expression, inner)
            outer += [f"{value} as {each.name}", f"({problem})::utinyint as problem_{each.name}"]
        for name, (expression, takes) in self._extra.items():
            text = expression.text(self.aliases)
            if takes is Takes.INSTANT:
                text = _instant(text, self.mapping.time, self._zone)
            elif takes is Takes.YES_NO:
                text = _yes_no(self._translated(text))
            inner.append(f"{text} as t_{name}")
            outer.append(f"t_{name} as {name}")
        kept = " or ".join(f"{alias} is not null" for alias in self.aliases.values()) or "true"
        for condition in self.mapping.skip:
            kept = f"({kept}) and not {condition.sql(self.aliases)}"
        return f"select {', '.join(outer)} from (select {', '.join(inner)} from raw where {kept})"

    def _column(self, each: Field, expression: Expression, inner: list[str]) -> tuple[str, str]:
        """SQL of the value and of the problem; adds what both need to `inner`."""
        name, takes = each.name, each.takes
        missing = str(int(Problem.MISSING)) if each.required else "null"
        if takes in {Takes.MONEY, Takes.QUANTITY, Takes.COUNT}:
            inner.append(f"{expression.number(self.aliases)} as n_{name}")
            inner.append(f"({_present(expression, self.aliases)}) as here_{name}")
            return self._number(each, expression, missing)
        text = expression.text(self.aliases)
        if takes is Takes.YES_NO or name == "gender":
            text = self._translated(text)
        inner.append(f"{text} as t_{name}")
        if takes is Takes.INSTANT:
            inner.append(f"{_instant(text, self.mapping.time, self._zone)} as i_{name}")
            return f"i_{name}", self._instant_problem(name, missing)
        if takes is Takes.DAY:
            day = f"try_cast(left(t_{name}, 10) as date)"
            if self.mapping.time.format:
                day = f"coalesce({day}, try_strptime(t_{name}, {literal(self.mapping.time.format)})::date)"
            return (
                day,
                f"case when t_{name} is null then {missing} when {day} is null then {int(Problem.NOT_A_DAY)} end",
            )
        if takes is Takes.YES_NO:
            value = _yes_no(f"t_{name}")
            return (
                value,
                f"case when t_{name} is not null and ({value}) is null then {int(Problem.NOT_YES_NO)} end",
            )
        return f"t_{name}", self._text_problem(each, missing)

    def _number(self, each: Field, expression: Expression, missing: str) -> tuple[str, str]:
        scale, largest = {
            Takes.MONEY: (10**self._digits, LARGEST_MINOR),
            Takes.QUANTITY: (MILLI, LARGEST_MILLI),
            Takes.COUNT: (1, 10**9),
        }[each.takes]
        # What is too large is set aside before it is multiplied: an overflow would end the whole import.
        within = f"if(abs(n_{each.name}) > {largest // scale}, null, n_{each.name})"
        scaled = f"({within} * {scale})"
        whens = [
            f"when n_{each.name} is null then if(here_{each.name}, {int(Problem.NOT_A_NUMBER)}, {missing})"
        ]
        if expression.exact:
            whens.append(f"when {scaled} <> trunc({scaled}) then {int(Problem.TOO_FINE)}")
        whens.append(f"when abs(n_{each.name}) > {largest // scale} then {int(Problem.TOO_LARGE)}")
        if not each.signed:
            whens.append(f"when n_{each.name} < 0 then {int(Problem.NEGATIVE)}")
        return f"try_cast(round({scaled}) as bigint)", f"case {' '.join(whens)} end"

    def _instant_problem(self, name: str, missing: str) -> str:
        until = f"timestamp '{self._until:%Y-%m-%d %H:%M:%S.%f}'"
        form = self.mapping.time
        daily = (
            f"when not contains(t_{name}, ':') then {int(Problem.NO_TIME_OF_DAY)} "
            if not form.format and form.day_at is None
            else ""
        )
        return (
            f"case when t_{name} is null then {missing} "
            f"when i_{name} is null or not isfinite(i_{name}) then {int(Problem.NOT_A_TIME)} {daily}"
            f"when i_{name} < {EARLIEST} then {int(Problem.TOO_EARLY)} "
            f"when i_{name} > {until} then {int(Problem.IN_FUTURE)} end"
        )

    def _text_problem(self, each: Field, missing: str) -> str:
        text = f"t_{each.name}"
        whens = [f"when {text} is null then {missing}"]
        if each.longest:
            whens.append(f"when length({text}) > {each.longest} then {int(Problem.TOO_LONG)}")
        if each.takes is Takes.CODE:
            whens.append(
                f"when regexp_matches({text}, {literal(_UNPRINTABLE)}) then {int(Problem.UNPRINTABLE)}"
            )
        else:
            whens.append(f"when contains({text}, chr(0)) then {int(Problem.UNPRINTABLE)}")
        if each.choices:
            choices = ", ".join(map(literal, each.choices))
            whens.append(f"when {text} not in ({choices}) then {int(Problem.NOT_A_CHOICE)}")
        return f"case {' '.join(whens)} end"

    def _translated(self, text: str) -> str:
        if not self.mapping.words:
            return text
        whens = "".join(f" when {literal(k)} then {literal(v)}" for k, v in self.mapping.words.items())
        return f"case {text}{whens} else {text} end"

    def _detail(self, each: Field) -> str:
        if each.takes is Takes.MONEY:
            return str(self._digits)
        if each.takes is Takes.QUANTITY:
            return "3"
        if each.takes is Takes.COUNT:
            return "0"
        return ", ".join(each.choices) or str(each.longest)

    def mark(self, field: str, problem: Problem, where: str, detail: str = "''") -> None:
        """Add every row of `row` for which `where` holds to what is wrong. `detail` is SQL of a text."""
        self.session.execute(
            f"insert into bad select file_no, row_no, {literal(field)}, {int(problem)}, {detail} from row where {where}"
        )

    def columns_of(self, field: str) -> list[str]:
        """The columns of the files that a field is made of, by the names the files give them."""
        if field == "category":
            expressions = list(self.mapping.path)
        elif field == "consents":
            expressions = [consent.granted for consent in self.mapping.consents]
        else:
            expressions = [self.mapping.columns[field]] if field in self.mapping.columns else []
        return list(dict.fromkeys(named.name for each in expressions for named in each.named()))

    def shown(self, field: str) -> str:
        """SQL over `raw` of the cells a field is made of, as one text. They may be personal."""
        cells = [self.aliases[name] for name in self.columns_of(field)]
        return f"concat_ws(' | ', {', '.join(cells)})" if cells else "''"


def _present(expression: Expression, aliases: Aliases) -> str:
    """Whether there is something in the cells, as opposed to nothing at all."""
    if isinstance(expression, Column) and expression.default is not None:
        return "true"
    cells = dict.fromkeys(aliases[named.name] for named in expression.named())
    return " or ".join(f"{cell} is not null" for cell in cells) or "true"


def _yes_no(text: str) -> str:
    """SQL of an answer: true, false, or null where it is none."""
    yes, no = (f"({', '.join(map(literal, words))})" for words in (_YES, _NO))
    return f"case when lower({text}) in {yes} then true when lower({text}) in {no} then false end"


def _instant(text: str, form: TimeForm, zone: str) -> str:
    """SQL of an instant as a timestamp in UTC."""
    if form.format in {"epoch_s", "epoch_ms"}:
        unit = "" if form.format == "epoch_s" else " / 1000"
        return f"make_timestamp((try_cast({text} as decimal(18,6)){unit} * 1000000)::bigint)"
    at = f"interval '{form.day_at:%H:%M}:00'" if form.day_at else ""
    if form.format:
        local = f"try_strptime({text}, {literal(form.format)})"
        if at and not any(code in form.format for code in ("%H", "%I", "%T", "%X", "%c", "%s")):
            local = f"({local} + {at})"
    else:
        local = f"try_cast({text} as timestamp)"
        if at:
            local = f"if(contains({text}, ':'), {local}, {local} + {at})"
    placed = f"timezone('UTC', timezone({literal(zone)}, {local}))"
    offset = f"timezone('UTC', try_cast({text} as timestamptz))"
    return placed if form.format else f"if(regexp_matches({text}, {literal(_OFFSET)}), {offset}, {placed})"

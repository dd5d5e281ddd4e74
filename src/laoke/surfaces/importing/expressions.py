"""How a mapping gets a value out of a row: a column, a fixed value, or a little arithmetic, never free SQL.

Every expression has two readings in DuckDB: as text, and as an exact decimal number. Names of columns have been
replaced by the aliases of the raw view before SQL is made, and every literal is quoted here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

# Exact for every amount and quantity that is accepted, and held in 64 bits: reading wider ones is twenty times slower.
DECIMALS = 5
NUMBER = f"decimal(17,{DECIMALS})"
# Sums and products are worked out in this one: within 64 bits an overflow would end the whole import.
_WIDE = f"decimal(28,{DECIMALS})"


@dataclass(frozen=True, slots=True)
class Named:
    """A column as the mapping names it, and where in the mapping that stands."""

    name: str
    place: str


Aliases = Mapping[str, str]


class Expression:
    """One way to a value."""

    __slots__ = ()

    def named(self) -> Iterator[Named]:
        """Every column it reads."""
        raise NotImplementedError

    def text(self, aliases: Aliases) -> str:
        """SQL of the value as text; null where there is none."""
        raise NotImplementedError

    def number(self, aliases: Aliases) -> str:
        """SQL of the value as a decimal; null where there is none or it is no number."""
        raise NotImplementedError

    @property
    def exact(self) -> bool:
        """Whether the number is as the file has it, so that decimals too many are an error and not rounding."""
        return True


@dataclass(frozen=True, slots=True)
class Column(Expression):
    """The cell of a column, or `default` where it is empty."""

    column: Named
    default: str | None = None

    def named(self) -> Iterator[Named]:
        yield self.column

    def text(self, aliases: Aliases) -> str:
        alias = aliases[self.column.name]
        return alias if self.default is None else f"coalesce({alias}, {literal(self.default)})"

    def number(self, aliases: Aliases) -> str:
        return f"as_number({self.text(aliases)})"


@dataclass(frozen=True, slots=True)
class Value(Expression):
    """The same for every row."""

    value: str

    def named(self) -> Iterator[Named]:
        return iter(())

    def text(self, aliases: Aliases) -> str:
        return literal(self.value)

    def number(self, aliases: Aliases) -> str:
        return f"try_cast({literal(self.value)} as {NUMBER})"


@dataclass(frozen=True, slots=True)
class Join(Expression):
    """Texts one after another; empty when one of them is."""

    parts: tuple[Expression, ...]
    by: str

    def named(self) -> Iterator[Named]:
        for part in self.parts:
            yield from part.named()

    def text(self, aliases: Aliases) -> str:
        return f" || {literal(self.by)} || ".join(f"({part.text(aliases)})" for part in self.parts)

    def number(self, aliases: Aliases) -> str:
        return f"as_number({self.text(aliases)})"


@dataclass(frozen=True, slots=True)
class Sum(Expression):
    """Numbers added up, less others."""

    plus: tuple[Expression, ...]
    minus: tuple[Expression, ...]

    def named(self) -> Iterator[Named]:
        for part in (*self.plus, *self.minus):
            yield from part.named()

    def text(self, aliases: Aliases) -> str:
        return f"({self.number(aliases)})::varchar"

    def number(self, aliases: Aliases) -> str:
        plus = " + ".join(f"({part.number(aliases)})::{_WIDE}" for part in self.plus)
        minus = "".join(f" - ({part.number(aliases)})::{_WIDE}" for part in self.minus)
        return f"try_cast(({plus}{minus}) as {NUMBER})"

    @property
    def exact(self) -> bool:
        return all(part.exact for part in (*self.plus, *self.minus))


@dataclass(frozen=True, slots=True)
class Scaled(Expression):
    """A number times and divided by something, then held within bounds."""

    inner: Expression
    times: Decimal = Decimal(1)
    divided_by: Decimal = Decimal(1)
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def named(self) -> Iterator[Named]:
        return self.inner.named()

    def text(self, aliases: Aliases) -> str:
        return f"({self.number(aliases)})::varchar"

    def number(self, aliases: Aliases) -> str:
        sql = self.inner.number(aliases)
        # least and greatest skip nulls, and no number must stay no number.
        whole = sql
        if self.times != 1 or self.divided_by != 1:
            factor = self.times / self.divided_by
            sql = f"try_cast(({sql})::{_WIDE} * {factor:.9f}::decimal(18,9) as {NUMBER})"
        if self.at_least is not None:
            sql = f"greatest({sql}, {_decimal(self.at_least)})"
        if self.at_most is not None:
            sql = f"least({sql}, {_decimal(self.at_most)})"
        return sql if sql == whole else f"case when ({whole}) is not null then {sql} end"

    @property
    def exact(self) -> bool:
        return self.times == self.divided_by == 1 and self.inner.exact


@dataclass(frozen=True, slots=True)
class CellIs:
    """What one column has to be. `numbers` and `texts` are alternatives; bounds hold together."""

    column: Named
    texts: tuple[str, ...] = ()
    numbers: tuple[Decimal, ...] = ()
    empty: bool = False
    less_than: Decimal | None = None
    more_than: Decimal | None = None

    def sql(self, aliases: Aliases) -> str:
        """SQL that is true or false, never null."""
        alias = aliases[self.column.name]
        ways = []
        if self.texts:
            ways.append(f"{alias} in ({', '.join(map(literal, self.texts))})")
        if self.numbers:
            # As doubles: both sides were read from their digits, so equal numbers are equal, and it is fast.
            ways.append(f"as_double({alias}) in ({', '.join(map(_double, self.numbers))})")
        if self.empty:
            ways.append(f"{alias} is null")
        bounds = []
        if self.less_than is not None:
            bounds.append(f"as_double({alias}) < {_double(self.less_than)}")
        if self.more_than is not None:
            bounds.append(f"as_double({alias}) > {_double(self.more_than)}")
        if bounds:
            ways.append(" and ".join(bounds))
        return f"coalesce({' or '.join(ways)}, false)"


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests that hold together."""

    tests: tuple[CellIs, ...]

    def named(self) -> Iterator[Named]:
        """Every column it reads."""
        for test in self.tests:
            yield test.column

    def sql(self, aliases: Aliases) -> str:
        """SQL that is true or false, never null."""
        return "(" + " and ".join(test.sql(aliases) for test in self.tests) + ")"


@dataclass(frozen=True, slots=True)
class Cases(Expression):
    """The first expression whose condition holds."""

    cases: tuple[tuple[Condition, Expression], ...]
    otherwise: Expression

    def named(self) -> Iterator[Named]:
        for condition, expression in self.cases:
            yield from condition.named()
            yield from expression.named()
        yield from self.otherwise.named()

    def text(self, aliases: Aliases) -> str:
        whens = "".join(f" when {c.sql(aliases)} then {e.text(aliases)}" for c, e in self.cases)
        return f"case{whens} else {self.otherwise.text(aliases)} end"

    def number(self, aliases: Aliases) -> str:
        whens = "".join(f" when {c.sql(aliases)} then {e.number(aliases)}" for c, e in self.cases)
        return f"case{whens} else {self.otherwise.number(aliases)} end"

    @property
    def exact(self) -> bool:
        # Rounding in one case allows it in all: the check cannot tell them apart.
        return self.otherwise.exact and all(expression.exact for _, expression in self.cases)


def literal(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _decimal(number: Decimal) -> str:
    return f"{number:f}::{NUMBER}"


def _double(number: Decimal) -> str:
    return f"{float(number)!r}::double"

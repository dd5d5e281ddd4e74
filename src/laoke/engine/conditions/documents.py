"""Condition trees as plain values, the way a programme file or the API writes them.

    all:
      - basket.subtotal: {gte: 100.00, of: {product.category: [milk, bread]}, basis: discounted}
      - not: {member.tier: diamond}
      - any: [{moment.weekday: [mon, wed]}, {moment.day: 10}]

A mapping with several attributes means all of them; a bare value means equal, a bare list one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from laoke.engine.conditions.tree import All, AnyOf, Is, Not, Op, Scalar, Tree, Value
from laoke.engine.conditions.vocabulary import Attribute, Kind, Subject, UnknownAttribute, Vocabulary
from laoke.kernel.errors import LaokeError
from laoke.kernel.money import format_minor, parse_minor

# Deeper trees are nobody's rule.
DEEPEST = 8

Place = tuple[str | int, ...]


class BadCondition(LaokeError):
    """A condition that cannot be used; `at` is the way to it through the document."""

    code, status, title = "bad-condition", 422, "The condition cannot be used"

    def __init__(self, place: Place, mend: str) -> None:
        super().__init__(f"{'.'.join(map(str, place)) or 'when'}: {mend}", at=list(place))
        self.place = place


class Language:
    """Reads and writes trees over one vocabulary, with money in one currency."""

    def __init__(self, vocabulary: Vocabulary, currency: str) -> None:
        self.vocabulary = vocabulary
        self.currency = currency
        self._lines = vocabulary.about(Subject.LINE)

    def read(self, document: Any, place: Place = ()) -> Tree:
        """Read a tree.

        Raises:
            BadCondition: an unknown attribute, an operator or value it does not take, a tree too deep.
        """
        return self._read(document, place, self.vocabulary, 0)

    def read_lines(self, document: Any, place: Place = ()) -> Tree:
        """Read a tree over articles and lines, as targets are.

        Raises:
            BadCondition
        """
        return self._read(document, place, self._lines, 0)

    def write(self, tree: Tree) -> Any:
        """The tree as plain values; `read` gives the same tree again."""
        match tree:
            case All(parts):
                return {"all": [self.write(part) for part in parts]}
            case AnyOf(parts):
                return {"any": [self.write(part) for part in parts]}
            case Not(part):
                return {"not": self.write(part)}
            case Is():
                attribute = self.vocabulary[tree.attribute]
                said: dict[str, Any] = {tree.op.value: self._write_value(attribute, tree.value)}
                if tree.of is not None:
                    said["of"] = self.write(tree.of)
                said.update(sorted(tree.how))
                return {tree.attribute: said}

    def _read(self, document: Any, place: Place, vocabulary: Vocabulary, depth: int) -> Tree:
        if depth > DEEPEST:
            raise BadCondition(place, f"more than {DEEPEST} levels deep")
        if not isinstance(document, Mapping) or not document:
            raise BadCondition(place, "takes attributes with what they are compared with, or all, any, not")
        parts: list[Tree] = []
        for name, said in document.items():
            here = (*place, str(name))
            if name in ("all", "any"):
                if not isinstance(said, Sequence) or isinstance(said, str):
                    raise BadCondition(here, "takes a list of conditions")
                inner = tuple(
                    self._read(part, (*here, number), vocabulary, depth + 1)
                    for number, part in enumerate(said)
                )
                parts.append(All(inner) if name == "all" else AnyOf(inner))
            elif name == "not":
                parts.append(Not(self._read(said, here, vocabulary, depth + 1)))
            else:
                parts += self._leaves(str(name), said, here, vocabulary, depth)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _leaves(self, name: str, said: Any, place: Place, vocabulary: Vocabulary, depth: int) -> list[Tree]:
        try:
            attribute = vocabulary[name]
        except UnknownAttribute as error:
            raise BadCondition(place, error.detail) from None
        if not isinstance(said, Mapping):
            said = {"in": said} if isinstance(said, list | tuple) or attribute.several else {"eq": said}
        of: Tree | None = None
        how: set[tuple[str, Scalar]] = set()
        compared: list[tuple[Op, Value]] = []
        for word, value in said.items():
            here = (*place, str(word))
            if word == "of":
                if not attribute.narrows:
                    raise BadCondition(here, f"{name} counts no lines, so it takes no `of`")
                of = self._read(value, here, self._lines, depth + 1)
            elif word in attribute.options:
                if value not in attribute.options[word]:
                    allowed = ", ".join(str(each).lower() for each in attribute.options[word])
                    raise BadCondition(here, f"takes {allowed}")
                how.add((str(word), value))
            else:
                compared.append(self._comparison(attribute, str(word), value, here))
        if not compared:
            raise BadCondition(place, f"says not what {name} is compared with")
        return [Is(name, op, value, of, frozenset(how)) for op, value in compared]

    def _comparison(self, attribute: Attribute, word: str, value: Any, place: Place) -> tuple[Op, Value]:
        if word not in {op.value for op in attribute.ops}:
            known = ", ".join(op.value for op in attribute.ops)
            raise BadCondition(place, f"{attribute.name} is compared by {known}")
        op = Op(word)
        if op is Op.EXISTS:
            if not isinstance(value, bool):
                raise BadCondition(place, "takes true or false")
            return op, value
        if op in (Op.IN, Op.NOT_IN, Op.HAS_ALL):
            values = value if isinstance(value, list | tuple) else [value]
            if not values:
                raise BadCondition(place, "takes at least one value")
            return op, frozenset(self._value(attribute, each, place) for each in values)  # type: ignore[return-value]
        return op, self._value(attribute, value, place)

    def _value(self, attribute: Attribute, value: Any, place: Place) -> Scalar:
        found = _READ[attribute.kind](value, self.currency)
        if found is None:
            raise BadCondition(place, f"{_shown(value)} is no {_CALLED[attribute.kind]}")
        if attribute.choices and found not in attribute.choices:
            raise BadCondition(place, f"{_shown(value)} is not one of {', '.join(attribute.choices)}")
        return found

    def _write_value(self, attribute: Attribute, value: Value) -> Any:
        if isinstance(value, frozenset):
            values: list[Scalar] = sorted(value, key=str)
            return [self._write_scalar(attribute, each) for each in values]
        return self._write_scalar(attribute, value)

    def _write_scalar(self, attribute: Attribute, value: Scalar) -> Scalar:
        if isinstance(value, bool):
            return value
        if attribute.kind is Kind.MONEY and isinstance(value, int):
            return format_minor(value, self.currency)
        if attribute.kind is Kind.TIME and isinstance(value, int):
            return f"{value // 60:02d}:{value % 60:02d}"
        return value


def _shown(value: Any) -> str:
    return repr(value)[:60]


def _number(value: Any, currency: str) -> int | None:
    return value if type(value) is int else None


def _money(value: Any, currency: str) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return parse_minor(str(value), currency)
    except ValueError:
        return None


def _text(value: Any, currency: str) -> str | None:
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value else None


def _flag(value: Any, currency: str) -> bool | None:
    return value if isinstance(value, bool) else None


def _date(value: Any, currency: str) -> str | None:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        return None


def _time(value: Any, currency: str) -> int | None:
    # YAML reads 18:30 without quotes as a number in base 60, which is minutes here.
    if type(value) is int:
        return value if 0 <= value < 24 * 60 else None
    hours, _, minutes = str(value).partition(":")
    if not (hours.isdigit() and minutes.isdigit() and len(minutes) == 2):
        return None
    return int(hours) * 60 + int(minutes) if int(hours) < 24 and int(minutes) < 60 else None


_READ = {
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
    Kind.TIME: _time,
}
_CALLED = {
    Kind.NUMBER: "whole number",
    Kind.MONEY: "amount of money",
    Kind.TEXT: "code",
    Kind.FLAG: "true or false",
    Kind.DATE: "date like 2026-11-22",
    Kind.TIME: "time like 18:30",
}

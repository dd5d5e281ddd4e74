"""What the sentences of an offer are made of: words, fields, and rows of them. Plain values for templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laoke.promotions.documents.offers import Place

# What a browser sends: for each field the values in it.
Fields = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Words:
    """A part of a sentence that is only read. `strong`: what the sentence is about."""

    text: str
    strong: bool = False
    kind: str = "words"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to choose."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A field.

    Args:
        kind: text, number, money, percent, select, ticks, check, date, time, area or hidden.
        values: what stands in it; of ticks several.
        place: of the value in the document, where a fault is looked for.
        fault: what is wrong with it.
    """

    kind: str
    name: str
    label: str
    values: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    place: Place = ()
    fault: str = ""
    hint: str = ""

    @property
    def value(self) -> str:
        """The first of its values."""
        return self.values[0] if self.values else ""

    @property
    def width(self) -> int:
        """About as many letters as it needs."""
        return max(4, min(24, len(self.value) + sum(ord(letter) > 0x2E7F for letter in self.value) + 1))

    @property
    def chosen(self) -> tuple[Choice, ...]:
        """The choices that are chosen."""
        return tuple(each for each in self.choices if each.chosen)


@dataclass(frozen=True, slots=True)
class Adder:
    """A menu of what can be added at `path`."""

    path: str
    label: str
    choices: tuple[Choice, ...]
    kind: str = "adder"


@dataclass(frozen=True, slots=True)
class Item:
    """A row. `kept` is what the form cannot show, as text; its value goes along in a hidden field."""

    path: str
    tokens: tuple[Any, ...]
    label: str
    kept: str = ""
    more: tuple[Any, ...] = ()
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Several rows, and what can be added to them. `none` stands where there are none."""

    items: tuple[Item, ...]
    adder: Adder | None = None
    none: str = ""
    kind: str = "rows"


Token = Words | Box | Adder | Rows


def boxes(tokens: Iterable[Any]) -> Iterator[Box]:
    """Every field in some tokens."""
    for token in tokens:
        if isinstance(token, Box):
            yield token
        elif isinstance(token, Item):
            yield from boxes((*token.tokens, *token.more))
        elif isinstance(token, Rows):
            yield from boxes(token.items)


def sent(tokens: Iterable[Any]) -> dict[str, list[str]]:
    """What a browser would send when nothing was changed."""
    found: dict[str, list[str]] = {}
    for box in boxes(tokens):
        if box.kind in ("ticks", "check"):
            values = [choice.value for choice in box.chosen]
        elif box.kind == "select":
            values = [choice.value for choice in box.chosen] or [each.value for each in box.choices[:1]]
        else:
            values = [box.value]
        if values:
            found.setdefault(box.name, []).extend(values)
    return found


def one(fields: Fields, name: str) -> str:
    """The one value of a field, without space around it; "" when it was not sent."""
    values = fields.get(name)
    return values[-1].strip() if values else ""


def numbers(fields: Fields, path: str) -> list[int]:
    """The numbers of the rows at a path, in order."""
    start = f"{path}."
    found = {name[len(start) :].partition(".")[0] for name in fields if name.startswith(start)}
    return sorted(int(each) for each in found if each.isdigit() and len(each) < 6)

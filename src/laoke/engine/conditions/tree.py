"""The condition tree: what must hold, as a value that can be stored, compared, read aloud and compiled.

A leaf compares one attribute of the vocabulary with a value; `all`, `any` and `not` put leaves together. The tree
says nothing about how an attribute is found: the readings do (`predicates` for one member or basket).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Op(StrEnum):
    """How a leaf compares. `IN` and `NOT_IN` take several values; on an attribute that has several values itself
    (tags) one in common is enough, `HAS_ALL` asks for every one."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    NOT_IN = "not_in"
    HAS_ALL = "has_all"
    EXISTS = "exists"


Scalar = bool | int | str
Value = Scalar | frozenset[str] | frozenset[int]


@dataclass(frozen=True, slots=True)
class Is:
    """A leaf: `attribute` compared with `value`.

    `of` narrows an attribute that counts something (the subtotal of these articles); `how` holds the attribute's
    own options by name (the basis of a subtotal).
    """

    attribute: str
    op: Op
    value: Value
    of: Tree | None = None
    how: frozenset[tuple[str, Scalar]] = frozenset()

    def option(self, name: str, default: Scalar) -> Scalar:
        """The option of that name, or what holds without it."""
        return next((value for key, value in self.how if key == name), default)


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold; without parts it holds."""

    parts: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part must hold; without parts it does not."""

    parts: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Tree


Tree = Is | All | AnyOf | Not
ALWAYS = All()


def leaves(tree: Tree) -> Iterator[Is]:
    """Every leaf of the tree, narrowing trees (`of`) not included."""
    match tree:
        case Is():
            yield tree
        case Not(part):
            yield from leaves(part)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)

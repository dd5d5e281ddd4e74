"""The vocabulary: every attribute a condition may ask for, declared once by the module it belongs to.

An attribute says what it is called, of what kind its values are and what may be asked of it. Where it lives is the
business of the readings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from laoke.engine.conditions.tree import Op
from laoke.kernel.errors import LaokeError


class Kind(StrEnum):
    """Of what kind the values of an attribute are, and how a document writes them."""

    NUMBER = "number"  # a whole number
    MONEY = "money"  # an amount in the programme's currency; minor units inside
    TEXT = "text"  # a code
    FLAG = "flag"  # true or false
    DATE = "date"  # 2026-11-22; the same text inside, which sorts as dates do
    TIME = "time"  # 18:30; minutes of the day inside


class Subject(StrEnum):
    """Of what an attribute speaks."""

    LINE = "line"
    BASKET = "basket"
    MEMBER = "member"
    STORE = "store"
    MOMENT = "moment"


_EQUAL = (Op.EQ, Op.NE, Op.IN, Op.NOT_IN)
_ORDERED = (Op.GT, Op.GTE, Op.LT, Op.LTE)
OPS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.NUMBER: (*_EQUAL, *_ORDERED, Op.EXISTS),
    Kind.MONEY: (Op.EQ, Op.NE, *_ORDERED, Op.EXISTS),
    Kind.TEXT: (*_EQUAL, Op.EXISTS),
    Kind.FLAG: (Op.EQ,),
    Kind.DATE: (*_EQUAL, *_ORDERED, Op.EXISTS),
    Kind.TIME: (*_ORDERED,),
}
_SEVERAL = (Op.IN, Op.NOT_IN, Op.HAS_ALL, Op.EXISTS)


class UnknownAttribute(LaokeError):
    """A condition asks for something the vocabulary does not have."""

    code, status, title = "unknown-attribute", 422, "There is no such attribute"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute.

    Args:
        name: `subject.word`, the same in documents, in the API and in code.
        zh, en: what it is called on screen.
        several: a member or article has several values of it at once (tags).
        choices: the values it can take, where they are known when the programme is written.
        narrows: it counts lines and takes an `of` that says which.
        options: what else may be said, by name: the values allowed.
    """

    name: str
    kind: Kind
    zh: str
    en: str
    several: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    narrows: bool = False
    options: Mapping[str, tuple[bool | str, ...]] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        """Of what it speaks."""
        word = self.name.partition(".")[0]
        return Subject.LINE if word == "product" else Subject(word)

    @property
    def ops(self) -> tuple[Op, ...]:
        """How it may be compared."""
        return _SEVERAL if self.several else OPS[self.kind]


class Vocabulary:
    """Attributes by name.

    Raises:
        ValueError: two attributes of one name.
    """

    def __init__(self, attributes: Iterable[Attribute]) -> None:
        self._by_name: dict[str, Attribute] = {}
        for attribute in attributes:
            if attribute.name in self._by_name:
                raise ValueError(f"{attribute.name} is declared twice")
            self._by_name[attribute.name] = attribute

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self._by_name.values())

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __getitem__(self, name: str) -> Attribute:
        """The attribute of that name.

        Raises:
            UnknownAttribute: names the nearest ones.
        """
        found = self._by_name.get(name)
        if found is None:
            subject = name.partition(".")[0]
            near = [known for known in self._by_name if known.startswith(f"{subject}.")] or list(
                self._by_name
            )
            raise UnknownAttribute(
                f"There is no attribute {name[:60]!r}; known are {', '.join(sorted(near))}"
            )
        return found

    def about(self, *subjects: Subject) -> Vocabulary:
        """The part that speaks of these subjects."""
        return Vocabulary(each for each in self if each.subject in subjects)

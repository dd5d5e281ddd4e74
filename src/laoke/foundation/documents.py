"""Reading documents that people write: what is not known is refused with its place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from laoke.engine.policy import BadPolicy

Choice = TypeVar("Choice", bound=StrEnum)


def only(document: Mapping[str, Any], place: str, known: set[str]) -> None:
    """Refuse fields nobody knows: a mistyped one must not be taken for a default.

    Raises:
        BadPolicy
    """
    for name in document:
        if name not in known:
            raise BadPolicy(
                f"{place}.{name}", f"there is no such field. Known are {', '.join(sorted(known))}"
            )


def choice(kind: type[Choice], value: Any, place: str) -> Choice:
    """One of the words of `kind`.

    Raises:
        BadPolicy
    """
    try:
        return kind(value)
    except ValueError:
        raise BadPolicy(place, f"takes one of {', '.join(kind)}, got {value!r}") from None


def fields(said: Any, place: str) -> Mapping[str, Any]:
    """Named fields.

    Raises:
        BadPolicy
    """
    if not isinstance(said, Mapping):
        raise BadPolicy(place, "takes named fields")
    return said


def whole(value: Any, place: str, low: int, high: int) -> int:
    """A whole number between two, both included.

    Raises:
        BadPolicy
    """
    if type(value) is not int or not low <= value <= high:
        raise BadPolicy(place, f"takes a whole number from {low} to {high}, got {value!r}")
    return value

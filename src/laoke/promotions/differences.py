"""What differs between two documents, place by place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from laoke.promotions.documents.offers import OfferDocument

_ORDER = {name: place for place, name in enumerate(["zh", *OfferDocument.model_fields])}


class Difference(NamedTuple):
    """One value that is another one, by its place such as `gives.0.percent.percent`; None: not there."""

    place: str
    before: Any
    after: Any


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Every leaf that is another one, in the order of the documents; None is an offer that is not in force."""
    return tuple(_differences(before, after, ""))


def _differences(before: Any, after: Any, place: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}, key=_rank):
            yield from _differences(before.get(name), after.get(name), _within(place, name))
    elif _is_list(before) and _is_list(after):
        for index in range(max(len(before), len(after))):
            yield from _differences(
                before[index] if index < len(before) else None,
                after[index] if index < len(after) else None,
                _within(place, index),
            )
    elif _is_tree(before) and after is None:
        for name, value in _parts(before):
            yield from _differences(value, None, _within(place, name))
    elif before is None and _is_tree(after):
        for name, value in _parts(after):
            yield from _differences(None, value, _within(place, name))
    elif before != after:
        yield Difference(place, before, after)


def _rank(name: str) -> tuple[int, str]:
    """The order in which the fields of an offer are declared; the database keeps none."""
    return _ORDER.get(name, len(_ORDER)), name


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_tree(value: Any) -> bool:
    return (isinstance(value, Mapping) or _is_list(value)) and bool(value)


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from sorted(value.items(), key=lambda each: _rank(each[0]))
    else:
        yield from enumerate(value)


def _within(place: str, name: str | int) -> str:
    return f"{place}.{name}" if place else str(name)

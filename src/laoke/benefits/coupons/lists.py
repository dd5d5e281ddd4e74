"""Lists of members as people have them: one a line, by number, card or phone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from laoke.members import selectors as members

BY = ("number", "card", "phone")
MOST_LINES = 1_000_000
_LARGEST = 2**63 - 1


class Listed(NamedTuple):
    """The members of a list, each once, and the lines (from 1) that name nobody."""

    members: list[int]
    unknown: list[int]


def read(lines: Iterable[str], by: str) -> Listed:
    """Find the members of a list. Of a line only what stands before a comma, semicolon or tab is read; empty lines and
    a heading are passed over.

    Numbers are taken as they are: whether somebody still takes part is looked at when coupons are issued.
    """
    wanted: dict[str, list[int]] = {}
    for number, line in enumerate(lines, start=1):
        text = _first(line)
        if text and not (number == 1 and not any(each.isdigit() for each in text)):
            wanted.setdefault(text, []).append(number)
    found = _by_number(wanted) if by == "number" else members.find_many(by, wanted)[0]
    unknown = [number for text, numbers in wanted.items() if text not in found for number in numbers]
    return Listed(list(dict.fromkeys(found[text] for text in wanted if text in found)), sorted(unknown))


def _first(line: str) -> str:
    for mark in (",", ";", "\t"):
        line = line.partition(mark)[0]
    return line.strip().strip('"\ufeff').strip()


def _by_number(wanted: Iterable[str]) -> dict[str, int]:
    numbers = {
        text: int(text)
        for text in wanted
        if text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= _LARGEST
    }
    known = members.registered_at(numbers.values())
    return {text: number for text, number in numbers.items() if number in known}

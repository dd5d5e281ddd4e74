"""Names: cleaned for storage, folded for search, cut into tokens."""

from __future__ import annotations

import re
import unicodedata

from laoke.members.errors import BadName
from laoke.members.normal.scripts import runs, without_runs

LONGEST_NAME = 100
# Cleaning costs time per character, so absurd input is refused before it.
_LONGEST_RAW = 1000
# Marks that turn the direction of what follows: a name could rewrite the line it stands in. Right-to-left
# letters need none of them. Joiners (U+200C, U+200D) stay, Persian and emoji are written with them.
_TURNING = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"}
_INVISIBLE_CATEGORIES = {"Cc", "Cf", "Cs", "Mn", "Me", "Zs", "Zl", "Zp"}
_DROPPED_CATEGORIES = {"Cc", "Cs"}
_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"\w+")


def clean_name(raw: str | None) -> str:
    """The name as it is kept: NFC, single spaces, no control or direction marks; "" when nothing is visible.

    Raises:
        BadName: longer than 100 characters.
    """
    if not raw:
        return ""
    if len(raw) > _LONGEST_RAW:
        raise BadName(LONGEST_NAME)
    if raw.isascii() and raw.isprintable():
        name = " ".join(raw.split())
    else:
        spaced = " ".join(raw.split())
        kept = (
            letter
            for letter in spaced
            if letter not in _TURNING and unicodedata.category(letter) not in _DROPPED_CATEGORIES
        )
        name = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
        if all(unicodedata.category(letter) in _INVISIBLE_CATEGORIES for letter in name):
            return ""
    if len(name) > LONGEST_NAME:
        raise BadName(LONGEST_NAME)
    return name


def fold(name: str) -> str:
    """The form names are compared in: compatibility forms unified, case and Latin accents dropped."""
    if name.isascii():
        return name.casefold()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", name))
    return unicodedata.normalize("NFKC", plain).casefold()


def parts(name: str) -> set[str]:
    """The pieces a name is found by: words, and pairs of neighbours in scripts without spaces.

    A stretch of one such character is a piece by itself.
    """
    folded = fold(name)
    lone = {run for run in runs(folded) if len(run) == 1}
    return _long_parts(folded) | lone


def query_parts(text: str) -> set[str]:
    """The pieces that a name must have to hold `text`, a word or at least two characters of it.

    A lone character counts only where there is nothing else: at the edge of a cut ("A王" of "A王小明") it is
    half a pair.
    """
    return _long_parts(fold(text)) or parts(text)


def _long_parts(folded: str) -> set[str]:
    pieces = set(_WORD.findall(without_runs(folded)))
    for run in runs(folded):
        pieces.update(run[i : i + 2] for i in range(len(run) - 1))
    return pieces


def whole(name: str) -> str:
    """The piece that only the whole name has."""
    return " ".join(fold(name).split())

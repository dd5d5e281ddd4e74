"""Scripts written without spaces between words: their names are searched and masked by character."""

from __future__ import annotations

import re

# Thai; kana and Bopomofo; Han with its extensions and compatibility forms; Hangul.
_UNSPACED = (
    "\u0e00-\u0e7f"
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
    "\uac00-\ud7af"
)
_LETTER = re.compile(f"[{_UNSPACED}]")
_RUN = re.compile(f"[{_UNSPACED}]+")


def is_unspaced(letter: str) -> bool:
    """Whether the character belongs to a script without spaces."""
    return _LETTER.match(letter) is not None


def runs(text: str) -> list[str]:
    """The stretches of such characters in `text`, in order."""
    return _RUN.findall(text)


def without_runs(text: str) -> str:
    """`text` with every such stretch replaced by a space."""
    return _RUN.sub(" ", text)

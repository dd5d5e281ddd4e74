"""Pages of long lists: each page ends with a mark, and the next one begins after it.

A mark holds the sort key of the page's last row, so a page costs the same wherever it lies, and rows that come or go
meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from laoke.kernel.errors import LaokeError

MOST_ROWS = 200
_LONGEST = 1000
_LARGEST_ID = 2**63 - 1


class BadCursor(LaokeError):
    """A page mark that no page ever gave out."""

    code, status, title = "bad-cursor", 400, "Page mark cannot be read"

    def __init__(self) -> None:
        super().__init__(
            _("Send the page mark exactly as the page before gave it, or none for the first page.")
        )


def write(*key: str | int | datetime) -> str:
    """The mark of a row by its sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def read(mark: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The sort key in a mark; None for none.

    Args:
        kinds: what the parts of the key are: `text`, `number`, `instant`.
    Raises:
        BadCursor: not a mark of such a list.
    """
    if mark is None:
        return None
    try:
        if len(mark) > _LONGEST:
            raise BadCursor
        parts = orjson.loads(base64.b64decode(mark + "=" * (-len(mark) % 4), b"-_", validate=True))
        if type(parts) is not list or len(parts) != len(kinds):
            raise BadCursor
        return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, binascii.Error, OverflowError):
        raise BadCursor from None


def text(part: Any) -> str:
    """A code."""
    if type(part) is not str or "\0" in part:
        raise ValueError
    return part


def number(part: Any) -> int:
    """An id."""
    if type(part) is not int or not 0 <= part <= _LARGEST_ID:
        raise ValueError
    return part


def instant(part: Any) -> datetime:
    """An instant with its time zone."""
    at = datetime.fromisoformat(part)
    if at.tzinfo is None:
        raise ValueError
    return at


def cut(rows: Sequence[Any], limit: int, mark: Callable[[Any], str]) -> tuple[Sequence[Any], str | None]:
    """A page of `limit` rows out of `limit + 1` that were read, and its mark when more follow."""
    page = rows[:limit]
    return page, mark(page[-1]) if len(rows) > limit else None

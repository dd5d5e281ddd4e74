"""What a list of members can be narrowed by, typed, and the one reading and writing of it in addresses.

An address is read into a `Filter` and the values nobody could read; writing a filter and reading it again gives the
same filter. Nothing here knows the database or a language: codes are held against what the shop has in
`vocabulary`, words for them are in `words`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Protocol
from urllib.parse import urlencode

LONGEST_TEXT = 100
MOST_VALUES = 50
_LONGEST_CODE = 60
_MOST_DAYS = 36_500
_MOST_AMOUNT = 10**12  # in whole units of the currency, or points
_SPAN = re.compile(r"([0-9]{0,13})-([0-9]{0,13})", re.ASCII)
_DAYS = re.compile(r"([0-9]{1,5})d", re.ASCII)
_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `low` to `high`, both included; None leaves a side open. Never open on both sides."""

    low: int | None = None
    high: int | None = None

    def __str__(self) -> str:
        return f"{'' if self.low is None else self.low}-{'' if self.high is None else self.high}"


@dataclass(frozen=True, slots=True)
class Days:
    """The last so many days."""

    count: int

    def __str__(self) -> str:
        return f"{self.count}d"


@dataclass(frozen=True, slots=True)
class Dates:
    """Calendar days from `first` to `last`, both included; None leaves a side open."""

    first: date | None = None
    last: date | None = None

    def __str__(self) -> str:
        return f"{self.first or ''}..{self.last or ''}"


NEVER = "never"
THIS_MONTH = "month"
THIS_WEEK = "week"
NO_LANGUAGE = "none"


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on members; all of them hold. Within one condition any of its values is enough.

    `last`: days since the last purchase, or NEVER. `spend`: net sales in a year, whole units of the currency.
    `birthday`: THIS_MONTH, THIS_WEEK (the seven days from today on) or a month from 1 to 12. `consent`: channels
    of which one at least may be used for marketing.
    """

    q: str = ""
    tier: tuple[str, ...] = ()
    rfm: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    r: tuple[int, ...] = ()
    f: tuple[int, ...] = ()
    m: tuple[int, ...] = ()
    last: Span | str = ""
    spend: Span | None = None
    points: Span | None = None
    store: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    notag: tuple[str, ...] = ()
    birthday: str = ""
    joined: Days | Dates | None = None
    status: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    lang: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(self.given())

    def given(self) -> tuple[str, ...]:
        """The names of the conditions there are, in their order."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) not in ((), "", None))

    def without(self, name: str) -> Filter:
        """The same less one condition."""
        return replace(self, **{name: _EMPTY[name]})

    def pairs(self) -> list[tuple[str, str]]:
        """The filter as the parameters of an address, always in the same order."""
        written: list[tuple[str, str]] = []
        for name in self.given():
            value = getattr(self, name)
            each = value if isinstance(value, tuple) else (value,)
            written += [(name, str(one)) for one in each]
        return written

    def query(self) -> str:
        """The filter as the query string of an address; "" for none."""
        return urlencode(self.pairs())


_EMPTY: dict[str, Any] = {field.name: field.default for field in fields(Filter)}
NAMES = tuple(_EMPTY)


@dataclass(frozen=True, slots=True)
class Misread:
    """A condition of an address that is not applied, and the page says so.

    `why`: "form" when it cannot be read, "unknown" when it names what the shop does not have, "scope" when the
    role may not see what it asks for.
    """

    name: str
    raw: str
    why: str = "form"


class Parameters(Protocol):
    """What addresses and forms come as: every value of a name. Django's QueryDict is one."""

    def getlist(self, key: str, /) -> Any:
        """All values of a name."""


class Plain:
    """Parameters out of a plain mapping."""

    def __init__(self, values: Mapping[str, Sequence[str]]) -> None:
        self._values = values

    def getlist(self, key: str, /) -> list[str]:
        """All values of a name."""
        return list(self._values.get(key, ()))


def read(asked: Parameters) -> tuple[Filter, tuple[Misread, ...]]:
    """The filter in the parameters of an address or of the filter form, and what could not be read.

    The form has two fields for a span (`spend_min`, `spend_max`) where an address has one (`spend=100-500`).
    """
    misread: list[Misread] = []
    values: dict[str, Any] = {}
    for name, reader in _READERS.items():
        raw = [one for one in (_clean(text) for text in asked.getlist(name)) if one]
        if not raw and name in _PARTS:
            low, high = (_clean("".join(asked.getlist(part)[:1])) for part in _PARTS[name])
            if low or high:
                raw = [_JOINTS[name].join((low, high))]
        if not raw and name == "joined" and (days := _clean("".join(asked.getlist("joined_days")[:1]))):
            raw = [f"{days}d"]
        if not raw:
            continue
        try:
            values[name] = reader(raw)
        except ValueError:
            misread.append(Misread(name, ", ".join(raw)[:LONGEST_TEXT]))
    return Filter(**values), tuple(misread)


def _clean(text: str) -> str:
    # Halves of surrogate pairs and zero bytes are in no text that a database can hold.
    sound = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return unicodedata.normalize("NFC", sound).strip()


def _one(raw: list[str]) -> str:
    if len(raw) != 1:
        raise ValueError
    return raw[0]


def _text(raw: list[str]) -> str:
    text = " ".join(_one(raw).split())
    if len(text) > LONGEST_TEXT:
        raise ValueError
    return text


def _codes(raw: list[str]) -> tuple[str, ...]:
    if any(len(code) > _LONGEST_CODE or not code.isprintable() for code in raw):
        raise ValueError
    return _few(raw)


def _among(known: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    allowed = frozenset(known)

    def read_words(raw: list[str]) -> tuple[str, ...]:
        if not allowed.issuperset(raw):
            raise ValueError
        return _few(raw)

    return read_words


def _few(raw: list[str]) -> tuple[str, ...]:
    distinct = tuple(sorted(set(raw)))
    if len(distinct) > MOST_VALUES:
        raise ValueError
    return distinct


def _scores(raw: list[str]) -> tuple[int, ...]:
    # The grid links one score or several: r=5, r=4&r=5, r=4,5.
    scores = {part for text in raw for part in text.split(",")}
    if not scores <= {"1", "2", "3", "4", "5"}:
        raise ValueError
    return tuple(sorted(int(score) for score in scores))


def _span(most: int) -> Callable[[list[str]], Span]:
    def read_span(raw: list[str]) -> Span:
        found = _SPAN.fullmatch(_one(raw))
        if found is None:
            raise ValueError
        low, high = (int(part) if part else None for part in found.groups())
        if (low is None and high is None) or max(low or 0, high or 0) > most:
            raise ValueError
        if low is not None and high is not None and low > high:
            raise ValueError
        return Span(low, high)

    return read_span


def _last(raw: list[str]) -> Span | str:
    return NEVER if raw == [NEVER] else _span(_MOST_DAYS)(raw)


def _birthday(raw: list[str]) -> str:
    word = _one(raw)
    if word not in (THIS_MONTH, THIS_WEEK) and word not in map(str, range(1, 13)):
        raise ValueError
    return word


def _joined(raw: list[str]) -> Days | Dates:
    text = _one(raw)
    if found := _DAYS.fullmatch(text):
        days = int(found[1])
        if not 0 < days <= _MOST_DAYS:
            raise ValueError
        return Days(days)
    dates = _DATES.fullmatch(text)
    if dates is None:
        raise ValueError
    first, last = (date.fromisoformat(part) if part else None for part in dates.groups())
    if (first is None and last is None) or (first and last and first > last):
        raise ValueError
    return Dates(first, last)


_READERS: dict[str, Callable[[list[str]], Any]] = {
    "q": _text,
    "tier": _codes,
    "rfm": _among(("high_value", "potential", "new", "dormant")),
    "value": _among(("core", "potential", "basic", "dormant")),
    "r": _scores,
    "f": _scores,
    "m": _scores,
    "last": _last,
    "spend": _span(_MOST_AMOUNT),
    "points": _span(_MOST_AMOUNT),
    "store": _codes,
    "region": _codes,
    "tag": _codes,
    "notag": _codes,
    "birthday": _birthday,
    "joined": _joined,
    "status": _among(("active", "blocked")),
    "consent": _among(("sms", "email", "wechat", "app", "phone", "post")),
    "lang": _codes,
}
_PARTS = {name: (f"{name}_min", f"{name}_max") for name in ("last", "spend", "points")} | {
    "joined": ("joined_from", "joined_to")
}
_JOINTS = {"last": "-", "spend": "-", "points": "-", "joined": ".."}
# What only the form sends; an address that holds one is rewritten.
FORM_ONLY = frozenset({part for parts in _PARTS.values() for part in parts} | {"joined_days", "apply"})

"""What the filter form offers: every condition the role may ask, filled with what is asked for already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.surfaces.console.directory.filters import (
    NEVER,
    NO_LANGUAGE,
    THIS_MONTH,
    THIS_WEEK,
    Dates,
    Days,
    Filter,
    Span,
)
from laoke.surfaces.console.directory.page import Asked
from laoke.surfaces.console.directory.vocabulary import SCOPES, tags
from laoke.surfaces.console.directory.words import LABELS, language_name
from laoke.surfaces.console.labels import CHANNELS, CLASSES_RFM, CLASSES_VALUE, STATUSES
from laoke.surfaces.console.templatetags.figures import named

_LANGUAGES = ("zh-hans", "en", NO_LANGUAGE)
_FEW = 12  # more choices than this are a list to scroll


@dataclass(frozen=True, slots=True)
class Choice:
    """One value to tick."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Ticks:
    """A condition of which any of several values is enough; `long`: to be scrolled."""

    name: str
    label: Any
    choices: tuple[Choice, ...]
    long: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """A condition from one number to another, both texts as they go into their fields, `least` and `most` what to
    call these. `never`: whether "never bought" is offered (None: no) and chosen."""

    name: str
    label: Any
    unit: str
    least: str
    most: str
    low: str
    high: str
    never: bool | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """The form."""

    ticks: tuple[Ticks, ...]
    ranges: tuple[Range, ...]
    birthday: tuple[Choice, ...]
    joined_days: str
    joined_from: str
    joined_to: str


def choices(question: Asked, caller: Caller) -> Choices:
    """The form for these conditions."""
    wanted, words = question.wanted, question.words
    known_tags = tags()
    languages = tuple(dict.fromkeys((*_LANGUAGES, *wanted.lang)))
    offered = {
        "tier": [(tier.code, named(tier.name)) for tier in words.tiers],
        "rfm": [(code, str(label)) for code, (label, _hint) in CLASSES_RFM.items()],
        "value": [(code, str(label)) for code, (label, _hint) in CLASSES_VALUE.items()],
        "r": _scores(),
        "f": _scores(),
        "m": _scores(),
        "tag": _words(known_tags, wanted.tag),
        "notag": _words(known_tags, wanted.notag),
        "store": [(code, named(store.name)) for code, store in words.stores.items()],
        "region": [(code, named(region.name)) for code, region in words.regions.items()],
        "status": [(code, str(STATUSES[code])) for code in ("active", "blocked")],
        "consent": [(code, str(label)) for code, (label, _icon) in CHANNELS.items()],
        "lang": [(code, language_name(code)) for code in languages],
    }
    ticks = tuple(
        Ticks(
            name,
            LABELS[name],
            tuple(Choice(value, label, _chosen(wanted, name, value)) for value, label in values),
            len(values) > _FEW,
        )
        for name, values in offered.items()
        if values and SCOPES.get(name, Scope.MEMBERS_READ) in caller.scopes
    )
    ranges = tuple(
        Range(name, LABELS[name], unit, *words, *_ends(getattr(wanted, name)), never)
        for name, unit, words, never in (
            ("last", _("days ago"), (_("At least"), _("At most")), wanted.last == NEVER),
            ("spend", _unit(), (_("Lowest"), _("Highest")), None),
            ("points", _("points"), (_("Lowest"), _("Highest")), None),
        )
        if SCOPES[name] in caller.scopes
    )
    joined = wanted.joined
    return Choices(
        ticks,
        ranges,
        _birthdays(wanted.birthday),
        str(joined.count) if isinstance(joined, Days) else "",
        str(joined.first or "") if isinstance(joined, Dates) else "",
        str(joined.last or "") if isinstance(joined, Dates) else "",
    )


def _unit() -> str:
    return _("yuan") if settings.LAOKE.currency == "CNY" else settings.LAOKE.currency


def _scores() -> list[tuple[str, str]]:
    return [(str(score), str(score)) for score in range(5, 0, -1)]


def _words(known: Iterable[str], chosen: tuple[str, ...]) -> list[tuple[str, str]]:
    """Words there are, and those asked for that are on nobody any more."""
    return [(word, word) for word in dict.fromkeys((*chosen, *known))]


def _chosen(wanted: Filter, name: str, value: str) -> bool:
    return value in {str(each) for each in getattr(wanted, name)}


def _ends(span: Span | str | None) -> tuple[str, str]:
    if not isinstance(span, Span):
        return "", ""
    low, high = ("" if end is None else str(end) for end in (span.low, span.high))
    return low, high


def _birthdays(chosen: str) -> tuple[Choice, ...]:
    offered = [
        ("", _("Any")),
        (THIS_WEEK, _("within seven days")),
        (THIS_MONTH, _("this month")),
        *((str(month), str(name)) for month, name in MONTHS.items()),
    ]
    return tuple(Choice(value, label, value == chosen) for value, label in offered)

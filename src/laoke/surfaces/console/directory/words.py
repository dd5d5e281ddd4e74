"""A filter in words: a chip for each condition, and all of them as the beginning of a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.utils.translation import pgettext as _in

from laoke.kernel.money import minor_digits
from laoke.surfaces.console.directory.filters import (
    NEVER,
    NO_LANGUAGE,
    THIS_MONTH,
    THIS_WEEK,
    Days,
    Filter,
    Misread,
    Span,
)
from laoke.surfaces.console.directory.vocabulary import Vocabulary
from laoke.surfaces.console.labels import CHANNELS, CLASSES_RFM, CLASSES_VALUE, STATUSES
from laoke.surfaces.console.templatetags.figures import money, named, number

LABELS: dict[str, Any] = {
    "q": gettext_lazy("Search"),
    "tier": gettext_lazy("Tier"),
    "rfm": gettext_lazy("RFM class"),
    "value": gettext_lazy("Value class"),
    "r": gettext_lazy("Recency score"),
    "f": gettext_lazy("Frequency score"),
    "m": gettext_lazy("Amount score"),
    "last": gettext_lazy("Last purchase"),
    "spend": gettext_lazy("Spend in a year"),
    "points": gettext_lazy("Points"),
    "store": gettext_lazy("Home store"),
    "region": gettext_lazy("Region"),
    "tag": gettext_lazy("Tag"),
    "notag": gettext_lazy("Without tag"),
    "birthday": gettext_lazy("Birthday"),
    "joined": gettext_lazy("Registered"),
    "status": gettext_lazy("Status"),
    "consent": gettext_lazy("Agrees to marketing by"),
    "lang": gettext_lazy("Language"),
}
WHYS: dict[str, Any] = {
    "form": gettext_lazy("cannot be read, so it is not applied"),
    "unknown": gettext_lazy("is not in this shop, so it is not applied"),
    "scope": gettext_lazy("your role may not see this, so it is not applied"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition: what it is about, its value, and why it is not applied where it is not."""

    name: str
    label: str
    value: str
    why: str = ""


def chips(wanted: Filter, misread: Sequence[Misread], words: Vocabulary) -> tuple[Chip, ...]:
    """A chip for each condition but the search text, those that are not applied last."""
    good = [
        Chip(name, str(LABELS[name]), value_of(wanted, name, words)) for name in wanted.given() if name != "q"
    ]
    bad = [Chip(each.name, str(LABELS[each.name]), each.raw, str(WHYS[each.why])) for each in misread]
    return (*good, *bad)


def value_of(wanted: Filter, name: str, words: Vocabulary) -> str:
    """The value of one condition, without what it is about."""
    return _VALUES[name](getattr(wanted, name), words)


def sentence(wanted: Filter, words: Vocabulary) -> str:
    """All conditions in a row: "Gold or Diamond, last bought 30–90 days ago"; "" for none."""
    return _in("list", ", ").join(_phrase(wanted, name, words) for name in wanted.given())


def either(values: Iterable[str]) -> str:
    """Words joined by or."""
    known = list(values)
    if len(known) < 2:
        return "".join(known)
    return _("%(some)s or %(last)s") % {"some": _in("list", ", ").join(known[:-1]), "last": known[-1]}


def _phrase(wanted: Filter, name: str, words: Vocabulary) -> str:
    value = value_of(wanted, name, words)
    if name in ("tier", "rfm", "value", "status"):
        return value
    if name == "last":
        return _last_phrase(wanted.last)
    if name == "joined":
        return value
    if name == "birthday":
        return _("birthday %(when)s") % {"when": value}
    return str(_PHRASES[name]) % {"value": value}


_PHRASES: dict[str, Any] = {
    "q": gettext_lazy("found by “%(value)s”"),
    "r": gettext_lazy("recency score %(value)s"),
    "f": gettext_lazy("frequency score %(value)s"),
    "m": gettext_lazy("amount score %(value)s"),
    "spend": gettext_lazy("spent %(value)s in a year"),
    "points": gettext_lazy("with %(value)s points"),
    "store": gettext_lazy("at home in %(value)s"),
    "region": gettext_lazy("at home in the region %(value)s"),
    "tag": gettext_lazy("with the tag %(value)s"),
    "notag": gettext_lazy("without the tag %(value)s"),
    "consent": gettext_lazy("agreeing to marketing by %(value)s"),
    "lang": gettext_lazy("speaking %(value)s"),
}


def _last_phrase(wanted: Span | str) -> str:
    if not isinstance(wanted, Span):
        return _("never bought")
    if not wanted.low:
        return ngettext("bought within %(n)s day", "bought within %(n)s days", wanted.high or 0) % {
            "n": number(wanted.high)
        }
    if wanted.high is None:
        return ngettext(
            "not bought for %(n)s day or more", "not bought for %(n)s days or more", wanted.low
        ) % {"n": number(wanted.low)}
    return _("last bought %(range)s days ago") % {"range": _range(wanted, number)}


def _last(wanted: Any, words: Vocabulary) -> str:
    if wanted == NEVER:
        return _in("last purchase", "never")
    if not wanted.low:
        return ngettext("within %(n)s day", "within %(n)s days", wanted.high or 0) % {
            "n": number(wanted.high)
        }
    if wanted.high is None:
        return ngettext("%(n)s day ago or longer", "%(n)s days ago or longer", wanted.low) % {
            "n": number(wanted.low)
        }
    return _("%(range)s days ago") % {"range": _range(wanted, number)}


def _range(span: Span, write: Callable[[int | None], str]) -> str:
    if span.low is None:
        return f"≤ {write(span.high)}"
    if span.high is None:
        return f"≥ {write(span.low)}"
    return write(span.low) if span.low == span.high else f"{write(span.low)}–{write(span.high)}"


def _units(value: int | None) -> str:
    unit = 10 ** minor_digits(settings.LAOKE.currency)
    whole: str = money(None if value is None else value * unit)
    return whole.split(".")[0]


def _joined(wanted: Any, words: Vocabulary) -> str:
    if isinstance(wanted, Days):
        return ngettext("registered within %(n)s day", "registered within %(n)s days", wanted.count) % {
            "n": number(wanted.count)
        }
    if wanted.first is None:
        return _("registered until %(day)s") % {"day": wanted.last}
    if wanted.last is None:
        return _("registered since %(day)s") % {"day": wanted.first}
    return _("registered %(first)s – %(last)s") % {"first": wanted.first, "last": wanted.last}


def _birthday(wanted: Any, words: Vocabulary) -> str:
    if wanted == THIS_MONTH:
        return _("this month")
    if wanted == THIS_WEEK:
        return _("within seven days")
    return _("in %(month)s") % {"month": MONTHS[int(wanted)]}


def language_name(code: str) -> str:
    """A language in its own words."""
    if code == NO_LANGUAGE:
        return _("no language given")
    info: dict[str, str] = LANG_INFO.get(code, {})
    return info.get("name_local", code)


_VALUES: dict[str, Callable[[Any, Vocabulary], str]] = {
    "q": lambda text, words: str(text),
    # From the lowest rung up, however the address has them.
    "tier": lambda codes, words: either(named(each.name) for each in words.tiers if each.code in codes),
    "rfm": lambda codes, words: either(str(CLASSES_RFM[code][0]) for code in codes),
    "value": lambda codes, words: either(str(CLASSES_VALUE[code][0]) for code in codes),
    "r": lambda scores, words: either(map(str, scores)),
    "f": lambda scores, words: either(map(str, scores)),
    "m": lambda scores, words: either(map(str, scores)),
    "last": _last,
    "spend": lambda span, words: _range(span, _units),
    "points": lambda span, words: _range(span, number),
    "store": lambda codes, words: either(named(words.stores[code].name) for code in codes),
    "region": lambda codes, words: either(named(words.regions[code].name) for code in codes),
    "tag": lambda tags, words: either(tags),
    "notag": lambda tags, words: either(tags),
    "birthday": _birthday,
    "joined": _joined,
    "status": lambda codes, words: either(str(STATUSES[code]) for code in codes),
    "consent": lambda codes, words: either(str(CHANNELS[code][0]) for code in codes),
    "lang": lambda codes, words: either(language_name(code) for code in codes),
}

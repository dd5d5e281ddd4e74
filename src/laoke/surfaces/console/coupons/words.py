"""Coupon templates in words: what is wrong with one, and what differs between two."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.utils.translation import pgettext_lazy as _in

from laoke.promotions.differences import difference
from laoke.surfaces.console.offers.words import Changed
from laoke.surfaces.console.templatetags.figures import clock

KINDS: Mapping[str, Any] = {
    "single_use": _l("Each coupon once"),
    "shared": _l("One code for many"),
    "announced": _l("Announced code"),
}
STARTS: Mapping[str, Any] = {
    "at_once": _in("a coupon begins", "At once"),
    "next_day": _in("a coupon begins", "The next day"),
}
ON_RETURN: Mapping[str, Any] = {
    "give_back": _l("Comes back with the last piece"),
    "keep_used": _l("Stays used"),
}
# Every value of a document by its place, as the form calls it.
PLACES: Mapping[str, Any] = {
    "name.zh": _l("Chinese name"),
    "name.en": _l("English name"),
    "terms.zh": _l("Terms in Chinese"),
    "terms.en": _l("Terms in English"),
    "kind": _l("Kind"),
    "announced": _l("Announced code"),
    "valid.from": _l("First day"),
    "valid.until": _l("Last day"),
    "valid.days": _l("Days from issue"),
    "valid.hours": _l("Hours from issue"),
    "valid.starts": _in("a coupon", "Begins"),
    "transferable": _l("May be given to another member"),
    "limits.per_member": _l("Per member"),
    "limits.in_total": _l("In total"),
    "on_return": _l("When goods come back"),
    "grace_days": _l("More days after its time"),
    "code.text": _l("The code"),
    "code.prefix": _l("Codes begin with"),
    "code.length": _l("Random characters"),
    "closed": _l("No more are issued"),
}
_CHOICES: Mapping[str, Mapping[str, Any]] = {"kind": KINDS, "valid.starts": STARTS, "on_return": ON_RETURN}
_FAULTS: tuple[tuple[str, Any], ...] = (
    (r"is missing", _l("This is missing.")),
    (r"is the code of a coupon that was issued already", _l("A coupon with this code was issued already.")),
    (
        r"is a code of the offer (?P<key>.*) already",
        _l("The offer %(key)s has this code; it would go first."),
    ),
    (r"is the code of (?P<key>.*) already", _l("The template %(key)s has this code.")),
    (r"prefix takes the characters (?P<key>.*)", _l("Takes only these characters: %(key)s")),
    (r"text takes at least three printable characters", _l("Takes at least three letters or digits.")),
    (r"valid\.until lies before valid\.from", _l("The last day lies before the first.")),
)
_PATTERNS: tuple[tuple[Callable[[str], re.Match[str] | None], Any], ...] = tuple(
    (re.compile(pattern, re.DOTALL).fullmatch, words) for pattern, words in _FAULTS
)


def said(fault: str) -> str:
    """A fault of a document in the language of the page; what is not known here as it is said."""
    for matches, words in _PATTERNS:
        if (found := matches(fault)) is not None:
            return str(words) % found.groupdict()
    return fault


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Changed, ...]:
    """What differs between two documents of a template."""
    return tuple(
        Changed(
            str(PLACES.get(each.place, each.place)),
            "",
            _text(each.place, each.before),
            _text(each.place, each.after),
        )
        for each in difference(before, after)
    )


def _text(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if place in _CHOICES:
        return str(_CHOICES[place].get(value, value))
    if place in ("valid.from", "valid.until") and len(str(value)) > len("2026-11-22"):
        return clock(datetime.fromisoformat(str(value)))
    return str(value)

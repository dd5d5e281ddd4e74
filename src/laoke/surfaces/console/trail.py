"""The details of the audit trail in words of the reader: what a value is called, and how it is written.

A value whose name is unknown keeps its code; a test holds the names against the source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from laoke.engine.tiering import Fall, Upgrade
from laoke.foundation.access import ROLE_LABELS, SCOPE_LABELS, Caller
from laoke.foundation.audit.selectors import Entry
from laoke.insight.metrics.catalogue import BY_CODE
from laoke.surfaces.console.actions import (
    ACTIONS,
    BOXES,
    CODES,
    FIELDS,
    MEANS,
    MONTH_ACTS,
    OBJECTS,
    PLACES,
)
from laoke.surfaces.console.directory.columns import BY_NAME
from laoke.surfaces.console.directory.saved import parsed
from laoke.surfaces.console.directory.vocabulary import Vocabulary, vocabulary
from laoke.surfaces.console.directory.words import language_name, sentence
from laoke.surfaces.console.labels import STATUSES
from laoke.surfaces.console.selectors.imports import KINDS
from laoke.surfaces.console.selectors.jobs import CHECKS, NAMES
from laoke.surfaces.console.selectors.ladder import Alternatives, Need
from laoke.surfaces.console.selectors.member.words import FIELDS as MEMBER_FIELDS
from laoke.surfaces.console.selectors.movements import KINDS as MOVEMENTS
from laoke.surfaces.console.selectors.stores import places
from laoke.surfaces.console.selectors.tier_movement import lack_words
from laoke.surfaces.console.templatetags.figures import (
    clock,
    money,
    named,
    needs_sentence,
    number,
    percent_whole,
    signed,
)
from laoke.surfaces.console.templatetags.metrics import worth_signed
from laoke.surfaces.console.templatetags.work import size
from laoke.surfaces.console.topics import topic_words
from laoke.tiers import ladder as ladders
from laoke.tiers import words as tier_words
from laoke.tiers.lasting import HOW

NOTHING = "–"
_LONGEST = 300
_MARKED = re.compile(r"(\w+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after; None where there is none. `known` says whether the label is words or a code."""

    label: str
    known: bool
    before: str | None
    after: str | None


class Reader:
    """Writes details for one reader. Names of stores and words of filters are looked up once, when one needs them."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def changes(self, entry: Entry) -> Iterator[Change]:
        """Each value that is another one afterwards; with nothing before, each value there is."""
        old, new = (dict(_flat(value)) for value in (entry.before, entry.after))
        for path in dict.fromkeys((*old, *new)):
            if old.get(path, _NOTHING) != new.get(path, _NOTHING):
                label = label_of(path)
                yield Change(
                    label or path,
                    bool(label),
                    self._written(entry, path, old[path]) if path in old else None,
                    self._written(entry, path, new[path]) if path in new else None,
                )

    def _written(self, entry: Entry, path: str, value: Any) -> str:
        name = path.rpartition(".")[2]
        text = self._text(entry, name, path, value) or NOTHING
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    def _text(self, entry: Entry, name: str, path: str, value: Any) -> str:
        if name in ("store_ids", "region_ids"):
            return _("no limit") if value is None else self._place_names(name, value)
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if name == "needs":
            return _needs(value)
        if name == "validity" and isinstance(value, dict):
            found = tier_words.validity(ladders.validity(value), settings.LAOKE.currency)
            return "; ".join(named(said) for said in found)
        if name == "filter":
            return sentence(parsed(str(value))[0], self._vocabulary) or _("all members")
        if name == "topics" and not value:
            return _("Every event")
        written = (
            _WRITERS.get((entry.object_kind, name)) or _WRITERS.get(("", path)) or _WRITERS.get(("", name))
        )
        if written is not None:
            return _listed(value, lambda each: written(entry, each))
        if name.endswith("_minor") and isinstance(value, int):
            return money(value)
        return _listed(value, _plain)

    def _place_names(self, name: str, ids: list[int]) -> str:
        kind = name.removesuffix("_ids")
        return _(", ").join(self._places.get(f"{kind}:{each}", f"#{each}") for each in ids)

    @cached_property
    def _places(self) -> Mapping[str, str]:
        return {place.key: named(place.name) for place in places(self._caller)}

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return vocabulary(self._caller, places=True)


def label_of(path: str) -> str:
    """What a value is called: "Tier 2 › Name"; empty when a part of its path has no words."""
    if path in FIELDS:
        return str(FIELDS[path])
    parts = []
    for part in path.split("."):
        marked = _MARKED.fullmatch(part)
        words = BOXES.get(marked[1]) if marked else BOXES.get(part) or FIELDS.get(part)
        if words is None:
            return ""
        parts.append(str(words) % {"n": int(marked[2]) + 1} if marked else str(words))
    return " › ".join(parts)


def object_of(kind: str, name: str) -> str:
    """What an object is called: a number, a code or a name as it stands, and words where it stands for something."""
    if name == "many":
        return _("several")
    if kind == "target" and name in BY_CODE:
        return named(BY_CODE[name].name)
    if kind == "job":
        return str(NAMES.get(name, name))
    if kind == "programme":
        return _("version %(n)s") % {"n": name}
    return str(PLACES.get((kind, name), name))


_NOTHING = object()


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a document with their places: tiers[1].name_zh. Criteria of a tier stay together."""
    if isinstance(value, dict) and not _whole(path):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif (
        isinstance(value, list) and any(isinstance(each, dict | list) for each in value) and not _whole(path)
    ):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    elif value is not None or path:
        yield path, value


def _whole(path: str) -> bool:
    return path.endswith((".needs", ".validity"))


def _needs(value: Any) -> str:
    return needs_sentence(
        [
            Alternatives(tuple(tuple(map(_criterion, way.get("all", [way]))) for way in need["any"]))
            if "any" in need
            else _criterion(need)
            for need in value
        ]
    )


def _criterion(need: Mapping[str, Any]) -> Need:
    return Need(
        need.get("metric") == "spend",
        need.get("at_least", 0),
        need.get("months", 0),
        need.get("days", 0),
        need.get("window", ""),
        need.get("metric", ""),
        need.get("kind", ""),
    )


def _listed(value: Any, write: Callable[[Any], str]) -> str:
    return _(", ").join(write(each) for each in value) if isinstance(value, list) else write(value)


def _plain(value: Any) -> str:
    return number(value) if isinstance(value, int) else str(value)


def _by(table: Mapping[str, Any], pick: int | None = None) -> Callable[[Entry, Any], str]:
    """Words out of a table; what is not in it as it stands."""

    def write(entry: Entry, value: Any) -> str:
        found = table.get(str(value), value)
        return str(found[pick] if pick is not None and isinstance(found, tuple) else found)

    return write


def _target(entry: Entry, value: Any) -> str:
    metric = BY_CODE.get(entry.object_id)
    return worth_signed(Fraction(value), metric) if metric and isinstance(value, int) else str(value)


def _means(entry: Entry, value: Any) -> str:
    """ "password, code": one after the other."""
    return " + ".join(str(MEANS.get(each, each)) for each in str(value).split(", "))


def _instant(entry: Entry, value: Any) -> str:
    try:
        return clock(datetime.fromisoformat(str(value)).astimezone(settings.LAOKE.zone))
    except ValueError:
        return str(value)


# By the kind of object and the name of the value, or by its whole path, or by its name alone.
_WRITERS: dict[tuple[str, str], Callable[[Entry, Any], str]] = {
    ("", "role"): _by({role.value: label for role, label in ROLE_LABELS.items()}),
    ("", "scopes"): _by({scope.value: label for scope, label in SCOPE_LABELS.items()}),
    ("", "topics"): lambda entry, value: topic_words(str(value)),
    ("", "field"): _by(MEMBER_FIELDS),
    ("", "fields"): _by(MEMBER_FIELDS),
    ("", "status"): _by(STATUSES),
    ("", "columns"): lambda entry, value: str(BY_NAME[value].label) if value in BY_NAME else str(value),
    ("", "broken"): _by(CHECKS),
    ("", "by"): _means,
    ("", "made_at"): _instant,
    ("", "bytes"): lambda entry, value: size(int(value)),
    ("", "tolerance_bp"): lambda entry, value: (
        percent_whole(value / 10_000) if value % 100 == 0 else f"{value / 100}%"
    ),
    ("", "spend.max_percent"): lambda entry, value: f"{value}%",
    ("", "review"): _by(CODES),
    ("", "downgrade"): _by(CODES),
    ("", "how"): lambda entry, value: named(HOW[value]),
    ("", "upgrade"): lambda entry, value: named(tier_words.RISES[Upgrade(value)]),
    ("", "fall"): lambda entry, value: named(tier_words.FALLS[Fall(value)]),
    ("", "earn.basis"): _by(CODES),
    ("", "earn.rounding"): _by(CODES),
    ("", "shortfall"): _by(CODES),
    ("", "expires"): _by(CODES),
    ("", "order_of_use"): _by(CODES),
    ("", "transfers"): _by(CODES),
    ("", "household"): _by(CODES),
    ("", "language"): lambda entry, value: language_name(str(value)),
    ("", "codes"): lambda entry, value: str(value),
    ("", "gone_id"): lambda entry, value: str(value),
    ("", "merge_id"): lambda entry, value: str(value),
    ("", "merged_ids"): lambda entry, value: str(value),
    ("", "ids"): lambda entry, value: str(value),
    ("", "job"): lambda entry, value: str(value),
    ("", "delivery"): lambda entry, value: str(value),
    ("month", "act"): _by(MONTH_ACTS),
    ("target", "baseline"): _target,
    ("target", "target"): _target,
    ("member", "kind"): _by(MEMBER_FIELDS),
    ("member", "points"): lambda entry, value: signed(int(value)),
    ("member", "members"): lambda entry, value: str(value),
    ("import", "kind"): _by(KINDS, 0),
    ("mapping", "kind"): _by(KINDS, 0),
    ("export", "kind"): lambda entry, value: str(value).upper(),
    ("movements", "kind"): _by(MOVEMENTS),
    ("tiers", "lack"): lambda entry, value: dict(lack_words()).get(str(value), str(value)),
    ("audit", "kind"): _by(OBJECTS),
    ("audit", "action"): _by(ACTIONS),
}

"""What the fields of an offer offer to choose from: the shop's own categories, tiers, stores, tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy as _in

from laoke.checkout import naming
from laoke.checkout.programme import Programme
from laoke.foundation.sql import hot_cursor, load
from laoke.promotions.soundness.references import KINDS
from laoke.promotions.vocabulary import VOCABULARY
from laoke.surfaces.console.labels import CLASSES_RFM, CLASSES_VALUE, GENDERS
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.offers.form import Shop
from laoke.surfaces.console.templatetags.figures import named

# More of a kind than this are typed, with a hint, instead of ticked.
MOST = 300
WEEKDAYS: Mapping[str, Any] = {
    "mon": _in("day of the week", "Monday"),
    "tue": _in("day of the week", "Tuesday"),
    "wed": _in("day of the week", "Wednesday"),
    "thu": _in("day of the week", "Thursday"),
    "fri": _in("day of the week", "Friday"),
    "sat": _in("day of the week", "Saturday"),
    "sun": _in("day of the week", "Sunday"),
}
_FIXED: Mapping[str, Mapping[str, Any]] = {
    "member.class": {code: label for code, (label, _hint) in CLASSES_RFM.items()},
    "member.value_class": {code: label for code, (label, _hint) in CLASSES_VALUE.items()},
    "member.gender": GENDERS,
    "moment.weekday": WEEKDAYS,
}
Labelled = Sequence[tuple[str, Any]]


def shop(rules: Programme) -> Shop:
    """What there is to choose from, by one statement."""
    with hot_cursor() as cursor:
        row = cursor.execute(load("laoke.surfaces.console", "offer_choices"), {"most": MOST + 1}).fetchone()
    assert row is not None
    there: dict[str, list[list[str]]] = orjson.loads(row[0])
    stores, regions, channels = (_named(there[kind]) for kind in ("stores", "regions", "channels"))
    known: dict[str, Labelled] = {
        "product.category": _named(there["categories"]),
        "product.brand": _plain(there["brands"]),
        "product.tag": _plain(there["tags"]),
        "product.personal_list": (("usual", _("what the member usually buys")),),
        "store.code": stores,
        "store.region": regions,
        "store.city": _plain(there["cities"]),
        "member.store": stores,
        "member.region": regions,
        "member.channel": channels,
        "member.tag": _plain(there["member_tags"]),
        "basket.channel": channels,
        "member.tier": tuple(
            (tier.code, named(Named(tier.name_zh, tier.name_en))) for tier in rules.ladder.tiers
        ),
        **{name: tuple(words.items()) for name, words in _FIXED.items()},
    }

    def of(name: str) -> Labelled:
        found = known.get(name, ())
        if not found and name in VOCABULARY:
            found = tuple((each, each) for each in VOCABULARY[name].choices)
        return found if len(found) <= MOST else ()

    templates = tuple(
        (key, named(Named(document.name.zh, document.name.en)))
        for key, document in rules.coupons.documents.items()
    )
    return Shop(of, channels, templates)


def names_in(document: Mapping[str, Any], rules: Programme) -> Shop:
    """The names of what a document speaks of, to read it aloud: no statement, once a process has told a sentence."""
    names = naming.telling(rules).names
    codes = sorted(_texts(document))

    def called(kind: str | None) -> Labelled:
        found = [(code, names(kind, code)) for code in codes] if kind else []
        return tuple((code, named(said)) for code, said in found if said is not None)

    def of(name: str) -> Labelled:
        if name in _FIXED:
            return tuple(_FIXED[name].items())
        return called(KINDS.get(name))

    return Shop(of, called("channel"), called("template"))


def _texts(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {text for each in value.values() for text in _texts(each)}
    if isinstance(value, list | tuple):
        return {text for each in value for text in _texts(each)}
    return {str(value)} if isinstance(value, str | int) else set()


def _named(rows: Sequence[Sequence[str]]) -> Labelled:
    chinese = (get_language() or "").startswith("zh")
    return tuple((code, name if chinese else name_en or name) for code, name, name_en in rows)


def _plain(rows: Sequence[Sequence[str]]) -> Labelled:
    return tuple((row[0], row[0]) for row in rows)

"""The store or region a person looks at: chosen in the top bar, kept in the session, never wider than the account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from laoke.foundation.access import Caller
from laoke.surfaces.console.errors import UnknownPlace
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors.stores import Place

_KEY = "place"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The store, or the region with its stores, that pages are narrowed to."""

    key: str  # "store:5", "region:2"
    name: Named
    stores: frozenset[int]


def chosen(request: HttpRequest) -> Chosen | None:
    """What is chosen; None: everything the account may see."""
    kept: dict[str, Any] | None = request.session.get(_KEY)
    if not kept:
        return None
    return Chosen(kept["key"], Named(kept["zh"], kept["en"]), frozenset(kept["stores"]))


def narrowed(caller: Caller, request: HttpRequest) -> Caller:
    """The caller as far as the chosen store or region. A choice the account has lost since then counts no more."""
    place = chosen(request)
    if place is None:
        return caller
    stores = place.stores if caller.stores is None else place.stores & caller.stores
    if not stores:
        request.session.pop(_KEY, None)
        return caller
    return replace(caller, stores=stores)


def choose(request: HttpRequest, places: Iterable[Place], key: str) -> None:
    """Look at one of these places from now on; at everything when `key` is empty.

    Raises:
        UnknownPlace.
    """
    if not key:
        request.session.pop(_KEY, None)
        return
    place = next((place for place in places if place.key == key), None)
    if place is None:
        raise UnknownPlace
    request.session[_KEY] = {
        "key": place.key,
        "zh": place.name.zh,
        "en": place.name.en,
        "stores": sorted(place.stores),
    }

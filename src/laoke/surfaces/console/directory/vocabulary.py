"""What the shop has that a filter can name: tiers, stores, regions, and the words on members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.directory.filters import Filter, Misread
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import limit_of

_PACKAGE = "laoke.surfaces.console"
MOST_TAGS = 200
# What a role must hold to narrow by a condition, or to see a column of the same name.
SCOPES: Mapping[str, Scope] = {
    "tier": Scope.TIERS_READ,
    "points": Scope.POINTS_READ,
    "last": Scope.ORDERS_READ,
    "spend": Scope.ORDERS_READ,
    "rfm": Scope.INSIGHT_READ,
    "value": Scope.INSIGHT_READ,
    "r": Scope.INSIGHT_READ,
    "f": Scope.INSIGHT_READ,
    "m": Scope.INSIGHT_READ,
}


@dataclass(frozen=True, slots=True)
class TierWord:
    """A rung of the ladder."""

    code: str
    name: Named
    face: str


@dataclass(frozen=True, slots=True)
class StoreWord:
    """A store the caller may see."""

    id: int
    name: Named


@dataclass(frozen=True, slots=True)
class RegionWord:
    """A region with those of its stores that the caller may see."""

    name: Named
    store_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """By code: the ladder from its lowest rung up, stores and regions. The latter are empty when nobody asked."""

    tiers: tuple[TierWord, ...]
    stores: Mapping[str, StoreWord]
    regions: Mapping[str, RegionWord]

    def tier(self, code: str) -> TierWord:
        """The rung of a code; a code the ladder no longer has stands on the lowest."""
        return next((tier for tier in self.tiers if tier.code == code), self.tiers[0])


def vocabulary(caller: Caller, *, places: bool) -> Vocabulary:
    """The words there are; `places` says whether stores and regions are needed."""
    rungs = programme.current().ladder.tiers
    tiers = tuple(
        TierWord(tier.code, tier_name(tier), face(rank, len(rungs))) for rank, tier in enumerate(rungs)
    )
    stores: dict[str, StoreWord] = {}
    regions: dict[str, RegionWord] = {}
    if places:
        with hot_cursor() as cursor:
            cursor.execute(load(_PACKAGE, "directory_stores"), {"stores": limit_of(caller)})
            rows = cursor.fetchall()
        for store_id, code, name, name_en, region, region_name, region_en in rows:
            stores[code] = StoreWord(store_id, Named(name, name_en or name))
            if region is not None:
                known = regions.get(region)
                before = known.store_ids if known else ()
                regions[region] = RegionWord(
                    Named(region_name, region_en or region_name), (*before, store_id)
                )
    return Vocabulary(tiers, stores, regions)


def tags() -> tuple[str, ...]:
    """The words that are on members, the first MOST_TAGS of them."""
    with hot_cursor() as cursor:
        cursor.execute(load(_PACKAGE, "directory_tags"), {"limit": MOST_TAGS})
        return tuple(row[0] for row in cursor)


def scopes_of(wanted: Filter) -> frozenset[Scope]:
    """What a role must hold to ask this."""
    return frozenset(SCOPES[name] for name in wanted.given() if name in SCOPES)


def held_against(wanted: Filter, words: Vocabulary, caller: Caller) -> tuple[Filter, tuple[Misread, ...]]:
    """The filter less what the role may not ask and less codes the shop does not have, and what these were."""
    dropped: list[Misread] = []
    for name in wanted.given():
        scope = SCOPES.get(name)
        if scope is not None and scope not in caller.scopes:
            dropped.append(Misread(name, "", "scope"))
            wanted = wanted.without(name)
    known = {
        "tier": {tier.code for tier in words.tiers},
        "store": set(words.stores),
        "region": set(words.regions),
    }
    for name, codes in known.items():
        asked: tuple[str, ...] = getattr(wanted, name)
        unknown = [code for code in asked if code not in codes]
        if unknown:
            dropped.append(Misread(name, ", ".join(unknown), "unknown"))
            rest: Any = {name: tuple(code for code in asked if code in codes)}
            wanted = replace(wanted, **rest)
    return wanted, tuple(dropped)

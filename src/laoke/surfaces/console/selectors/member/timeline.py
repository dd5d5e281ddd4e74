"""What happened around a member, in one line each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as _in

from laoke.checkout.programme import Programme
from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.surfaces.console.labels import HAPPENINGS, OTHER_MOVE
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors import happenings
from laoke.surfaces.console.selectors.member import words
from laoke.surfaces.console.selectors.member.state import State

MOST = 12
ALL = ""
# What can be looked at alone, with the scope that it takes.
KINDS: dict[str, tuple[Any, Scope]] = {
    "purchases": (_in("kind of event", "Purchases"), Scope.ORDERS_READ),
    "points": (_("Points"), Scope.POINTS_READ),
    "tier": (_("Tier"), Scope.TIERS_READ),
    "changes": (_("By staff"), Scope.MEMBERS_READ),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line. `shape` says which words stand in it: purchase, return, move, points or act.

    `points` is signed; of a purchase it is what was earned, `spent` what was redeemed with it. `goods` are up to four
    articles of a purchase, the dearest first, of `lines` in all.
    """

    at: datetime
    shape: str
    label: Any
    sign: str
    points: int | None = None
    spent: int = 0
    balance: int | None = None
    order_id: int | None = None
    order_no: str = ""
    store: Named | None = None
    amount_minor: int = 0
    lines: int = 0
    goods: tuple[Named, ...] = ()
    note: str = ""
    tier: Named | None = None
    face: str = ""
    actor: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The newest events of one kind, or of all. `kinds` are those that the role may look at."""

    member_id: int
    kind: str
    kinds: tuple[tuple[str, Any], ...]
    events: tuple[Event, ...]
    most: int


def timeline_of(caller: Caller, rules: Programme, state: State, kind: str = ALL) -> Timeline:
    """The newest events the caller may see; an unknown kind stands for all of them."""
    allowed = {name: label for name, (label, scope) in KINDS.items() if scope in caller.scopes}
    kind = kind if kind in allowed else ALL
    wanted = {name: name in allowed and kind in (ALL, name) for name in KINDS}
    values = {
        "member_id": state.id,
        "stores": None if state.stores is None else list(state.stores),
        "purchases": wanted["purchases"],
        "points": wanted["points"],
        "tiers": wanted["tier"],
        "changes": wanted["changes"],
        # A purchase tells of its points itself, where it is shown.
        "alone": not wanted["purchases"],
        "limit": MOST,
    }
    with hot_cursor() as cursor:
        rows = cursor.execute(load("laoke.surfaces.console", "member_timeline"), values).fetchall()
    events = tuple(_event(rules, *row) for row in rows)
    return Timeline(state.id, kind, tuple(allowed.items()), events, MOST)


def _event(
    rules: Programme,
    at: datetime,
    kind: str,
    points: int | None,
    balance: int | None,
    order_id: int | None,
    order_no: str | None,
    store: str | None,
    store_en: str | None,
    amount_minor: int | None,
    spent: int | None,
    goods: str | None,
    note: str,
    to_tier: str,
    actor: str,
    before: str | None,
    after: str | None,
) -> Event:
    if kind in ("purchase", "return"):
        lines, names, names_en = orjson.loads(goods) if goods else (0, [], [])
        return Event(
            at,
            kind,
            "",
            "buy" if kind == "purchase" else "gone",
            points=points,
            spent=spent or 0,
            order_id=order_id,
            order_no=order_no or "",
            store=Named(store or "", store_en or store or ""),
            amount_minor=amount_minor or 0,
            lines=lines,
            goods=tuple(Named(*pair) for pair in zip(names or (), names_en or (), strict=True)),
            note=note,
        )
    if to_tier:
        ladder = rules.ladder
        rank = ladder.rank(to_tier)
        label, sign = HAPPENINGS.get(kind, OTHER_MOVE)
        return Event(
            at,
            "move",
            label,
            sign,
            tier=tier_name(ladder.tiers[rank]),
            face=face(rank, len(ladder.tiers)),
        )
    if actor:
        label, _icon = words.act(kind)
        told = words.details(kind, orjson.loads(after) if after else None)
        return Event(at, "act", label, "hand", note=note, actor=actor, told=told)
    label, sign, note = happenings.told(kind, order_no, note)
    return Event(
        at,
        "points",
        label,
        sign,
        points=points,
        balance=balance,
        order_id=order_id,
        order_no=order_no or "",
        note=note,
    )

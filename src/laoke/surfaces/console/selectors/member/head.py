"""The head of every page about one member: who it is, the tabs, and what the account may do with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from laoke.checkout import programme
from laoke.foundation.access import Caller, Scope
from laoke.surfaces.console.labels import CLASSES_RFM, STATUSES
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.member.state import State


@dataclass(frozen=True, slots=True)
class May:
    """What the account may do with a member."""

    write: bool
    adjust: bool
    assign: bool
    tiers: bool
    reveal: bool
    merge: bool
    erase: bool
    orders: bool
    points: bool
    coupons: bool
    benefits: bool
    export: bool


@dataclass(frozen=True, slots=True)
class Head:
    """Who it is, masked. Numbers of things the role may not see are None."""

    id: int
    name: str
    initial: str
    status: str
    status_label: Any
    phone: str
    store: Named
    tier: Named | None
    face: str
    class_label: Any
    orders: int | None
    movements: int | None
    changes: int
    may: May


def may_of(caller: Caller) -> May:
    """What the caller's scopes allow."""
    scopes = caller.scopes
    return May(
        write=Scope.MEMBERS_WRITE in scopes,
        adjust=Scope.POINTS_ADJUST in scopes,
        assign=Scope.TIERS_ASSIGN in scopes,
        tiers=Scope.TIERS_READ in scopes,
        reveal=Scope.MEMBERS_REVEAL in scopes,
        merge=Scope.MEMBERS_MERGE in scopes,
        erase=Scope.MEMBERS_ERASE in scopes,
        orders=Scope.ORDERS_READ in scopes,
        points=Scope.POINTS_READ in scopes,
        coupons=Scope.COUPONS_READ in scopes,
        benefits=Scope.BENEFITS_READ in scopes,
        export=Scope.MEMBERS_REVEAL in scopes and caller.stores is None,
    )


def head_of(caller: Caller, state: State) -> Head:
    """The head, as far as the caller's role goes."""
    may = may_of(caller)
    ladder = programme.current().ladder
    rank = ladder.rank(state.tier or ladder.lowest.code)
    sees_tier = Scope.TIERS_READ in caller.scopes
    sees_class = Scope.INSIGHT_READ in caller.scopes and state.features is not None
    return Head(
        id=state.id,
        name=state.name,
        initial=state.name[:1].strip("*"),
        status=state.status,
        status_label=STATUSES[state.status],
        phone=state.primary("phone"),
        store=state.store,
        tier=tier_name(ladder.tiers[rank]) if sees_tier else None,
        face=face(rank, len(ladder.tiers)) if sees_tier else "plain",
        class_label=CLASSES_RFM[state.features["class_rfm"]][0] if sees_class else "",
        orders=state.orders if may.orders else None,
        movements=state.movements if may.points else None,
        changes=state.changes,
        may=may,
    )

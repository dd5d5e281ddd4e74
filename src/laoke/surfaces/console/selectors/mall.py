"""The points mall: what there is and what is left of it, orders to hand out, funds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import pgettext_lazy as _in

from laoke.benefits.library import publication
from laoke.benefits.library.publication import Item
from laoke.benefits.mall import selectors
from laoke.benefits.mall.selectors import Demand, ItemRow, OrderView
from laoke.checkout import programme
from laoke.engine.tiering import Ladder
from laoke.foundation.access import Caller, Scope
from laoke.members import selectors as members
from laoke.surfaces.console.naming import Named, face, tier_name
from laoke.surfaces.console.selectors.stores import places

DAYS = 30
PAGE = 50
# Fewer pieces than this, or less than a tenth of them, are few.
FEW = 5
KINDS: dict[str, Any] = {
    "goods": _in("in the points mall", "Goods"),
    "service": _in("in the points mall", "Service"),
    "coupon": _in("in the points mall", "Coupon"),
    "seat": _in("in the points mall", "Seat"),
    "charity": _in("in the points mall", "Donation"),
}
STATES: dict[str, tuple[Any, str]] = {
    "reserved": (_in("order for points", "To be made ready"), "sched"),
    "ready": (_in("order for points", "Ready to collect"), "run"),
    "collected": (_in("order for points", "Collected"), "end"),
    "done": (_in("order for points", "Done"), "end"),
    "cancelled": (_in("order for points", "Cancelled"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tier an item is kept for."""

    name: Named
    face: str


@dataclass(frozen=True, slots=True)
class ItemLine:
    """Something for points. `state`: "", "coming", "over", "none" (none left) or "few"."""

    key: str
    name: Named
    kind: Any
    points: int
    cash_minor: int
    stock: int | None
    left: int | None
    per_member: int | None
    tiers: tuple[Tag, ...]
    demand: Demand
    state: str


@dataclass(frozen=True, slots=True)
class Fund:
    """What a fund has against its goal, in minor units; `share` of it, None without one."""

    name: Named
    raised_minor: int
    goal_minor: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class MallPage:
    """What there is. `figures`: whether the account may see what the whole shop ordered."""

    items: tuple[ItemLine, ...]
    funds: tuple[Fund, ...]
    days: int
    points: int
    orders: int
    waiting: int
    figures: bool
    may_publish: bool


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order with the masked name of its member. What can be done with it now, as far as the account may."""

    row: OrderView
    item: Named
    member: str
    store: Named | None
    state: Any
    tone: str
    may_ready: bool
    may_collect: bool
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """Orders that wait to be made ready or collected, the newest first."""

    lines: tuple[OrderLine, ...]
    waiting: int
    after: str
    later: bool


def mall_page(caller: Caller, at: datetime) -> MallPage:
    """Everything there is for points. Raises MissingScope."""
    caller.require(Scope.BENEFITS_READ)
    figures = caller.stores is None
    rows = selectors.item_rows()
    demand = selectors.demand(at - timedelta(days=DAYS)) if figures else {}
    ladder = programme.current().ladder
    return MallPage(
        items=tuple(_item(row, demand.get(row.item.key, Demand(0, 0, 0, 0)), ladder, at) for row in rows),
        funds=tuple(_funds(rows)) if figures else (),
        days=DAYS,
        points=sum(each.points for each in demand.values()),
        orders=sum(each.orders for each in demand.values()),
        waiting=selectors.waiting(caller),
        figures=figures,
        may_publish=Scope.PROGRAMME_WRITE in caller.scopes,
    )


def orders_page(caller: Caller, after: str | None) -> OrdersPage:
    """A page of what waits at the stores of the caller.

    Raises:
        MissingScope, BadCursor
    """
    caller.require(Scope.BENEFITS_READ)
    found, more = selectors.to_hand_out(caller, after=after, limit=PAGE)
    items = publication.in_force().items
    stores = {place.key: place.name for place in places(caller)}
    names = members.masked_names({row.member_id for row in found})
    return OrdersPage(
        tuple(order_line(caller, row, items, stores, names.get(row.member_id, "")) for row in found),
        selectors.waiting(caller),
        more or "",
        after is not None,
    )


def one_order(caller: Caller, order_id: int) -> OrderLine:
    """One order of a store the caller sees.

    Raises:
        MissingScope, UnknownMallOrder, OutsideStores
    """
    caller.require(Scope.BENEFITS_READ)
    row = selectors.order(order_id)
    if row.store_id is not None:
        caller.require_store(row.store_id, "")
    stores = {place.key: place.name for place in places(caller)}
    name = members.masked_names([row.member_id]).get(row.member_id, "")
    return order_line(caller, row, publication.in_force().items, stores, name)


def order_line(
    caller: Caller,
    row: OrderView,
    items: Mapping[str, Item],
    stores: Mapping[str, Named],
    member: str = "",
) -> OrderLine:
    """An order as a line."""
    state, tone = STATES[row.state]
    acts = Scope.BENEFITS_USE in caller.scopes and (
        caller.stores is None or row.store_id is None or row.store_id in caller.stores
    )
    item = items.get(row.item)
    return OrderLine(
        row,
        Named(row.item, row.item) if item is None else Named(item.document.name.zh, item.document.name.en),
        member,
        stores.get(f"store:{row.store_id}"),
        state,
        tone,
        may_ready=acts and row.state == "reserved",
        may_collect=acts and row.state == "ready",
        may_cancel=acts and row.state not in ("collected", "cancelled") and row.kind != "charity",
    )


def _item(row: ItemRow, demand: Demand, ladder: Ladder, at: datetime) -> ItemLine:
    document, right = row.item.document, row.item.right
    state = ""
    if row.left is not None and document.stock is not None:
        state = "none" if row.left == 0 else "few" if row.left < max(FEW, document.stock // 10) else ""
    if right.starts is not None and at < right.starts:
        state = "coming"
    elif right.ends is not None and at >= right.ends:
        state = "over"
    return ItemLine(
        row.item.key,
        Named(document.name.zh, document.name.en),
        KINDS[document.kind.value],
        document.points,
        document.cash_minor,
        document.stock,
        row.left,
        document.per_member,
        tuple(
            Tag(tier_name(tier), face(rank, len(ladder.tiers)))
            for rank, tier in enumerate(ladder.tiers)
            if document.tiers is not None and tier.code in document.tiers
        ),
        demand,
        state,
    )


def _funds(rows: list[ItemRow]) -> list[Fund]:
    """One a fund, though several items may give to it; named as the first of these."""
    found: dict[str, Fund] = {}
    for row in rows:
        charity = row.item.document.charity
        if charity is None or charity.fund in found or row.raised_minor is None:
            continue
        goal = charity.goal_minor
        found[charity.fund] = Fund(
            Named(row.item.document.name.zh, row.item.document.name.en),
            row.raised_minor,
            goal,
            row.raised_minor / goal if goal else None,
        )
    return list(found.values())

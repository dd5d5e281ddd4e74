"""Ordering for points, and what becomes of an order: points, stock and what it brought move together or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum

from laoke.benefits import events
from laoke.benefits.coupons import issuing, wallet
from laoke.benefits.coupons.errors import CannotIssue, CannotRevoke
from laoke.benefits.library import entitlements, stock
from laoke.benefits.library.publication import Item
from laoke.benefits.mall.documents import ItemKind
from laoke.benefits.mall.errors import ItemRefused, UnknownItem, UnknownMallOrder, WrongMallState
from laoke.benefits.mall.models import MallOrder
from laoke.engine.entitlement import Past, judge
from laoke.foundation.access import SYSTEM, Caller, Scope
from laoke.foundation.again import once_more
from laoke.foundation.audit import services as audit
from laoke.foundation.outbox import services as outbox
from laoke.foundation.sql import hot_cursor
from laoke.kernel.calendar import start_of_day
from laoke.points import redeeming
from laoke.points.errors import BadPoints
from laoke.points.redeeming import LARGEST, Sink

MOST = 1000
_SINKS = {ItemKind.SEAT: Sink.EVENT, ItemKind.CHARITY: Sink.CHARITY}
WAITING = (MallOrder.RESERVED, MallOrder.READY)


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of the mall as it was made."""

    order_id: int
    member_id: int
    item: str
    quantity: int
    points: int
    state: str
    points_available: int | None
    coupons: tuple[int, ...]
    points_of_others: int = 0
    people: int = 0


def stock_key(key: str) -> str:
    """Under which an item's stock is counted."""
    return f"mall:{key}"


def order(
    caller: Caller,
    member_id: int,
    item: str,
    quantity: int = 1,
    *,
    store_id: int | None = None,
    store_code: str = "",
    at: datetime,
) -> Ordered:
    """Get something for points, in one transaction. A repeat orders again: see `idempotency.once`.

    Everybody locks in one order: the account, what the item brings, its stock.

    Args:
        store_id: where goods are collected; only for goods.
    Raises:
        MissingScope, OutsideStores, UnknownItem, UnknownMember, MemberErased, AccountSuspended, BadPoints,
        PointsOwed, InsufficientPoints, ItemRefused.
    """
    caller.require(Scope.BENEFITS_USE)
    if store_id is not None:
        caller.require_store(store_id, store_code)
    return once_more(lambda: _order(caller, member_id, item, quantity, store_id, at))


@transaction.atomic
def _order(
    caller: Caller, member_id: int, key: str, quantity: int, store_id: int | None, at: datetime
) -> Ordered:
    facts = entitlements.facts_of(member_id, at)
    found = facts.library.items.get(key)
    if found is None:
        raise UnknownItem(key)
    document = found.document
    for reason in judge(found.right, facts.holder, Past(), at, settings.LAOKE.zone).reasons:
        # Whether the member takes part the account says, under its lock.
        if reason.code != "member_not_active":
            raise ItemRefused(key, reason.code)
    if (document.goods is not None) != (store_id is not None):
        raise ItemRefused(key, "store_missing" if store_id is None else "no_store")
    if document.points * quantity > LARGEST:
        raise BadPoints(LARGEST)
    charity = document.charity
    row = MallOrder.objects.create(
        member_id=facts.member_id,
        item=key,
        kind=document.kind.value,
        quantity=quantity,
        points=document.points * quantity,
        cash_minor=document.cash_minor * quantity,
        cost_minor=(document.cost_minor + (charity.gives_minor if charity else 0)) * quantity,
        stock=0 if document.stock is None else quantity,
        party=f"charity:{charity.fund}" if charity else "",
        store_id=store_id,
        keep_days=0 if document.goods is None else document.goods.keep_days,
        state=MallOrder.DONE if document.goods is None else MallOrder.RESERVED,
        asked_at=at,
        asked_by=caller.label,
        ended_at=at if document.goods is None else None,
    )
    spent = redeeming.spend(
        caller,
        facts.member_id,
        row.points,
        sink=_sink(document.kind),
        reference=str(row.pk),
        party=row.party,
        note=document.name.zh,
        at=at,
        household=True,
    )
    _require_share(row, found, spent.member_id)
    row.member_id = spent.member_id
    if document.coupon is not None:
        row.outcome = {"coupons": _coupons(row, found, at)}
    with hot_cursor() as cursor:
        if document.stock is not None and not stock.take(cursor, stock_key(key), document.stock, quantity):
            raise ItemRefused(key, "none_left")
    row.save(update_fields=["member_id", "outcome"])
    outbox.add(
        events.MALL_ORDERED,
        {
            "order_id": row.pk,
            "item": key,
            "kind": row.kind,
            "member_id": row.member_id,
            "quantity": quantity,
            "points": row.points,
            "state": row.state,
        },
        at=at,
        member_id=row.member_id,
    )
    return Ordered(
        row.pk,
        row.member_id,
        key,
        quantity,
        row.points,
        row.state,
        spent.available,
        tuple(row.outcome.get("coupons", ())),
        spent.pooled,
        spent.people,
    )


def ready(caller: Caller, order_id: int, *, at: datetime) -> MallOrder:
    """Goods lie at the store and can be collected; a repeat changes nothing.

    Raises:
        MissingScope, OutsideStores, UnknownMallOrder, WrongMallState
    """
    with transaction.atomic():
        row = _locked(caller, order_id)
        if row.state == MallOrder.READY:
            return row
        if row.state != MallOrder.RESERVED:
            raise WrongMallState(row.state)
        row.state, row.ready_at = MallOrder.READY, at
        row.keep_until = _keep_until(row, at)
        row.save(update_fields=["state", "ready_at", "keep_until"])
        _tell(row, at)
        return row


def collect(caller: Caller, order_id: int, *, at: datetime) -> MallOrder:
    """Goods were handed to the member; a repeat changes nothing.

    Raises:
        MissingScope, OutsideStores, UnknownMallOrder.
        WrongMallState: not ready, cancelled, or nothing to collect.
    """
    with transaction.atomic():
        row = _locked(caller, order_id)
        if row.state == MallOrder.COLLECTED:
            return row
        if row.state != MallOrder.READY:
            raise WrongMallState(row.state)
        return _end(row, MallOrder.COLLECTED, caller, "", at)


def cancel(caller: Caller, order_id: int, *, reason: str = "", at: datetime) -> MallOrder:
    """Take back an order that was not collected: points go to their lots with their old expiry, pieces to the stock,
    coupons out of use. A repeat changes nothing.

    Raises:
        MissingScope, OutsideStores, UnknownMallOrder.
        WrongMallState: collected, a donation, or a coupon of it was used.
    """
    return once_more(lambda: _cancel(caller, order_id, reason, at))


@transaction.atomic
def _cancel(caller: Caller, order_id: int, reason: str, at: datetime) -> MallOrder:
    row = _locked(caller, order_id)
    if row.state == MallOrder.CANCELLED:
        return row
    if row.state == MallOrder.COLLECTED:
        raise WrongMallState(row.state)
    if row.kind == ItemKind.CHARITY:
        raise WrongMallState("charity")
    redeeming.undo(caller, _sink(ItemKind(row.kind)), str(row.pk), note=row.item, at=at)
    for coupon_id in row.outcome.get("coupons", ()):
        try:
            wallet.revoke(SYSTEM, coupon_id, reason=reason or row.item, at=at)
        except CannotRevoke:
            raise WrongMallState("coupon_used") from None
    if row.stock:
        with hot_cursor() as cursor:
            stock.put_back(cursor, stock_key(row.item), row.stock)
    _end(row, MallOrder.CANCELLED, caller, reason, at)
    audit.record(
        caller,
        "mall_order.cancelled",
        "member",
        row.member_id,
        at=at,
        after={"mall_order": row.pk, "points": row.points},
        reason=reason,
    )
    return row


def lapse(at: datetime) -> int:
    """Cancel what was not collected in its time; returns how many. Each in a transaction of its own."""
    waiting = MallOrder.objects.filter(state__in=WAITING, keep_until__lte=at)
    cancelled = 0
    for number in waiting.order_by("id").values_list("id", flat=True):
        try:
            cancel(SYSTEM, number, reason="not collected", at=at)
            cancelled += 1
        except WrongMallState:
            # Collected while this went on.
            continue
    return cancelled


def _sink(kind: ItemKind) -> Sink:
    return _SINKS.get(kind, Sink.MALL)


def _require_share(row: MallOrder, item: Item, member_id: int) -> None:
    """The account is locked: nobody orders for this member meanwhile."""
    most = item.document.per_member
    if most is None:
        return
    had = MallOrder.objects.filter(Q(member_id=member_id) | Q(pk=row.pk), item=row.item)
    if (had.exclude(state=MallOrder.CANCELLED).aggregate(all=Sum("quantity"))["all"] or 0) > most:
        raise ItemRefused(row.item, "member_limit")


def _coupons(row: MallOrder, item: Item, at: datetime) -> list[int]:
    terms = item.document.coupon
    assert terms is not None
    try:
        made = issuing.give(
            SYSTEM,
            row.member_id,
            terms.template,
            terms.each * row.quantity,
            reason=item.document.name.zh,
            at=at,
        )
    except CannotIssue:
        raise ItemRefused(row.item, "coupons") from None
    return [each.coupon_id for each in made]


def _locked(caller: Caller, order_id: int) -> MallOrder:
    """The order, with the accounts locked before it whose points it took, as whoever orders does."""
    caller.require(Scope.BENEFITS_USE)
    found = MallOrder.objects.filter(pk=order_id).first()
    if found is None:
        raise UnknownMallOrder
    if found.store_id is not None:
        caller.require_store(found.store_id, "")
    whose = redeeming.whose(_sink(ItemKind(found.kind)), str(found.pk))
    with hot_cursor() as cursor:
        cursor.execute(
            "select from points_account where member_id = any(%s) order by member_id for update", (whose,)
        )
    return MallOrder.objects.select_for_update().get(pk=order_id)


def _keep_until(row: MallOrder, at: datetime) -> datetime:
    """The end of its last day at the store."""
    zone = settings.LAOKE.zone
    return start_of_day(at.astimezone(zone).date() + timedelta(days=row.keep_days + 1), zone)


def _end(row: MallOrder, state: str, caller: Caller, why: str, at: datetime) -> MallOrder:
    row.state, row.ended_at, row.ended_by, row.why = state, at, caller.label, why[:200]
    row.save(update_fields=["state", "ended_at", "ended_by", "why"])
    _tell(row, at)
    return row


def _tell(row: MallOrder, at: datetime) -> None:
    waiting = row.state == MallOrder.READY and row.keep_until is not None
    payload: dict[str, Any] = {
        "order_id": row.pk,
        "item": row.item,
        "member_id": row.member_id,
        "state": row.state,
        "keep_until": row.keep_until.isoformat() if waiting and row.keep_until else None,
    }
    outbox.add(events.MALL_MOVED, payload, at=at, member_id=row.member_id)

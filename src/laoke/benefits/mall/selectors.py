"""What is given for points, what is left of it, and who ordered what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from laoke.benefits.library import publication
from laoke.benefits.library.models import BenefitStock
from laoke.benefits.library.publication import Item
from laoke.benefits.mall.documents import ItemKind
from laoke.benefits.mall.errors import UnknownMallOrder
from laoke.benefits.mall.models import MallOrder
from laoke.benefits.mall.services import WAITING, stock_key
from laoke.foundation import paging
from laoke.foundation.access import Caller
from laoke.members import selectors as members


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Something for points: pieces left (None: any number), what its fund has (None: no donation)."""

    item: Item
    left: int | None
    raised_minor: int | None


@dataclass(frozen=True, slots=True)
class Demand:
    """What was ordered of an item: orders, pieces, points for them, members."""

    orders: int
    pieces: int
    points: int
    members: int


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order of the points mall. `cash_minor` is paid when it is collected, until before `keep_until`."""

    order_id: int
    member_id: int
    item: str
    kind: str
    quantity: int
    points: int
    cash_minor: int
    store_id: int | None
    state: str
    asked_at: datetime
    ready_at: datetime | None
    keep_until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a donation is shown by: number, fund, who, when, points given and what the shop gives for them."""

    number: str
    fund: str
    member_id: int
    points: int
    gives_minor: int
    at: datetime


def waiting(caller: Caller) -> int:
    """How many orders wait at the stores of the caller; more than 1,000 are not counted."""
    rows = MallOrder.objects.filter(state__in=WAITING)
    if caller.stores is not None:
        rows = rows.filter(store_id__in=caller.stores)
    return rows[:1000].count()


def item_rows() -> list[ItemRow]:
    """Everything in the mall, in its order."""
    items = publication.in_force().items
    taken = dict(
        BenefitStock.objects.filter(key__in=[stock_key(key) for key in items]).values_list("key", "taken")
    )
    raised = funds()
    return [
        ItemRow(
            item,
            # Fewer than were taken, when the document takes some away.
            None
            if item.document.stock is None
            else max(item.document.stock - taken.get(stock_key(key), 0), 0),
            None if item.document.charity is None else raised.get(item.document.charity.fund, 0),
        )
        for key, item in items.items()
    ]


def demand(since: datetime) -> dict[str, Demand]:
    """What was ordered since an instant and stands, by item."""
    rows = (
        MallOrder.objects.filter(asked_at__gte=since)
        .exclude(state=MallOrder.CANCELLED)
        .values_list("item")
        .annotate(Count("id"), Sum("quantity"), Sum("points"), Count("member_id", distinct=True))
    )
    return {item: Demand(*counts) for item, *counts in rows}


def funds() -> dict[str, int]:
    """What the shop owes to each fund for the donations made to it, in minor units."""
    rows = MallOrder.objects.exclude(party="").values_list("party").annotate(Sum("cost_minor"))
    return {party.partition(":")[2]: minor for party, minor in rows}


def of_member(
    member_id: int, *, after: str | None = None, limit: int = 50
) -> tuple[list[OrderView], str | None]:
    """A page of a member's orders, the newest first.

    Raises:
        UnknownMember, BadCursor
    """
    rows = MallOrder.objects.filter(member_id=members.kept_id(member_id))
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [view(row) for row in page], more


def to_hand_out(
    caller: Caller, *, store_id: int | None = None, after: str | None = None, limit: int = 50
) -> tuple[list[OrderView], str | None]:
    """A page of the goods that wait to be made ready or collected, at the stores of the caller or one of them.

    Raises:
        OutsideStores, BadCursor
    """
    rows = MallOrder.objects.filter(state__in=WAITING)
    if store_id is not None:
        caller.require_store(store_id, "")
        rows = rows.filter(store_id=store_id)
    elif caller.stores is not None:
        rows = rows.filter(store_id__in=caller.stores)
    if mark := paging.read(after, paging.number):
        rows = rows.filter(pk__lt=mark[0])
    page, more = paging.cut(list(rows.order_by("-id")[: limit + 1]), limit, lambda row: paging.write(row.pk))
    return [view(row) for row in page], more


def order(order_id: int) -> OrderView:
    """One order.

    Raises:
        UnknownMallOrder
    """
    return view(_row(order_id))


def receipt(order_id: int) -> Receipt:
    """The receipt of a donation.

    Raises:
        UnknownMallOrder: there is none, or it is no donation.
    """
    row = _row(order_id)
    if row.kind != ItemKind.CHARITY:
        raise UnknownMallOrder
    fund = row.party.partition(":")[2]
    return Receipt(f"{fund}-{row.pk:08d}", fund, row.member_id, row.points, row.cost_minor, row.asked_at)


def view(row: MallOrder) -> OrderView:
    """An order as others see it."""
    return OrderView(
        row.pk,
        row.member_id,
        row.item,
        row.kind,
        row.quantity,
        row.points,
        row.cash_minor,
        row.store_id,
        row.state,
        row.asked_at,
        row.ready_at,
        row.keep_until,
        row.ended_at,
    )


def _row(order_id: int) -> MallOrder:
    row = MallOrder.objects.filter(pk=order_id).first()
    if row is None:
        raise UnknownMallOrder
    return row

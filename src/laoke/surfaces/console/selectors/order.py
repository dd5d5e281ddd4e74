"""One order: what was bought, how it was paid, what came back, and the points of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from laoke.foundation.access import Caller, Scope
from laoke.foundation.sql import hot_cursor, load
from laoke.kernel.quantity import format_milli
from laoke.purchases.errors import UnknownOrder
from laoke.surfaces.console.labels import DELIVERIES, HAPPENINGS, TENDERS
from laoke.surfaces.console.naming import Named
from laoke.surfaces.console.selectors import coupons, offers_given
from laoke.surfaces.console.selectors.coupons import OrderCoupons
from laoke.surfaces.console.selectors.member.statement import last_day
from laoke.surfaces.console.selectors.offers_given import OfferGiven

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One article. `returned` is the quantity that came back, "" for none."""

    line_no: int
    product_id: int
    sku: str
    name: Named
    unit: str
    quantity: str
    unit_price_minor: int
    gross_minor: int
    discount_minor: int
    net_minor: int
    points_minor: int
    returned: str
    returned_minor: int


@dataclass(frozen=True, slots=True)
class Tender:
    """One means of payment."""

    kind: Any
    amount_minor: int
    reference: str


@dataclass(frozen=True, slots=True)
class Back:
    """Goods brought back at once; `lines` are (line number, quantity, value)."""

    return_no: str
    at: datetime
    store: Named
    returned_minor: int
    refunded_minor: int
    points_restored: int
    points_clawed_back: int
    reason: str
    lines: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """Points that the order moved; `last_day` of the lot, None for a debt."""

    at: datetime
    label: Any
    points: int
    last_day: date | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """The whole order. `member_name` is masked; `points` and `coupons` are None where the role may not see them."""

    id: int
    order_no: str
    member_id: int | None
    member_name: str
    member_opens: bool
    placed_at: datetime
    recorded_at: datetime
    store: Named
    channel: Named
    delivery: Any
    steps: tuple[tuple[Any, datetime], ...]
    imported: bool
    items_minor: int
    discount_minor: int
    total_minor: int
    points_minor: int
    paid_minor: int
    returned_minor: int
    refunded_minor: int
    points_earned: int
    points_redeemed: int
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    returns: tuple[Back, ...]
    points: tuple[Moved, ...] | None
    offers: tuple[OfferGiven, ...]
    coupons: OrderCoupons | None


def order_page(caller: Caller, order_id: int, at: datetime) -> OrderPage:
    """An order of a store the caller may see.

    Raises:
        UnknownOrder, OutsideStores, MissingScope.
    """
    caller.require(Scope.ORDERS_READ)
    if order_id > _LARGEST_ID:
        raise _unknown(order_id)
    with hot_cursor() as cursor:
        cursor.execute(load("laoke.surfaces.console", "order_page"), {"order_id": order_id})
        found = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    if found is None:
        raise _unknown(order_id)
    row: dict[str, Any] = dict(zip(names, found, strict=True))
    caller.require_store(row["store_id"], row["store_code"])
    lines = tuple(_line(each) for each in orjson.loads(row["lines"]))
    return OrderPage(
        id=order_id,
        order_no=row["order_no"],
        member_id=row["member_id"],
        member_name=row["name_masked"] or "",
        member_opens=row["member_status"] in ("active", "blocked") and Scope.MEMBERS_READ in caller.scopes,
        placed_at=row["placed_at"],
        recorded_at=row["recorded_at"],
        store=_named(row["store"], row["store_en"]),
        channel=_named(row["channel"], row["channel_en"]),
        delivery=DELIVERIES.get(row["delivery_status"], row["delivery_status"]),
        steps=tuple(
            (DELIVERIES.get(status, status), datetime.fromisoformat(at))
            for status, at in orjson.loads(row["delivery"])
        ),
        imported=row["source"] == "import",
        items_minor=row["items_minor"],
        discount_minor=row["discount_minor"],
        total_minor=row["total_minor"],
        points_minor=row["points_minor"],
        paid_minor=row["paid_minor"],
        returned_minor=row["returned_minor"],
        refunded_minor=row["refunded_minor"],
        points_earned=row["points_earned"],
        points_redeemed=row["points_redeemed"],
        lines=lines,
        tenders=tuple(
            Tender(TENDERS.get(kind, kind), amount, reference)
            for kind, amount, reference in orjson.loads(row["tenders"])
        ),
        returns=tuple(_back(each) for each in orjson.loads(row["returns"])),
        points=tuple(_moved(each) for each in orjson.loads(row["movements"]))
        if Scope.POINTS_READ in caller.scopes
        else None,
        offers=offers_given.to_order(caller, order_id),
        coupons=coupons.of_order(caller, order_id, at),
    )


def _line(row: list[Any]) -> Line:
    (
        number,
        product_id,
        sku,
        name,
        name_en,
        unit,
        quantity,
        price,
        gross,
        discount,
        net,
        points,
        back,
        value,
    ) = row
    return Line(
        number,
        product_id,
        sku,
        _named(name, name_en),
        unit,
        format_milli(quantity),
        price,
        gross,
        discount,
        net,
        points,
        format_milli(back) if back else "",
        value,
    )


def _back(row: list[Any]) -> Back:
    return_no, at, store, store_en, returned, refunded, restored, clawed_back, reason, lines = row
    return Back(
        return_no,
        datetime.fromisoformat(at),
        _named(store, store_en),
        returned,
        refunded,
        restored,
        clawed_back,
        reason,
        tuple((number, format_milli(quantity), value) for number, quantity, value in lines or ()),
    )


def _moved(row: list[Any]) -> Moved:
    at, kind, points, expires_at = row
    label, _sign = HAPPENINGS.get(kind, (kind, ""))
    end = last_day(datetime.fromisoformat(expires_at)) if expires_at else None
    return Moved(datetime.fromisoformat(at), label, points, end)


def _named(name: str, name_en: str) -> Named:
    return Named(name, name_en or name)


def _unknown(order_id: int) -> UnknownOrder:
    return UnknownOrder(_("There is no order %(id)s.") % {"id": str(order_id)[:20]})

"""What was known of the members of past orders when they were placed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings

from laoke.foundation.sql import raw_cursor, statement
from laoke.promotions.backtest.trial import DATED
from laoke.segments import birthdays, one
from laoke.segments.attributes import HOMES

_PACKAGE = "laoke.promotions.backtest"
PERSONAL_LIST = "product.personal_list"
USUAL = "usual"


class Placed(NamedTuple):
    """A past order of a member."""

    order_id: int
    member_id: int
    placed_at: datetime
    day: date


class Known(NamedTuple):
    """What was known of the member of an order: attributes by name, and personal lists of SKUs."""

    attributes: dict[str, Any]
    lists: Mapping[str, frozenset[str]]


def known_then(orders: Sequence[Placed], asks: frozenset[str], now: datetime) -> dict[int, Known]:
    """By order, the attributes asked for.

    What is not kept with its dates (tags, classes, the home store) is taken as it is `now`.
    """
    wanted = {name for name in asks if name.startswith("member.")}
    found = {order.order_id: Known({}, {}) for order in orders}
    if not orders or not (wanted or PERSONAL_LIST in asks):
        return found
    ids = [order.order_id for order in orders]
    if "member.tier" in wanted:
        for order_id, tier in _rows("tiers_then", orders=ids):
            found[order_id].attributes["member.tier"] = tier
    if wanted & {"member.orders", "member.days_since_last_order"}:
        _bought_before(orders, ids, found)
    if wanted & {"member.days_since_registration", "member.birthday_week"}:
        _persons(orders, found)
    if still := tuple(sorted(name for name in wanted if name in HOMES and name not in DATED)):
        _as_now(orders, still, found, now)
    if PERSONAL_LIST in asks:
        usual: dict[int, set[str]] = {}
        for order_id, sku in _rows("usual_then", orders=ids):
            usual.setdefault(order_id, set()).add(sku)
        for order_id, skus in usual.items():
            found[order_id] = found[order_id]._replace(lists={USUAL: frozenset(skus)})
    return found


def _rows(name: str, **values: object) -> list[tuple[Any, ...]]:
    with raw_cursor() as cursor:
        statement(_PACKAGE, name).run(cursor, values)
        return cursor.fetchall()


def _bought_before(orders: Iterable[Placed], ids: list[int], found: dict[int, Known]) -> None:
    days = {order.order_id: order.day for order in orders}
    zone = settings.LAOKE.zone
    for order_id, count, last_at in _rows("orders_then", orders=ids):
        known = found[order_id].attributes
        known["member.orders"] = count
        if last_at is not None:
            last = last_at.astimezone(zone).date()
            known["member.days_since_last_order"] = (days[order_id] - last).days


def _persons(orders: Sequence[Placed], found: dict[int, Known]) -> None:
    members = sorted({order.member_id for order in orders})
    persons = {row[0]: row[1:] for row in _rows("members", members=members)}
    weeks: dict[date, frozenset[int]] = {}
    for order in orders:
        registered, birthday = persons.get(order.member_id, (None, None))
        known = found[order.order_id].attributes
        if registered is not None:
            known["member.days_since_registration"] = (order.day - registered).days
        if birthday is not None:
            if order.day not in weeks:
                weeks[order.day] = frozenset(birthdays.of_week(order.day))
            known["member.birthday_week"] = birthday in weeks[order.day]


def _as_now(orders: Sequence[Placed], names: tuple[str, ...], found: dict[int, Known], now: datetime) -> None:
    members = sorted({order.member_id for order in orders})
    with raw_cursor() as cursor:
        persons = one.known_of_many(cursor, members, frozenset(names), now, settings.LAOKE.zone)
    for order in orders:
        found[order.order_id].attributes.update(persons.get(order.member_id, {}))

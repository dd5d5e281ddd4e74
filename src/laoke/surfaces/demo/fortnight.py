"""The last two weeks of the demo, sold at its tills: quoted and committed with the offers and coupons of the shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
from django.db import connection

from laoke.benefits.coupons import issuing, selectors
from laoke.benefits.coupons.errors import CannotIssue
from laoke.checkout import orders, programme, quotes, returns
from laoke.checkout.types import (
    BasketRequest,
    LineRequest,
    MemberKey,
    OrderRequest,
    ReturnLineRequest,
    ReturnRequest,
    ShippingRequest,
    TenderRequest,
)
from laoke.engine import tiering
from laoke.foundation.access import SYSTEM
from laoke.surfaces.demo import announced
from laoke.surfaces.demo import types as demo
from laoke.surfaces.demo.activities import Diary
from laoke.tiers.review import review

DAYS = 14
# Every so many members get a coupon as the fortnight begins. Every so many keep theirs and show the oldest one at
# their next purchase that is large enough.
_EVERY, _KEEP = 12, 2
_LEAST_FOR_COUPON = 5000
_SHIPPED = {"mini": ShippingRequest("courier", 500), "app": ShippingRequest("courier", 800)}

Event = demo.Sale | demo.GiveBack


class Counter(NamedTuple):
    """What the tills of the demo know: the shop's currency, members by card, words of reasons."""

    currency: str
    cards: Mapping[str, int]
    reasons: Mapping[str, str]
    zone: ZoneInfo


def begins(today: date, zone: ZoneInfo) -> datetime:
    """The first instant of the fortnight."""
    return datetime.combine(today - timedelta(days=DAYS), datetime.min.time(), tzinfo=zone)


def sell(
    events: Sequence[Event], counter: Counter, today: date, now: datetime, sold: Callable[[int], None]
) -> None:
    """Announce the offers and what earns points, issue the coupons and sell, while members do other things besides.
    What an interrupted start has done already is passed over.

    Args:
        events: of the fortnight, in time order.
        sold: is told how many are done.
    """
    start = begins(today, counter.zone)
    programme.apply(
        SYSTEM,
        {
            "points": programme.to_document(programme.current())["points"] | {"earn": announced.earning()},
            "activities": announced.activities(),
            "pricing": announced.pricing(),
            "coupons": announced.coupons(),
            "offers": announced.offers(today),
        },
        at=start,
    )
    codes = _issue(counter, start)
    diary = Diary(start, DAYS, counter.zone)
    reviewed = start.date() - timedelta(days=1)
    for number, event in enumerate(events, start=1):
        diary.until(instant(event))
        reviewed = _review(reviewed, instant(event).astimezone(counter.zone).date(), now)
        if isinstance(event, demo.Sale):
            diary.bought(_sell(event, counter, codes), event.placed_at)
        else:
            _take_back(event, counter)
        if number % 100 == 0:
            sold(number)
    diary.until(start + timedelta(days=DAYS))
    sold(len(events))


def _review(after: date, until: date, now: datetime) -> date:
    """Hold the reviews of tiers on the days between."""
    if until > after:
        ladder = programme.current().ladder
        for day in tiering.reviews_between(ladder, after, until):
            review(ladder, day, now=now)
    return max(after, until)


def _issue(counter: Counter, at: datetime) -> dict[int, list[str]]:
    """Codes by member."""
    found: dict[int, list[str]] = {}
    for member_id in sorted(set(counter.cards.values()))[::_EVERY]:
        try:
            (made,) = issuing.give(SYSTEM, member_id, announced.WELCOME_BACK, at=at)
        except CannotIssue:
            continue  # issued by a start that was interrupted; or the member registers later
        found[member_id] = [made.code]
    return found


def _sell(sale: demo.Sale, counter: Counter, codes: dict[int, list[str]]) -> int | None:
    """Sell; returns who bought, as far as it is known."""
    member_id = counter.cards.get(sale.card_no) if sale.card_no else None
    worth = sum(line.unit_price_minor * line.quantity_milli // 1000 for line in sale.lines)
    mine = codes.get(member_id or 0, [])
    shown = tuple(mine[:1]) if worth >= _LEAST_FOR_COUPON else ()
    basket = BasketRequest(
        sale.store_code,
        sale.channel_code,
        counter.currency,
        tuple(
            LineRequest(line.sku, line.quantity_milli, line.unit_price_minor, line.discount_minor)
            for line in sale.lines
        ),
        None if member_id is None else MemberKey(member_id),
        codes=shown,
        shipping=_SHIPPED.get(sale.channel_code),
    )
    quote = quotes.quote(SYSTEM, basket, at=sale.placed_at)
    points = min(sale.wish_points, quote["points_usable"]) if member_id else 0
    points -= points % programme.current().points.spend.step
    due = quote["payable_minor"] - programme.current().points.worth(points)
    request = OrderRequest(
        sale.order_no,
        replace(basket, points_to_redeem=points),
        sale.placed_at,
        (TenderRequest(sale.tender_code, due),) if due else (),
        quote["quote"],
        _delivery(sale),
    )
    answer = orjson.loads(
        orders.commit(
            SYSTEM, request, f"demo-{sale.order_no}", sale.order_no.encode(), now=sale.placed_at
        ).body
    )
    if answer["coupons"]:
        mine.remove(shown[0])
    if member_id and member_id % _KEEP == 0 and (issued := answer["coupons_issued"]):
        views = [selectors.coupon(coupon["coupon_id"], sale.placed_at) for coupon in issued]
        codes.setdefault(member_id, []).extend(selectors.revealed(SYSTEM, views))
    return member_id


def _delivery(sale: demo.Sale) -> str:
    return "done" if sale.delivery is demo.Delivery.NONE else sale.delivery.value


def _take_back(back: demo.GiveBack, counter: Counter) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select id from purchases_order where order_no = %s", [back.order_no])
        (order_id,) = cursor.fetchone()
    request = ReturnRequest(
        back.return_no,
        order_id,
        back.returned_at,
        tuple(ReturnLineRequest(line_no, quantity) for line_no, quantity in back.lines),
        reason=counter.reasons[back.reason_code],
    )
    returns.take_back(
        SYSTEM, request, f"demo-{back.return_no}", back.return_no.encode(), now=back.returned_at
    )


def instant(event: Event) -> datetime:
    """When it happened."""
    return event.placed_at if isinstance(event, demo.Sale) else event.returned_at

"""Offers at the till: what they may know, what they give, and what is kept of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson
import psycopg
from django.conf import settings

from laoke.benefits.coupons import use
from laoke.benefits.coupons.issuing import Granted
from laoke.benefits.coupons.use import At
from laoke.checkout import coupons, offer_facts
from laoke.checkout.coupons import Presented
from laoke.checkout.programme import Programme
from laoke.checkout.types import BasketRequest, MemberFacts
from laoke.engine.pricing.basket import Basket, Delivery, Line
from laoke.engine.pricing.board import CouponFact, Facts, Uses
from laoke.engine.pricing.compiled import Programme as Compiled
from laoke.engine.pricing.deals import Deal
from laoke.engine.pricing.plain import BasketLine
from laoke.engine.pricing.priced import Priced
from laoke.engine.pricing.pricing import price
from laoke.foundation import sql
from laoke.promotions import counters
from laoke.promotions import facts as kept
from laoke.purchases.types import ProductFacts, StoreFacts

WRITE_OFFERS = sql.statement("laoke.checkout", "write_offers")

MOST_HINTS = 3
_LIMITS = frozenset({"usage_limit_reached", "member_limit_reached", "budget_exhausted"})
# More than any limit: an offer that another till has used up meanwhile.
_ALL = Uses(total=2**62, spent_minor=2**62)
_NONE_LOST: Mapping[int, str] = MappingProxyType({})


class Offered(NamedTuple):
    """A basket with what the offers in force give to it, and what that was asked with."""

    priced: Priced
    basket: Basket
    facts: Facts


def offered(
    cursor: psycopg.Cursor[Any],
    basket: BasketRequest,
    store: StoreFacts,
    products: list[ProductFacts],
    lines: list[BasketLine],
    rules: Programme,
    member: MemberFacts | None,
    at: datetime,
    presented: Presented,
    *,
    used_up: frozenset[str] = frozenset(),
    lost: Mapping[int, str] = _NONE_LOST,
) -> Offered | None:
    """What the offers in force give to a basket; None when there are none.

    Args:
        cursor: a raw cursor; asked only for what the offers of this programme want to know.
        presented: where coupons are presented, and when.
        used_up: offers that have nothing left, found when they were counted; `lost` coupons likewise, with the reason.
    Raises:
        BadBasket
    """
    programme = rules.offers.compiled
    if programme is None:
        return None
    facts = offer_facts.known(cursor, store, rules, member, at)
    asked = basket_of(basket, products, lines)
    member_id = None if member is None else member.member_id
    presents = coupons.known(cursor, basket.codes, rules, member_id, at, presented, lost)
    told = Facts(facts.known, facts.is_member, facts.lists, facts.uses, coupons=presents)
    return _counted(cursor, asked, told, dict.fromkeys(used_up, _ALL), rules, programme, at)


def basket_of(basket: BasketRequest, products: Sequence[ProductFacts], lines: Sequence[BasketLine]) -> Basket:
    """The basket as offers and rules of earning see it."""
    return Basket(
        tuple(
            Line(
                line.line_no,
                product.article,
                line.quantity_milli,
                line.unit_price_minor,
                line.discount_minor,
                cost_minor=product.cost_minor,
                earns_points=line.earns_points,
            )
            for line, product in zip(lines, products, strict=True)
        ),
        codes=basket.codes,
        channel=basket.channel,
        currency=basket.currency,
        gift_choices=dict(basket.gift_choices),
        deliveries=_deliveries(basket),
    )


def with_coupon(
    cursor: psycopg.Cursor[Any], found: Offered, coupon: CouponFact, rules: Programme, at: datetime
) -> Priced:
    """The same basket, were a coupon presented too."""
    assert rules.offers.compiled is not None
    text = f"#{coupon.number}"
    asked = replace(found.basket, codes=(*found.basket.codes, text))
    told = replace(found.facts, coupons={**found.facts.coupons, text: coupon})
    return _counted(cursor, asked, told, {}, rules, rules.offers.compiled, at, most_hints=0).priced


def _counted(
    cursor: psycopg.Cursor[Any],
    asked: Basket,
    facts: Facts,
    known: dict[str, Uses],
    rules: Programme,
    programme: Compiled,
    at: datetime,
    *,
    most_hints: int = MOST_HINTS,
) -> Offered:
    """Price a basket, with the counters of what it is given: those `known`, and others as they are asked for."""
    while True:
        uses = dict(facts.uses)
        for key, count in known.items():
            mine = uses.get(key, Uses())
            uses[key] = Uses(mine.by_member, mine.by_member_today, count.total, count.spent_minor)
        told = Facts(facts.known, facts.is_member, facts.lists, uses, coupons=facts.coupons)
        found = price(asked, programme, told, at, most_hints=most_hints)
        # Counters are asked for only of the offers that would be given: most baskets meet none with a limit.
        unknown = {deal.ready.offer.key for deal in found.given} & rules.offers.limited - known.keys()
        if not unknown:
            return Offered(found, asked, told)
        known |= dict.fromkeys(unknown, Uses()) | counters.used(
            cursor, unknown, rules.offers.paces, today=_day(at)
        )


def discounts(found: Offered | None, lines: list[BasketLine]) -> list[BasketLine]:
    """The lines with what offers take off them."""
    if found is None or not found.priced.given:
        return lines
    return [
        BasketLine(
            line.line_no,
            line.product_id,
            line.quantity_milli,
            line.unit_price_minor,
            after.discount_minor,
            line.earns_points,
        )
        for line, after in zip(lines, found.priced.lines, strict=True)
    ]


def _deliveries(basket: BasketRequest) -> tuple[Delivery, ...]:
    if basket.shipping is None:
        return ()
    return (Delivery("shipping", basket.shipping.fee_minor, basket.shipping.method),)


def shipping_off(found: Offered | None) -> int:
    """What offers take off the delivery."""
    return found.priced.shipping_discount_minor if found else 0


def promise(found: Offered | None) -> str:
    """What each offer gives, in short: money, gifts, coupons, more points for which lines; empty when there is nothing.

    How many points those are is left out: it depends on how many are redeemed.
    """
    if found is None or not found.priced.given:
        return ""
    given = [
        [
            deal.ready.offer.key,
            deal.amount,
            list(deal.pieces.items()),
            list(deal.granted.items()),
            *([str(more.factor), more.bonus, more.lines] for more in deal.earns),
        ]
        for deal in found.priced.given
    ]
    return hashlib.sha256(orjson.dumps(given)).hexdigest()[:16]


def coupon_ids(found: Offered | None) -> tuple[int, ...]:
    """The coupons the offers are for."""
    return tuple(each.number for each in found.priced.coupons) if found else ()


def used_up(found: Offered | None) -> list[str]:
    """Offers that would have been given had they not reached a limit."""
    return [each.ready.offer.key for each in (found.priced.refused if found else ()) if each.code in _LIMITS]


def count(
    cursor: psycopg.Cursor[Any], order_id: int, found: Offered | None, rules: Programme, at: datetime
) -> list[str]:
    """Count what has limits; or nothing, and the keys of offers with too little left on the day of the order."""
    if found is None:
        return []
    wanted = [
        counters.Taken(deal.ready.offer.key, deal.amount)
        for deal in found.priced.given
        if deal.ready.offer.key in rules.offers.limited
    ]
    return counters.take(cursor, order_id, wanted, today=_day(at)) if wanted else []


def use_coupons(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    member_id: int | None,
    found: Offered | None,
    rules: Programme,
    at: datetime,
    presented: Presented,
) -> dict[int, str]:
    """Use the coupons the offers are for; or none, and why some cannot be used any more, by coupon."""
    if found is None or not found.priced.coupons:
        return {}
    where = At(member_id, presented.store_id, presented.order_no, at, presented.now)
    return use.take(cursor, order_id, coupons.uses(found.priced), rules.coupons, where)


def grant_coupons(
    order_id: int, member: MemberFacts | None, found: Offered | None, rules: Programme, now: datetime
) -> Sequence[Granted]:
    """Issue the coupons that come with an order."""
    if found is None or member is None or not any(deal.grants for deal in found.priced.given):
        return ()
    with sql.hot_cursor() as cursor:
        return coupons.grant(cursor, order_id, member.member_id, found.priced, rules, now)


def write(
    cursor: psycopg.Cursor[Any],
    order_id: int,
    member_id: int | None,
    found: Offered | None,
    rules: Programme,
    at: datetime,
    priced_at: datetime,
    extra: Mapping[str, Mapping[str, int]],
) -> None:
    """Record what the price of an order was asked with and what each offer gave to it.

    Args:
        at: when the order was placed; `priced_at` when its quote was, or the same.
        extra: points that offers added, by offer and line number.
    """
    if found is None:
        return
    given = found.priced.given
    WRITE_OFFERS.run(
        cursor,
        {
            "order_id": order_id,
            "member_id": member_id,
            "programme_version": rules.version,
            "priced_at": priced_at,
            "facts": _json(kept.to_document(_without_unknown(found, rules), found.facts)),
            "used_at": at,
            "used_date": _day(at),
            "key": [deal.ready.offer.key for deal in given],
            "amount_minor": [deal.amount for deal in given],
            "lines": [_json(by_line(found, deal)) for deal in given],
            "gifts": [_json(deal.pieces) for deal in given],
            "points": [_json(extra.get(deal.ready.offer.key, {})) for deal in given],
            "counted": [deal.ready.offer.key in rules.offers.limited for deal in given],
        },
    )


def _without_unknown(found: Offered, rules: Programme) -> Basket:
    """The basket without codes that nobody knows: they change no price, and a mistyped code is nearly a code."""
    compiled = rules.offers.compiled
    if compiled is None or not found.basket.codes:
        return found.basket
    codes = (
        text
        for text in found.basket.codes
        if text in found.facts.coupons or compiled.with_code(compiled.code(text))
    )
    return replace(found.basket, codes=tuple(codes))


def by_line(found: Offered, deal: Deal) -> dict[str, int]:
    """What a deal took off each line that it touched, by line number."""
    lines = found.priced.lines
    return {str(line.line_no): amount for line, amount in zip(lines, deal.lines, strict=True) if amount}


def _day(at: datetime) -> date:
    return at.astimezone(settings.LAOKE.zone).date()


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
